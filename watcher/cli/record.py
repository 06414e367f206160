"""``watcher record``: keep everything that one look reads, for later or for somebody else."""

from pathlib import Path
from typing import Annotated

import typer

from watcher.cli import codes
from watcher.cli.options import Config, PrometheusUrl, app
from watcher.errors import ConfigError


@app.command()
def record(
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write (.tar.gz).")],
    config: Config = None,
    prometheus_url: PrometheusUrl = None,
) -> int:
    """Look once and write all that was read to FILE, without secrets, for `once --replay FILE`."""
    if prometheus_url is not None and config is not None:
        raise ConfigError("--prometheus-url and --config: name one of them, not both")
    from watcher.app import compose, recording
    from watcher.cli import show
    from watcher.settings import load

    settings = load(config) if prometheus_url is None else compose.settings_of_url(prometheus_url)
    with show.progress("recording …"):
        done = recording.record(settings, to, cluster=prometheus_url is None)
    failed = f", {done.failed} of which failed" if done.failed else ""
    typer.echo(
        f"{to}: {done.requests} answers{failed}, {done.size} bytes, at {done.at:%Y-%m-%dT%H:%M:%SZ}"
        "\nSecrets were taken out, names and addresses were not: look at it before you hand it on."
    )
    return codes.WELL
