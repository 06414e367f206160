"""Expressions are read by a real parser: what they select, and when they must stay empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.diagnosis.promql import PromqlError, Selector, is_silent, selectors


def _dead(selector: Selector) -> bool:
    return selector.metric == "gone"


@pytest.mark.parametrize(
    ("expression", "silent"),
    [
        ("gone", True),
        ("there", False),
        ("sum by (a) (rate(gone[5m])) > 0", True),
        ("gone / there", True),
        ("there / gone", True),
        ("there and on (a) gone", True),
        ("there or gone", False),
        ("gone or gone", True),
        ("there unless gone", False),
        ("gone unless there", True),
        ("absent(gone)", False),
        ("absent_over_time(gone[5m])", False),
        ("gone or vector(0)", False),
        ("vector(1) > 0", False),
        ("max_over_time((gone > 1)[1h:5m])", True),
        ("histogram_quantile(0.9, sum by (le) (rate(gone[5m])))", True),
        ("label_replace(gone, 'a', '$1', 'b', '(.*)')", True),
        ("-gone", True),
        ("topk(3, gone)", True),
        ("there > scalar(gone)", False),
    ],
)
def test_an_expression_is_silent_only_where_nothing_can_make_it_speak(expression, silent):
    assert is_silent(expression, _dead) is silent


def test_every_selector_is_found_with_its_matchers():
    found = selectors('sum(a{job="x"}) / on () rate(b{c=~"d|e", f!="g"}[5m] offset 1h)')

    assert [s.metric for s in found] == ["a", "b"]
    assert [(m.name, m.op, m.value) for m in found[1].matchers] == [
        ("c", "=~", "d|e"),
        ("f", "!=", "g"),
    ]


def test_a_selector_that_names_its_metric_as_a_label_has_that_metric():
    (found,) = selectors('{__name__="up", job="x"}')

    assert found.metric == "up"


@pytest.mark.parametrize(
    ("selector", "labels", "may"),
    [
        ('m{job="a"}', {"job": "a"}, True),
        ('m{job="a"}', {"job": "b"}, False),
        ('m{job=~"a|b"}', {"job": "b"}, True),
        ('m{job=~"a"}', {"job": "ab"}, False),
        ('m{job!~"a.*"}', {"job": "ab"}, False),
        ('m{mode="idle"}', {"job": "b"}, True),
    ],
)
def test_labels_that_nobody_knows_exclude_nothing(selector, labels, may):
    (found,) = selectors(selector)

    assert found.may_select(labels) is may


@given(st.text(max_size=40))
def test_what_is_no_promql_is_said_so(text):
    error = ""
    try:
        selectors(text)
    except PromqlError as caught:
        error = str(caught)

    assert error == "" or error.startswith("no PromQL: ")


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        pytest.param("(" * 200 + "a" + ")" * 200, "100 levels", id="parentheses"),
        pytest.param("abs(" * 200 + "a" + ")" * 200, "100 levels", id="calls"),
        pytest.param(" + ".join(["a"] * 200), "100 levels", id="operators"),
        pytest.param("+".join(["a"] * 5_000), "5000 characters", id="what kills the parser"),
    ],
)
def test_an_expression_that_is_too_deep_is_refused(expression, wrong):
    with pytest.raises(PromqlError, match=wrong):
        selectors(expression)
    with pytest.raises(PromqlError, match=wrong):
        is_silent(expression, _dead)


def test_an_expression_of_a_hundred_terms_is_read():
    expression = " or ".join(["gone"] * 100)

    assert len(selectors(expression)) == 100
    assert is_silent(expression, _dead)
