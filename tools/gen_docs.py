"""Write the docs that follow from the code; with ``--check``, only say whether they are current."""

import json
import sys
from pathlib import Path

from watcher.web.schema import schema

DOCS = Path(__file__).parent.parent / "docs"


def pages() -> dict[str, str]:
    """Every generated file of ``docs`` with what it must hold."""
    return {"schema-v1.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"}


def main(arguments: list[str]) -> None:
    """Write them, or with ``--check`` exit with a line for each one that is stale."""
    wanted = pages()
    if "--check" in arguments:
        stale = [name for name, text in wanted.items() if _held(DOCS / name) != text]
        if stale:
            sys.exit("\n".join(f"docs/{n} is stale: run python -m tools.gen_docs" for n in stale))
        return
    DOCS.mkdir(exist_ok=True)
    for name, text in wanted.items():
        (DOCS / name).write_text(text, encoding="utf-8")


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    main(sys.argv[1:])
