"""Record each act of the demo as a replay: ``python -m tools.record_demo tests/replays``.

Plays the demo without its show. What is expected of a replay is written by ``tools.expect_replays``
and read by a person before it is committed.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from demo.acts import ACTS, differences
from demo.stage import Stage

PATIENCE: Final = 60.0


def main(arguments: list[str]) -> None:
    """Play, and write ``demo-<act>/recording.tar.gz`` for each act below the folder that is named."""
    folder = Path(arguments[0])
    with Stage() as stage:
        for act in ACTS:
            for _, deed in act.steps:
                deed(stage)
            stage.start_watcher()
            end = time.monotonic() + PATIENCE
            while wrong := differences(act.expected, *stage.ask_both(), stage.slack.messages):
                if time.monotonic() > end:
                    sys.exit(f"act {act.name}: {wrong}")
                time.sleep(0.5)
            _record(stage.settings_file, folder / f"demo-{act.name}" / "recording.tar.gz")
            print(f"act {act.name}")


def _record(settings: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    words = [sys.executable, "-m", "watcher", "record", str(to), "--config", str(settings)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(sys.argv[1:])
