"""The builders make values that hold together."""

from tests.builders import a_job, a_result, a_status, a_watch, an_ignored_job


def test_a_result_counts_the_jobs_it_was_given():
    result = a_result(
        a_status("healthy", a_job("a")),
        a_status("unstarted", a_job("b")),
        a_status("down", an_ignored_job("c")),
    )

    assert dict(result.summary) == {
        "expected": 3,
        "healthy": 1,
        "degraded": 0,
        "lost": 1,
        "dormant": 0,
        "unknown": 0,
        "ignored": 1,
    }


def test_the_numbers_of_a_watch_add_up_to_the_expected_jobs():
    watch = a_watch(healthy=5, lost=2)

    assert watch.expected == 7


def test_a_job_of_a_probe_has_no_endpoint():
    job = a_job("shop", kind="Probe")

    assert (job.pool, job.endpoint) == ("probe/shop/shop", None)
