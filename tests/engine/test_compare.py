import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    SERVER,
    a_job,
    a_pinned_job,
    a_pool,
    a_pool_name,
    a_running_job,
    a_server,
    an_expected_server,
    an_observation,
    before,
)
from watcher.engine.compare import compare, state_of
from watcher.model.comparison import JobState
from watcher.model.expectations import Origin, Pin, Steering
from watcher.model.names import PoolName
from watcher.model.observations import ServerMetrics, UnreadableServer

POOL = a_pool_name()
OLD = PoolName("shop/web/0")


def the_state(*servers, job=None, named_in_log=None):
    [status] = compare(
        [job or a_job()], an_observation(*servers), named_in_log=named_in_log
    ).statuses
    return status


@pytest.mark.parametrize(
    ("pool", "state"),
    [
        pytest.param(a_pool(), "empty", id="no-target"),
        pytest.param(a_pool(up=2), "healthy", id="all-up"),
        pytest.param(a_pool(up=1, down=1), "degraded", id="some-down"),
        pytest.param(a_pool(down=2), "down", id="all-down"),
        pytest.param(a_pool(not_scraped=2), "unknown", id="none-scraped-yet"),
        pytest.param(a_pool(up=1, not_scraped=5), "healthy", id="those-not-scraped-do-not-count"),
        pytest.param(a_pool(down=1, not_scraped=5), "down", id="nor-for-the-worse"),
        pytest.param(a_pool(up=2, barren=2), "down", id="all-up-and-none-yields-a-sample"),
        pytest.param(a_pool(up=2, barren=1), "healthy", id="one-yields-samples"),
        pytest.param(a_pool(up=1, down=1, barren=1), "down", id="the-only-one-up-yields-none"),
    ],
)
def test_a_pools_state_follows_from_its_targets(pool, state):
    assert state_of(pool) == state


@pytest.mark.parametrize(
    ("server", "state"),
    [
        pytest.param(a_server(), "missing", id="not-configured"),
        pytest.param(a_server(jobs=[a_running_job()]), "unstarted", id="configured-without-a-pool"),
        pytest.param(a_server(jobs=[a_running_job()], settling=True), "unknown", id="just-started"),
        pytest.param(a_server(settling=True), "unknown", id="just-started-and-not-configured"),
        pytest.param(
            a_server(
                version="2.53.3",
                jobs=[a_running_job()],
                metrics=ServerMetrics(discovered={POOL: 3}),
            ),
            "unstarted",
            id="before-2.55-with-discovered-targets",
        ),
        pytest.param(
            a_server(version="2.53.3", jobs=[a_running_job()]), "empty", id="before-2.55-without"
        ),
        pytest.param(
            a_server(version="2.42.0", jobs=[a_running_job()], metrics=None),
            "unknown",
            id="before-2.55-with-unreadable-metrics",
        ),
        pytest.param(
            a_server(version="2.53.3", metrics=ServerMetrics(discovered={POOL: 3})),
            "missing",
            id="the-gauge-of-a-job-no-longer-configured-says-nothing",
        ),
        pytest.param(
            a_server(pools=[a_pool(up=3, targets_read=False)]), "unknown", id="targets-not-read"
        ),
    ],
)
def test_without_targets_the_configuration_tells(server, state):
    assert the_state(server).state == state


def test_before_2_55_the_log_tells_a_failed_pool_from_an_empty_discovery():
    server = a_server(version="2.53.3", jobs=[a_running_job()])

    status = the_state(server, named_in_log={SERVER: frozenset({POOL})})

    assert status.state is JobState.UNSTARTED


LOADED = ServerMetrics(discovered={POOL: 3})
IDLE = ServerMetrics(discovered={POOL: 0})
RELOADED = {"started_at": before(days=9), "loaded_at": before(days=1)}


