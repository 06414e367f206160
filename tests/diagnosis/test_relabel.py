"""Relabelling replayed, held to the words of the documentation and to real servers."""

import json
import random
import string

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.prometheus_server import RealPrometheus, every_prometheus
from watcher.diagnosis.relabel import Step, StepError, replay, steps
from watcher.model.observations import at_least

LABELS = {"a": "one", "b": "two", "__meta_x_label_app": "web", "empty": ""}


def after(labels=LABELS, **step):
    return replay(labels, [Step(**step)]).labels


def dropped(**step):
    return replay(LABELS, [Step(**step)]).dropped_by == 0


def test_a_regex_is_anchored_on_both_sides():
    assert dropped(action="keep", source_labels=("a",), regex="on")
    assert dropped(action="keep", source_labels=("a",), regex="on|ne")
    assert not dropped(action="keep", source_labels=("a",), regex="o.*")


def test_a_label_that_is_not_there_is_empty():
    assert not dropped(action="keep", source_labels=("nowhere",), regex="")
    assert dropped(action="drop", source_labels=("a", "nowhere"), regex="one;")


def test_the_step_that_dropped_is_named_with_the_labels_before_it():
    chain = [
        Step(source_labels=("a",), target_label="__tmp_a", replacement="x$1"),
        Step(action="keep", source_labels=("__tmp_a",), regex="x.*"),
        Step(action="drop", source_labels=("__tmp_a", "b"), regex="xone;two"),
        Step(action="drop", regex=""),
    ]

    found = replay(LABELS, chain)

    assert found.dropped_by == 2
    assert found.labels["__tmp_a"] == "xone"


@pytest.mark.parametrize(
    ("template", "becomes"),
    [
        ("$1-$2", "on-e"),
        ("${1}1", "on1"),
        ("$11", None),
        ("$tail", "e"),
        ("${tail}", "e"),
        ("$$1", "$1"),
        ("$", "$"),
        ("${", "${"),
        ("$0", "one"),
        ("$01", None),
        ("${no such}", "${no such}"),
        ("$head_", None),
    ],
)
def test_a_template_is_expanded_as_go_does(template, becomes):
    found = after(
        source_labels=("a",), regex="(on)(?P<tail>e)", target_label="c", replacement=template
    )

    assert found.get("c") == becomes


def test_an_empty_replacement_deletes():
    assert "b" not in after(target_label="b", replacement="")


def test_a_value_that_does_not_match_replaces_nothing():
    assert after(source_labels=("a",), regex="x", target_label="b", replacement="y")["b"] == "two"


def test_labels_are_mapped_dropped_and_kept_by_name():
    mapped = after(action="labelmap", regex="__meta_x_label_(.+)")

    assert mapped["app"] == "web"
    assert "a" not in after(action="labeldrop", regex="a|c")
    assert set(after(action="labelkeep", regex="a")) == {"a"}


def test_values_are_compared_with_another_label():
    assert dropped(action="keepequal", source_labels=("a",), target_label="b")
    assert dropped(action="dropequal", source_labels=("nowhere",), target_label="neither")


def test_the_hash_is_prometheus_own():
    # hashmod of "foo" by 1000, in relabel_test.go
    found = replay(
        {"a": "foo", "b": "bar", "c": "baz"},
        [
            Step(
                action="hashmod",
                source_labels=("c",),
                separator=";",
                target_label="d",
                modulus=1000,
            )
        ],
    )

    assert found.labels["d"] == "976"


def test_what_a_server_does_not_show_of_a_step_is_empty():
    shown = {"source_labels": ["a"], "regex": "x", "target_label": "b", "action": "Replace"}

    found = steps({"relabel_configs": [shown]})

    assert found == (
        Step(source_labels=("a",), separator="", regex="x", target_label="b", replacement=""),
    )
    assert steps({}) == ()


@pytest.mark.parametrize(
    "bad", [{"relabel_configs": "no"}, {"relabel_configs": [{"source_labels": "a"}]}]
)
def test_a_field_of_a_wrong_type_is_named(bad):
    with pytest.raises(StepError, match="relabel_configs"):
        steps(bad)


