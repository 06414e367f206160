"""The acts: what happens in each, and what the watcher must say after it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from demo import operator_part
from demo.stage import Stage, Told
from tests.patience import awaited

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


Step = tuple[str, Callable[[Stage], None]]
"""What happens, in words and in deed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: its steps in their order, then what must be seen."""

    name: str
    title: str
    story: str
    steps: tuple[Step, ...]
    expected: Expected

    def play(self, stage: Stage) -> None:
        """All steps, without a word."""
        for _, deed in self.steps:
            deed(stage)


def patch_by_hand(stage: Stage) -> None:
    """Mount the kubelets' client certificate, on the StatefulSet alone."""
    operator_part.patch_by_hand(stage.api, "kubelet-tls", OLD_PATH)


def operator_writes(stage: Stage) -> None:
    """Write the StatefulSet from the custom resource."""
    operator_part.write_stateful_set(stage.api, stage.pod.port)


def restart(stage: Stage) -> None:
    """Start the pod again."""
    stage.restart_pod()


def _operator_leaves(stage: Stage) -> None:
    operator_part.scale(stage.api, 0)


def _operator_returns(stage: Stage) -> None:
    operator_part.scale(stage.api, 1)


def _paste_first(stage: Stage) -> None:
    stage.paste(_fix(stage, "patch prometheus "))


def _paste_second(stage: Stage) -> None:
    stage.paste(_fix(stage, "patch servicemonitor "))


def _reload(stage: Stage) -> None:
    stage.reload()


def _fix(stage: Stage, kind: str) -> str:
    """The command that the watcher itself prints for the first kubelet job."""

    def commands() -> list[str]:
        told = stage.ask_both()[0][1]
        steps = next(job for job in told["jobs"] if job["pool"] == KUBELET[0])["fix"]
        return [step["command"] for step in steps if kind in (step["command"] or "")]

    if not (found := awaited(commands, every=0.5)):
        raise LookupError(f"the watcher prints no command with `kubectl … {kind}…`")
    return found[0]


ACTS: Final = (
    Act(
        name="a",
        title="A patch by hand, and all is well",
        story="Prometheus needs the kubelets' client certificate. Somebody mounts it where it is"
        " quickest: on the StatefulSet. It works.",
        steps=(
            ("the operator is scaled to zero, for maintenance", _operator_leaves),
            ("kubectl patch statefulset prometheus-k8s: Secret kubelet-tls mounted", patch_by_hand),
            ("the pod starts with the mount", restart),
        ),
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
        story="The patch never was in the custom resource. The reload succeeds, no target is down,"
        " no alert of Prometheus fires: two scrape jobs just are not there any more.",
        steps=(
            ("the operator is scaled to one", _operator_returns),
            ("it writes the StatefulSet from the custom resource", operator_writes),
            ("the pod starts without the mount", restart),
        ),
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
        story="The first command of the message is pasted: the Secret is mounted for good, at the"
        " operator's own path. The ServiceMonitor still names the old one.",
        steps=(
            ("kubectl patch prometheus k8s: as the watcher printed it", _paste_first),
            ("the operator writes the StatefulSet", operator_writes),
            ("the pod starts with the Secret at its new path", restart),
        ),
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
        story="The path is fixed in every endpoint of the ServiceMonitor.",
        steps=(
            ("kubectl patch servicemonitor kubelet: as the watcher printed it", _paste_second),
            ("the operator writes the configuration, Prometheus reloads", _reload),
        ),
        expected=Expected(state="healthy", once_exit=0, audit_exit=0, slack="resolved"),
    ),
)


def differences(expected: Expected, once: Told, audit: Told, slack: Sequence[Any]) -> list[str]:
    """What is not as it must be after an act; empty where all is."""
    found = [*of_jobs(expected, once[1]), *of_slack(expected, slack)]
    if once[0] != expected.once_exit:
        found.append(f"watcher once ends with {once[0]}, not {expected.once_exit}")
    codes = {risk["code"] for risk in audit[1]["risks"]}
    if codes != expected.risks:
        found.append(f"watcher audit says {sorted(codes)}, not {sorted(expected.risks)}")
    if audit[0] != expected.audit_exit:
        found.append(f"watcher audit ends with {audit[0]}, not {expected.audit_exit}")
    return found


def of_jobs(expected: Expected, told: dict[str, Any]) -> list[str]:
    """What is not as it must be in the jobs that ``once`` or the API tells."""
    found = []
    jobs = {job["pool"]: job for job in told["jobs"]}
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
    return found


def of_slack(expected: Expected, slack: Sequence[Any]) -> list[str]:
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