@pytest.mark.parametrize(
    ("job", "server", "state"),
    [
        ({"origin": Origin.MONITOR}, {"metrics": LOADED}, "missing"),
        ({"origin": Origin.CONFIG_FILE}, {}, "missing"),
        ({"origin": Origin.CONFIG_FILE}, {"metrics": None}, "unknown"),
        ({"origin": Origin.CONFIG_FILE}, {"metrics": LOADED}, "unstarted"),
        ({"origin": Origin.CONFIG_FILE}, {"metrics": LOADED, **RELOADED}, "unstarted"),
        ({"origin": Origin.CONFIG_FILE}, {"metrics": IDLE, "version": "2.53.3"}, "empty"),
        ({"origin": Origin.CONFIG_FILE}, {"metrics": IDLE}, "unstarted"),
        (
            {"origin": Origin.CONFIG_FILE, "gone_since": before(hours=1)},
            {"metrics": LOADED, **RELOADED},
            "missing",
        ),
        ({"origin": Origin.LEARNED}, {"metrics": LOADED}, "unstarted"),
        ({"origin": Origin.LEARNED}, {"metrics": LOADED, **RELOADED}, "missing"),
        ({"origin": Origin.LEARNED}, {"metrics": IDLE, **RELOADED}, "missing"),
        (
            {"origin": Origin.LEARNED},
            {"metrics": IDLE, "version": "2.53.3", **RELOADED},
            "unknown",
        ),
        ({"origin": Origin.PINNED}, {"metrics": LOADED, "settling": True}, "unknown"),
    ],
)
def test_discovery_tells_whether_a_job_of_an_included_file_is_loaded(job, server, state):
    assert the_state(a_server(includes=True, **server), job=a_job(**job)).state == state


def test_the_log_tells_that_the_pool_of_an_included_job_could_not_be_made():
    server = a_server(includes=True, **RELOADED)

    status = the_state(
        server, job=a_job(origin=Origin.LEARNED), named_in_log={SERVER: frozenset({POOL})}
    )

    assert status.state is JobState.UNSTARTED


def test_an_older_operators_name_is_the_same_job():
    job = a_job(aliases=(OLD,))

    status = the_state(a_server(pools=[a_pool(OLD, up=1)]), job=job)

    assert (status.state, status.pool) == (JobState.HEALTHY, OLD)


def test_a_lost_job_goes_by_the_names_that_the_others_have():
    other = a_job("db", aliases=(PoolName("shop/db/0"),))
    observation = an_observation(a_server(pools=[a_pool(PoolName("shop/db/0"), up=1)]))

    statuses = compare([a_job(aliases=(OLD,)), other], observation).statuses

    assert {s.pool for s in statuses} == {OLD, "shop/db/0"}


def test_pools_that_nobody_expects_are_named():
    observation = an_observation(a_server(pools=[a_pool(up=1), a_pool(PoolName("stray"), up=1)]))

    comparison = compare([a_job()], observation)

    assert comparison.unexpected == ("stray",)


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        pytest.param(Pin(name="x", pool="*/web/*"), "healthy", id="by-glob"),
        pytest.param(Pin(name="x", labels=(("job", "web"),)), "healthy", id="by-labels"),
        pytest.param(Pin(name="x", pool="*/nothing/*"), "missing", id="found-nowhere"),
    ],
)
def test_a_pinned_job_is_found_by_what_its_pin_says(pin, state):
    server = a_server(pools=[a_pool(up=2, labels=(("env", "x"), ("job", "web")))])

    assert the_state(server, job=a_pinned_job("x", pin=pin)).state == state


def test_a_pin_with_fewer_targets_than_it_must_have_is_degraded():
    job = a_pinned_job("x", pin=Pin(name="x", pool="*"), steering=Steering(min_targets=3))

    assert the_state(a_server(pools=[a_pool(up=2)]), job=job).state is JobState.DEGRADED


def shard(number, *, replica=0, **fields):
    return a_server(f"p-shard-{number}-{replica}", shard=number, replica=replica, **fields)


def test_targets_are_summed_over_shards():
    status = the_state(shard(0, pools=[a_pool(up=2)]), shard(1, pools=[a_pool(up=3)]))

    assert (status.state, status.targets.active, status.targets.up) == (JobState.HEALTHY, 5, 5)


@pytest.mark.parametrize(
    ("first", "second", "state"),
    [
        pytest.param({"pools": [a_pool()]}, {"pools": [a_pool(up=1)]}, "healthy", id="one-empty"),
        pytest.param({"pools": [a_pool()]}, {"pools": [a_pool()]}, "empty", id="all-empty"),
        pytest.param({}, {}, "missing", id="missing-on-all"),
        pytest.param({}, {"pools": [a_pool(up=1)]}, "degraded", id="missing-on-some"),
        pytest.param(
            {"jobs": [a_running_job()]},
            {"jobs": [a_running_job()]},
            "unstarted",
            id="unstarted-on-all",
        ),
        pytest.param(
            {"jobs": [a_running_job()]}, {"pools": [a_pool(up=1)]}, "degraded", id="on-some"
        ),
        pytest.param(
            {"pools": [a_pool(down=1)]}, {"pools": [a_pool(up=1)]}, "degraded", id="one-down"
        ),
        pytest.param(
            {"pools": [a_pool(down=1)]}, {"pools": [a_pool(down=2)]}, "down", id="all-down"
        ),
    ],
)
def test_shards_of_one_replica_make_one_state(first, second, state):
    assert the_state(shard(0, **first), shard(1, **second)).state == state


