"""Print results for people: colour and tables on a terminal, plain text elsewhere."""

import sys
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from watcher.characters import in_one_line, visible
from watcher.cli.terminal import Terminal
from watcher.diagnosis.ladder import Footing, Step
from watcher.engine.wording import length
from watcher.errors import ConfigError
from watcher.model.incidents import Incident
from watcher.web import shapes, snapshot_document

_COLOURS: Final = {
    "healthy": "green",
    "degraded": "yellow",
    "down": "red",
    "empty": "red",
    "unstarted": "red",
    "missing": "red",
    "unknown": "magenta",
    "dormant": "dim",
}
_SICK: Final = ("missing", "unstarted", "empty", "down", "degraded", "unknown", "dormant")

_out: Final = Terminal()
_err: Final = Terminal(stderr=True)


def progress(words: str) -> AbstractContextManager[object]:
    """Says on a terminal that something is under way, and takes it back."""
    return _err.status(words)


def raw(document: bytes) -> None:
    """A JSON document."""
    sys.stdout.write(document.decode() + "\n")
    sys.stdout.flush()


def text(content: str, to: Path | None) -> None:
    """A text, to a file where one is named. Raises ConfigError where that cannot be written."""
    if to is None:
        sys.stdout.write(visible(content if content.endswith("\n") else f"{content}\n"))
        return
    try:
        to.write_text(content, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"--output: {to} cannot be written: {error.strerror}; name another file"
        ) from None
    _err.print(f"written to {to}")


def complain(words: str) -> None:
    """One line on standard error."""
    _err.print(f"watcher: {words}")


def jobs(told: shapes.JobsDocument, *, fresh: bool) -> None:
    """All jobs of a look, those that are not healthy first and explained."""
    if fresh and _out.is_terminal:
        _out.clear()
    for prometheus in told.prometheuses:
        for server in prometheus.servers:
            _server(prometheus.prometheus, server)
    order = {state: number for number, state in enumerate((*_SICK, "healthy"))}
    for job in sorted(told.jobs, key=lambda j: (order[j.state], j.prometheus, j.pool)):
        if job.state != "healthy":
            _job(job)
    _healthy([job for job in told.jobs if job.state == "healthy"])
    _rest(told)
    _out.print(_sum(told.summary), markup=True)


def _server(prometheus: str, server: shapes.ServerShape) -> None:
    if server.readable:
        version = f" (Prometheus {server.version})" if server.version else ""
        _out.print(f"{prometheus}: {server.server}{version}", style="dim")
    else:
        named = dict.fromkeys((str(prometheus), server.server))  # one that has no other name
        _out.print(f"{': '.join(named)} cannot be read: {server.error}", style="magenta")


def _job(job: shapes.JobShape, shown: Collection[str] = ()) -> None:
    """One job; evidence that was *shown* already is left out."""
    colour = _COLOURS[job.state]
    since = f" since {job.since:%Y-%m-%d %H:%M} UTC" if job.since else ""
    ignored = f" ({ignored_words(job.ignored)})" if job.ignored else ""
    _out.print()
    _out.print(
        f"[{colour} bold]{job.state.upper()}[/] [bold]{escape(job.pool)}[/]{since}{escape(ignored)}",
        markup=True,
    )
    if job.cause is not None:
        sure = f", {job.confidence}" if job.confidence else ""
        _out.print(f"  {job.summary or ''}", style="bold")
        _out.print(f"  cause {job.cause} (link {job.link}{sure})", style="cyan")
    elif job.summary:
        _out.print(f"  {job.summary}")
    for evidence in (e for e in job.evidence if e.seen not in shown):
        at = f" [{evidence.at:%Y-%m-%d %H:%M:%S} UTC]" if evidence.at else ""
        _out.print(f"  · {evidence.seen}{at}")
        _out.print(f"      {evidence.where}", style="dim")
    for number, step in enumerate(job.fix, 1):
        _out.print(f"  {number}. {step.do}", style="green")
        if step.command:
            _out.print_command(step.command, " " * 6)
    if job.around:
        _out.print("  around the loss:", style="dim")
    for line in job.around:
        at = f" [{line.at:%Y-%m-%d %H:%M:%S} UTC]" if line.at else ""
        _out.print(f"    - {line.seen}{at}", style="dim")
    for finding in job.findings:
        _out.print(f"  also {finding.cause}: {finding.summary}", style="dim")
    for undecided in job.undecided:
        would = f"; would be decided by: {undecided.permission}" if undecided.permission else ""
        _out.print(
            f"  undecided {undecided.cause}: lacks {undecided.lacking}{would}",
            style="dim",
        )


def ignored_words(found: shapes.IgnoredShape) -> str:
    """That a job is ignored, until when and why."""
    until = f" until {found.until:%Y-%m-%d %H:%M} UTC" if found.until else ""
    return f"ignored{until}" + (f": {found.reason}" if found.reason else "")


