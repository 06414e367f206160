"""Print what should be scraped, and what would become of a monitor, for people."""

from typing import Final

from rich.markup import escape

from watcher.cli.show import counted, ignored_words
from watcher.cli.terminal import Terminal
from watcher.web import expect_document as documents
from watcher.web import shapes

_out: Final = Terminal()


def expected(told: documents.ExpectDocument) -> None:
    """Every expected job with its source, those that are gone marked."""
    rows = [
        (job.prometheus, job.pool, job.source.value, _targets(job), _remark(job))
        for job in told.expected
    ]
    header = ("PROMETHEUS", "JOB", "SOURCE", "TARGETS", "")
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for number, row in enumerate((header, *rows)):
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        _out.print(line.rstrip(), style=_style(row) if number else "dim")
    rest(told.unselected, told.unreadable)
    gone = sum(job.gone_since is not None for job in told.expected)
    more = f", {gone} of them gone: accept or restore" if gone else ""
    _out.print(f"{counted(len(told.expected))} expected{more}")


def rest(
    unselected: tuple[shapes.UnselectedShape, ...], unreadable: tuple[shapes.UnreadableShape, ...]
) -> None:
    """What nobody selects, and what could not be read."""
    for one in unselected:
        m = one.monitor
        said = f"not selected: {m.kind} {m.namespace}/{m.name}: {one.lacks}"
        _out.print(said, style="yellow")
    for source in unreadable:
        _out.print(f"cannot read {source.source}: {source.error}", style="magenta")


def previews(told: documents.PreviewDocument) -> None:
    """Each monitor with what each Prometheus would make of it."""
    for monitor in told.monitors:
        m = monitor.monitor
        told_of = False if monitor.well is False else monitor.taken
        mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[magenta]?[/]"}[told_of]
        _out.print(
            f"{mark} {m.kind} {escape(f'{m.namespace}/{m.name}')}: {_verdict(monitor)}", markup=True
        )
        for each in monitor.prometheuses:
            _out.print(f"    {each.prometheus}: {_words(each)}")
            for job in each.jobs:
                _forecast(job)


def _forecast(job: documents.ForecastShape) -> None:
    """What the job would come to, with what speaks against it and the way out."""
    known = (
        ""
        if job.targets is None
        else f", {job.targets} target{'' if job.targets == 1 else 's'} now"
    )
    said = {True: "would be scraped", False: "would find no target", None: "cannot be told"}[
        job.well
    ]
    _out.print(f"      {job.pool}: {said}{known}")
    for found in job.findings:
        _out.print(f"        {found.summary} ({found.cause}, {found.confidence.value})")
        for number, step in enumerate(found.fix, start=1):
            _out.print(f"        {number}. {step.do}")
            if step.command:
                _out.print(f"             {step.command}")
    for doubt in job.undecided:
        would = f": {doubt.permission} would tell" if doubt.permission else ""
        _out.print(f"        undecided {doubt.cause}, for lack of {doubt.lacking}{would}")


def _verdict(monitor: documents.MonitorPreviewShape) -> str:
    match monitor.taken:
        case True:
            if monitor.well is False:
                return "would be taken, and find no target"
            return "would be taken" if _pools(monitor) else "would be taken, and asks for no job"
        case False:
            return "would not be scraped"
        case None:
            return "cannot be told"


def _pools(monitor: documents.MonitorPreviewShape) -> bool:
    return any(each.pools for each in monitor.prometheuses)


def _words(each: documents.PreviewShape) -> str:
    why = "; ".join(each.why)
    if each.selected is None:
        return f"cannot be told: {why}"
    if not each.selected:
        return f"not selected: {why}"
    if each.accepted is None:
        return f"selected; whether it is accepted cannot be told: {why}"
    if not each.accepted:
        return f"selected, and rejected by the operator: {why}"
    return f"selected and accepted: {', '.join(each.pools) or 'no endpoint, so no job'}"


def _targets(job: documents.ExpectedShape) -> str:
    known = [count for count in (job.targets, job.least_targets) if count is not None]
    return str(max(known)) if known else ""


def _style(row: tuple[str, ...]) -> str | None:
    return "red" if row[-1].startswith("gone") else None


def _remark(job: documents.ExpectedShape) -> str:
    parts = []
    if job.gone_since is not None:
        parts.append(f"gone since {job.gone_since:%Y-%m-%d %H:%M} UTC")
    if job.ignored is not None:
        parts.append(ignored_words(job.ignored))
    return ", ".join(parts)
