"""Measure, print a table, and say whether the goals are reached: exit code 1 where one is missed."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks import answers, diagnosis
from benchmarks.cluster import MONITORS, SERVICES

ROUNDS: Final = 3
MOST_TIMES_THE_FLOOR: Final = 2.0
MOST_MEGABYTES: Final = 250.0

_out: Final = Console(highlight=False)


def main() -> int:
    """The expectations of a large cluster against the floor of only receiving its JSON."""
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        server = [sys.executable, "-m", "benchmarks.server", str(kubeconfig)]
        with subprocess.Popen(server, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as serving:
            assert serving.stdin is not None  # noqa: S101 -- both are pipes
            assert serving.stdout is not None  # noqa: S101
            with _out.status(f"making {MONITORS:,} monitors and {SERVICES:,} Services …"):
                serving.stdout.readline()
            rounds = _rounds(kubeconfig)
            serving.stdin.close()
    return max(answers.main(), _told(rounds), diagnosis.main())


def _rounds(kubeconfig: Path) -> dict[str, list[dict[str, Any]]]:
    """Both measurements in turn, so that what else the machine does falls on both."""
    rounds: dict[str, list[dict[str, Any]]] = {"floor": [], "expectations": []}
    for _ in range(ROUNDS):
        for what, found in rounds.items():
            with _out.status(f"measuring {what} …"):
                found.append(_measured(what, kubeconfig))
    return rounds


def _measured(what: str, kubeconfig: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.snapshot", what, str(kubeconfig)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _told(rounds: dict[str, list[dict[str, Any]]]) -> int:
    table = Table(title=f"{MONITORS:,} monitors, {SERVICES:,} Services, over HTTP")
    table.add_column("")
    for title in ("wall s", "own CPU s", "peak MB", "MB received"):
        table.add_column(title, justify="right")
    middle = {
        what: {key: median(each[key] for each in found) for key in found[0]}
        for what, found in rounds.items()
    }
    for what, found in middle.items():
        table.add_row(
            what,
            f"{found['seconds']:.2f}",
            f"{found['cpu']:.2f}",
            f"{found['peak_mb']:.0f}",
            f"{found['bytes'] / 1e6:.1f}",
        )
    _out.print(table)
    ratio = middle["expectations"]["seconds"] / middle["floor"]["seconds"]
    peak = middle["expectations"]["peak_mb"]
    well = ratio <= MOST_TIMES_THE_FLOOR and peak <= MOST_MEGABYTES
    _out.print(
        f"{middle['expectations']['jobs']:,.0f} jobs, {middle['expectations']['counted']:,.0f} of"
        f" them with a known number of targets; {ratio:.2f} times the floor (goal"
        f" {MOST_TIMES_THE_FLOOR:g}), {peak:.0f} MB (goal {MOST_MEGABYTES:g}):"
        f" {'reached' if well else 'MISSED'}"
    )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
