"""The one reader of YAML: what it refuses, with line and column, and what it reads as others do."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.yaml_faults import FAULTS
from watcher import yaml_text
from watcher.yaml_text import NotYaml


@pytest.mark.parametrize(("text", "words"), FAULTS.values(), ids=FAULTS)
def test_what_would_be_misread_or_do_harm_is_refused_with_its_line(text, words):
    with pytest.raises(NotYaml, match=r"^line \d+, column \d+: ") as caught:
        yaml_text.load(text)

    assert words in str(caught.value)


def test_a_key_that_is_there_twice_is_named_with_both_lines():
    with pytest.raises(NotYaml) as caught:
        yaml_text.load("a: 1\nb:\n  c: 1\n  d: 1\n  c: 2\n")

    assert str(caught.value).startswith("line 5, column 3: the key 'c' is here for the second time")
    assert "the first is in line 3" in str(caught.value)


def test_keys_that_are_merged_in_are_not_there_twice_and_give_way():
    text = "base: &base {a: 1, b: 1}\nmore: {<<: [*base, {b: 3, c: 3}], a: 2}"

    assert yaml_text.load(text)["more"] == {"a": 2, "b": 1, "c": 3}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("=", "="),
        ("12:30", "12:30"),
        ("2001-01-01", "2001-01-01"),
        ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
        ("<<", "<<"),
        ("18446744073709551615", 2**64 - 1),
        ("-1", -1),
        ("yes", True),
        ("~", None),
        ("", None),
        ("# nothing", None),
    ],
)
def test_text_without_quotes_is_read_as_kubernetes_reads_it(text, value):
    assert yaml_text.load(text) == value


def test_a_key_that_is_read_as_written_holds_text():
    text = "- job_name: 012\n- job_name: 1.0\n  other: 012"

    assert yaml_text.load(text, as_written=frozenset({"job_name"})) == [
        {"job_name": "012"},
        {"job_name": "1.0", "other": 10},
    ]


def test_the_place_of_every_key_and_item_is_known():
    places = {}
    yaml_text.load("a: 1\nb:\n  - c: 2\n    d: 3\n", places=places)

    assert places == {("a",): (1, 1), ("b",): (2, 1), ("b", 0): (3, 5)} | {
        ("b", 0, "c"): (3, 5),
        ("b", 0, "d"): (4, 5),
    }


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN)
def test_what_a_library_writes_is_read_as_it_was(value):
    unescaped = yaml.safe_dump(value, allow_unicode=True)  # U+0085 comes back as a space even there

    assert yaml_text.load(yaml.safe_dump(value)) == value
    assert yaml_text.load(unescaped) == yaml.safe_load(unescaped)


@given(st.text(alphabet="ab01:-{}[],&*!<=? \n\t'\"#|>%@`\\.~\0\x85\ud800", max_size=40))
def test_any_text_is_read_or_refused_as_no_yaml(text):
    try:
        yaml_text.load(text)
    except NotYaml as error:
        assert str(error)  # noqa: PT017 -- most texts are refused, some are read
