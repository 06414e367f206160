from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    SERVER,
    a_job,
    a_pool,
    a_running_job,
    a_server,
    a_status,
    an_observation,
    before,
)
from watcher.diagnosis.diagnose import WORKING_RULE, diagnose, first_open_link
from watcher.diagnosis.rule import Case, Rule, needing
from watcher.model.comparison import JobState, ServerStatus
from watcher.model.facts import LOGS, MONITOR, Facts, Known, Unavailable
from watcher.model.findings import Confidence, Finding, Link

EVERY = frozenset(JobState)


def a_case(state="missing", *, job=None, server=None, **facts):
    known = {LOGS.name: Known(()), MONITOR.name: Known(None)} | facts
    return Case(
        status=a_status(state, job),
        observation=an_observation(server or a_server()),
        facts=Facts(known),
        now=NOW,
    )


def a_rule(code, link, *, finds=True, refines=(), fact=None, **finding):
    def check(case):
        if fact is not None:
            case.read(fact)
        return Finding(summary=code, evidence=(), **finding) if finds else None

    return Rule(
        code=code,
        link=link,
        states=EVERY,
        needs=needing(LOGS, MONITOR),
        check=check,
        refines=frozenset(refines),
    )


@pytest.mark.parametrize(
    ("state", "link"),
    [
        ("missing", Link.DECLARED),
        ("unstarted", Link.CREATED),
        ("empty", Link.DISCOVERED),
        ("down", Link.KEPT),
        ("degraded", Link.KEPT),
    ],
)
def test_the_observed_state_bounds_the_search(state, link):
    rules = [a_rule(each.word, each) for each in Link if each <= link]

    diagnosis = diagnose(a_case(state), rules)

    assert first_open_link(a_case(state)) is link
    assert diagnosis.code == link.word
    assert not diagnosis.findings


@pytest.mark.parametrize(
    ("asked", "runs", "link"),
    [
        pytest.param({"path": "/new"}, {"path": "/old"}, Link.RECONCILED, id="path"),
        pytest.param({"scheme": "https"}, {"scheme": "http"}, Link.RECONCILED, id="scheme"),
        pytest.param(
            {"scheme": "HTTPS"}, {"scheme": "https"}, Link.KEPT, id="letters-do-not-count"
        ),
        pytest.param({"path": None, "scheme": None}, {"path": "/x"}, Link.KEPT, id="not-said"),
    ],
)
def test_a_running_job_that_differs_from_its_object_reopens_the_earlier_links(asked, runs, link):
    pool = a_pool(down=1)
    server = a_server(pools=[pool])
    server = replace(server, jobs={pool.name: a_running_job(**runs)})

    assert first_open_link(a_case("down", job=a_job(**asked), server=server)) is link


def test_within_a_link_the_narrower_code_wins_and_the_refined_one_stays_in_the_findings():
    wide = a_rule("wide", Link.CREATED)
    narrow = a_rule("a-narrow", Link.CREATED, refines={"wide"})
    narrowest = a_rule("z-narrowest", Link.CREATED, refines={"a-narrow", "wide"})

    diagnosis = diagnose(a_case("unstarted"), [wide, narrow, narrowest])

    assert diagnosis.code == "z-narrowest"
    assert [f.code for f in diagnosis.findings] == ["a-narrow", "wide"]


def test_a_rule_that_lacks_a_fact_is_undecided_and_names_the_permission():
    lacking = a_case(logs=Unavailable("403", "get pods/log"))

    diagnosis = diagnose(lacking, [a_rule("x", Link.LOADED, fact=LOGS)])

    [undecided] = diagnosis.undecided
    assert (diagnosis.code, diagnosis.link) == ("cause-unknown", Link.LOADED)
    assert (undecided.code, undecided.lacking, undecided.permission) == (
        "x",
        "logs",
        "get pods/log",
    )


@pytest.mark.parametrize(("conclusive", "code"), [(False, "cause-unknown"), (True, "later")])
def test_a_finding_gives_way_to_an_earlier_rule_that_could_not_be_asked(conclusive, code):
    earlier = a_rule("earlier", Link.DECLARED, fact=MONITOR)
    later = a_rule("later", Link.LOADED, conclusive=conclusive)
    case = a_case(monitor=Unavailable("403"))

    diagnosis = diagnose(case, [earlier, later])

    assert diagnosis.code == code
    assert [u.code for u in diagnosis.undecided] == ["earlier"]


