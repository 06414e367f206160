"""A mount that somebody had patched onto the StatefulSet was taken back by the operator.

## Meaning

The files that the job needs were once mounted, but only on the StatefulSet. The operator writes the
StatefulSet from the custom resource; what the resource does not ask for is gone after its next
look (since v0.34 within seconds, if it runs), and the next pod starts without it. The reload
succeeds, and the job has no scrape pool.

## Evidence

A ControllerRevision of the StatefulSet, or this watcher's own history, has the mount; the
StatefulSet and the Prometheus resource have it not. Who had patched is known only from the watcher's
own history of managedFields, because the entry disappears with the field. The revert is dated by
the operator's managedFields entry on the StatefulSet or by the start of the pod, never by a
ControllerRevision that was reused.

## Fix

Ask for the mount in the custom resource: append the Secret to `spec.secrets`, and name the files
under `/etc/prometheus/secrets/NAME/` in every endpoint of the monitor. Both are needed. The first
restarts the pods.

## Not to be confused with

`tls-file-missing`: there no trace of a former mount is left. `tls-path-mismatch`: there the Secret
is mounted again, at another path.
"""

from datetime import datetime
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _files, _patches, tls_file_missing
from watcher.model import shell
from watcher.model.comparison import JobState
from watcher.model.facts import (
    LOGS,
    MONITOR,
    MOUNT_HISTORY,
    PODS,
    PROMETHEUS,
    REVISIONS,
    SECRET_KEYS,
    STATEFUL_SETS,
    Known,
    Unavailable,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject, moment, objects, text
from watcher.operator.drift import OPERATOR_MANAGERS
from watcher.operator.resource_mounts import SECRETS, resource_mounts
from watcher.operator.volumes import covers, key_of, pod_template_mounts


def check(case: Case) -> Finding | None:
    """Find a former mount of a missing file that the resource never asked for."""
    missing = _files.missing_files(case)
    for each in missing:
        if each.mount is not None:
            continue
        former = _former(case, each)
        prometheus = case.read(PROMETHEUS)
        if former is None or prometheus is None:
            continue
        if covers(resource_mounts(prometheus), each.file.path) is not None:
            continue
        stateful_set = _files.stateful_set_of(case, each.server)
        if stateful_set is not None and covers(pod_template_mounts(stateful_set), each.file.path):
            continue
        return _finding(case, each, former, prometheus, stateful_set)
    return None


def _former(case: Case, missing: _files.MissingFile) -> _files.FormerMount | None:
    """The former mount of which we know most, unless the resource itself had asked for it."""
    found = [f for f in _files.former_mounts(case, missing) if not _was_asked_for(f)]
    return max(found, key=lambda f: (f.who is not None, f.revision is not None), default=None)


def _was_asked_for(former: _files.FormerMount) -> bool:
    """Whether the resource had asked for it: we saw so, or the operator itself names it so."""
    if former.permanent is not None:
        return former.permanent
    mount = former.mount
    return mount.secret is not None and mount.path.rstrip("/") == f"{SECRETS}/{mount.secret}"


def _finding(
    case: Case,
    missing: _files.MissingFile,
    former: _files.FormerMount,
    prometheus: KubeObject,
    stateful_set: KubeObject | None,
) -> Finding:
    what = f"Secret {former.mount.secret}" if former.mount.secret else former.mount.volume
    who = f" by {former.who}" if former.who else ""
    return Finding(
        summary=f"{what} was mounted at {former.mount.path} only by a hand patch{who} of"
        f" StatefulSet {former.stateful_set}; the operator took it back, and"
        f" {missing.file.path} is gone",
        evidence=(
            *_of_the_patch(former),
            *_of_the_revert(case, missing, prometheus, stateful_set),
            *tls_file_missing.evidence(case, missing),
        ),
        fix=tuple(both_repairs(case, former, prometheus)),
        confidence=_confidence(former, prometheus),
        proof=f"{former.stateful_set} {former.mount.path}",
    )


def _of_the_patch(former: _files.FormerMount) -> list[Evidence]:
    name = former.stateful_set.rpartition("/")[2]
    namespace = former.stateful_set.partition("/")[0]
    found = []
    if former.revision is not None:
        number = _files.revision_number(former.revision)
        found.append(
            Evidence(
                seen=f"revision {number} of StatefulSet {former.stateful_set} mounted"
                f" {former.mount.volume} at {former.mount.path}",
                where=former.revision.kubectl(),
                at=former.revision.created_at,
            )
        )
    if former.who is not None:
        found.append(
            Evidence(
                seen=f"{former.who} ({former.operation}) had added the mount to StatefulSet"
                f" {former.stateful_set}; seen by the watcher while it stood",
                where=f"kubectl -n {quote(namespace)} get statefulset {quote(name)} --show-managed-fields"
                " -o yaml  # the entry is gone now",
                at=former.changed_at,
            )
        )
    else:
        found.append(
            Evidence(
                seen="who had patched is not known: no history of this watcher saw it stand",
                where=f"the API server's audit log, patches of statefulset {name}",
            )
        )
    return found


def _of_the_revert(
    case: Case,
    missing: _files.MissingFile,
    prometheus: KubeObject,
    stateful_set: KubeObject | None,
) -> list[Evidence]:
    found = [
        Evidence(
            seen=f"{prometheus.kind} {prometheus.full_name} asks for no mount that covers"
            f" {missing.file.path}",
            where=prometheus.kubectl("-o jsonpath='{.spec.secrets} {.spec.volumeMounts}'"),
        )
    ]
    if stateful_set is not None:
        at, by = _written_by_operator(stateful_set)
        found.append(
            Evidence(
                seen=f"StatefulSet {stateful_set.full_name} has the mount no more"
                + (f"; {by} wrote it last" if by else ""),
                where=stateful_set.kubectl("--show-managed-fields -o yaml"),
                at=at,
            )
        )
    pods = case.look(PODS)
    found += [
        Evidence(
            seen=f"pod {pod.full_name} started without the mount",
            where=pod.kubectl(),
            at=moment(pod.raw, "status", "startTime"),
        )
        for pod in (() if isinstance(pods, Unavailable) else pods)
        if pod.name == missing.server.server.name and moment(pod.raw, "status", "startTime")
    ]
    return found


def _written_by_operator(stateful_set: KubeObject) -> tuple[datetime | None, str | None]:
    """When the operator last wrote the StatefulSet's spec, and as which field manager."""
    entries = [
        (moment(entry, "time"), text(entry, "manager"))
        for entry in objects(stateful_set.raw, "metadata", "managedFields")
        if text(entry, "manager") in OPERATOR_MANAGERS and text(entry, "subresource") != "status"
    ]
    dated = [(at, manager) for at, manager in entries if at is not None]
    return max(dated, key=lambda entry: entry[0], default=(None, None))


def both_repairs(
    case: Case,
    former: _files.FormerMount,
    prometheus: KubeObject,
) -> list[FixStep]:
    """The mount in the resource, and the path in every endpoint of the monitor: both at once."""
    secret = former.mount.secret
    if secret is None:
        return [
            FixStep(
                do=f"Ask for the volume {former.mount.volume} and its mount at"
                f" {former.mount.path} in volumes and volumeMounts of the {prometheus.kind}"
                " resource, as the old revision has them; the operator then restarts the pods",
                command=former.revision.kubectl() if former.revision else None,
            )
        ]
    steps = [_patches.mount_secret(prometheus, secret)]
    if (gone := _secret_gone(case, prometheus, secret)) is not None:
        steps.insert(0, gone)
    moved = moved_paths(case, former, f"{SECRETS}/{secret}")
    monitor = case.look(MONITOR)
    if not isinstance(monitor, Unavailable) and monitor is not None:
        steps.append(_patches.change_paths(monitor, moved))
    else:
        listed = "; ".join(f"{old} → {new}" for old, new in sorted(moved.items()))
        steps.append(FixStep(do=f"Name the files where they are then mounted: {listed}"))
    steps.append(_patches.change_class_paths(prometheus, moved))
    return [step for step in steps if step is not None]


def moved_paths(case: Case, former: _files.FormerMount, directory: str) -> dict[str, str]:
    """Where each of the monitor's files under the former mount stands once *directory* has it."""
    files = {f.path for f in case.job.files}
    running = case.running()
    files |= {f.path for f in running.files} if running else set()
    monitor = case.look(MONITOR)
    if not isinstance(monitor, Unavailable) and monitor is not None:
        files |= _patches.tls_files(monitor)
    return {
        path: f"{directory}/{key_of(former.mount, path)}"
        for path in files
        if covers((former.mount,), path) is former.mount
    }


def _secret_gone(case: Case, prometheus: KubeObject, secret: str) -> FixStep | None:
    """A first step where the Secret is known not to be there any more."""
    keys = case.look(SECRET_KEYS)
    name = f"secret/{prometheus.namespace}/{secret}"
    if isinstance(keys, Unavailable) or keys.get(name) != Known(None):
        return None
    return FixStep(
        do=f"Make the Secret {prometheus.namespace}/{secret} again: it is not there any more",
        command=f"kubectl -n {quote(prometheus.namespace)} get {shell.resource('secret', secret)}",
    )


def _confidence(former: _files.FormerMount, prometheus: KubeObject) -> Confidence:
    """Certain, unless the resource itself was changed after the mount was there.

    Then it may have asked for the mount once: only our own history tells these apart.
    """
    if former.permanent is False or former.revision is None:
        return Confidence.CERTAIN
    changed = [
        at
        for entry in objects(prometheus.raw, "metadata", "managedFields")
        if text(entry, "subresource") != "status" and (at := moment(entry, "time")) is not None
    ]
    mounted = former.revision.created_at
    if changed and mounted is not None and max(changed) > mounted:
        return Confidence.LIKELY
    return Confidence.CERTAIN


RULE = Rule(
    code="hand-patch-reverted",
    link=Link.CREATED,
    states=frozenset({JobState.UNSTARTED}),
    needs=needing(
        LOGS, PODS, STATEFUL_SETS, PROMETHEUS, MONITOR, REVISIONS, MOUNT_HISTORY, SECRET_KEYS
    ),
    check=check,
    refines=_files.REFINED,
)
