"""What the operator's log says, where it is readable: words that no Event and no condition keeps.

A line tells of the moment at which it was written. One that is older than the last change of its
object, or than the last sync of the Prometheus, tells of what is over.
"""

from datetime import datetime
from shlex import quote

from watcher.diagnosis.rule import Case
from watcher.model import shell
from watcher.model.facts import OPERATOR_LOG, OperatorLine, OperatorWord, Unavailable
from watcher.model.findings import Evidence


def last(
    case: Case, word: OperatorWord, about: str, *, prometheus: str, since: datetime | None
) -> OperatorLine | None:
    """The last line of *word* about *about* that still holds for *prometheus* (``ns/name``).

    None too where the log could not be read: nothing follows from that alone.
    """
    lines = case.look(OPERATOR_LOG)
    if isinstance(lines, Unavailable):
        return None
    syncs = [
        line.at
        for line in lines
        if line.word is OperatorWord.SYNC_BEGUN and line.about == prometheus and line.at
    ]
    not_before = max((at for at in (since, *syncs) if at is not None), default=None)
    names = {None, prometheus, prometheus.partition("/")[2]}
    return max(
        (
            line
            for line in lines
            if line.word is word
            and line.about == about
            and line.prometheus in names
            and line.at is not None
            and (not_before is None or line.at >= not_before)
        ),
        key=lambda line: (line.at is not None, line.at),
        default=None,
    )


def where(line: OperatorLine) -> str:
    """The command that shows *line*."""
    namespace, _, pod = line.pod.partition("/")
    return f"kubectl -n {quote(namespace)} logs {quote(pod)} | {shell.lines_with(line.about)}"


def evidence(line: OperatorLine) -> Evidence:
    """*line* as evidence."""
    return Evidence(seen=f"the operator's log says: {line.text}", where=where(line), at=line.at)
