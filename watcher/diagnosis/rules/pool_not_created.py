"""Prometheus could not make the scrape pool.

## Meaning

The job is in the running configuration and has no pool, because making its HTTP client failed. This is
the general word: where the file at fault is known, a narrower cause stands in its place.

## Evidence

The log says `error creating new scrape pool` for this pool, since the server started; its words are
shown as they are.

## Fix

Fix what the log names. Prometheus tries again whenever the discovery of any job brings something new,
and at each reload.

## Not to be confused with

`tls-file-missing`, `tls-file-invalid`: there the words name a file.
"""

from typing import Final

from watcher.diagnosis.rule import Case, Rule, needing
from watcher.diagnosis.rules import _advice, _files, _where
from watcher.diagnosis.wording_of_prometheus import FileFault, file_problem
from watcher.model.comparison import JobState
from watcher.model.facts import LOGS, MONITOR, LogKind
from watcher.model.findings import Confidence, Evidence, Finding, FixStep, Link
from watcher.model.observations import ServerObservation
from watcher.operator.volumes import normal
from watcher.secrecy import without_secrets

_LONGEST: Final = 300


def check(case: Case) -> Finding | None:
    """Whether the log says that the pool could not be made."""
    for server in case.servers():
        line = _files.log_line(case, server, LogKind.POOL_NOT_CREATED)
        if line is None or _blames_a_file(case, server, line.text):
            continue
        times = f", {line.count} times" if line.count > 1 else ""
        return Finding(
            summary=f"the scrape pool of {case.pool} could not be made: {_clipped(line.text)}",
            evidence=(
                Evidence(
                    seen=f"the log of {server.server.name} says{times}: {line.text}",
                    where=_files.where_the_log_is(case, server),
                    at=line.at,
                ),
            ),
            fix=(
                _advice.edit_job(case, "Correct what the log names"),
                FixStep(
                    do="Should the cause lie outside the configuration, reload after it is fixed",
                    command=_where.reload(server),
                ),
            ),
            confidence=Confidence.LIKELY,
            conclusive=True,
        )
    return None


def _clipped(words: str) -> str:
    """The words as far as a summary can hold them; all of them stand in the evidence."""
    words = without_secrets(words)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _blames_a_file(case: Case, server: ServerObservation, words: str) -> bool:
    """Whether a narrower cause knows the words: a bad file, or a missing one that the job names."""
    problem = file_problem(words)
    if problem is None or problem.kind is not FileFault.MISSING:
        return problem is not None
    return normal(problem.path) in {normal(f.path) for f in case.files(server)}


RULE = Rule(
    code="pool-not-created",
    link=Link.CREATED,
    states=frozenset({JobState.UNSTARTED}),
    needs=needing(LOGS, MONITOR),
    check=check,
)
