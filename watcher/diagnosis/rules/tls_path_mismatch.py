"""The right Secret is mounted, at another path than the monitor says.

## Meaning

The file that the job names is not in Prometheus's container, but the Secret that holds it is
mounted there, elsewhere. Typical half of a repair: `spec.secrets` mounts at
`/etc/prometheus/secrets/NAME`, and the monitor still names the old directory.

## Evidence

Certain when the Secret that once was mounted at the path (a ControllerRevision, this watcher's own
history) is the one that is mounted now, or when the keys of the mounted Secret may be read and have
the names of the missing files. Likely when only the Secret's name fits the directory, or when the
keys are those that every TLS Secret has, nothing else speaks for this one, and no other Secret is known
to have been mounted at the path.

## Fix

Name the files where they are mounted, in every endpoint of the monitor. Prometheus reloads by
itself, nothing restarts.

## Not to be confused with

`hand-patch-reverted`: there the Secret is mounted nowhere any more. `scrape-class-file-missing`:
there the path comes from the Prometheus resource.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Final

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _files, _patches, hand_patch_reverted, tls_file_missing
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
    Availability,
    Known,
    Unavailable,
)
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.kube import KubeObject
from watcher.model.pems import Pem
from watcher.operator.volumes import Mount, normal

_GENERIC: Final = frozenset(
    {"tls", "ssl", "cert", "certs", "certificate", "certificates", "secret", "secrets", "private"}
    | {"client", "server", "ca", "key", "keys", "pki", "prometheus", "etc"}
)
"""Words that so many Secrets have in their names that they tell nothing."""

_USUAL: Final = frozenset({"tls.crt", "tls.key", "ca.crt"})
"""Keys that Kubernetes itself gives every Secret of type ``kubernetes.io/tls``."""

_NOT_READ: Final = Unavailable("not read")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elsewhere:
    """The mount that holds the file after all, and how sure that is."""

    mount: Mount
    moved: dict[str, str]
    confidence: Confidence
    evidence: Evidence
    by_usual_keys: bool = False
    """Nothing but keys that every TLS Secret has speaks for it."""


def check(case: Case) -> Finding | None:
    """Find a mounted Secret that holds the missing files."""
    for missing in _files.missing_files(case):
        if missing.mount is not None:
            continue
        if missing.holder is None:
            _files.need_mounts(case)
            continue
        found = next(_elsewhere(case, missing, missing.holder), None)
        if found is not None and not (found.by_usual_keys and _was_another(case, missing)):
            return _finding(case, missing, missing.holder, found)
        for mount in _secrets(case, missing):
            keys = _keys(case, missing.holder, mount)
            if isinstance(keys, Unavailable):
                raise Lacking(SECRET_KEYS.name, keys)
    return None


def _elsewhere(case: Case, missing: _files.MissingFile, holder: KubeObject) -> Iterator[_Elsewhere]:
    """The mounts that may hold the file, surest first."""
    secrets = _secrets(case, missing)
    yield from _by_former_mount(case, missing, secrets)
    yield from _by_keys(case, missing, holder, secrets)


def _was_another(case: Case, missing: _files.MissingFile) -> bool:
    """Whether a Secret that is mounted nowhere now was once mounted over the file. Raises Lacking."""
    return any(old.mount.secret is not None for old in _files.former_mounts(case, missing))


def _secrets(case: Case, missing: _files.MissingFile) -> list[Mount]:
    """The Secrets that are mounted whole; the operator's own web configuration is none of them."""
    _, mounts = _files.mounts_of_server(case, missing.server)
    return [
        m
        for m in mounts or ()
        if m.secret is not None and m.sub_path is None and m.volume != "web-config"
    ]


def _by_former_mount(
    case: Case, missing: _files.MissingFile, secrets: list[Mount]
) -> Iterator[_Elsewhere]:
    try:
        former = _files.former_mounts(case, missing)
    except Lacking:
        return
    for old in former:
        for mount in secrets:
            if old.mount.secret is not None and old.mount.secret == mount.secret:
                where = (
                    old.revision.kubectl() if old.revision else "watcher's own history of mounts"
                )
                yield _Elsewhere(
                    mount=mount,
                    moved=hand_patch_reverted.moved_paths(case, old, mount.path.rstrip("/")),
                    confidence=Confidence.CERTAIN,
                    evidence=Evidence(
                        seen=f"the same Secret {mount.secret} was once mounted at {old.mount.path}",
                        where=where,
                        at=old.last_seen_at or (old.revision.created_at if old.revision else None),
                    ),
                )


