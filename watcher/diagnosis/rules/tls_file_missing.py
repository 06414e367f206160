"""A TLS file that the job names is not in Prometheus's container.

## Meaning

Prometheus makes the scrape pool of a job only if it can read every file of its `tls_config`. The
reload succeeds all the same, the targets are nowhere, and no alert fires: the job is *unstarted*.

## Evidence

The path stands under no mount of the prometheus container and not where images keep their own
certificates; or Prometheus's log says `error creating new scrape pool … open FILE: no such file or
directory` for this pool since the server started.

## Fix

Mount the Secret by `spec.secrets` of the Prometheus resource and name the file under
`/etc/prometheus/secrets/NAME/`; or let the monitor reference the Secret instead of a file. Where the
mount is there and only the key lacks, add the key to the Secret and reload.

## Not to be confused with

`hand-patch-reverted`: there the mount existed once and is gone. `tls-path-mismatch`: there the right
Secret is mounted elsewhere. `tls-file-invalid`: there the file can be opened and not used.
"""

from shlex import quote

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _files, _where
from watcher.model import shell
from watcher.model.comparison import JobState
from watcher.model.facts import (
    LOGS,
    MONITOR,
    PODS,
    PROMETHEUS,
    SECRET_KEYS,
    STATEFUL_SETS,
    Known,
    Unavailable,
)
from watcher.model.findings import Evidence, Finding, FixStep, Link
from watcher.operator.resource_mounts import SECRETS, resource_mounts
from watcher.operator.volumes import covers, key_of


def check(case: Case) -> Finding | None:
    """Find the first file that is missing."""
    missing = _files.missing_files(case)
    if not missing:
        return None
    first = missing[0]
    paths = sorted({m.file.path for m in missing})
    return Finding(
        summary=f"{_list(paths)} {'is' if len(paths) == 1 else 'are'} not in Prometheus's"
        f" container, so the scrape pool of {case.pool} cannot be made",
        evidence=tuple(evidence(case, first)),
        fix=tuple(_fix(case, first)),
        proof=first.file.path.rpartition("/")[0],
    )


def evidence(case: Case, missing: _files.MissingFile) -> list[Evidence]:
    """What shows that the file is missing: the configuration, the mounts, the log's own words."""
    server = missing.server
    found = [_files.named_by(case, server, missing.file.path, missing.file.field)]
    if missing.holder is not None and missing.mount is None:
        holder = missing.holder
        found.append(
            Evidence(
                seen=f"no mount of the prometheus container of {holder.kind} {holder.full_name}"
                f" covers {missing.file.path}",
                where=holder.kubectl("-o jsonpath='{.spec}'"),
            )
        )
    if missing.holder is not None and missing.mount is not None and missing.keys is not None:
        namespace, secret = missing.holder.namespace, missing.mount.secret
        key = key_of(missing.mount, missing.file.path)
        found.append(
            Evidence(
                seen=f"Secret {namespace}/{secret} is mounted there and has not the key {key}, it has"
                f" {', '.join(missing.keys) or 'none'}",
                where=f"kubectl -n {quote(namespace)} describe {shell.resource('secret', str(secret))}",
            )
        )
    if missing.line is not None:
        found.append(
            Evidence(
                seen=missing.line.text,
                where=_files.where_the_log_is(case, server),
                at=missing.line.at,
            )
        )
    return found


def _fix(case: Case, missing: _files.MissingFile) -> list[FixStep]:
    prometheus = case.look(PROMETHEUS)
    if isinstance(prometheus, Unavailable) or prometheus is None:
        return [
            FixStep(
                do=f"Put the file at {missing.file.path} where Prometheus can read it, then reload",
                command=_where.reload(missing.server),
            )
        ]
    if missing.mount is not None and missing.mount.secret is not None:
        key = key_of(missing.mount, missing.file.path)
        return [_mend_secret(case, prometheus.namespace, missing.mount.secret, key)]
    if covers(resource_mounts(prometheus), missing.file.path) is not None:
        return [
            FixStep(
                do="The resource asks for this mount and the pod has it not: see why the operator"
                " has not rolled it out",
                command=prometheus.kubectl("-o jsonpath='{.status.conditions}'"),
            )
        ]
    file = missing.file.path.rpartition("/")[2]
    return [
        FixStep(
            do="Append the Secret that holds the file to the secrets of the Prometheus resource"
            " (this restarts the pods); its name is not proven, so put it for <secret>",
            command=f"kubectl -n {quote(prometheus.namespace)} edit {prometheus.kind.lower()}"
            f" {quote(prometheus.name)}",
        ),
        FixStep(
            do=f"Let {case.job.monitor or 'the job'} name it as {SECRETS}/<secret>/{file}",
            command=f"kubectl -n {quote(case.job.monitor.namespace)} edit"
            f" {case.job.monitor.kind.lower()} {quote(case.job.monitor.name)}"
            if case.job.monitor
            else None,
        ),
    ]


def _mend_secret(case: Case, namespace: str, name: str, key: str) -> FixStep:
    """A Secret that is mounted where the file should be, by what its keys are known to be."""
    found = case.look(SECRET_KEYS)
    held = None if isinstance(found, Unavailable) else found.get(f"secret/{namespace}/{name}")
    secret = f"Secret {namespace}/{name}"
    if not isinstance(held, Known):
        do = f"{secret} is mounted there: see whether it has the key {key}, and add it"
    elif held.value is None:
        do = f"{secret} is to be mounted there and is not in the cluster: make it, with the key {key}"
    elif key in held.value:
        do = f"{secret} is mounted there and has the key {key} by now: wait until the pod has it"
    else:
        has = ", ".join(held.value) or "none"
        do = f"{secret} is mounted there without the key {key}, it has {has}: add it"
    command = f"kubectl -n {quote(namespace)} describe {shell.resource('secret', name)}"
    return FixStep(do=f"{do}; then reload Prometheus", command=command)


def _list(paths: list[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{', '.join(paths[:-1])} and {paths[-1]}"


RULE = Rule(
    code="tls-file-missing",
    link=Link.CREATED,
    states=frozenset({JobState.UNSTARTED}),
    needs=needing(LOGS, PODS, STATEFUL_SETS, PROMETHEUS, MONITOR, SECRET_KEYS),
    check=check,
    refines=frozenset({"pool-not-created", "tls-file-invalid"}),
)
