"""What every store keeps, whatever it is made of.

A test class of a store inherits from StoreContract and gives the fixture ``fresh``: a callable that
answers a new, empty store whose retention is RETENTION.
"""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.builders import (
    NOW,
    a_blindness,
    a_found,
    a_job,
    a_key,
    a_memory,
    a_monitor,
    a_pinned_job,
    a_prometheus,
    a_watch,
    an_incident,
    before,
    some_expectations,
)
from watcher.errors import StoreError
from watcher.model.comparison import JobState
from watcher.model.expectations import (
    Expectations,
    FilePath,
    Pin,
    Steering,
    Unreadable,
    Unselected,
)
from watcher.model.facts import MountRecord
from watcher.model.history import Owed, Sent, UsualTargets
from watcher.model.incidents import Ending, Status, Transition
from watcher.model.mutes import Mute
from watcher.model.names import JobKey, MonitorKind, MonitorRef, PrometheusName

RETENTION = timedelta(days=30)
LONG_AGO = before(days=31)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
STRANGE = 'ü漢字🔥 "\\" \\u0041 \x00 \ud800 \n%s :x'


def a_mount(**fields):
    mount = MountRecord(
        stateful_set="monitoring/prometheus-k8s",
        mount_path="/etc/prometheus/secrets/etcd",
        volume="etcd",
        secret="etcd",
        permanent=False,
        who="kubectl-edit",
        operation="Update",
        changed_at=before(days=2),
        first_seen_at=before(hours=1),
        last_seen_at=before(hours=1),
    )
    return replace(mount, **fields)


def gone(name="web", **fields):
    return a_job(name, gone_since=before(hours=1), **fields)


def resolved(incident, at=NOW, ending=Ending.RECOVERED):
    return replace(incident, status=Status.RESOLVED, ends_at=at, ending=ending)


def change(after, *, at=None, since=None):
    at = at or after.ends_at or NOW
    return Transition(before=since, after=after, at=at)


def told(status=Status.FIRING, **fields):
    return replace(Sent(status=status, cause=None, at=NOW), **fields)


def an_owed(notifier="slack", **fields):
    owed = Owed(subject="problem", notifier=notifier, since=NOW)
    return replace(owed, **fields)


def a_mute(id_="m", **fields):
    mute = Mute(
        id=id_,
        match=(("namespace", "shop"),),
        since=NOW,
        until=NOW + timedelta(hours=2),
        reason="the shop moves",
    )
    return replace(mute, **fields)


def write(store, *transitions, watch=None, memory=None, blindness=()):
    store.record(watch or a_watch(), memory or {}, transitions, blindness)


def full_expectations():
    """Expectations with every field of everything set."""
    job = a_job(
        aliases=("shop/web/0",),
        files=(FilePath(field="tls_config.cert_file", path="/a", scrape_class="mtls"),),
        steering=Steering(
            ignored=True,
            reason=STRANGE,
            until=NOW,
            severity="page",
            owner="shop",
            min_targets=3,
        ),
        targets=3,
        gone_since=before(days=1),
    )
    pinned = a_pinned_job(pin=Pin(name="n", pool="*node*", labels=(("job", "node"),)))
    return Expectations(
        taken_at=NOW,
        prometheuses=(a_prometheus(resource={"spec": {"secrets": ["a", None, 1, 2.5, True]}}),),
        jobs=(job, pinned),
        objects={a_monitor(): {"spec": {"endpoints": [{"port": STRANGE}]}, "n": 2**70}},
        unselected=(
            Unselected(
                monitor=MonitorRef(MonitorKind.PROBE, "shop", "p"),
                cause="labels-not-selected",
                nearest=PrometheusName("monitoring/k8s"),
                lacks="team=shop",
            ),
        ),
        unreadable=(Unreadable(source="kube", error=STRANGE, permission="get x", since=NOW),),
        unserved=("Probe",),
        nodes=3,
    )


