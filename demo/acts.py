"""The acts: what happens in each, and what the watcher must say after it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from demo import operator_part
from demo.stage import Stage

KUBELET: Final = ("serviceMonitor/monitoring/kubelet/0", "serviceMonitor/monitoring/kubelet/1")
OLD_PATH: Final = "/etc/ssl/private/kubelet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What ``once`` and ``audit`` must say after an act.

    ``state``, ``cause`` and ``confidence`` are those of both kubelet jobs; the third job is always
    healthy. ``findings`` must be among theirs; ``risks`` are all codes of the audit.
    """

    state: str
    once_exit: int
    audit_exit: int
    cause: str | None = None
    confidence: str | None = None
    findings: frozenset[str] = frozenset()
    risks: frozenset[str] = frozenset()
    slack: str
    """``none``, ``firing`` or ``resolved``: how Slack's one message must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act."""

    name: str
    title: str
    story: str
    play: Callable[[Stage], None]
    expected: Expected


def _hand_patch(stage: Stage) -> None:
    operator_part.scale(stage.api, 0)
    operator_part.patch_by_hand(stage.api, "kubelet-tls", OLD_PATH)
    stage.restart_pod()


def _operator_returns(stage: Stage) -> None:
    operator_part.scale(stage.api, 1)
    operator_part.write_stateful_set(stage.api)
    stage.restart_pod()


def _first_repair(stage: Stage) -> None:
    stage.paste(_fix(stage, "patch prometheus "))
    operator_part.write_stateful_set(stage.api)
    stage.restart_pod()


def _second_repair(stage: Stage) -> None:
    stage.paste(_fix(stage, "patch servicemonitor "))
    stage.reload()


def _fix(stage: Stage, kind: str) -> str:
    """The command that the watcher itself prints for the first kubelet job."""
    _, told = stage.ask("once")
    steps = next(job for job in told["jobs"] if job["pool"] == KUBELET[0])["fix"]
    return next(step["command"] for step in steps if kind in (step["command"] or ""))


ACTS: Final = (
    Act(
        name="a",
        title="A patch by hand, and all is well",
        story="The operator is scaled to zero for maintenance. Somebody needs the kubelets' client"
        " certificate in Prometheus and patches the StatefulSet by hand. It works.",
        play=_hand_patch,
        expected=Expected(
            state="healthy",
            once_exit=0,
            audit_exit=1,
            risks=frozenset({"mount-not-in-cr", "operator-down"}),
            slack="none",
        ),
    ),
    Act(
        name="b",
        title="The operator comes back, and the jobs are gone",
        story="It writes the StatefulSet from the custom resource; the pod restarts without the"
        " mount. The reload succeeds, no target is down, no alert of Prometheus fires.",
        play=_operator_returns,
        expected=Expected(
            state="unstarted",
            once_exit=1,
            audit_exit=0,
            cause="hand-patch-reverted",
            confidence="certain",
            findings=frozenset({"tls-file-missing"}),
            slack="firing",
        ),
    ),
    Act(
        name="c",
        title="Only the first repair",
        story="The first command of the message is pasted: the Secret is mounted for good. But the"
        " ServiceMonitor still names the old path.",
        play=_first_repair,
        expected=Expected(
            state="unstarted",
            once_exit=1,
            audit_exit=0,
            cause="tls-path-mismatch",
            confidence="certain",
            findings=frozenset({"tls-file-missing"}),
            slack="firing",
        ),
    ),
    Act(
        name="d",
        title="The second repair",
        story="The path is mended in every endpoint of the ServiceMonitor. Prometheus reloads.",
        play=_second_repair,
        expected=Expected(state="healthy", once_exit=0, audit_exit=0, slack="resolved"),
    ),
)


def differences(expected: Expected, once: Any, audit: Any, slack: Any) -> list[str]:
    """What is not as it must be; *once* and *audit* are pairs of exit code and JSON."""
    found = []
    jobs = {job["pool"]: job for job in once[1]["jobs"]}
    for pool in KUBELET:
        job = jobs.get(pool)
        if job is None:
            found.append(f"{pool} is not among the jobs")
            continue
        for key in ("state", "cause", "confidence"):
            wanted = getattr(expected, key)
            if job[key] != wanted:
                found.append(f"{pool}: {key} is {job[key]}, not {wanted}")
        lacking = expected.findings - {finding["cause"] for finding in job["findings"]}
        if lacking:
            found.append(f"{pool}: not among its findings: {', '.join(sorted(lacking))}")
    others = {job["state"] for pool, job in jobs.items() if pool not in KUBELET}
    if others != {"healthy"}:
        found.append(f"the other jobs are {', '.join(sorted(others)) or 'not there'}, not healthy")
    if once[0] != expected.once_exit:
        found.append(f"watcher once ends with {once[0]}, not {expected.once_exit}")
    codes = {risk["code"] for risk in audit[1]["risks"]}
    if codes != expected.risks:
        found.append(f"watcher audit says {sorted(codes)}, not {sorted(expected.risks)}")
    if audit[0] != expected.audit_exit:
        found.append(f"watcher audit ends with {audit[0]}, not {expected.audit_exit}")
    return found + _of_slack(expected, slack)


def _of_slack(expected: Expected, slack: Any) -> list[str]:
    """One message, whatever happens; edited in place, and with a reply when it is over."""
    top = [message for message in slack if message.thread_ts is None]
    replies = [message for message in slack if message.thread_ts is not None]
    if expected.slack == "none":
        return [f"Slack has {len(top)} messages, not none"] if top else []
    if len(top) != 1:
        return [f"Slack has {len(top)} messages, not one"]
    if expected.cause is not None and expected.cause not in str(top[0]):
        return [f"the Slack message does not name {expected.cause}"]
    over = "recovered" in str(top[0])
    if over != (expected.slack == "resolved") or bool(replies) != over:
        return [f"the Slack message is {'over' if over else 'not over'}, {len(replies)} replies"]
    return []
