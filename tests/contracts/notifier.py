"""What every notifier keeps, whatever it tells: at least once, and errors that say what to do.

A test class of an adapter inherits from NotifierContract and gives the fixture ``receiver``: a real
receiver over HTTP, see Receiver.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import pytest

from tests.messages import a_message, resolved, sent
from tests.patience import PATIENCE
from watcher.engine.announce import Reason
from watcher.errors import NotifyError


@dataclass(frozen=True)
class Failure:
    """How the receiver fails once: an HTTP *status*, or ``timeout``, ``torn``, ``torn after``.

    ``html`` is a page with status 200, as a proxy in between may answer.
    """

    kind: str
    status: int = 0
    retry_after: int | None = None


class Receiver(Protocol):
    """The receiving side of one kind of notifier."""

    secrets: tuple[str, ...]

    def notifier(self, failure: Failure | None = None):
        """A new notifier that tells this receiver, as after a restart; see patience_with."""

    def fail(self, failure: Failure):
        """Fail the next request so."""

    def heard(self):
        """How many things it was told that people can see: messages, replies and edits."""


def patience_with(failure: Failure | None) -> timedelta:
    """The time-out of a notifier: short where it is to be reached, else none that load reaches."""
    return timedelta(seconds=0.2 if failure and failure.kind == "timeout" else PATIENCE)


PASSING = [
    Failure("status", 429, retry_after=30),
    Failure("status", 500),
    Failure("status", 502),
    Failure("status", 503),
    Failure("status", 504),
    Failure("html", 200),
    Failure("timeout"),
    Failure("torn"),
    Failure("torn after"),
]
"""Failures that pass: each must be tried again by the next cycle."""


def _named(failure):
    return f"{failure.kind}-{failure.status}" if failure.status else failure.kind


class NotifierContract:
    """The contract."""

    @pytest.fixture
    def receiver(self):
        raise NotImplementedError

    def test_a_message_is_told_and_has_a_handle(self, receiver):
        handle = receiver.notifier().notify(a_message(), None)

        assert receiver.heard() == 1
        assert isinstance(handle, str)

    @pytest.mark.parametrize("failure", PASSING, ids=_named)
    def test_a_passing_failure_is_not_permanent_and_the_next_try_tells(self, receiver, failure):
        notifier = receiver.notifier(failure)
        receiver.fail(failure)

        with pytest.raises(NotifyError) as raised:
            notifier.notify(a_message(), None)
        assert not raised.value.permanent
        assert raised.value.retry_after == failure.retry_after
        again = receiver.notifier() if failure.kind == "timeout" else notifier
        again.notify(a_message(), None)
        assert receiver.heard() >= 1

    @pytest.mark.parametrize("failure", PASSING, ids=_named)
    def test_an_end_whose_telling_failed_is_told_by_the_next_try(self, receiver, failure):
        message = a_message()
        handle = receiver.notifier().notify(message, None)
        before = receiver.heard()
        receiver.fail(failure)

        with pytest.raises(NotifyError):
            receiver.notifier(failure).notify(resolved(message), sent(message, handle))
        receiver.notifier().notify(resolved(message), sent(message, handle))
        assert receiver.heard() > before

    @pytest.mark.parametrize("failure", PASSING, ids=_named)
    def test_an_error_says_what_to_do_and_no_secret(self, receiver, failure):
        receiver.fail(failure)

        with pytest.raises(NotifyError) as raised:
            receiver.notifier(failure).notify(a_message(), None)
        told = f"{raised.value!r} {raised.value} {raised.value.reason}"
        assert not any(secret in told for secret in receiver.secrets)
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None
        assert raised.value.reason.replace("_", "").isalpha()

    def test_after_a_restart_the_end_is_told_by_the_handle_alone(self, receiver):
        message = a_message()
        handle = receiver.notifier().notify(message, None)

        receiver.notifier().notify(resolved(message), sent(message, handle))
        assert receiver.heard() >= 2

    def test_the_same_problem_again_after_its_end_is_told_anew(self, receiver):
        message = a_message()
        notifier = receiver.notifier()
        handle = notifier.notify(message, None)
        handle = notifier.notify(resolved(message), sent(message, handle))
        before = receiver.heard()

        notifier.notify(message, sent(resolved(message), handle))
        assert receiver.heard() == before + 1

    def test_a_handle_of_another_receiver_does_no_harm(self, receiver):
        message = replace(a_message(), reason=Reason.CAUSE_CHANGED)

        receiver.notifier().notify(message, sent(a_message(), "somewhere else"))
        assert receiver.heard() == 1

    def test_no_notifier_shows_a_secret(self, receiver):
        shown = repr(receiver.notifier())

        assert not any(secret in shown for secret in receiver.secrets)
