"""The life of an incident beyond its start and end: flapping, storms, severity, routes, mutes."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOW, PROMETHEUS, a_job, a_pinned_job
from tests.cycles.stage import STEP, Receiver, Stage
from watcher.engine.route import Route
from watcher.engine.severity import Grading
from watcher.model.expectations import Steering
from watcher.model.mutes import Mute

FIRST = ("firing", "first notification")
END = ("resolved", "resolved")
REPEAT = ("firing", "repeat interval elapsed")
QUICK = {"pending_watches": 1, "pending_for": timedelta(0), "resolve_watches": 1}
PART = Grading(critical_share=2)


def with_two_receivers(routes):
    stage = Stage("web", "api", policy=QUICK, routes=routes)
    stage.receivers = [Receiver("mail"), Receiver("chat")]
    return stage, *stage.receivers


def a_mute(**match):
    return Mute(
        id="m",
        match=tuple(match.items()),
        since=NOW,
        until=NOW + timedelta(minutes=5),
        reason="the shop moves",
    )


class TestFlapping:
    """A job that comes and goes is told so once, then nothing until it settles."""

    def flap(self, stage, turns):
        for _ in range(turns):
            stage.watch(lost=["web"])
            stage.watch(lost=[])

    def test_the_fifth_loss_within_an_hour_says_so_and_then_there_is_silence(self):
        stage = Stage(policy=QUICK)

        self.flap(stage, 4)
        normal = list(stage.receiver.said)
        self.flap(stage, 40)

        assert normal == [FIRST, END] * 4
        assert stage.receiver.said == [*normal, FIRST]
        told = stage.receiver.told[-1]
        assert told.headline == "Scrape job flapping: serviceMonitor/shop/web/0"
        assert told.summary.startswith("lost 5 times in a short while")

    def test_not_even_its_age_breaks_the_silence(self):
        stage = Stage("web", "api", policy=QUICK)
        self.flap(stage, 5)
        before = len(stage.receiver.told)

        for _ in range(20):
            stage.watch(lost=["web"], step=timedelta(minutes=30))
            stage.watch(lost=[], step=timedelta(minutes=30))

        assert stage.receiver.told[before:] == []

    def test_it_ends_after_an_hour_without_a_loss(self):
        stage = Stage(policy=QUICK)
        self.flap(stage, 20)
        before = len(stage.receiver.told)

        stage.watch(lost=[], times=121)

        assert stage.receiver.said[before:] == [END]
        assert stage.store.ongoing() == {}

    def test_one_that_stays_lost_is_a_plain_loss_again_with_its_cause(self):
        stage = Stage(policy=QUICK)
        self.flap(stage, 20)
        stage.causes["web"] = "a file is missing"
        before = len(stage.receiver.told)

        stage.watch(lost=["web"], times=123)

        assert stage.receiver.said[before:] == [("firing", "cause changed")]
        assert stage.receiver.told[-1].cause == "tls-file-missing"
        assert "lost" in stage.receiver.told[-1].headline

    def test_losses_far_apart_are_told_each(self):
        stage = Stage(policy=QUICK)

        for _ in range(8):
            stage.watch(lost=["web"])
            stage.watch(lost=[], step=timedelta(minutes=20))

        assert stage.receiver.said == [FIRST, END] * 8


class TestStorm:
    """More than ten new problems within five minutes are one."""

    names = tuple(f"job-{n:02}" for n in range(14))

    def test_many_at_once_are_one_summary_with_its_end(self):
        stage = Stage(*self.names, policy=QUICK)

        stage.watch(lost=self.names, times=3)
        stage.watch(lost=[], times=2)

        assert stage.receiver.said == [FIRST, END]
        [first, end] = stage.receiver.told
        assert first.headline == "Storm: 14 scrape jobs lost in monitoring/k8s"
        assert first.summary.endswith("by cause: 14 cause-unknown")
        assert len(first.about) == 14
        assert end.headline == "Storm: 14 scrape jobs recovered in monitoring/k8s"

    def test_ten_are_told_one_by_one_and_the_eleventh_begins_a_storm_that_others_join(self):
        stage = Stage(*self.names, policy=QUICK)

        for count in range(1, 15):
            stage.watch(lost=self.names[:count], step=timedelta(seconds=10))

        assert [m.headline[:5] for m in stage.receiver.told] == ["Scrap"] * 10 + ["Storm"] * 4
        assert [len(m.about) for m in stage.receiver.told[-4:]] == [1, 2, 3, 4]
        assert stage.receiver.said[-1] == ("firing", "jobs changed")

    def test_many_slowly_are_told_one_by_one(self):
        stage = Stage(*self.names, policy=QUICK)

        for count in range(1, 15):
            stage.watch(lost=self.names[:count], step=timedelta(minutes=1))

        assert len({m.subject for m in stage.receiver.told}) == 14

    def test_many_of_one_cause_are_no_storm(self):
        stage = Stage(*self.names, policy=QUICK)
        stage.causes = dict.fromkeys(self.names, "the Secret is gone")
        stage.proofs = dict.fromkeys(self.names, "Secret shop/tls")

        stage.watch(lost=self.names)

        [told] = stage.receiver.told
        assert told.headline.startswith("14 scrape jobs lost in monitoring/k8s")
        assert told.cause == "tls-file-missing"


class TestSeverity:
    """What the owner says, then the settings, then what it is and for how long."""

    def told(self, stage, times=1):
        stage.watch(lost=["web"], times=times)
        return [(m.severity, str(m.reason)) for m in stage.receiver.told]

    def test_a_part_is_a_warning(self):
        assert self.told(Stage("web", "api", policy=QUICK)) == [("warning", FIRST[1])]

    def test_half_of_a_prometheus_is_critical(self):
        grading = Grading(critical_share=0.5)

        stage = Stage("web", "api", policy=QUICK, grading=grading)

        assert self.told(stage) == [("critical", FIRST[1])]

    def test_the_only_job_of_a_prometheus_is_not_a_half_of_anything(self):
        grading = Grading(critical_share=0.5)

        assert self.told(Stage(policy=QUICK, grading=grading)) == [("warning", FIRST[1])]

    def test_a_pinned_job_is_critical(self):
        stage = Stage("api", policy=QUICK)
        stage.jobs["web"] = a_pinned_job("web")
        stage.expect()

        stage.watch(lost=["web"])

        assert [m.severity for m in stage.receiver.told] == ["critical"]

    @pytest.mark.parametrize("said", ["critical", "notice"])
    def test_the_annotation_wins(self, said):
        stage = Stage("web", "api", policy=QUICK)
        stage.jobs["web"] = a_job("web", steering=Steering(severity=said))
        stage.expect()

        assert self.told(stage) == [(said, FIRST[1])]

    def test_the_settings_come_next(self):
        rules = (((("name", "api"),), "notice"), ((("namespace", "sh*"),), "critical"))
        grading = replace(PART, rules=rules)

        stage = Stage("web", "api", policy=QUICK, grading=grading)

        assert self.told(stage) == [("critical", FIRST[1])]

    def test_what_was_deleted_is_a_notice_however_old(self):
        stage = Stage("web", "api", policy=QUICK)
        stage.code = "monitor-deleted"
        stage.causes["web"] = "somebody deleted the ServiceMonitor"

        stage.watch(lost=["web"])
        stage.watch(times=5, step=timedelta(days=1))

        assert [m.severity for m in stage.receiver.told] == ["notice"]

    def test_age_makes_it_critical_and_that_is_told_once(self):
        stage = Stage("web", "api", policy=QUICK)

        stage.watch(lost=["web"])
        stage.watch(times=5, step=timedelta(hours=2))

        assert [(m.severity, str(m.reason)) for m in stage.receiver.told][:2] == [
            ("warning", FIRST[1]),
            ("critical", "escalated"),
        ]
        assert [str(m.reason) for m in stage.receiver.told].count("escalated") == 1

    def test_what_was_critical_once_stays_so_to_its_end(self):
        stage = Stage("web", "api", policy=QUICK, grading=Grading(critical_share=0.6))
        stage.causes = dict.fromkeys(("web", "api"), "the Secret is gone")
        stage.proofs = dict.fromkeys(("web", "api"), "Secret shop/tls")

        stage.watch(lost=["web", "api"])
        stage.watch(lost=["web"])
        stage.watch(lost=[])

        assert [m.severity for m in stage.receiver.told] == ["critical"] * 3


class TestReminders:
    """They come at a growing distance, and never of a notice or of what flaps."""

    def test_they_grow_apart_up_to_a_day(self):
        stage = Stage(
            "web", "api", policy=QUICK, grading=replace(PART, escalate_after=STEP * 10**6)
        )
        moments = []
        for _ in range(24 * 6):
            before = len(stage.receiver.told)
            stage.watch(lost=["web"], step=timedelta(hours=1))
            if len(stage.receiver.told) > before:
                moments.append((stage.now - NOW) // timedelta(hours=1))

        waits = [later - earlier for earlier, later in itertools.pairwise(moments)]
        assert waits == [4, 8, 16, 24, 24, 24, 24]
        assert set(stage.receiver.said[1:]) == {REPEAT}

    def test_a_route_has_its_own_distance(self):
        route = Route(match=(("namespace", "shop"),), repeat=timedelta(hours=1))
        stage = Stage("web", "api", policy=QUICK, routes=(route,))

        stage.watch(lost=["web"])
        stage.watch(step=timedelta(hours=1))

        assert stage.receiver.said == [FIRST, REPEAT]

    def test_a_notice_is_told_once(self):
        stage = Stage("web", "api", policy=QUICK)
        stage.jobs["web"] = a_job("web", steering=Steering(severity="notice"))
        stage.expect()

        stage.watch(lost=["web"], times=50, step=timedelta(hours=5))

        assert stage.receiver.said == [FIRST]


class TestRoutes:
    """The first route that fits all jobs of a problem is taken."""

    def test_the_first_that_fits_says_where_and_whom(self):
        routes = (
            Route(match=(("namespace", "payments"),), channel="C1"),
            Route(match=(("prometheus", PROMETHEUS), ("severity", "crit*")), channel="C2"),
            Route(match=(("owner", "team-shop"),), channel="C3", mention="S0SHOP1"),
            Route(match=(), channel="C4"),
        )
        stage = Stage("web", "api", policy=QUICK, routes=routes)
        stage.jobs["web"] = a_job("web", steering=Steering(owner="team-shop"))
        stage.expect()

        stage.watch(lost=["web", "api"])

        assert [(m.channel, m.mention) for m in stage.receiver.told] == [("C4", None), ("C3", None)]

    def test_somebody_is_mentioned_only_once_it_is_critical(self):
        routes = (Route(mention="S0SHOP1"),)
        stage = Stage("web", "api", policy=QUICK, routes=routes)

        stage.watch(lost=["web"])
        stage.watch(step=timedelta(hours=5))

        assert [m.mention for m in stage.receiver.told] == [None, "S0SHOP1"]

    def test_a_problem_of_several_teams_goes_where_all_of_them_look(self):
        routes = (Route(match=(("name", "web"),), channel="C1"),)
        stage = Stage("web", "api", policy=QUICK, routes=routes)
        stage.causes = dict.fromkeys(("web", "api"), "the Secret is gone")
        stage.proofs = dict.fromkeys(("web", "api"), "Secret shop/tls")

        stage.watch(lost=["web"])
        stage.watch(lost=["web", "api"])

        assert [m.channel for m in stage.receiver.told] == ["C1", None]

    def test_a_route_names_its_receivers_and_all_others_hear_nothing(self):
        routes = (Route(match=(("name", "web"),), receivers=("mail",)),)
        stage, mail, chat = with_two_receivers(routes)

        stage.watch(lost=["web", "api"])

        assert {m.about[0].pool for m in mail.told} == {stage.jobs[n].pool for n in ("api", "web")}
        assert {m.about[0].pool for m in chat.told} == {stage.jobs["api"].pool}
        assert stage.store.owed() == ()

    def test_who_heard_of_a_problem_hears_of_its_end_whatever_the_route_is_by_then(self):
        routes = (Route(match=(("severity", "critical"),), receivers=("mail",)),)
        stage, mail, chat = with_two_receivers(routes)

        stage.watch(lost=["web"])
        stage.watch(step=timedelta(hours=5))
        stage.watch(lost=[], times=3)

        assert (chat.said[0], chat.said[-1], mail.said[-1]) == (FIRST, END, END)

    def test_a_receiver_that_no_route_finds_leaves_nobody_untold(self):
        stage, mail, chat = with_two_receivers((Route(receivers=("gone",)),))

        stage.watch(lost=["web"])

        assert [len(mail.told), len(chat.told)] == [1, 1]


class TestMutes:
    """What is muted is seen and not told."""

    @pytest.mark.parametrize("kind", ["store", "settings"])
    def test_a_loss_that_ended_while_muted_is_never_told(self, kind):
        stage = Stage("web", "api", policy=QUICK)
        mute = a_mute(namespace="shop")
        if kind == "store":
            stage.store.mute(mute)
        else:
            stage.windows = (mute,)

        stage.watch(lost=["web"], times=4)
        muted = stage.result.mutes
        stage.watch(lost=[], times=20)

        assert stage.receiver.told == []
        assert muted == (mute,)
        assert stage.store.owed() == ()

    def test_one_whose_mute_ends_between_its_two_good_watches_is_never_told(self):
        stage = Stage()
        stage.windows = (a_mute(namespace="shop"),)
        stage.watch(times=6, lost=["web"])
        stage.watch(lost=[])
        stage.windows = ()

        stage.result = stage.cycle.run()
        stage.watch(times=4)

        assert stage.receiver.told == []

    def test_one_that_outlasts_the_mute_is_told_then(self):
        stage = Stage("web", "api", policy=QUICK)
        stage.store.mute(a_mute(namespace="shop"))

        stage.watch(lost=["web"], times=9)
        early = list(stage.receiver.told)
        stage.watch(times=2)

        assert early == []
        assert stage.receiver.said == [FIRST]

    def test_the_end_of_what_was_told_before_is_told(self):
        stage = Stage("web", "api", policy=QUICK)
        stage.watch(lost=["web"])
        stage.store.mute(a_mute(name="w*"))

        stage.watch(lost=[], times=2)

        assert stage.receiver.said == [FIRST, END]

    def test_of_a_group_only_those_are_told_that_are_not_muted(self):
        stage = Stage("web", "api", policy=QUICK)
        stage.causes = dict.fromkeys(("web", "api"), "the Secret is gone")
        stage.proofs = dict.fromkeys(("web", "api"), "Secret shop/tls")
        stage.store.mute(a_mute(name="web"))

        stage.watch(lost=["web", "api"])

        [told] = stage.receiver.told
        assert [subject.pool for subject in told.about] == ["serviceMonitor/shop/api/0"]

    def test_by_a_label_of_the_monitor(self):
        stage = Stage("web", "api", policy=QUICK)
        monitors = {
            job.monitor: {"metadata": {"labels": {"team": name}}}
            for name, job in stage.jobs.items()
        }
        stage.store.keep(replace(stage.store.expectations(), objects=monitors), ())
        stage.store.mute(a_mute(**{"labels.team": "web"}))

        stage.watch(lost=["web", "api"])

        assert [m.about[0].pool for m in stage.receiver.told] == ["serviceMonitor/shop/api/0"]