def _by_keys(
    case: Case, missing: _files.MissingFile, holder: KubeObject, secrets: list[Mount]
) -> Iterator[_Elsewhere]:
    """By the names of the Secrets' keys, where they may be read; else by the Secret's own name."""
    wanted = _names(case, missing)
    found = {mount: _keys(case, holder, mount) for mount in secrets}
    names = {m: set(held.value or ()) for m, held in found.items() if isinstance(held, Known)}
    holding = [m for m in names if set(wanted.values()) <= names[m]]
    fitting = [m for m in holding if _fits(m, missing)]
    for mount in fitting or (holding if len(holding) == 1 else ()):
        usual = mount not in fitting and set(wanted.values()) <= _USUAL
        yield _Elsewhere(
            mount=mount,
            moved=_under(mount, wanted),
            by_usual_keys=usual,
            confidence=Confidence.LIKELY if usual else Confidence.CERTAIN,
            evidence=Evidence(
                seen=f"Secret {mount.secret} has the keys {', '.join(sorted(names[mount]))}",
                where=f"kubectl -n {quote(holder.namespace)} describe {shell.resource('secret', str(mount.secret))}",
            ),
        )
    for mount in secrets:
        if mount not in names and _fits(mount, missing):
            yield _Elsewhere(
                mount=mount,
                moved=_under(mount, wanted),
                confidence=Confidence.LIKELY,
                evidence=Evidence(
                    seen=f"the name of Secret {mount.secret} fits the directory of"
                    f" {missing.file.path}; its keys were not read",
                    where=f"kubectl -n {quote(holder.namespace)} describe {shell.resource('secret', str(mount.secret))}",
                ),
            )


def _keys(case: Case, holder: KubeObject, mount: Mount) -> Availability[Mapping[str, Pem] | None]:
    """The keys of the Secret behind *mount*, None where it is not there."""
    keys = case.look(SECRET_KEYS)
    if isinstance(keys, Unavailable):
        return keys
    return keys.get(f"secret/{holder.namespace}/{mount.secret}", _NOT_READ)


def _under(mount: Mount, wanted: dict[str, str]) -> dict[str, str]:
    return {old: f"{mount.path.rstrip('/')}/{name}" for old, name in wanted.items()}


def _names(case: Case, missing: _files.MissingFile) -> dict[str, str]:
    """The job's missing files of one directory, each with its bare name."""
    directory = normal(missing.file.path).rpartition("/")[0]
    running = missing.server.jobs[case.pool]
    return {
        f.path: normal(f.path).rpartition("/")[2]
        for f in running.files
        if normal(f.path).rpartition("/")[0] == directory
    }


def _fits(mount: Mount, missing: _files.MissingFile) -> bool:
    """Whether the Secret's or the mount's name shares a telling word with the file's directory."""
    directory = normal(missing.file.path).rpartition("/")[0].rpartition("/")[2]
    names = f"{mount.secret} {normal(mount.path).rpartition('/')[2]}"
    return bool((_words(directory) & _words(names)) - _GENERIC)


def _words(name: str) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", name.lower())) - {""}


def _finding(
    case: Case, missing: _files.MissingFile, holder: KubeObject, found: _Elsewhere
) -> Finding:
    mount = found.mount
    new = found.moved.get(missing.file.path, mount.path)
    return Finding(
        summary=f"Secret {mount.secret} is mounted at {mount.path}, but"
        f" {case.job.monitor or case.pool} names {missing.file.path}",
        evidence=(
            Evidence(
                seen=f"{holder.kind} {holder.full_name} mounts Secret {mount.secret} at"
                f" {mount.path}: the path that works is {new}",
                where=holder.kubectl("-o jsonpath='{.spec}'"),
            ),
            found.evidence,
            *tls_file_missing.evidence(case, missing),
        ),
        fix=_fix(case, found),
        confidence=found.confidence,
        proof=f"{mount.secret} {missing.file.path.rpartition('/')[0]}",
    )


def _fix(case: Case, found: _Elsewhere) -> tuple[FixStep, ...]:
    monitor, prometheus = case.look(MONITOR), case.look(PROMETHEUS)
    steps: list[FixStep | None] = []
    if not isinstance(monitor, Unavailable) and monitor is not None:
        steps.append(_patches.change_paths(monitor, found.moved))
    if not isinstance(prometheus, Unavailable) and prometheus is not None:
        steps.append(_patches.change_class_paths(prometheus, found.moved))
    known = tuple(step for step in steps if step is not None)
    listed = "; ".join(f"{old} → {new}" for old, new in sorted(found.moved.items()))
    return known or (FixStep(do=f"Name the files where they are mounted: {listed}"),)


RULE = Rule(
    code="tls-path-mismatch",
    link=Link.CREATED,
    states=frozenset({JobState.UNSTARTED}),
    needs=needing(
        LOGS, PODS, STATEFUL_SETS, PROMETHEUS, MONITOR, REVISIONS, MOUNT_HISTORY, SECRET_KEYS
    ),
    check=check,
    refines=_files.REFINED | {"hand-patch-reverted"},
)