def test_a_retained_shard_is_empty_by_design():
    retained = an_expected_server("p-shard-1-0", shard=1, retained=True)

    status = the_state(
        shard(0, pools=[a_pool(down=1)]), shard(1, pools=[a_pool()], server=retained)
    )

    assert status.state is JobState.DOWN


def test_replicas_that_disagree_are_degraded_and_the_worse_one_is_to_be_explained():
    well = a_server("p-0", replica=0, pools=[a_pool(up=1)])
    ill = a_server("p-1", replica=1, jobs=[a_running_job()])

    status = the_state(well, ill)

    assert (status.state, status.disagree, status.worst) == (
        JobState.DEGRADED,
        True,
        JobState.UNSTARTED,
    )


def unreadable(name, **fields):
    return UnreadableServer(server=an_expected_server(name, **fields), error="timed out")


def test_a_shard_without_targets_does_not_hide_what_is_wrong_with_the_worse_replica():
    status = the_state(
        a_server("a", pools=[a_pool(up=2)]),
        a_server("b", shard=1, pools=[a_pool()]),
        a_server("c", replica=1, pools=[a_pool(down=2)]),
        a_server("d", replica=1, shard=1, pools=[a_pool()]),
    )

    assert (status.disagree, status.worst) == (True, JobState.DOWN)


def test_a_shard_on_which_the_job_is_missing_is_to_be_explained():
    status = the_state(a_server("a", pools=[a_pool(up=2)]), a_server("b", shard=1))

    assert (status.state, status.worst) == (JobState.DEGRADED, JobState.MISSING)


def test_an_unreadable_server_is_stood_in_for_by_another_replica():
    status = the_state(
        a_server("p-0", replica=0, pools=[a_pool(up=1)]), unreadable("p-1", replica=1)
    )

    assert (status.state, status.disagree) == (JobState.HEALTHY, False)
    assert [s.state for s in status.servers] == [JobState.HEALTHY, JobState.UNKNOWN]


@pytest.mark.parametrize(
    "servers",
    [
        pytest.param([unreadable("p-0")], id="the-only-one"),
        pytest.param(
            [shard(0, pools=[a_pool(up=1)]), unreadable("p-shard-1-0", shard=1)], id="a-whole-shard"
        ),
    ],
)
def test_what_no_server_shows_is_unknown(servers):
    assert the_state(*servers).state is JobState.UNKNOWN


def test_a_replica_that_has_just_started_is_left_out():
    status = the_state(
        a_server("p-0", replica=0, pools=[a_pool(up=1)]),
        a_server("p-1", replica=1, settling=True),
    )

    assert (status.state, status.disagree) == (JobState.HEALTHY, False)


def test_fewer_targets_than_there_should_be_are_degraded():
    assert the_state(a_server(pools=[a_pool(up=2)]), job=a_job(targets=3)).state == "degraded"


NAMES = st.lists(st.sampled_from("abcdef"), unique=True)


@given(expected=NAMES, pools=NAMES, configured=NAMES)
def test_every_job_gets_one_state_and_every_stray_pool_is_named_once(expected, pools, configured):
    """Law 1."""
    server = a_server(
        pools=[a_pool(a_pool_name(name), up=1) for name in pools],
        jobs=[a_running_job(a_pool_name(name)) for name in configured],
    )

    comparison = compare([a_job(name) for name in expected], an_observation(server))

    assert sorted(s.job.monitor.name for s in comparison.statuses) == sorted(expected)
    stray = (set(pools) | set(configured)) - set(expected)
    assert comparison.unexpected == tuple(sorted(a_pool_name(name) for name in stray))


@given(st.permutations(range(4)))
def test_the_order_of_servers_changes_no_state(order):
    servers = [
        shard(0, replica=0, pools=[a_pool(up=1)]),
        shard(1, replica=0, pools=[a_pool()]),
        shard(0, replica=1, jobs=[a_running_job()]),
        shard(1, replica=1, jobs=[a_running_job()]),
    ]

    status = the_state(*(servers[i] for i in order))

    assert (status.state, status.worst) == (JobState.DEGRADED, JobState.UNSTARTED)
