"""``watcher notify --test``: whether every receiver of the settings takes a message."""

from typing import Annotated

import typer

from watcher.cli import codes
from watcher.cli.options import Config, app


@app.command()
def notify(
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message; there is nothing else to send.")
    ] = False,
    config: Config = None,
) -> int:
    """Send a test message to each receiver in the settings, and say which of them took it.

    Ends with 2 where one did not. Nothing is kept in the store.
    """
    from watcher.app import compose
    from watcher.app.telling import receivers
    from watcher.engine.wording import of_test
    from watcher.errors import ConfigError, NotifyError
    from watcher.settings import load

    if not test:
        raise ConfigError("notify: add --test to send a test message to each receiver")
    told = receivers(load(config), None).all
    if not told:
        raise ConfigError("notify: the settings name no receiver: slack, email, webhook, …")
    failed = 0
    for notifier in told:
        try:
            notifier.notify(of_test(compose.clock()), None)
        except NotifyError as error:
            failed += 1
            typer.echo(f"{notifier.name}: not delivered: {error}")
        else:
            typer.echo(f"{notifier.name}: delivered")
    return codes.CANNOT_TELL if failed else codes.WELL
