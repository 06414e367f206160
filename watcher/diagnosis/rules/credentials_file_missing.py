"""A token, password or TLS file of the job is not there when Prometheus scrapes.

## Meaning

Files with credentials are read at each scrape, and those of `tls_config` again whenever they change.
One that is not there, or vanishes under a running pool, takes all targets down; the pool stays, and
heals at the next scrape when the file is back.

## Evidence

`lastError` names the file: `unable to read …: open FILE: no such file or directory`. Prometheus sends
no request then, so that the targets themselves are out of question. A vanished key may show only on a
new connection.

## Fix

Bring the file back: the Secret or its key that is mounted there. Without a mount: see
`tls-file-missing`; the next restart would lose the whole pool then if it is a TLS file.

## Not to be confused with

`tls-file-missing`: there the pool was never made. `credentials-file-invalid`: there the file is there
and cannot be used. `unauthorized`: there it was read, sent and refused.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _files, _scrapes
from watcher.diagnosis.rules._scrapes import Failures
from watcher.model import shell
from watcher.model.facts import MONITOR, PODS, STATEFUL_SETS
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.operator.volumes import covers, key_of

_CODE = "credentials-file-missing"


def check(case: Case) -> Finding | None:
    """Whether most failing targets fail for a file that is not there."""
    found = _scrapes.failing(case, _CODE)
    if found is None or found.first.error.file is None:
        return None
    path = found.first.error.file.path
    return Finding(
        summary=f"{path} is not there, so that Prometheus cannot ask {found.count} of {case.pool}",
        evidence=(*_scrapes.evidence(case, found), *of_mounts(case, found, path)),
        fix=tuple(repairs(case, found, path)),
        proof=path,
    )


def of_mounts(case: Case, found: Failures, path: str) -> Iterator[Evidence]:
    """What is mounted where *path* should be."""
    holder, mounts = _files.mounts_of_server(case, found.first.server)
    if holder is None or mounts is None:
        return
    mount = covers(mounts, path)
    what = f"is covered by the mount {mount.path} ({mount.secret or mount.volume})" if mount else ""
    yield Evidence(
        seen=f"in {holder.kind} {holder.full_name} {path} {what or 'stands under no mount'}",
        where=holder.kubectl("-o jsonpath='{.spec}'"),
    )


def repairs(case: Case, found: Failures, path: str) -> Iterator[FixStep]:
    """How to make the file usable again."""
    holder, mounts = _files.mounts_of_server(case, found.first.server)
    mount = covers(mounts, path) if mounts is not None else None
    if holder is not None and mount is not None and mount.secret is not None:
        key = key_of(mount, path)
        yield FixStep(
            do=f"Fix the key {key} of Secret {holder.namespace}/{mount.secret}, which is mounted"
            " there; the kubelet brings it into the pod within two minutes, and nothing restarts",
            command=f"kubectl -n {quote(holder.namespace)} describe {shell.resource('secret', mount.secret)}",
        )
        return
    yield FixStep(do=f"Bring a usable file to {path} on {found.first.server.server.name}")
    yield _advice.edit_job(case, "Or name a file that is there, or refer to a Secret instead")


RULE = Rule(
    code=_CODE,
    link=Link.SCRAPED,
    states=_scrapes.STATES,
    needs=needing(MONITOR, PODS, STATEFUL_SETS),
    check=check,
)
