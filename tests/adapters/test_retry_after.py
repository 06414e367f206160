"""How long a receiver may make us wait."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.adapters.slack_errors import refusal, seconds_to_wait

HOUR = 3600.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0), ("30", 30), (" 30 ", 30), ("3600", HOUR), ("3601", HOUR), ("9" * 400, HOUR),
        ("9" * 5000, HOUR), (None, None), ("", None), ("-1", None), ("nan", None), ("inf", None),
        ("1e9", None), ("²", None), ("Wed, 21 Oct 2015 07:28:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_is_an_hour_at_most(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header) == seconds


@given(st.text() | st.from_regex(r"\d{1,500}", fullmatch=True))
def test_whatever_retry_after_says_is_a_time_to_wait_or_nothing(header: str) -> None:
    wait = refusal(429, "", retry_after=header).retry_after

    assert wait is None or timedelta(0) <= timedelta(seconds=wait) <= timedelta(hours=1)