def test_a_rule_may_only_read_what_it_needs():
    greedy = replace(a_rule("x", Link.LOADED, fact=LOGS), needs=frozenset())

    [undecided] = diagnose(a_case(), [greedy]).undecided

    assert undecided.lacking == WORKING_RULE


@pytest.mark.parametrize(
    ("confidence", "code"),
    [
        (Confidence.CERTAIN, "created"),
        (Confidence.LIKELY, "created"),
        (Confidence.POSSIBLE, "reload-pending"),
    ],
)
def test_a_change_on_its_way_explains_no_proof_of_a_later_link_away(confidence, code):
    case = a_case("unstarted", job=a_job(changed_at=before(minutes=1)))
    pending = a_rule("reload-pending", Link.LOADED, confidence=Confidence.POSSIBLE)

    diagnosis = diagnose(case, [pending, a_rule("created", Link.CREATED, confidence=confidence)])

    assert diagnosis.code == code


@pytest.mark.parametrize(
    ("confidence", "code", "link"),
    [
        (Confidence.LIKELY, "no-operator", Link.RECONCILED),
        (Confidence.POSSIBLE, "cause-unknown", Link.RECONCILED),
    ],
)
def test_a_suspicion_gives_way_to_a_later_rule_that_could_not_be_asked(confidence, code, link):
    case = a_case("missing", **{LOGS.name: Unavailable("forbidden")})
    rules = [
        a_rule("no-operator", Link.RECONCILED, confidence=confidence),
        a_rule("later", Link.LOADED, fact=LOGS),
    ]

    diagnosis = diagnose(case, rules)

    assert (diagnosis.code, diagnosis.link) == (code, link)
    assert "no-operator" in {f.code for f in (diagnosis.cause, *diagnosis.findings) if f}


def test_a_change_that_had_its_time_is_not_asked_about():
    case = a_case("unstarted", job=a_job(changed_at=NOW - timedelta(minutes=5)))

    assert first_open_link(case) is Link.CREATED


def test_where_replicas_disagree_the_worse_servers_cause_is_among_the_findings():
    server = a_server(jobs=[a_running_job()])
    worse = ServerStatus(server=SERVER, state=JobState.UNSTARTED)
    well = ServerStatus(server="other", state=JobState.HEALTHY)
    case = a_case("degraded", server=server)
    case = replace(case, status=replace(case.status, disagree=True, servers=(worse, well)))
    disagrees = a_rule("replica-disagrees", Link.DECLARED)
    disagrees = replace(disagrees, link=Link.CREATED)

    diagnosis = diagnose(case, [disagrees, a_rule("file", Link.CREATED)])

    assert (diagnosis.code, diagnosis.link) == ("replica-disagrees", Link.CREATED)
    assert [f.code for f in diagnosis.findings] == ["file"]


RULES = [
    a_rule("a", Link.SELECTED),
    a_rule("b", Link.SELECTED, refines={"a"}),
    a_rule("c", Link.DECLARED, finds=False),
    a_rule("d", Link.LOADED),
    a_rule("e", Link.ACCEPTED, fact=LOGS),
]


@given(st.permutations(RULES))
def test_the_order_of_rules_changes_nothing(rules):
    """Law 4."""
    assert diagnose(a_case(), rules) == diagnose(a_case(), RULES)


@given(st.sampled_from([link for link in Link if link > Link.SELECTED]), st.booleans())
def test_a_rule_added_at_a_later_link_never_changes_the_cause(link, conclusive):
    """Law 4."""
    more = a_rule("more", link, conclusive=conclusive)

    assert diagnose(a_case(), [*RULES, more]).code == diagnose(a_case(), RULES).code == "b"


class TestRulesThatFail:
    """What a rule raises is told as that rule's failure; the others are asked."""

    raised = (
        RecursionError(),
        OverflowError("int too large"),
        KeyError("password=marked"),
        TypeError(),
        ValueError(),
    )

    @pytest.mark.parametrize("error", raised, ids=lambda error: type(error).__name__)
    def test_a_rule_that_raises_is_undecided_and_takes_no_other_along(self, error):
        def check(_):
            raise error

        broken = replace(a_rule("broken", Link.SCRAPED), check=check)
        found = diagnose(a_case(), [broken, a_rule("deleted", Link.DECLARED)])

        [undecided] = found.undecided
        assert found.code == "deleted"
        assert (undecided.code, undecided.lacking) == ("broken", WORKING_RULE)
        assert type(error).__name__ in undecided.reason
        assert "marked" not in undecided.reason