@pytest.mark.parametrize("step", [Step(regex="("), Step(action="none"), Step(action="hashmod")])
def test_what_cannot_be_replayed_is_an_error(step):
    with pytest.raises(StepError):
        replay(LABELS, [step])


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(labels=st.dictionaries(st.sampled_from("abcd"), TEXT), value=TEXT)
def test_what_drop_drops_keep_keeps(labels, value):
    import re2  # noqa: PLC0415 -- quotes as the library does

    step = {"source_labels": ("a", "b"), "regex": re2.escape(value)}
    keep = replay(labels, [Step(action="keep", **step)]).dropped_by
    drop = replay(labels, [Step(action="drop", **step)]).dropped_by

    assert (keep is None) != (drop is None)


@given(TEXT, st.sampled_from(["(.*)", "(?s)(.*)"]))
def test_any_text_is_copied_by_the_default_step(value, regex):
    found = replay({"a": value}, [Step(source_labels=("a",), regex=regex, target_label="b")])

    assert found.labels.get("b", "") == value


@given(template=st.text("$1{}ab_", max_size=8), value=TEXT)
def test_no_template_is_too_odd(template, value):
    replay({"a": value}, [Step(source_labels=("a",), target_label="b", replacement=template)])


# ---------------------------------------------------------------- real servers

VALUES = ("", "web", "WEB-1", "a;b", "10.0.0.1:80", "ä", "x\ny", "true", "007")
REGEXES = (
    "(.*)", ".+", "", "web|db", "(?i)web.*", "([^:]+):(\\d+)", "([a-z]+)-?(\\d*)", "(?P<n>\\w+)",
    "a;b", "true;.*", "[[:alpha:]]+", "\\pL", "x.y", "^web$", "(a)(;)(b)?", "__meta_(.+)", "l.*",
)  # fmt: skip
TEMPLATES = ("$1", "${1}x", "$2$1", "$n", "", "fixed", "$$1", "$9", "$1_$2", "${n}")
SOURCES = ("l0", "l1", "__meta_a", "__meta_b", "nowhere", "__tmp_x")
TARGETS = ("l2", "__tmp_x", "l0", "new")
ACTIONS = (
    "replace", "replace", "replace", "keep", "drop", "keepequal", "dropequal", "hashmod",
    "labelmap", "labeldrop", "labelkeep", "lowercase", "uppercase",
)  # fmt: skip
KEPT = "(__address__|__scheme__|__metrics_path__|__scrape_.*|__tmp_.*|job|l.*)"


def some_step(dice):
    action = dice.choice(ACTIONS)
    sources = dice.sample(SOURCES, dice.randint(1, 2))
    match action:
        case "labelmap":
            step = {"regex": dice.choice(["__meta_(.+)", "l(\\d)"]), "replacement": "mapped_$1"}
        case "labeldrop":
            step = {"regex": dice.choice(["l1", "__meta_.*", "new"])}
        case "labelkeep":
            step = {"regex": KEPT}
        case "keepequal" | "dropequal":
            step = {"source_labels": sources[:1], "target_label": dice.choice(SOURCES)}
        case "hashmod":
            step = {
                "source_labels": sources,
                "target_label": "__tmp_x",
                "modulus": dice.randint(1, 9),
            }
        case "lowercase" | "uppercase":
            step = {"source_labels": sources, "target_label": dice.choice(TARGETS)}
        case "keep" | "drop":
            step = {"source_labels": sources, "regex": dice.choice(REGEXES)}
        case _:
            step = {
                "source_labels": sources,
                "regex": dice.choice(REGEXES),
                "target_label": dice.choice((*TARGETS, "t_$1")),
                "replacement": dice.choice(TEMPLATES),
            }
    separator = {"separator": dice.choice(["", "-", ";"])} if dice.random() < 0.2 else {}
    if action in {"keepequal", "dropequal", "labelmap", "labeldrop", "labelkeep"}:
        separator = {}
    return {"action": action} | step | separator