class StoreContract:
    """The contract."""

    @pytest.fixture
    def fresh(self):
        raise NotImplementedError

    @pytest.fixture
    def store(self, fresh):
        return fresh()


class Emptiness(StoreContract):
    """An empty store says so."""

    def test_an_empty_store_has_no_snapshot_and_nothing_else(self, store):
        assert store.expectations() is None
        assert store.first_watch() is None
        assert store.last_sent("x", "slack") is None
        assert not store.memory()
        assert not store.ongoing()
        for answer in (store.mount_history(), store.blindness(), store.unsettled()):
            assert not answer
        for asked in (store.incidents, store.history, store.watches, store.blind_spells):
            assert not asked(*EVER)


class KeepingExpectations(StoreContract):
    """Snapshots, accepted removals and mounts."""

    def test_expectations_come_back_with_every_field(self, store):
        expectations = full_expectations()

        store.keep(expectations, ())

        kept = store.expectations()
        assert kept == expectations
        assert kept.prometheuses[0].resource == expectations.prometheuses[0].resource
        unset = [f.name for f in fields(kept) if getattr(kept, f.name) in ((), {}, None)]
        assert unset == []

    def test_prometheuses_come_sorted_by_name_and_jobs_by_key(self, store):
        names = ["b", "c", "a"]
        jobs = [a_job(name) for name in names]

        store.keep(some_expectations(*jobs, prometheuses=tuple(map(a_prometheus, names))), ())

        kept = store.expectations()
        assert [each.name for each in kept.prometheuses] == ["a", "b", "c"]
        assert [job.key for job in kept.jobs] == sorted(job.key for job in jobs)

    def test_a_later_snapshot_replaces_the_one_before(self, store):
        store.keep(full_expectations(), ())
        later = some_expectations(a_job("other"), a_job(targets=9), taken_at=NOW)

        store.keep(later, ())

        assert set(store.expectations().jobs) == set(later.jobs)
        assert store.expectations().objects == {}

    def test_nothing_expected_is_not_the_same_as_no_snapshot(self, store):
        store.keep(some_expectations(prometheuses=()), ())

        assert store.expectations() == some_expectations(prometheuses=())

    def test_an_accepted_removal_is_expected_no_more_from_that_moment(self, store):
        store.keep(some_expectations(gone("a"), gone("b")), ())

        store.accept([a_key("a")], NOW)

        assert [job.key for job in store.expectations().jobs] == [a_key("b")]

    def test_an_accepted_removal_is_left_out_of_a_snapshot_begun_before_it(self, store):
        store.keep(some_expectations(gone("a"), gone("b")), ())
        merged = store.expectations()
        store.accept([a_key("a")], NOW)

        store.keep(merged, ())

        assert [job.key for job in store.expectations().jobs] == [a_key("b")]

    def test_accepting_does_nothing_to_a_job_whose_demand_stands(self, store):
        store.keep(some_expectations(a_job("a")), ())

        store.accept([a_key("a")], NOW)

        assert [job.key for job in store.expectations().jobs] == [a_key("a")]

    def test_an_acceptance_is_done_with_after_the_next_snapshot(self, store):
        store.keep(some_expectations(gone("a")), ())
        store.accept([a_key("a")], NOW)
        store.keep(some_expectations(a_job("a")), ())

        store.keep(some_expectations(gone("a")), ())

        assert [job.key for job in store.expectations().jobs] == [a_key("a")]

    def test_accepting_twice_or_the_unknown_or_before_any_snapshot_does_no_harm(self, store):
        store.accept([a_key("a"), a_key("a"), JobKey(STRANGE)], NOW)
        store.accept([a_key("a")], NOW)

        store.keep(some_expectations(gone("a"), gone("b")), ())

        assert [job.key for job in store.expectations().jobs] == [a_key("b")]

    def test_a_mount_seen_again_was_first_seen_then_and_last_seen_now(self, store):
        store.keep(some_expectations(), [a_mount()])

        store.keep(some_expectations(), [a_mount(first_seen_at=NOW, last_seen_at=NOW)])

        assert store.mount_history() == (a_mount(last_seen_at=NOW),)

    def test_a_mount_that_is_no_longer_there_is_remembered(self, store):
        by_hand = a_mount()
        by_operator = a_mount(
            permanent=True,
            who=None,
            operation=None,
            changed_at=None,
            secret=None,
            volume=STRANGE,
            first_seen_at=NOW,
            last_seen_at=NOW,
        )
        store.keep(some_expectations(), [by_hand])

        store.keep(some_expectations(), [by_operator])

        assert store.mount_history() == (by_hand, by_operator)


