"""What is said of a pattern is what Go's regexp package did with it."""

import gzip
import json
from pathlib import Path

import pytest

from watcher.operator.patterns import PatternError, PatternUnknownError, compiled, compiles

RECORDED = Path(__file__).parents[1] / "data/operator-verdicts/go-regexp.json.gz"
"""Patterns, random ones out of odd parts, and whether Go 1.26 compiled them, anchored."""


def test_what_is_said_of_a_pattern_is_what_go_did():
    patterns = json.loads(gzip.decompress(RECORDED.read_bytes()))

    told = {pattern: compiles(pattern) for pattern, _ in patterns}

    wrong = [p for p, go in patterns if told[p] is not None and told[p] != go]
    unknown = [p for p, said in told.items() if said is None]
    assert wrong == []
    assert len(told) > 5000
    assert len(unknown) < 0.01 * len(told)


@pytest.mark.parametrize("pattern", ["", "(.*)", "a|b", "([^:]+)(?::\\d+)?", "(?i)foo.*", "a)(b"])
def test_usual_patterns_compile(pattern):
    assert compiles(pattern) is True


def test_short_names_of_groups_are_refused_by_go_before_1_22():
    assert compiles("(?<n>a)") is True
    assert compiles("(?<n>a)", short_names=False) is False
    assert compiles("(?P<n>a)|[(?<]", short_names=False) is True


@pytest.mark.parametrize("pattern", ["(" * 300 + "a" + ")" * 300, "\ud800"])
def test_what_only_go_could_tell_is_not_known(pattern):
    assert compiles(pattern) is None
    with pytest.raises(PatternUnknownError):
        compiled(pattern)


@pytest.mark.parametrize("pattern", ["\\C", "(?P<n>a)(?P<n>b)", "(" * 1000 + ")" * 1000])
def test_what_re2_takes_and_go_does_not_is_refused(pattern):
    with pytest.raises(PatternError):
        compiled(pattern)
