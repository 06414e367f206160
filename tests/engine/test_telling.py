"""What is said of problems and of blindness, and when: announce, wording, blind, group."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    a_blindness,
    a_found,
    a_job,
    a_status,
    an_incident,
    an_undecided,
    before,
)
from watcher.engine.announce import News, Reason, distance, why
from watcher.engine.blind import spells
from watcher.engine.group import Problem, Storm, assign, problems
from watcher.engine.matching import fits, is_name, labels
from watcher.engine.wording import Context, length, of_blindness, of_problem
from watcher.model.expectations import Steering, Unreadable
from watcher.model.findings import Evidence
from watcher.model.history import Owed, Sent
from watcher.model.incidents import Ending, Status, Transition

HOUR = timedelta(hours=1)
FIRING = News(status=Status.FIRING, cause="a", body="x", severity="warning")
SENT = Sent(status=Status.FIRING, cause="a", at=NOW, body="x", severity="warning")
OWED = Owed(subject="s", notifier="slack", since=NOW)
OVER = News(status=Status.RESOLVED, cause="a")


def reason(news, last, *, owed=None, after=timedelta(0)):
    return why(news, last, owed=owed, repeat=4 * HOUR, now=NOW + after)


class TestWhy:
    @pytest.mark.parametrize(
        ("news", "last", "expected"),
        [
            (News(status=Status.PENDING), None, Reason.NONE),
            (News(status=Status.PENDING), SENT, Reason.NONE),
            (FIRING, None, Reason.FIRST),
            (FIRING, replace(SENT, status=Status.RESOLVED), Reason.FIRST),
            (FIRING, SENT, Reason.NONE),
            (replace(FIRING, cause="b"), SENT, Reason.CAUSE_CHANGED),
            (replace(FIRING, body="y"), SENT, Reason.CHANGED),
            (replace(FIRING, severity="critical"), SENT, Reason.ESCALATED),
            (replace(FIRING, severity="critical", cause="b"), SENT, Reason.ESCALATED),
            (replace(FIRING, severity="critical", quiet=True), SENT, Reason.NONE),
            (FIRING, replace(SENT, severity="critical"), Reason.NONE),
            (OVER, SENT, Reason.RESOLVED),
            (OVER, None, Reason.NONE),
            (OVER, replace(SENT, status=Status.RESOLVED), Reason.NONE),
        ],
    )
    def test_of_a_status_after_what_was_said(self, news, last, expected):
        assert reason(news, last) is expected

    def test_the_end_of_what_is_owed_is_told_and_a_doubtful_edit_is_made_again(self):
        assert reason(OVER, None, owed=OWED) is Reason.RESOLVED
        assert reason(FIRING, SENT, owed=OWED) is Reason.NONE
        assert reason(FIRING, SENT, owed=replace(OWED, doubtful=True)) is Reason.CHANGED

    def test_a_reminder_comes_after_the_distance_and_never_of_the_quiet(self):
        late = 4 * HOUR

        assert reason(FIRING, SENT, after=late - timedelta(seconds=1)) is Reason.NONE
        assert reason(FIRING, SENT, after=late) is Reason.REPEAT
        assert reason(FIRING, replace(SENT, reminders=1), after=late) is Reason.NONE
        assert reason(replace(FIRING, quiet=True), SENT, after=100 * late) is Reason.NONE

    @pytest.mark.parametrize(
        ("repeat", "reminders", "expected"),
        [(4, 0, 4), (4, 1, 8), (4, 2, 16), (4, 3, 24), (4, 10**6, 24), (48, 5, 48)],
    )
    def test_distances_double_to_a_day(self, repeat, reminders, expected):
        assert distance(repeat * HOUR, reminders) == expected * HOUR


class TestBlind:
    def test_spells_begin_go_on_with_the_last_error_and_end(self):
        going = a_blindness("a", error="refused")
        ending = a_blindness("b")
        errors = [Unreadable(source="a", error="timed out"), Unreadable(source="c", error="403")]

        found = spells([going, ending], errors, NOW)

        assert found == (
            replace(going, error="timed out"),
            replace(ending, until=NOW),
            a_blindness("c", since=NOW, error="403"),
        )

    def test_two_spells_of_one_source_are_two_subjects(self):
        source = Unreadable(source="kube", error="403")

        first = of_blindness(source, before(hours=2), before(hours=1), Reason.RESOLVED)
        second = of_blindness(source, NOW, None, Reason.FIRST)

        assert first.subject != second.subject
        assert (first.status, first.duration) == (Status.RESOLVED, HOUR)
        assert (second.headline, second.duration) == ("Blind: kube", None)


def firing(name, *, cause="tls-file-missing", proof="", **fields):
    found = a_found(cause, proof=proof) if cause else None
    return an_incident(a_job(name), id=name, cause=cause, found=found, **fields)


def fires(*incidents):
    return tuple(Transition(before=None, after=i, at=NOW) for i in incidents)


class TestGroups:
    def test_those_of_one_cause_and_proof_are_one_and_all_others_alone(self):
        found = assign(
            fires(
                firing("a", proof="Secret x"),
                firing("b", proof="Secret x"),
                firing("c", proof="Secret y"),
                firing("d"),
                firing("e", cause=None),
            ),
            {},
        )

        groups = [t.after.group for t in found]
        assert groups[0] == groups[1]
        assert len(set(groups)) == 4

    def test_a_new_one_joins_what_goes_on_but_not_what_flaps(self):
        going = firing("a", proof="Secret x", group="g")
        flapping = firing("b", proof="Secret x", turns=9)

        found = assign(fires(firing("c", proof="Secret x"), flapping), {going.job: going}, Storm())

        assert [t.after.group for t in found] == ["g", "b"]

    def test_a_group_once_given_stays_whatever_becomes_of_the_cause(self):
        moved = firing("a", cause="another", group="g")
        ended = replace(firing("b", group="g"), status=Status.RESOLVED)

        found = assign(fires(moved, ended), {})

        assert [t.after.group for t in found] == ["g", "g"]

    @pytest.mark.parametrize("since", ["before", "this very watch"])
    def test_what_has_another_cause_than_it_was_told_for_draws_nobody(self, since):
        [told] = assign(fires(firing("a", proof="Secret x")), {})
        moved = replace(told.after, found=a_found("labels-not-selected", proof="Secret y"))
        moved = replace(moved, cause="labels-not-selected")
        earlier, change = (moved, ()) if since == "before" else (told.after, fires(moved))
        new = [firing(name, cause="labels-not-selected", proof="Secret y") for name in "bc"]
        late = firing("d", proof="Secret x")

        found = assign((*fires(*new, late), *change), {moved.job: earlier})

        assert [t.after.group for t in found][:3] == ["b", "b", "d"]

    def test_what_a_store_of_before_holds_draws_by_the_cause_that_it_has(self):
        old = firing("a", proof="Secret x", group="g", grouped_by=())

        [found] = assign(fires(firing("b", proof="Secret x")), {old.job: old})

        assert found.after.group == "g"

    def test_nothing_that_changes_has_no_group(self):
        assert assign((), {}) == ()

    def test_a_storm_that_rages_takes_what_comes_and_one_of_yesterday_does_not(self):
        late = [firing(f"l{n}", fired_at=NOW, group="storm@1") for n in range(3)]
        old = [firing(f"o{n}", fired_at=before(days=1), group="storm@0") for n in range(3)]
        ongoing = {i.job: i for i in (*late, *old)}
        calm = Storm(problems=3)

        raging = assign(fires(firing("new")), ongoing, calm)
        fair = assign(fires(firing("new")), {i.job: i for i in old}, calm)

        assert raging[0].after.group == "storm@1"
        assert fair[0].after.group == "new"

    @given(st.lists(st.sampled_from("pqrs"), min_size=1, max_size=30), st.integers(1, 5))
    def test_every_one_that_fires_gets_one_group_and_no_more_groups_than_the_storm_allows(
        self, proofs, most
    ):
        incidents = [firing(f"j{n}", proof=proof) for n, proof in enumerate(proofs)]

        found = assign(fires(*incidents), {}, Storm(problems=most))

        groups = {t.after.group for t in found}
        assert None not in groups
        assert len(groups) <= most

    def test_problems_come_in_the_order_in_which_they_began_and_pending_ones_not_at_all(self):
        late = firing("late", group="late", starts_at=NOW)
        early = firing("early", group="early", starts_at=before(days=1))

        found = problems([late, early, firing("pending", group=None)])

        assert [problem.id for problem in found] == ["early", "late"]


class TestWording:
    def test_the_one_whose_cause_is_known_speaks_for_all(self):
        problem = Problem(
            id="g", incidents=(firing("a", cause=None, group="g"), firing("b", group="g"))
        )

        message = of_problem(problem, Reason.FIRST, {}, "warning")

        assert message.cause == "tls-file-missing"
        assert message.headline.startswith("2 scrape jobs lost in monitoring/k8s: ")
        assert message.undecided == ()

    def test_without_a_cause_it_says_what_could_not_be_asked(self):
        incident = firing("a", cause=None)
        context = Context(
            monitor="ServiceMonitor shop/a",
            undecided=(an_undecided(), an_undecided(permission=None)),
        )

        message = of_problem(
            Problem(id="g", incidents=(incident,)), Reason.FIRST, {incident.job: context}, "warning"
        )

        assert message.summary.endswith(
            "but Prometheus has no scrape pool of it; no rule explains why"
        )
        assert message.undecided == (
            (
                "secret-missing: secret_keys could not be read: 403 Forbidden"
                " (would be decided by: get secrets in shop)"
            ),
            "secret-missing: secret_keys could not be read: 403 Forbidden",
        )
        assert message.about[0].monitor == "ServiceMonitor shop/a"

    def test_what_happened_around_the_loss_is_no_proof(self):
        incident = firing("a")
        around = (Evidence(seen="kubectl wrote StatefulSet shop/a", where="kubectl get"),)

        message = of_problem(
            Problem(id="g", incidents=(incident,)),
            Reason.FIRST,
            {incident.job: Context(around=around)},
            "warning",
        )

        assert (message.evidence, message.around) == (incident.found.finding.evidence, around)

    @pytest.mark.parametrize(
        ("ending", "headline"),
        [
            (Ending.RECOVERED, "Scrape job recovered: serviceMonitor/shop/a/0"),
            (Ending.RETIRED, "Scrape job no longer expected: serviceMonitor/shop/a/0"),
        ],
    )
    def test_an_end_says_how_and_how_long(self, ending, headline):
        over = replace(firing("a"), status=Status.RESOLVED, ending=ending, ends_at=NOW)

        message = of_problem(Problem(id="g", incidents=(over,)), Reason.RESOLVED, {}, "warning")

        assert message.headline == headline
        assert message.duration == HOUR

    def test_a_storm_of_many_causes_names_the_most_frequent(self):
        causes = [f"cause-{n}" for n in range(9)] + ["cause-0"]
        incidents = tuple(firing(f"j{n}", cause=cause) for n, cause in enumerate(causes))

        message = of_problem(
            Problem(id="storm@1", incidents=incidents), Reason.FIRST, {}, "warning"
        )

        assert "by cause: 2 cause-0, 1 cause-1" in message.summary
        assert message.summary.endswith(", …")
        assert (message.cause, message.fix, message.evidence) == (None, (), ())

    @pytest.mark.parametrize("left", [12, 11, 3, 1])
    def test_a_storm_that_shrinks_says_how_many_are_left_and_links_to_what_is_of_all(self, left):
        over = {"status": Status.RESOLVED, "ends_at": NOW}
        incidents = tuple(firing(f"j{n:02}", **({} if n < left else over)) for n in range(12))
        about = {
            i.job: Context(links=(("All jobs", "http://w/"), ("Job", f"http://w/jobs/{i.pool}")))
            for i in incidents
        }

        message = of_problem(
            Problem(id="storm@1", incidents=incidents), Reason.CHANGED, about, "warning"
        )

        assert len(message.about) == left
        assert "too many" not in message.summary
        assert (f"{left} of 12 still are" in message.summary) == (left < 12)
        assert ("All jobs", "http://w/") in message.links
        assert len(message.links) == (1 if left > 1 else 2)

    def test_the_end_of_flapping_speaks_of_no_more_silence(self):
        over = replace(firing("a", turns=7), status=Status.RESOLVED, ends_at=NOW)

        message = of_problem(Problem(id="g", incidents=(over,)), Reason.RESOLVED, {}, "warning")

        assert "silence" not in message.summary
        assert "nothing more is said" not in message.summary

    @pytest.mark.parametrize(
        ("duration", "text"),
        [
            (timedelta(0), "0 s"),
            (timedelta(seconds=40), "40 s"),
            (timedelta(minutes=12), "12 min"),
            (timedelta(days=9, hours=4, minutes=3), "9 d 4 h"),
        ],
    )
    def test_durations_as_people_say_them(self, duration, text):
        assert length(duration) == text


class TestMatching:
    def test_a_job_has_its_monitors_names_and_labels_and_its_owner(self):
        status = a_status("missing", a_job(steering=Steering(owner="team-shop")))
        monitor = {"metadata": {"labels": {"team": "shop"}}}

        known = labels(an_incident(cause="a"), status, monitor)

        assert known["namespace"] == "shop"
        assert known["kind"] == "ServiceMonitor"
        assert known["labels.team"] == "shop"
        assert fits((("owner", "team-*"), ("state", "unstarted"), ("cause", "a")), known)
        assert not fits((("owner", "team-*"), ("name", "api")), known)

    def test_of_one_expected_no_more_the_prometheus_is_left(self):
        known = labels(an_incident(), None, None)

        assert known["prometheus"] == "monitoring/k8s"
        assert not fits((("namespace", "shop"),), known)
        assert fits((), known)

    def test_labels_that_are_no_labels_are_none(self):
        known = labels(an_incident(), a_status(), {"metadata": {"labels": ["team"]}})

        assert not any(name.startswith("labels.") for name in known)

    def test_which_names_a_matcher_may_have(self):
        names = ["namespace", "labels.team", "labels.", "colour"]

        assert [is_name(name) for name in names] == [True, True, False, False]
