import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.operator.selectors import SelectorError, lacking, parse_selector, selector

KEYS = st.sampled_from(["app", "team", "example.com/tier"])
VALUES = st.sampled_from(["a", "b", "c", "true", ""])
LABELS = st.dictionaries(KEYS, VALUES)


@st.composite
def expressions(draw):
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]))
    values = draw(st.lists(VALUES, min_size=1, max_size=3)) if operator.endswith("In") else []
    return {"key": draw(KEYS), "operator": operator, "values": values}


SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(expressions(), max_size=3)}
)


def selects(raw, labels):
    """The words of the Kubernetes documentation, said again."""
    wanted = all(labels.get(key) == value for key, value in raw.get("matchLabels", {}).items())
    for expression in raw.get("matchExpressions", []):
        present, values = labels.get(expression["key"]), expression["values"]
        wanted &= {
            "In": present is not None and present in values,
            "NotIn": present is None or present not in values,
            "Exists": present is not None,
            "DoesNotExist": present is None,
        }[expression["operator"]]
    return wanted


@given(SELECTORS, LABELS)
def test_a_selector_matches_what_kubernetes_says_it_matches(raw, labels):
    assert selector(raw).matches(labels) == selects(raw, labels)


@given(SELECTORS, LABELS)
def test_something_is_lacking_exactly_where_nothing_matches(raw, labels):
    assert (lacking(selector(raw), labels) is None) == selects(raw, labels)


@given(SELECTORS, LABELS)
def test_setting_the_labels_that_lack_makes_it_match(raw, labels):
    lack = lacking(selector(raw), labels)

    assert lack is None or lack.labels is None or selects(raw, {**labels, **lack.labels})


@given(SELECTORS)
def test_a_selector_reads_back_what_it_prints(raw):
    wanted = selector(raw)

    assert parse_selector(str(wanted)).requirements == wanted.requirements


def test_null_is_no_selector_and_empty_selects_everything():
    assert selector({"spec": {"s": None}}, "spec", "s") is None
    assert selector({"spec": {}}, "spec", "s") is None
    assert selector({"spec": {"s": {}}}, "spec", "s").matches({"any": "thing"})


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"matchExpressions": [{"key": "a", "operator": "In"}]}, "at least one value"),
        ({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}, "no values"),
        ({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}, "not a valid"),
        ({"matchLabels": {"a b": "c"}}, "no key"),
        ({"matchLabels": {"a/": "c"}}, "no key"),
        ({"matchLabels": {"a": "x" * 64}}, "no value"),
        ({"matchLabels": {"a": 1}}, "expected a string"),
        ({"matchExpressions": {}}, "expected a list"),
        (["a"], "expected a mapping"),
    ],
)
def test_what_kubernetes_refuses_is_refused_naming_the_field(raw, words):
    with pytest.raises(SelectorError, match=rf"spec\.s\b.*: .*{words}"):
        selector({"spec": {"s": raw}}, "spec", "s")


def test_labels_of_63_letters_are_valid():
    assert selector({"matchLabels": {"a" * 63: "b" * 63}}).matches({"a" * 63: "b" * 63})


def test_what_lacks_is_said_with_what_is_there_instead():
    lack = lacking(selector({"matchLabels": {"release": "kps"}}), {"release": "old"})

    assert lack.words == "label release=kps is lacking, it is old"
    assert lack.labels == {"release": "kps"}


def test_only_a_wider_selector_helps_where_a_present_label_is_excluded():
    lack = lacking(parse_selector("team notin (a,b)"), {"team": "a"})

    assert lack.labels is None
    assert "team=a is excluded" in lack.words


def test_only_a_wider_selector_helps_where_requirements_contradict():
    lack = lacking(parse_selector("team=a,team=b"), {})

    assert lack.labels is None


def test_any_value_of_a_label_that_must_exist_is_chosen_around_what_is_excluded():
    lack = lacking(parse_selector("scrape,scrape!=true"), {})

    assert lack.labels == {"scrape": "enabled"}


@pytest.mark.parametrize("words", ["a=b c", "a in b", "=b", "a in (b", "a,,b"])
def test_words_that_are_no_selector_are_refused(words):
    with pytest.raises(SelectorError, match="correct it"):
        parse_selector(words)
