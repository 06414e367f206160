"""Draws the play on a terminal: what happens, what the watcher says, Slack's messages."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from demo.acts import KUBELET, Act
from demo.stage import Told
from demo.svg import drawn
from watcher.adapters.slack.picture import Line, picture

_WIDTH: Final = 110
_CODE_LINES: Final = 3
"""Lines of a command that are shown; the message itself has it whole."""

_HEADS: Final = frozenset({"Firing", "Proof", "Fix"})
_STYLES: Final = {"header": "bold", "code": "cyan", "small": "dim"}


class Show:
    """One console. With *record*, ``pictures`` holds an SVG of each act that showed what it must."""

    def __init__(self, *, record: bool = False) -> None:
        probe = Console()
        width = min(probe.width, _WIDTH) if probe.is_terminal and not record else _WIDTH
        self.console: Final = Console(highlight=False, width=width, record=record)
        self.pictures: Final[dict[str, str]] = {}

    def looking(self) -> None:
        """Said first: the package may have to be fetched, which can take a while."""
        words = "Looking for Prometheus, here or in the package sources, and setting the stage …"
        self.console.print(words, style="dim")

    def prologue(self, version: str) -> None:
        """What is real here and what is played."""
        self.console.print(
            Panel(
                f"Real: Prometheus {version} and its log, TLS targets, every API over HTTP, the"
                " watcher as it is shipped. Played: the operator, the kubelet, the people."
                " Debian's Prometheus 2.42 has no Kubernetes discovery, so the jobs find their"
                " targets by static_configs. Four acts, about a minute.",
                title="The job kubelet was missing, and nobody knew since when",
            )
        )

    def act(self, act: Act) -> None:
        """The title and what it is about."""
        if self.console.record:
            self.console.export_text(clear=True)
        self.console.print(Rule(f"[bold]Act {act.name}: {act.title}[/]"))
        self.console.print(act.story, markup=False)

    def step(self, words: str) -> None:
        """One thing that happened."""
        self.console.print(f"  [dim]·[/] {words}")

    def seen(self, told: Told, audit: Told, seconds: float) -> None:
        """What the watcher says after an act, *seconds* after its last step."""
        self.console.print(f"  [dim]·[/] {seconds:.0f} s later the watcher says")
        for job in told[1]["jobs"]:
            if job["pool"] in KUBELET:
                self._job(job)
        for code, first, more in _by_code(audit[1]["risks"]):
            self.console.print(f"    [yellow]at risk[/]    [cyan]{code}[/]{more}")
            for line in textwrap.wrap(first, self.console.width - 16):
                self.console.print(f"               {line}", markup=False)

    def silence(self) -> None:
        """Nothing was told."""
        self.console.print("    Slack      nothing to tell")

    def message(self, message: Any, *, proof: bool) -> None:
        """A message as it stands in Slack; without *proof* that part is left out."""
        width = self.console.width - 6
        text = Text()
        for line in _shown(message, width, proof=proof):
            text.append("▌ " if line.colour else "  ", style=line.colour or "")
            headed = "bold" if line.text in _HEADS else ""
            text.append(f"{line.text}\n", style=headed or _STYLES.get(line.kind, ""))
        text.rstrip()
        where = "Slack, in the thread" if message.thread_ts else "Slack"
        times = "once" if message.edits == 1 else f"{message.edits} times"
        edited = f", the same message, edited {times}" if message.edits else ""
        self.console.print(Panel(text, title=f"{where}{edited}", title_align="left"))

    def passed(self, act: Act) -> None:
        """The act showed what it must."""
        self.console.print(f"[green]✓ act {act.name} showed what it must[/]")
        if self.console.record:
            self.pictures[act.name] = drawn(self.console)
        self.console.print()

    def failed(self, act: Act, differences: Sequence[str], log: str) -> None:
        """What it did not show, and the end of the daemon's log."""
        for line in log.splitlines()[-20:]:
            self.console.print(line, style="dim", markup=False)
        for difference in differences:
            self.console.print(f"✗ act {act.name}: {difference}", style="red", markup=False)

    def error(self, words: str) -> None:
        """Why the play cannot be played."""
        self.console.print(f"demo: {words}", style="red", markup=False)

    def _job(self, job: dict[str, Any]) -> None:
        colour = "green" if job["state"] == "healthy" else "red"
        cause = f"  [cyan]{job['cause']}[/], {job['confidence']}" if job["cause"] else ""
        self.console.print(f"    [{colour}]{job['state']:<10}[/] {job['pool']}{cause}")


def _by_code(risks: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Each code with its first summary, and how many more there are of it."""
    for code in sorted({risk["code"] for risk in risks}):
        told = [risk["summary"] for risk in risks if risk["code"] == code]
        yield code, told[0], f", and {len(told) - 1} more like it" if told[1:] else ""


def _shown(message: Any, width: int, *, proof: bool) -> Iterator[Line]:
    payload = {"blocks": message.blocks, "attachments": message.attachments}
    for line in _without_proof(picture(payload, width=width), keep=proof):
        parts = textwrap.wrap(
            line.text, width, subsequent_indent="    ", break_on_hyphens=False, drop_whitespace=True
        )
        if line.kind == "code" and len(parts) > _CODE_LINES:
            parts = [*parts[:_CODE_LINES], f"    … ({len(line.text)} characters, ready to paste)"]
        for part in parts or [""]:
            yield Line(text=part, kind=line.kind, colour=line.colour)


def _without_proof(lines: Sequence[Line], *, keep: bool) -> Iterator[Line]:
    skipping = False
    for line in lines:
        if line.text == "Proof" and not keep:
            skipping = True
        elif skipping and (line.text == "Fix" or line.kind == "small"):
            skipping = False
        if not skipping:
            yield line
