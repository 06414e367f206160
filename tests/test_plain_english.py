"""Texts that people read are in plain English: the phrases that the guide refuses are nowhere."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REFUSED = re.compile(
    r"\b(?:goes on|anew|once more|mend(?:s|ed|ing)?|what is no|who asks may not|there is no way to"
    r"|nobody asks for|tells people|the settings can be used)\b|(?<![\d.,])1 (?:targets|jobs|pods|addresses)\b",
    re.IGNORECASE,
)
WRITTEN = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "watcher").rglob("*.html")),
    *sorted((ROOT / "watcher").rglob("*.md")),
    *sorted(p for p in (ROOT / "config").rglob("*") if p.suffix in {".yaml", ".json", ".txt"}),
]
CODE = sorted((ROOT / "watcher").rglob("*.py"))


def shown(path):
    return str(path.relative_to(ROOT))


def strings(path):
    """Every string of a module, docstrings too: pages of causes and settings are made of them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.split())


@pytest.mark.parametrize("path", WRITTEN, ids=shown)
def test_no_page_has_a_phrase_that_is_refused(path):
    text = " ".join(path.read_text(encoding="utf-8").split())

    assert [text[max(0, f.start() - 40) : f.end() + 20] for f in REFUSED.finditer(text)] == []


def test_no_text_of_the_program_has_a_phrase_that_is_refused():
    found = [
        (shown(path), text[max(0, hit.start() - 40) : hit.end() + 20])
        for path in CODE
        for text in strings(path)
        for hit in REFUSED.finditer(text)
    ]

    assert found == []


def test_the_refused_phrases_are_found_where_they_are():
    assert REFUSED.search("start the pod anew")
    assert REFUSED.search("has 1 targets")
    assert not REFUSED.search("recommended, 11 targets, amendment")
