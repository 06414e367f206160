"""Write what is expected of recorded cases, as it is told now; to be read before it is committed.

``python -m tools.expect_replays tests/replays/NAME...``: those that are named, without one all that
have no expectation yet.
"""

import json
import sys
from pathlib import Path

from tests.replays.replaying import EXPECTED, HERE, essence, of


def main(arguments: list[str]) -> None:
    """Write them."""
    held = (path.parent for path in HERE.glob("*/recording*"))
    cases = [Path(a) for a in arguments] or [c for c in held if not (c / EXPECTED).exists()]
    for case in cases:
        content = json.dumps(essence(of(case)), indent=1, ensure_ascii=False)
        (case / EXPECTED).write_text(f"{content}\n", encoding="utf-8")
        print(case / EXPECTED)


if __name__ == "__main__":
    main(sys.argv[1:])
