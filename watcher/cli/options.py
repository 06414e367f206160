"""The application and the options that several commands have.

Nothing heavy is imported where a module of commands begins, but in the command that needs it:
``--version``, ``--help`` and the completion of the shell answer at once.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from watcher import __version__

app = typer.Typer(
    name="watcher",
    help="Knows which scrape jobs Prometheus should have, sees when one is gone, and says why.",
    epilog="Exit codes: 0 all well, 1 found something, 2 cannot tell, 3 wrong usage or settings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

INDENT: Final = 2


class Format(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


class AuditFormat(StrEnum):
    """How what is at risk is printed."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    SARIF = "sarif"


class PreviewFormat(StrEnum):
    """How what is expected is printed; SARIF is of ``--monitor`` alone."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"


class ReportFormat(StrEnum):
    """How an inspection is printed."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Settings file [env: WATCHER_CONFIG] [./watcher.yaml]."),
]
AsFormat = Annotated[Format, typer.Option("--format", "-f", help="How to print.")]
PrometheusUrl = Annotated[
    str | None,
    typer.Option(help="Look at this server alone, without settings, cluster or store."),
]
Replay = Annotated[Path | None, typer.Option(help="Work from this recording alone, at its moment.")]
Since = Annotated[str, typer.Option(help="How far back, such as 7d or 12h.")]


def _version(wanted: bool) -> None:  # noqa: FBT001 -- the form of a Typer callback
    if wanted:
        typer.echo(f"watcher {__version__}")
        raise typer.Exit


@app.callback()
def _watcher(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which one.")
    ] = False,
) -> None:
    pass