def _healthy(found: Sequence[shapes.JobShape]) -> None:
    if not found:
        return
    table = Table(box=None, pad_edge=False, show_header=True, header_style="dim")
    table.add_column("healthy")
    table.add_column("up", justify="right")
    table.add_column("targets", justify="right")
    for job in found:
        up = "" if job.targets.up is None else str(job.targets.up)
        active = "" if job.targets.active is None else str(job.targets.active)
        remark = f" ({ignored_words(job.ignored)})" if job.ignored else ""
        table.add_row(
            Text("✓ ", "green").append(in_one_line(job.pool + remark), "default"), up, active
        )
    _out.print()
    _out.print(table)


def _rest(told: shapes.JobsDocument) -> None:
    for one in told.unselected:
        m = one.monitor
        _out.print(
            f"not selected: {m.kind} {m.namespace}/{m.name}: {one.lacks}",
            style="yellow",
        )
    for pool in told.unexpected:
        _out.print(f"not expected: {pool.prometheus} {pool.pool}", style="dim")
    servers = {
        f"server {one.prometheus} {server.server}"
        for one in told.prometheuses
        for server in one.servers
        if not server.readable
    }
    for source in told.unreadable:
        if source.source not in servers:  # which are shown above
            _out.print(f"cannot read {source.source}: {source.error}", style="magenta")


def _sum(summary: shapes.SummaryShape) -> str:
    lost = f"[red bold]{summary.lost} lost[/]" if summary.lost else "[green]0 lost[/]"
    rest = ", ".join(
        f"{count} {name}"
        for name, count in (
            ("healthy", summary.healthy),
            ("degraded", summary.degraded),
            ("dormant", summary.dormant),
            ("unknown", summary.unknown),
            ("ignored", summary.ignored),
        )
        if count
    )
    return f"\n{counted(summary.expected)} expected: {lost}" + (f", {rest}" if rest else "")


def counted(count: int) -> str:
    """So many jobs, in words."""
    return f"{count} job{'' if count == 1 else 's'}"


def explanation(job: shapes.JobShape, steps: Sequence[Step]) -> None:
    """A job's ladder, link by link, then the job as ``once`` shows it; no evidence twice."""
    shown = {evidence.seen for step in steps for evidence in step.evidence}
    for step in steps:
        mark = {Footing.HOLDS: "[green]✓[/]", Footing.BROKEN: "[red]✗[/]"}.get(step.footing, "·")
        _out.print(
            f" {mark} {step.link.word:<11} {step.footing:<12} {escape(step.why)}", markup=True
        )
        for evidence in step.evidence:
            at = f" [{evidence.at:%Y-%m-%d %H:%M:%S} UTC]" if evidence.at else ""
            _out.print(f"      · {evidence.seen}{at}")
            _out.print(f"          {evidence.where}", style="dim")
    _job(job, shown)


def risks(told: shapes.AuditDocument) -> None:
    """What is at risk, and what could not be asked."""
    for risk in told.risks:
        what = risk.pool or risk.prometheus
        _out.print()
        _out.print(
            f"[yellow bold]{risk.code}[/] [bold]{escape(what)}[/] ({risk.confidence})", markup=True
        )
        _out.print(f"  {risk.summary}")
        for evidence in risk.evidence:
            _out.print(f"  · {evidence.seen}")
            _out.print(f"      {evidence.where}", style="dim")
        for number, step in enumerate(risk.fix, 1):
            _out.print(f"  {number}. {step.do}", style="green")
            if step.command:
                _out.print_command(step.command, " " * 6)
    for undecided in told.undecided:
        _out.print(f"undecided {undecided.cause}: lacks {undecided.lacking}", style="dim")
    for source in told.unreadable:
        _out.print(f"cannot read {source.source}: {source.error}", style="magenta")
    _out.print(f"\n{len(told.risks)} at risk")


def differences(told: snapshot_document.DifferenceDocument) -> None:
    """What became of each job that is not as it was."""
    colours = {"lost": "red", "worse": "yellow", "cannot tell": "magenta", "better": "green"}
    for one in told.differences:
        colour = colours.get(one.change.value, "dim")
        _out.print(
            f"[{colour}]{one.change.value:<18}[/] {escape(one.pool)} ({escape(one.prometheus)})",
            markup=True,
        )
        was, now = snapshot_document.before(one), snapshot_document.after(one)
        _out.print(f"{'':18} {was} → {now}")
    if not told.complete:
        _out.print("not everything could be read, so this may be less than the truth")
    _out.print(snapshot_document.sentence(told))


def incidents(found: Sequence[Incident], now: datetime) -> None:
    """Incidents, one a line, the newest last."""
    for incident in found:
        until = incident.ends_at or now
        end = f"{incident.ending}" if incident.ending else incident.status.value
        _out.print(
            f"{incident.starts_at:%Y-%m-%d %H:%M} UTC  {length(until - incident.starts_at):>10}"
            f"  {end:<10} {incident.pool}  {incident.state}: {incident.cause or 'cause-unknown'}",
        )
    _out.print(f"{len(found)} incidents")
