import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.model.names import MonitorKind, MonitorRef
from watcher.operator.names import old_names, parse_pool, pool_name

NAME = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,20}[a-z0-9])?", fullmatch=True)
INDEXED = (MonitorKind.SERVICE_MONITOR, MonitorKind.POD_MONITOR)


@st.composite
def pools(draw):
    ref = MonitorRef(draw(st.sampled_from(list(MonitorKind))), draw(NAME), draw(NAME))
    index = draw(st.integers(0, 99)) if ref.kind in INDEXED else None
    return ref, index


@given(pools(), pools())
def test_two_different_jobs_never_share_todays_name(one, other):
    assert (pool_name(*one) == pool_name(*other)) == (one == other)


@given(pools())
def test_a_name_tells_its_monitor_and_endpoint_back(pool):
    ref, index = pool

    parsed = parse_pool(pool_name(ref, index))

    assert parsed is not None
    assert parsed.refs == (ref,)
    assert parsed.endpoint == index


@given(pools())
def test_no_job_has_todays_name_among_its_old_ones(pool):
    assert pool_name(*pool) not in old_names(*pool)


@pytest.mark.parametrize(
    ("ref", "index", "names"),
    [
        (
            MonitorRef(MonitorKind.SERVICE_MONITOR, "monitoring", "kubelet"),
            0,
            ("monitoring/kubelet/0",),
        ),
        (MonitorRef(MonitorKind.POD_MONITOR, "a", "b"), 12, ("a/b/12",)),
        (MonitorRef(MonitorKind.PROBE, "a", "b"), None, ("a/b", "b")),
        (MonitorRef(MonitorKind.SCRAPE_CONFIG, "a", "b"), None, ("scrapeconfig/a/b",)),
    ],
)
def test_older_operators_gave_other_names(ref, index, names):
    assert old_names(ref, index) == names


@pytest.mark.parametrize(
    "pool", ["servicemonitor/a/b/0", "ServiceMonitor/a/b/0", "serviceMonitor/a/b/0"]
)
def test_prefixes_are_read_in_any_case(pool):
    parsed = parse_pool(pool)

    assert parsed is not None
    assert parsed.kinds == (MonitorKind.SERVICE_MONITOR,)


def test_the_bare_form_is_of_either_kind_that_has_endpoints():
    parsed = parse_pool("monitoring/kubelet/1")

    assert parsed is not None
    assert parsed.kinds == INDEXED
    assert (parsed.namespace, parsed.name, parsed.endpoint) == ("monitoring", "kubelet", 1)


@pytest.mark.parametrize(
    "pool", ["", "node", "a/b", "a/b/c", "a//0", "serviceMonitor/a/b", "probe/a/b/0", "a/b/01"]
)
def test_a_name_that_no_operator_gives_is_not_read(pool):
    assert parse_pool(pool) is None


def test_a_namespace_called_probe_is_no_prefix_when_an_index_follows():
    parsed = parse_pool("probe/app/0")

    assert parsed is not None
    assert MonitorKind.PROBE in parsed.kinds


@pytest.mark.parametrize(
    ("kind", "index"), [(MonitorKind.PROBE, 0), (MonitorKind.POD_MONITOR, None)]
)
def test_an_index_is_asked_of_the_kinds_with_endpoints_alone(kind, index):
    with pytest.raises(ValueError, match=str(kind)):
        pool_name(MonitorRef(kind, "a", "b"), index)
