"""What is found in logs of real servers, and in what no server should write."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.adapters.logs.files import LogFile
from watcher.adapters.logs.followed import FollowedLog
from watcher.adapters.wording.log_lines import DISTINCT, Log, trouble_in
from watcher.diagnosis.wording_of_prometheus import FileFault, file_problem
from watcher.errors import SourceUnavailable
from watcher.model.facts import Known, LogKind, Unavailable
from watcher.model.names import ServerName

RECORDINGS = Path(__file__).parent.parent / "data" / "recordings"
VERSIONS = ("2.42.0", "2.53.3", "3.5.3")
SERVER = ServerName("prometheus-k8s-0")
OF_2021 = (
    'level=error ts=2021-01-06T10:09:02.392Z caller=manager.go:188 component="scrape manager" '
    'msg="error creating new scrape pool" err="error creating HTTP client: unable to use specified '
    "client cert (/etc/ssl/private/kubelet/tls.crt) & key (/etc/ssl/private/kubelet/tls.key): open "
    '/etc/ssl/private/kubelet/tls.crt: no such file or directory" scrape_pool=monitoring/kubelet/0'
)
OF_KLOG = (
    'E1123 06:14:59.378019   32264 reflector.go:227] "Failed to watch" err="failed to list '
    '*v1.Service: services is forbidden: User \\"system:serviceaccount:monitoring:prometheus-k8s\\" '
    'cannot list resource \\"services\\" in API group \\"\\" in the namespace \\"kube-system\\"" '
    'logger="UnhandledError" reflector="runtime/asm_amd64.s:1264" type="*v1.Service"'
)


def told(*texts):
    log = Log(SERVER)
    for text in texts:
        log.take(text)
    return log.lines()


def recorded(version, form):
    return told((RECORDINGS / version / f"{form}.log").read_text())


@pytest.mark.parametrize("version", VERSIONS)
def test_both_formats_of_a_server_tell_the_same(version):
    def pools(form):
        return {
            (line.kind, line.pool)
            for line in recorded(version, form)
            if line.kind is not LogKind.DISCOVERY_FAILED
        }

    assert pools("logfmt") == pools("json")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_every_kind_of_trouble_of_a_real_server_is_found(version, form):
    kinds = Counter(line.kind for line in recorded(version, form))

    assert set(kinds) == set(LogKind)
    assert kinds[LogKind.POOL_NOT_CREATED] >= 20
    assert all(line.at is not None for line in recorded(version, form))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_pool_that_was_not_created_is_named_with_the_missing_file(version):
    lines = recorded(version, "json")

    told = [file_problem(line.text) for line in lines if line.pool == "monitoring/kubelet/0"]
    missing = {problem.path for problem in told if problem.kind is FileFault.MISSING}
    assert "/etc/prometheus/c/tls.crt" in missing


def test_the_line_of_2021_is_understood():
    (line,) = told(OF_2021)

    assert (line.kind, line.pool) == (LogKind.POOL_NOT_CREATED, "monitoring/kubelet/0")
    assert line.at == datetime(2021, 1, 6, 10, 9, 2, 392000, tzinfo=UTC)
    assert file_problem(line.text).path == "/etc/ssl/private/kubelet/tls.crt"


@pytest.mark.parametrize(
    "prefix",
    ["2021-01-06T10:09:02.392123456Z ", "2021-01-06T10:09:02.392123456Z stderr F "],
)
def test_prefixes_of_kubernetes_are_passed_over(prefix):
    (line,) = told(prefix + OF_2021)

    assert line.pool == "monitoring/kubelet/0"


def test_a_line_inside_a_json_file_of_docker_is_found():
    inner = OF_2021.replace('"', '\\"')
    (line,) = told(f'{{"log":"{inner}\\n","stream":"stderr","time":"2021-01-06T10:09:03Z"}}')

    assert line.pool == "monitoring/kubelet/0"


def test_a_forbidden_listing_is_told_with_the_year_of_the_lines_around_it():
    (line,) = told(f"time=2026-11-23T06:14:58.100Z level=INFO msg=hello\n{OF_KLOG}")

    assert line.kind is LogKind.DISCOVERY_FAILED
    assert line.text.startswith('failed to list *v1.Service: services is forbidden: User "system:')
    assert line.at == datetime(2026, 11, 23, 6, 14, 59, tzinfo=UTC)


def test_a_listing_after_new_year_is_of_the_new_year():
    later = OF_KLOG.replace("E1123", "E0101")
    (line,) = told(f"time=2026-12-31T23:59:58Z level=INFO msg=hello\n{later}")

    assert line.at is not None
    assert line.at.year == 2027


def test_discovery_of_alertmanagers_is_no_trouble_of_a_scrape_job():
    line = (
        'ts=2026-11-23T06:06:10.994Z level=error component="discovery manager notify" '
        'msg="Cannot create service discovery" err="x" type=http config=config-0'
    )

    assert trouble_in(line) is None


def test_a_refused_configuration_names_the_job_that_it_names():
    line = (
        'ts=2026-11-23T06:05:24.284Z level=error msg="Error reloading config" err="couldn\'t load '
        'configuration (--config.file=\\"/p.yml\\"): parsing YAML file /p.yml: found multiple '
        'scrape configs with job name \\"dup\\""'
    )
    found = trouble_in(line)

    assert found is not None
    assert (found.kind, found.pool) == (LogKind.CONFIG_NOT_LOADED, "dup")


def test_equal_lines_are_folded_with_their_count_and_last_time():
    later = OF_2021.replace("10:09:02", "10:14:02")
    (line,) = told(OF_2021, later)

    assert line.count == 2
    assert line.at == datetime(2021, 1, 6, 10, 14, 2, 392000, tzinfo=UTC)


def test_a_line_given_twice_counts_once():
    (line,) = told(OF_2021, OF_2021)

    assert line.count == 1


def test_no_more_than_so_many_different_lines_are_kept():
    lines = told("\n".join(OF_2021.replace("kubelet/0", f"p{n}/0") for n in range(DISTINCT + 5)))

    assert len(lines) == DISTINCT
    assert lines[-1].pool == f"monitoring/p{DISTINCT + 4}/0"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        '{"msg":',
        "[" * 5000 + "scrape_pool",
        '{"scrape_pool":' * 3000,
        "\x00\xff scrape_pool \ud800",
        'ts=never level=error msg="error creating new scrape pool" err="x" scrape_pool=a/b/0',
        "E9999 99:99:99.1 1 r.go:1] failed to list *v1.Pod: x",
    ],
)
def test_broken_lines_do_no_harm(line):
    assert all(found.text for found in told(line))


@given(st.text(), st.sampled_from(["scrape_pool=", '{"scrape_pool":"x","msg":"', 'err="', OF_KLOG]))
def test_no_log_is_too_strange(text, middle):
    assert len(told(f"{middle}{text}\n{text}{middle}{text}")) >= 0


@given(st.integers(0, len(OF_2021)), st.text(max_size=20))
def test_no_cut_line_is_too_strange(cut, text):
    for line in told(OF_2021[:cut] + text + OF_2021[cut:]):
        assert line.text


def test_a_file_is_read_on_from_where_it_was_left(tmp_path):
    path = tmp_path / "prometheus.log"
    path.write_text("one\ntwo\nthr")
    file = LogFile(path)
    first = file.read()
    with path.open("a") as more:
        more.write("ee\nfour\n")
    second = file.read()

    assert (first, second, file.read()) == ("one\ntwo\n", "three\nfour\n", "")


def test_of_a_long_file_only_the_end_is_read(tmp_path):
    path = tmp_path / "prometheus.log"
    path.write_text("".join(f"line {n}\n" for n in range(1000)))

    assert LogFile(path, at_most=30).read() == "line 997\nline 998\nline 999\n"


def test_a_file_that_was_replaced_is_read_from_its_start(tmp_path):
    path = tmp_path / "prometheus.log"
    path.write_text("old one\nold two\n")
    file = LogFile(path)
    file.read()
    path.rename(tmp_path / "prometheus.log.1")
    path.write_text("new one, and longer than the old file was\n")

    assert file.read() == "new one, and longer than the old file was\n"


def test_a_file_that_was_truncated_is_read_from_its_start(tmp_path):
    path = tmp_path / "prometheus.log"
    path.write_text("old one\nold two\n")
    file = LogFile(path)
    file.read()
    path.write_text("new\n")

    assert file.read() == "new\n"


def test_an_endless_line_of_junk_is_passed_over(tmp_path):
    path = tmp_path / "prometheus.log"
    path.write_bytes(b"\x00\xff" * 100)
    file = LogFile(path, at_most=50)
    file.read()
    with path.open("ab") as more:
        more.write(b"\nsane\n")

    assert file.read().endswith("sane\n")


def test_a_missing_file_is_named_with_what_to_do(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"nope\.log.*No such file.*log_file") as raised:
        LogFile(tmp_path / "nope.log").read()

    assert raised.value.source.endswith("nope.log")


def test_a_followed_log_keeps_what_it_told_and_asks_for_what_is_new():
    asked = []

    def read(since):
        asked.append(since)
        return OF_2021 if since is None else ""

    log = FollowedLog(SERVER, read)
    first, second = log.lines(), log.lines()

    assert first == second
    assert isinstance(first, Known)
    assert asked == [None, datetime(2021, 1, 6, 10, 9, 2, 392000, tzinfo=UTC)]


def test_a_followed_log_takes_the_container_before_this_one_too():
    log = FollowedLog(SERVER, lambda _: "", previous=lambda: OF_2021)
    found = log.lines()

    assert isinstance(found, Known)
    assert [line.pool for line in found.value] == ["monitoring/kubelet/0"]


def test_a_container_that_never_ended_before_is_no_trouble():
    def none():
        raise SourceUnavailable("pod", "previous terminated container not found")

    found = FollowedLog(SERVER, lambda _: OF_2021, previous=none).lines()

    assert isinstance(found, Known)


def test_a_log_that_cannot_be_read_is_unavailable_with_the_permission_that_lacks():
    def forbidden(_):
        raise SourceUnavailable("pods/log", "forbidden", permission="get pods/log")

    found = FollowedLog(SERVER, forbidden).lines()

    assert found == Unavailable("pods/log: forbidden", "get pods/log")