class RecordingWatches(StoreContract):
    """The outcome of a watch: all or nothing, and once."""

    def test_memory_comes_back_and_jobs_not_mentioned_keep_theirs(self, store):
        write(store, memory={a_key("a"): a_memory(), JobKey(STRANGE): a_memory(pool=STRANGE)})

        worse = a_memory(
            state=JobState.MISSING,
            since=NOW,
            most_targets=7,
            labels=((STRANGE, STRANGE),),
            usual=UsualTargets(count=7, last=3, since=NOW),
            gave_samples=True,
        )
        write(store, watch=a_watch(at=NOW + timedelta(seconds=30)), memory={a_key("a"): worse})

        assert store.memory() == {a_key("a"): worse, JobKey(STRANGE): a_memory(pool=STRANGE)}

    def test_an_incident_comes_back_with_its_finding_until_it_is_resolved(self, store):
        firing = an_incident(found=a_found(), cause="tls-file-missing", group="g")

        write(store, change(firing))
        assert store.ongoing() == {firing.job: firing}

        write(store, change(resolved(firing), since=firing))
        assert store.ongoing() == {}
        assert store.incidents(*EVER) == (resolved(firing),)

    def test_history_holds_each_transition_in_the_order_of_time(self, store):
        pending = an_incident(status=Status.PENDING)
        firing = replace(pending, status=Status.FIRING)
        changes = (
            change(pending, at=before(minutes=2)),
            change(firing, at=before(minutes=1), since=pending),
            change(resolved(firing), since=firing),
        )

        for each in changes:
            write(store, each)

        assert store.history(*EVER) == changes

    def test_a_repeated_record_changes_nothing(self, store):
        firing = an_incident()
        record = {"memory": {a_key(): a_memory()}, "blindness": [a_blindness()]}
        write(store, change(firing), **record)
        write(store, change(resolved(firing), since=firing))

        write(store, change(firing), **record)
        write(store, change(resolved(firing), since=firing))

        assert store.ongoing() == {}
        assert len(store.history(*EVER)) == 2
        assert store.watches(*EVER) == (a_watch(),)
        assert store.blindness() == (a_blindness(),)

    def test_a_resolved_incident_never_changes(self, store):
        over = resolved(an_incident())
        write(store, change(over))

        with pytest.raises(StoreError, match="never changes"):
            write(store, change(replace(over, ends_at=None, ending=None, status=Status.FIRING)))
        with pytest.raises(StoreError, match="never changes"):
            write(store, change(replace(over, cause="another")))
        assert store.incidents(*EVER) == (over,)

    def test_a_job_has_one_ongoing_incident(self, store):
        write(store, change(an_incident()))

        with pytest.raises(StoreError):
            write(store, change(an_incident(id="another")))
        assert len(store.incidents(*EVER)) == 1

    def test_an_incident_may_begin_in_the_watch_in_which_another_of_its_job_ends(self, store):
        old, new = an_incident(id="old"), an_incident(id="new", starts_at=NOW)
        write(store, change(old))

        write(store, change(new), change(resolved(old), since=old))

        assert store.ongoing() == {new.job: new}

    def test_a_record_that_fails_writes_nothing_of_itself(self, store):
        over = resolved(an_incident(a_job("over")))
        write(store, change(over))

        with pytest.raises(StoreError):
            write(
                store,
                change(an_incident(a_job("new"))),
                change(replace(over, cause="another")),
                watch=a_watch(at=before(seconds=30)),
                memory={a_key(): a_memory()},
                blindness=[a_blindness()],
            )

        assert store.ongoing() == {}
        assert store.memory() == {}
        assert store.blindness() == ()
        assert store.watches(*EVER) == (a_watch(),)
        assert len(store.history(*EVER)) == 1

    def test_a_transition_that_cannot_be_told_in_the_middle_writes_nothing(self, store):
        def failing():
            yield change(an_incident())
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store.record(a_watch(), {a_key(): a_memory()}, failing(), ())
        assert store.ongoing() == {}
        assert store.memory() == {}

    def test_a_spell_of_blindness_goes_on_until_its_end_is_recorded(self, store):
        write(store, blindness=[a_blindness(error=STRANGE), a_blindness("other")])

        write(store, blindness=[a_blindness(until=NOW)])

        assert store.blindness() == (a_blindness("other"),)
        assert a_blindness(until=NOW) in store.blind_spells(*EVER)


