"""A TLS file that the job names is there, and cannot be used.

## Meaning

Prometheus could open the place and not use what it found: it may not read the file, it is a directory
or empty or no PEM, certificate and key are no pair, or one is named without the other. The pool is not
made, and the job is *unstarted*.

## Evidence

Prometheus's log says so for this pool since the server started, and names the file.

## Fix

Put a certificate and key that belong together into the Secret, in PEM; or give Prometheus's user
(`fsGroup`) the right to read it. Then reload: a file that changes makes no new try by itself.

## Not to be confused with

`tls-file-missing`: there is no such file. `credentials-file-invalid`: there the pool is there already
and its targets are down.
"""

from collections.abc import Iterator

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _files, _where
from watcher.diagnosis.rules._fault_words import fault_words
from watcher.diagnosis.wording_of_prometheus import FileFault, FileProblem, file_problem
from watcher.model.comparison import JobState
from watcher.model.facts import LOGS, MONITOR, PODS, STATEFUL_SETS, LogKind
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.observations import ServerObservation
from watcher.operator.volumes import covers, key_of


def check(case: Case) -> Finding | None:
    """Whether the log blames a file that is there."""
    for server in case.servers():
        line = _files.log_line(case, server, LogKind.POOL_NOT_CREATED)
        problem = file_problem(line.text) if line else None
        if line is None or problem is None or problem.kind is FileFault.MISSING:
            continue
        return Finding(
            summary=f"{fault_words(problem)}, so the scrape pool of {case.pool} cannot be made",
            evidence=(
                Evidence(seen=line.text, where=_files.where_the_log_is(case, server), at=line.at),
            ),
            fix=tuple(_fix(case, server, problem)),
            confidence=Confidence.LIKELY,
            conclusive=True,
            proof=problem.path.rpartition("/")[0],
        )
    return None


def _fix(case: Case, server: ServerObservation, problem: FileProblem) -> Iterator[FixStep]:
    if problem.kind is FileFault.INCOMPLETE:
        yield _advice.edit_job(case, "Name certificate and key, both or neither")
        return
    holder, mounts = _files.mounts_of_server(case, server)
    mount = covers(mounts, problem.path) if mounts is not None else None
    if problem.kind is FileFault.DIRECTORY and (mount is None or mount.sub_path is None):
        yield _advice.edit_job(case, f"Name a file where {problem.path} stands, a directory")
        return
    if problem.kind is FileFault.UNREADABLE:
        yield FixStep(do=f"Let Prometheus's user read {problem.path} (fsGroup, defaultMode)")
    elif holder is not None and mount is not None and mount.secret is not None:
        key = key_of(mount, problem.path)
        yield FixStep(
            do=f"Mend the key {key} of Secret {holder.namespace}/{mount.secret}, which is mounted"
            " there",
            command=f"kubectl -n {holder.namespace} describe secret {mount.secret}",
        )
    else:
        yield FixStep(
            do=f"Put a file that can be used at {problem.path}",
            command=f"openssl x509 -noout -subject -dates -in {problem.path}"
            if problem.kind is FileFault.BAD_PEM and problem.field != "tls_config.key_file"
            else None,
        )
    yield FixStep(
        do="Then reload Prometheus, as nothing else makes it try again",
        command=_where.reload(server),
    )


RULE = Rule(
    code="tls-file-invalid",
    link=Link.CREATED,
    states=frozenset({JobState.UNSTARTED}),
    needs=needing(LOGS, PODS, STATEFUL_SETS, MONITOR),
    check=check,
    refines=frozenset({"pool-not-created"}),
)
