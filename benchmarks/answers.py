"""How soon commands answer that ask no cluster: ``python -m benchmarks.answers``."""

import subprocess
import sys
import time
from typing import Final

from rich.console import Console

COMMANDS: Final = (
    ("--version",),
    ("--help",),
    ("once", "--help"),
    ("explain", "tls-file-missing"),
)
ROUNDS: Final = 5
MOST_SECONDS: Final = 0.3

_out: Final = Console(highlight=False)


def main() -> int:
    """Print the best of some rounds for each command; 1 where one is slower than the goal."""
    best = {words: min(_seconds(words) for _ in range(ROUNDS)) for words in COMMANDS}
    for words, seconds in best.items():
        verdict = "reached" if seconds <= MOST_SECONDS else "MISSED"
        _out.print(f"watcher {' '.join(words)}: {seconds:.2f} s (goal {MOST_SECONDS:g}): {verdict}")
    return 0 if max(best.values()) <= MOST_SECONDS else 1


def _seconds(words: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "watcher", *words], check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
