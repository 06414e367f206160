"""How long a peer may make us wait, and whether it does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.prometheus_answers import Answers, Asked, Reply, a_server
from tests.kube_api import KubeApi
from tests.kube_objects import connected
from tests.patience import LONG as WHOLE
from tests.patience import PATIENCE
from watcher.adapters.http.retry_after import seconds_to_wait
from watcher.adapters.http.session import BoundedSession
from watcher.adapters.kubernetes.resources import NAMESPACES
from watcher.adapters.prometheus.observer import Prometheus
from watcher.errors import SourceUnavailable
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.model.observations import ServerObservation, UnreadableServer
from watcher.settings import HttpSettings

HOUR = 3600.0
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
LONG = "1000000000"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0), ("30", 30), (" 30 ", 30), ("3600", HOUR), ("3601", HOUR), ("9" * 400, HOUR),
        ("9" * 5000, HOUR), ("", None), ("-1", None), ("nan", None), ("inf", None),
        ("1e9", None), ("²", None), ("Mon, 23 Nov 2026 05:00:20 GMT", 20),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("Wed, 21 Oct 2415 07:28:00 GMT", HOUR),
        ("Mon, 23 Nov 9999999999 05:00:00 GMT", None), ("Mon, 23 Nov 2026 05:00:20", None),
    ],
)  # fmt: skip
def test_retry_after_is_an_hour_at_most(header: str, seconds: float | None) -> None:
    headers = {"retry-after": header, "Date": "Mon, 23 Nov 2026 05:00:00 GMT"}

    assert seconds_to_wait(headers) == seconds


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "Mon, 23 Nov 2026 05:00:20 GMT"}])
def test_without_a_header_and_without_a_clock_nothing_is_asked_for(headers: dict[str, str]) -> None:
    assert seconds_to_wait(headers) is None


@given(
    st.dictionaries(
        st.sampled_from(["Retry-After", "Date"]),
        st.text()
        | st.from_regex(r"\d{1,500}", fullmatch=True)
        | st.from_regex(r"Mon, \d{1,3} Nov \d{1,30} \d\d:\d\d:\d\d [A-Z+-]\d{1,9}", fullmatch=True)
        | st.datetimes().map(format_datetime),
    )
)
def test_whatever_the_headers_say_is_a_time_to_wait_or_nothing(headers: dict[str, str]) -> None:
    wait = seconds_to_wait(headers)

    assert wait is None or timedelta(0) <= timedelta(seconds=wait) <= timedelta(hours=1)


def in_a_moment() -> str:
    return format_datetime(datetime.now(UTC), usegmt=True)


class Busy:
    """Answers the first *times* requests of each path so, and the others as *reply* does."""

    def __init__(
        self, reply: Reply | Callable[[Asked], Reply], *, status: int, wait: str, times: int = 1
    ) -> None:
        self.reply, self.times = reply, times
        self.refusal = Reply(b"busy", status, {"Retry-After": wait})

    def __call__(self, asked: Asked) -> Reply:
        self.times -= 1
        if self.times >= 0:
            return self.refusal
        return self.reply(asked) if callable(self.reply) else self.reply


def look(answers: Answers) -> ServerObservation | UnreadableServer:
    server = ExpectedServer(name=ServerName("p-0"), shard=0, replica=0, url=answers.url)
    return Prometheus(HttpSettings(timeout=WHOLE)).observe(server, NOW)


@pytest.mark.parametrize("wait", ["0", "date"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_prometheus_that_asks_for_a_short_wait_is_waited_for(status: int, wait: str) -> None:
    wait = in_a_moment() if wait == "date" else wait
    replies = {path: Busy(reply, status=status, wait=wait) for path, reply in a_server().items()}
    with Answers(replies) as answers:
        seen = look(answers)

        assert isinstance(seen, ServerObservation), seen


@pytest.mark.parametrize("status", [429, 503])
def test_an_api_server_that_asks_for_a_short_wait_is_waited_for(status, tmp_path) -> None:
    with KubeApi() as cluster:
        cluster.fail("/api/v1/namespaces", status=status, retry_after="0", times=1)

        found = connected(cluster, tmp_path).list(NAMESPACES)

    assert found


def test_a_peer_is_waited_for_once_and_then_not_until_it_has_answered_well() -> None:
    path = "/a"
    with Answers({}) as answers, BoundedSession(seconds=PATIENCE, largest=1000) as session:

        def asked(times: int) -> tuple[int, int]:
            """The status, and how many requests it took, of a peer that is busy so many times."""
            answers.replies[path] = Busy(Reply(), status=503, wait="0", times=times)
            before = len(answers.asked)
            status = session.get(answers.url + path, timeout=PATIENCE).status_code
            return status, len(answers.asked) - before

        assert asked(2) == (503, 2)
        assert asked(1) == (503, 1)
        assert asked(0) == (200, 1)
        assert asked(1) == (200, 2)


@pytest.mark.parametrize("wait", [LONG, "9" * 400, "soon", ""])
def test_a_wait_that_is_too_long_or_none_is_not_waited_for(wait: str, tmp_path) -> None:
    replies = {path: Busy(r, status=503, wait=wait, times=9) for path, r in a_server().items()}
    with Answers(replies) as answers:
        assert isinstance(look(answers), UnreadableServer)
        assert len(answers.paths()) == len(set(answers.paths()))
    with KubeApi() as cluster:
        cluster.fail("/api/v1/namespaces", status=429, retry_after=wait)
        api = connected(cluster, tmp_path)

        with pytest.raises(SourceUnavailable, match="429"):
            api.list(NAMESPACES)
        assert api.calls == len(cluster.requests) == 1


def test_what_may_change_something_is_not_sent_a_second_time() -> None:
    with Answers({}) as answers, BoundedSession(seconds=PATIENCE, largest=1000) as session:
        answers.replies["/a"] = Busy(Reply(), status=429, wait="0")

        assert session.post(f"{answers.url}/a", data=b"{}", timeout=PATIENCE).status_code == 429
        assert len(answers.asked) == 1
