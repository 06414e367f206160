"""The command line: the only place that prints and exits.

Exit codes of all commands: 0 all well; 1 found something; 2 cannot tell; 3 wrong usage or settings.
"""

import sys
from collections.abc import Sequence

import typer

from watcher.characters import visible
from watcher.cli import accept, commands, expect, history, mute, notify, options, record, snapshot
from watcher.cli.codes import CANNOT_TELL, WELL, WRONG
from watcher.errors import ConfigError, NotifyError, SourceUnavailable, StoreError

_INTERRUPTED = 130
_USAGE = tuple(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
"""What the parser raises: click's own until Typer 0.2x, after that a copy that Typer brings."""

_REGISTERED = (commands, history, expect, accept, mute, notify, record, snapshot)
"""Modules that add their command to the application when they are imported."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; the answer is its exit code. Errors are one line on standard error."""
    try:
        code = typer.main.get_command(options.app).main(
            args=list(argv), prog_name="watcher", standalone_mode=False
        )
    except (typer.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except ConfigError as error:
        _say(error)
        return WRONG
    except (SourceUnavailable, StoreError, NotifyError) as error:
        _say(error)
        return CANNOT_TELL
    except Exception as error:
        if not isinstance(error, _USAGE):
            raise
        error.show()  # type: ignore[attr-defined]  # it knows the command and its usage
        return WRONG
    return int(code or WELL)


def _say(error: Exception) -> None:
    for line in str(error).splitlines():
        sys.stderr.write(f"watcher: {visible(line)}\n")
