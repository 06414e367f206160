"""A TLS file that the job names is there, and cannot be used.

## Meaning

Prometheus could open the place and not use what it found: it may not read the file, it is a directory
or empty or no PEM, certificate and key are no pair, or one is named without the other. The pool is not
made, and the job is *unstarted*.

## Evidence

Prometheus's log says so for this pool since the server started, and names the file. Where the Secret
or ConfigMap behind the file may be read, what stands there is judged as Prometheus would: that proves
what the log says, and finds it without a log. Only that verdict is kept.

## Fix

Put a certificate and key that belong together into the Secret, in PEM; or give Prometheus's user
(`fsGroup`) the right to read it. Then reload: a file that changes makes no new try by itself.

## Not to be confused with

`tls-file-missing`: there is no such file. `credentials-file-invalid`: there the pool is there already
and its targets are down.
"""

from collections.abc import Iterator
from shlex import quote

from watcher.diagnosis.rule import Case, Lacking, Rule, needing
from watcher.diagnosis.rules import _advice, _behind, _files, _where
from watcher.diagnosis.rules._fault_words import fault_words
from watcher.diagnosis.wording_of_prometheus import FileFault, FileProblem
from watcher.model.comparison import JobState
from watcher.model.facts import LOGS, MONITOR, PODS, SECRET_KEYS, STATEFUL_SETS, LogLine
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.observations import ServerObservation
from watcher.operator.spots import spots
from watcher.operator.volumes import covers, normal


def check(case: Case) -> Finding | None:
    """Whether the log blames a file that is there, or what stands behind one is of no use."""
    unread: Lacking | None = None
    for server in case.servers():
        try:
            found = _on(case, server)
        except Lacking as lacking:
            unread = lacking
        else:
            if found is not None:
                return found
    if unread is not None:
        raise unread
    return None


def _on(case: Case, server: ServerObservation) -> Finding | None:
    line, said, no_log = _files.words_of_log(case, server)
    if line is not None and (said is None or said.kind is FileFault.MISSING):
        return None  # the log blames something else
    known: _behind.Files = {}
    try:
        known = _behind.files(case, server)
    except Lacking as no_mounts:
        no_log = no_log or no_mounts
    bad = _behind.fault(known)
    problem = said or (bad.problem if bad else None)
    if problem is not None:
        return _finding(case, server, problem, line, known)
    _behind.need_all(known)
    if no_log is not None:
        raise no_log
    return None


def _finding(
    case: Case,
    server: ServerObservation,
    problem: FileProblem,
    line: LogLine | None,
    known: _behind.Files,
) -> Finding:
    bad = _behind.fault(known)
    proven = bad is not None and (bad.sure or line is not None) and _same(bad.problem, problem)
    evidence = [
        _of_log(case, server, line)
        if line
        else _files.named_by(case, server, problem.path, f"{problem.field}")
    ]
    if bad is not None:
        evidence.append(
            Evidence(
                seen=f"what stands under the key {bad.spot.key} of {bad.spot}, which is"
                f" {bad.problem.path}, cannot be used: {bad.words}",
                where=bad.spot.describe()
                if bad.problem.field == _behind.KEY
                else bad.spot.certificate(),
            )
        )
    return Finding(
        summary=f"{fault_words(problem)}, so the scrape pool of {case.pool} cannot be made",
        evidence=tuple(evidence),
        fix=tuple(_fix(case, server, problem, known)),
        confidence=Confidence.CERTAIN if proven else Confidence.LIKELY,
        conclusive=line is not None,
        proof=problem.path.rpartition("/")[0],
    )


def _of_log(case: Case, server: ServerObservation, line: LogLine) -> Evidence:
    where = _files.where_the_log_is(case, server)
    return Evidence(seen=line.text, where=where, at=line.at)


def _same(one: FileProblem, other: FileProblem) -> bool:
    return normal(one.path) == normal(other.path)


def _fix(
    case: Case, server: ServerObservation, problem: FileProblem, known: _behind.Files
) -> Iterator[FixStep]:
    if problem.kind is FileFault.INCOMPLETE:
        yield _advice.edit_job(case, "Name certificate and key, both or neither")
        return
    holder, mounts = _files.mounts_of_server(case, server)
    mount = covers(mounts or (), problem.path)
    if problem.kind is FileFault.DIRECTORY and (mount is None or mount.sub_path is None):
        yield _advice.edit_job(case, f"Name a file where {problem.path} stands, a directory")
        return
    at = spots(problem.path, mounts or (), holder.namespace) if holder is not None else ()
    if problem.kind is FileFault.UNREADABLE:
        yield FixStep(do=f"Let Prometheus's user read {problem.path} (fsGroup, defaultMode)")
    elif at:
        how = "of which a copy is mounted there" if at[1:] else "which is mounted there"
        of_key = f"the key {at[-1].key} of {at[-1]}, {how}"
        do = (
            f"Leave {of_key}: it can be used by now"
            if _is_fixed(problem, known)
            else f"Fix {of_key}"
        )
        yield FixStep(do=do, command=at[-1].describe())
    else:
        yield FixStep(
            do=f"Put a file that can be used at {problem.path}",
            command=f"openssl x509 -noout -subject -dates -in {quote(problem.path)}"
            if problem.kind is FileFault.BAD_PEM and problem.field != _behind.KEY
            else None,
        )
    yield FixStep(
        do="Then reload Prometheus, as nothing else makes it try again",
        command=_where.reload(server),
    )


def _is_fixed(problem: FileProblem, known: _behind.Files) -> bool:
    """Whether what stands behind the files that the log blames is known, and can be used."""
    judged = {normal(behind.path) for behind in known.values() if behind.pem is not None}
    blamed = {normal(path) for path in (problem.path, problem.other) if path is not None}
    return blamed <= judged and _behind.fault(known) is None


RULE = Rule(
    code="tls-file-invalid",
    link=Link.CREATED,
    states=frozenset({JobState.UNSTARTED}),
    needs=needing(LOGS, PODS, STATEFUL_SETS, MONITOR, SECRET_KEYS),
    check=check,
    refines=frozenset({"pool-not-created"}),
)
