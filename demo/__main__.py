"""Plays the incident. With WAIT=0 it ends by itself: 0 if every act showed what it must, else 1."""

import os
import sys
import time
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from demo.acts import ACTS, KUBELET, Act, differences
from demo.stage import Stage
from tools.prometheus_binary import NoPrometheusError
from watcher.adapters.slack_picture import picture

_out: Final = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
_PATIENCE: Final = 60.0
"""Seconds that an act has until the watcher must have seen and told it."""


def main() -> int:
    """Play all acts; the answer is the exit code."""
    try:
        with Stage() as stage:
            return _played(stage)
    except NoPrometheusError as error:
        _out.print(f"[red]{error}[/]")
        return 1
    except KeyboardInterrupt:
        return 0


def _played(stage: Stage) -> int:
    _prologue(stage)
    page = ""
    for act in ACTS:
        _out.print(Rule(f"[bold]Act {act.name}: {act.title}[/]"))
        _out.print(act.story)
        with _out.status("playing …"):
            act.play(stage)
            page = page or stage.start_watcher()
        wrong = _seen(stage, act)
        if wrong:
            for difference in wrong:
                _out.print(f"[red]act {act.name}: {difference}[/]", markup=True)
            _out.print(stage.watcher_log.read_text(encoding="utf-8")[-3000:], markup=False)
            return 1
        _out.print(f"[green]✓ act {act.name} showed what it must[/]\n")
    return _epilogue(page)


def _prologue(stage: Stage) -> None:
    binary = stage.binary
    _out.print(
        Panel(
            f"A real Prometheus {binary.version}, real TLS targets, real HTTP; the operator and the"
            " kubelet are played. Debian's Prometheus 2.42 has no Kubernetes discovery, so the jobs"
            " find their targets by static_configs. Four acts, a minute and a half.",
            title="The job `kubelet` was missing, and nobody knew since when",
        )
    )


def _seen(stage: Stage, act: Act) -> list[str]:
    """Wait until the watcher shows what it must; the answer is what it does not show in time."""
    end = time.monotonic() + _PATIENCE
    with _out.status("the watcher looks …"):
        while True:
            once, audit = stage.ask("once"), stage.ask("audit")
            wrong = differences(act.expected, once, audit, stage.slack.messages)
            if not wrong or time.monotonic() > end:
                break
            time.sleep(0.5)
    _show(act, once[1], audit[1], stage.slack.messages)
    return wrong


def _show(act: Act, once: dict[str, Any], audit: dict[str, Any], messages: Any) -> None:
    jobs = [job for job in once["jobs"] if job["pool"] in KUBELET]
    for job in jobs:
        colour = "green" if job["state"] == "healthy" else "red"
        cause = f"  cause [cyan]{job['cause']}[/] ({job['confidence']})" if job["cause"] else ""
        _out.print(f"  [{colour}]{job['state']:<10}[/] {job['pool']}{cause}")
    for risk in audit["risks"]:
        _out.print(f"  [yellow]at risk[/]    {risk['code']}: {risk['summary']}")
    if act.expected.slack == "none":
        _out.print("  Slack: nothing to tell")
    for message in messages:
        _picture(message)


def _picture(message: Any) -> None:
    payload = {"blocks": message.blocks, "attachments": message.attachments}
    drawn = Text()
    for line in picture(payload, width=min(_out.width, 110) - 8):
        drawn.append("▌ " if line.colour else "  ", style=line.colour or "")
        style = {"header": "bold", "code": "cyan", "small": "dim"}.get(line.kind, "")
        drawn.append(f"{line.text}\n", style=style)
    where = "Slack, in the thread" if message.thread_ts else "Slack"
    edits = f", edited {message.edits} times" if message.edits else ""
    _out.print(Panel(drawn, title=f"{where}{edits}", title_align="left"))


def _epilogue(page: str) -> int:
    _out.print(Rule())
    if os.environ.get("WAIT") == "0":
        return 0
    _out.print(f"The page is at [bold]{page}[/] until Ctrl-C.")
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
