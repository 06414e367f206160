"""The command line: the only place that prints and exits.

Exit codes of all commands: 0 all well; 1 found something; 2 cannot tell; 3 wrong usage or settings.
"""

import sys
from collections.abc import Sequence

import click
import typer

from watcher.cli import commands
from watcher.errors import ConfigError, NotifyError, SourceUnavailable, StoreError

WELL, FOUND, CANNOT_TELL, WRONG = 0, 1, 2, 3

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; the answer is its exit code. Errors are one line on standard error."""
    try:
        code = typer.main.get_command(commands.app).main(
            args=list(argv), prog_name="watcher", standalone_mode=False
        )
    except click.UsageError as error:
        error.show()
        return WRONG
    except click.ClickException as error:
        error.show()
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except ConfigError as error:
        _say(error)
        return WRONG
    except (SourceUnavailable, StoreError, NotifyError) as error:
        _say(error)
        return CANNOT_TELL
    return int(code or WELL)


def _say(error: Exception) -> None:
    for line in str(error).splitlines():
        sys.stderr.write(f"watcher: {line}\n")