class AskingForStretches(StoreContract):
    """A stretch has its first moment, not its last one."""

    def test_watches_and_history_of_a_stretch(self, store):
        moments = [before(minutes=n) for n in (3, 2, 1, 0)]
        for at in reversed(moments):
            name = f"at {at}"
            write(store, change(an_incident(a_job(name), id=name), at=at), watch=a_watch(at=at))

        watches = store.watches(moments[1], moments[3])
        history = store.history(moments[1], moments[3])

        assert [watch.at for watch in watches] == moments[1:3]
        assert [each.at for each in history] == moments[1:3]
        assert store.first_watch() == moments[0]

    @pytest.mark.parametrize(
        ("starts", "ends", "there"),
        [(5, 4, False), (5, 3, True), (5, 2, True), (2, 2, True), (5, None, True), (1, 0, False)],
    )
    def test_incidents_that_were_there_in_a_stretch(self, store, starts, ends, there):
        incident = an_incident(starts_at=before(minutes=starts))
        if ends is not None:
            incident = resolved(incident, before(minutes=ends))
        write(store, change(incident))

        found = store.incidents(before(minutes=3), before(minutes=1))

        assert found == ((incident,) if there else ())

    @pytest.mark.parametrize(
        ("since", "until", "there"),
        [(5, 4, False), (5, 3, False), (5, 2, True), (2, None, True), (1, None, False)],
    )
    def test_spells_that_reach_into_a_stretch(self, store, since, until, there):
        end = None if until is None else before(minutes=until)
        spell = a_blindness(since=before(minutes=since), until=end)
        write(store, blindness=[spell])

        found = store.blind_spells(before(minutes=3), before(minutes=1))

        assert found == ((spell,) if there else ())

    def test_moments_are_the_same_in_any_time_zone_and_to_the_microsecond(self, store):
        at = datetime(2026, 3, 29, 3, 30, 0, 123456, timezone(timedelta(hours=2)))
        write(store, watch=a_watch(at=at))

        assert store.first_watch() == at
        assert store.watches(at, at + timedelta(microseconds=1))
        assert not store.watches(at + timedelta(microseconds=1), NOW)


