"""What nobody sees is shown, and says the same to programs."""

import json
import sys
import unicodedata

import pytest

from tests.nasty.strings import NASTY
from watcher.characters import in_one_line, visible, visible_json

UNSEEN = [
    chr(number)
    for number in range(sys.maxunicode + 1)
    if unicodedata.category(chr(number)) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
]


def test_no_character_is_left_that_controls_or_cannot_be_seen():
    shown = visible("".join(UNSEEN))

    assert len(UNSEEN) > 2000
    assert shown.replace("\n", "").replace("\t", "").isprintable()
    assert in_one_line("a\nb") == "a\\nb"


@pytest.mark.parametrize("said", ["naïve: 3 µs → ✓ 理由　無し\u00a0🙂", "a\tb\nc", ""])
def test_what_can_be_seen_stays_as_it_is(said):
    assert visible(said) == said
    assert json.loads(visible_json(json.dumps(said, ensure_ascii=False))) == said


@pytest.mark.parametrize("said", [*NASTY.values(), " ".join(UNSEEN)])
def test_json_shows_them_and_means_the_same(said):
    document = visible_json(json.dumps({said: said}, ensure_ascii=False))

    assert json.loads(document) == {said: said}
    assert document.isprintable()