def some_jobs(seed, count):
    dice = random.Random(seed)  # noqa: S311 -- no secret
    jobs = []
    for number in range(count):
        labels = {name: dice.choice(VALUES) for name in ("l0", "l1", "__meta_a", "__meta_b")}
        chain = [some_step(dice) for _ in range(dice.randint(1, 4))]
        if dice.random() < 0.3:
            chain.insert(
                0,
                {
                    "target_label": "l0",
                    "replacement": "".join(dice.choices(string.ascii_letters, k=5)),
                },
            )
        jobs.append(
            {
                "job_name": f"j{number}",
                "scrape_interval": "1h",
                "scrape_timeout": "1s",
                "static_configs": [{"targets": ["127.0.0.1:1"], "labels": labels}],
                "relabel_configs": chain,
            }
        )
    return jobs


def discovered(job):
    return {
        "__address__": "127.0.0.1:1",
        "__scheme__": "http",
        "__metrics_path__": "/metrics",
        "__scrape_interval__": "1h",
        "__scrape_timeout__": "1s",
        "job": job["job_name"],
    } | job["static_configs"][0]["labels"]


def every_target(server):
    """Active and dropped: a pool is there before it has made its targets."""
    found = server.api("targets", state="any")
    return [*found["activeTargets"], *found["droppedTargets"]]


def told_steps(server, job):
    """What the server says of each step, since 3.8 (web/api/v1/api.go); None before."""
    if not at_least(server.api("status/buildinfo")["version"], 3, 8):
        return None
    labels = json.dumps(discovered(job))
    return server.api("targets/relabel_steps", scrapePool=job["job_name"], labels=labels)["steps"]


def differing(labels, chain, told, *, modern=True):
    """Indexes of the steps after which the replay and the server's word are not the same."""
    replayed = [
        replay(labels, chain[:length], modern=modern) for length in range(1, len(chain) + 1)
    ]
    return [
        index
        for index, (ours, theirs) in enumerate(zip(replayed, told, strict=True))
        if (ours.dropped_by is None) != theirs["keep"]
        or (theirs["keep"] and ours.labels != theirs["output"])
    ]


def test_the_word_of_a_server_on_each_step_is_compared():
    chain = [
        Step(source_labels=("a",), target_label="c"),
        Step(action="drop", source_labels=("c",), regex="one"),
        Step(action="lowercase", source_labels=("c",), target_label="c"),
    ]
    told = [
        {"rule": {}, "output": {"a": "one", "c": "one"}, "keep": True},
        {"rule": {}, "output": {}, "keep": False},
        {"rule": {}, "output": {}, "keep": False},
    ]
    otherwise = [
        {"rule": {}, "output": {"a": "one", "c": "two"}, "keep": True},
        {"rule": {}, "output": {"a": "one", "c": "two"}, "keep": True},
        told[2],
    ]

    assert differing({"a": "one"}, chain, told) == []
    assert differing({"a": "one"}, chain, otherwise) == [0, 1]


@pytest.mark.prometheus
@every_prometheus
def test_a_real_server_makes_the_same_of_targets(prometheus_binary):
    modern = not prometheus_binary.version.startswith("2.")
    jobs = some_jobs(seed=1, count=400)

    with RealPrometheus(
        yaml.safe_dump({"scrape_configs": jobs}), binary=prometheus_binary
    ) as server:
        server.wait_until(lambda server: len(every_target(server)) == len(jobs))
        targets = server.api("targets", state="active")["activeTargets"]
        loaded = yaml.safe_load(server.api("status/config")["yaml"])["scrape_configs"]
        told = [told_steps(server, job) for job in jobs]

    seen = {target["scrapePool"]: target["labels"] for target in targets}
    for job, shown, server_steps in zip(jobs, loaded, told, strict=True):
        labels, chain = discovered(job), steps(shown)
        if server_steps is not None:
            assert differing(labels, chain, server_steps, modern=modern) == [], job
        outcome = replay(labels, chain, modern=modern)
        final = {n: v for n, v in outcome.labels.items() if not n.startswith("__")}
        final = {"instance": "127.0.0.1:1"} | final
        made = None if outcome.dropped_by is not None else final
        assert made == seen.get(job["job_name"]), job
    assert 50 < len(seen) < 350