class Telling(StoreContract):
    """What was said, and who still has to hear something."""

    def test_the_last_message_is_remembered_by_subject_and_notifier(self, store):
        store.mark_sent(STRANGE, "slack", told(handle="C1/1", body="x", cause="a"))
        store.mark_sent(STRANGE, "slack", told(handle="C1/1", body=STRANGE, cause="b"))
        store.mark_sent(STRANGE, "mail", told())

        assert store.last_sent(STRANGE, "slack") == told(handle="C1/1", body=STRANGE, cause="b")
        assert store.last_sent(STRANGE, "mail") == told()
        assert store.last_sent("another", "mail") is None

    def test_what_goes_on_is_unsettled(self, store):
        pending = an_incident(a_job("a"), status=Status.PENDING)
        firing = an_incident(a_job("b"))
        write(store, change(pending), change(firing))

        assert set(store.unsettled()) == {pending, firing}

    def test_an_end_is_settled_once_all_who_were_told_have_heard_it(self, store):
        over = resolved(an_incident())
        write(store, change(over))
        store.mark_sent(over.id, "slack", told())
        store.mark_sent(over.id, "mail", told())

        assert store.unsettled() == (over,)
        store.mark_sent(over.id, "slack", told(Status.RESOLVED))
        assert store.unsettled() == (over,)
        store.mark_sent(over.id, "mail", told(Status.RESOLVED))
        assert store.unsettled() == ()

    def test_an_end_of_what_nobody_was_told_is_settled(self, store):
        write(store, change(resolved(an_incident())))

        assert store.unsettled() == ()

    def test_all_of_a_problem_is_unsettled_until_its_end_is_heard(self, store):
        first = resolved(an_incident(a_job("a"), group="problem"))
        second = resolved(an_incident(a_job("b"), group="problem"))
        write(store, change(first), change(second))
        store.mark_sent("problem", "slack", told())

        assert set(store.unsettled()) == {first, second}
        store.mark_sent("problem", "slack", told(Status.RESOLVED))
        assert store.unsettled() == ()


class Owing(StoreContract):
    """What is to be told is written down before it is sent."""

    def test_what_is_owed_comes_back_with_every_field_until_it_was_delivered(self, store):
        owed = an_owed(
            subject=STRANGE,
            tries=3,
            doubtful=True,
            permanent=True,
            not_before=NOW,
            reason="channel",
            error=STRANGE,
        )
        store.owe(replace(owed, tries=2))
        store.owe(owed)
        store.owe(an_owed("mail", subject=STRANGE, since=before(minutes=1)))

        assert store.owed() == (
            an_owed("mail", subject=STRANGE, since=before(minutes=1)),
            owed,
        )
        store.mark_sent(STRANGE, "slack", told())
        assert [each.notifier for each in store.owed()] == ["mail"]

    def test_a_watch_writes_down_what_is_owed_for_it_and_changes_nothing_owed_already(self, store):
        tried = an_owed(tries=1, doubtful=True)
        store.owe(tried)

        store.record(a_watch(), {}, (), (), [an_owed(since=NOW), an_owed("mail")])

        assert set(store.owed()) == {tried, an_owed("mail")}

    def test_a_watch_that_fails_owes_nothing(self, store):
        write(store, change(an_incident()))

        with pytest.raises(StoreError):
            store.record(a_watch(), {}, [change(an_incident(id="another"))], (), [an_owed()])
        assert store.owed() == ()

    def test_what_is_forgiven_is_owed_no_more(self, store):
        store.owe(an_owed())

        store.forgive("problem", "slack")
        store.forgive("problem", "slack")

        assert store.owed() == ()

    def test_a_problem_that_ended_is_unsettled_while_somebody_is_owed_a_message(self, store):
        over = resolved(an_incident(group="problem"))
        write(store, change(over))
        store.owe(an_owed())

        assert store.unsettled() == (over,)
        store.mark_sent("problem", "slack", told(Status.RESOLVED))
        assert store.unsettled() == ()


