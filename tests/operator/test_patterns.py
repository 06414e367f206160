import pytest
import re2
from hypothesis import assume, given
from hypothesis import strategies as st

from watcher.operator.patterns import compiles

PARTS = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            ".",
            "*",
            "+",
            "?",
            "|",
            "(",
            ")",
            "[a-z]",
            "[^:]",
            "(?:",
            "(?i)",
            "(?P<n>",
            "(?<n>",
            "(?=",
            "(?!",
            "\\d",
            "\\1",
            "\\12",
            "\\pL",
            "\\z",
            "\\Z",
            "\\Q",
            "\\.",
            "\\\\",
            "{2}",
            "{,2}",
            "{2,1}",
            "{",
            "}",
            "[",
            "]",
            "^",
            "$",
            "[[:alpha:]]",
            "(?s)",
            "(?U)",
            "[a--b]",
            "\\(",
            "\\b",
            "\\x41",
            "\\u0041",
        ]
    ),
    max_size=7,
)


def go_compiles(pattern):
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(f"^(?s:{pattern})$", options)
    except re2.error:
        return False
    return True


@given(PARTS.map("".join))
def test_what_is_said_of_a_pattern_is_what_re2_says(pattern):
    assume(pattern.count("(?P<n>") < 2)  # Go refuses what RE2 in C++ lets pass

    said = compiles(pattern)

    assert said is None or said == go_compiles(pattern)


@pytest.mark.parametrize("pattern", ["", "(.*)", "a|b", "([^:]+)(?::\\d+)?", "(?i)foo.*", "a)(b"])
def test_usual_patterns_compile(pattern):
    assert compiles(pattern) is True