class Muting(StoreContract):
    """Mutes, by id."""

    def test_a_mute_comes_back_and_one_of_the_same_id_takes_its_place(self, store):
        store.mute(a_mute("a", until=NOW + timedelta(hours=9)))
        store.mute(a_mute("b", reason=STRANGE, match=(("namespace", STRANGE),)))
        store.mute(a_mute("a"))

        assert store.mutes(*EVER) == (
            a_mute("a"),
            a_mute("b", reason=STRANGE, match=(("namespace", STRANGE),)),
        )

    @pytest.mark.parametrize(
        ("since", "until", "there"), [(5, 4, False), (5, 3, False), (5, 2, True), (1, 0, False)]
    )
    def test_mutes_that_hold_in_a_stretch(self, store, since, until, there):
        mute = a_mute(since=before(minutes=since), until=before(minutes=until))
        store.mute(mute)

        found = store.mutes(before(minutes=3), before(minutes=1))

        assert found == ((mute,) if there else ())

    def test_old_mutes_and_debts_are_forgotten(self, store):
        store.mute(a_mute("old", since=LONG_AGO - timedelta(hours=1), until=LONG_AGO))
        store.mute(a_mute("young"))
        store.owe(an_owed(since=LONG_AGO))

        store.prune(NOW)

        assert store.mutes(*EVER) == (a_mute("young"),)
        assert store.owed() == ()


class Pruning(StoreContract):
    """What was over longer ago than the retention is forgotten; what continues stays."""

    def test_old_incidents_go_with_their_history_and_young_ones_stay(self, store):
        old = resolved(an_incident(a_job("old"), starts_at=LONG_AGO), LONG_AGO)
        young = resolved(an_incident(a_job("young"), starts_at=LONG_AGO), before(days=29))
        write(store, change(old), change(young))
        store.mark_sent(old.id, "slack", told(at=LONG_AGO))
        store.mark_sent(young.id, "slack", told(at=LONG_AGO))

        store.prune(NOW)

        assert store.incidents(*EVER) == (young,)
        assert [each.after for each in store.history(*EVER)] == [young]
        assert store.last_sent(old.id, "slack") is None
        assert store.last_sent(young.id, "slack") is not None

    def test_what_goes_on_keeps_its_state_its_last_transition_and_what_was_said(self, store):
        pending = an_incident(starts_at=LONG_AGO, status=Status.PENDING)
        firing = replace(pending, status=Status.FIRING, group="founded by another")
        write(store, change(pending, at=LONG_AGO - timedelta(minutes=1)))
        last = change(firing, since=pending, at=LONG_AGO)
        write(store, last)
        store.mark_sent("founded by another", "slack", told(at=LONG_AGO))

        store.prune(NOW)

        assert store.ongoing() == {firing.job: firing}
        assert store.history(*EVER) == (last,)
        assert store.last_sent("founded by another", "slack") is not None

    def test_old_watches_spells_and_mounts_go(self, store):
        going_on = a_blindness("going on", since=LONG_AGO)
        old = a_blindness(since=LONG_AGO - timedelta(hours=1), until=LONG_AGO)
        write(store, watch=a_watch(at=LONG_AGO), blindness=[going_on, old])
        write(store, watch=a_watch())
        seen = a_mount(first_seen_at=LONG_AGO, last_seen_at=before(days=29))
        forgotten = a_mount(volume="old", first_seen_at=LONG_AGO, last_seen_at=LONG_AGO)
        store.keep(some_expectations(), [seen, forgotten])

        store.prune(NOW)

        assert store.watches(*EVER) == (a_watch(),)
        assert store.blind_spells(*EVER) == (going_on,)
        assert store.mount_history() == (seen,)

    def test_what_is_expected_is_remembered_however_old(self, store):
        old = a_memory(since=LONG_AGO)
        write(store, memory={a_key("kept"): old, a_key("gone"): old, a_key("new"): a_memory()})
        store.keep(some_expectations(a_job("kept")), ())

        store.prune(NOW)

        assert set(store.memory()) == {a_key("kept"), a_key("new")}
        assert store.expectations() == some_expectations(a_job("kept"))

    def test_pruning_twice_or_nothing_does_no_harm(self, store):
        store.prune(NOW)
        write(store, change(an_incident()))

        store.prune(NOW)
        store.prune(NOW)

        assert len(store.ongoing()) == 1


class WholeContract(
    Emptiness,
    KeepingExpectations,
    RecordingWatches,
    AskingForStretches,
    Telling,
    Owing,
    Muting,
    Pruning,
):
    """All of it."""
