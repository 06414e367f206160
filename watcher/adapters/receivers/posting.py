"""Posts to a receiver over HTTP, once, and says what a refusal means. Decides nothing."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import requests

from watcher.adapters.http.retry_after import seconds_to_wait
from watcher.adapters.http.session import ANSWER_OF_A_RECEIVER, WELL
from watcher.adapters.prometheus.session import session_for, without_credentials
from watcher.adapters.receivers.failures import Reason
from watcher.errors import NotifyError
from watcher.settings import HttpSettings

_CLIENT: Final = 400
_TOO_MANY: Final = 429
_SERVER: Final = 500
_AUTH: Final = frozenset({401, 403})
_GONE: Final = frozenset({404, 405, 410})


Judge: TypeAlias = Callable[[Any], tuple[Reason, str] | None]
"""Says of an answer's body, which is JSON, why nothing was taken, and what to do; None where it was."""


class Receiver:
    """One address of a receiver called *name*. The address may be a secret: it is never shown."""

    def __init__(self, name: str, url: str, http: HttpSettings) -> None:
        self._name = name
        plain, user = without_credentials(url)
        query = urlsplit(url).query
        self._url = f"{plain}?{query}" if query else plain
        self._session = session_for(http, user, largest=ANSWER_OF_A_RECEIVER)
        self._timeout = http.timeout.total_seconds()

    def post(
        self,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        judge: Judge | None = None,
    ) -> None:
        """Send *body*, which is JSON. Raises NotifyError unless it was taken.

        Without a *judge* the status says that, and the body of the answer is not read.
        """
        sent = {"Content-Type": "application/json", "User-Agent": "watcher", **(headers or {})}
        error: NotifyError | None
        try:
            # A body that nobody judges is not read: it says nothing, and may have no end.
            with self._session.post(
                self._url,
                data=body,
                headers=sent,
                timeout=self._timeout,
                allow_redirects=False,
                stream=judge is None,
            ) as answer:
                error = self._said(answer, judge)
        except requests.RequestException as fault:
            error = self._silence(fault)
        except OSError as fault:  # a file with credentials
            error = self._error(
                Reason.AUTH, f"{fault.strerror}: let the watcher read {fault.filename}, of one line"
            )
        if error is not None:
            raise error

    def close(self) -> None:
        """Let go of its connections."""
        self._session.close()

    def _said(self, answer: requests.Response, judge: Judge | None) -> NotifyError | None:
        html = "html" in answer.headers.get("Content-Type", "")  # of a proxy in between
        if answer.status_code not in WELL or html:
            return self._refusal(answer)
        if judge is None:
            return None
        try:
            verdict = judge(answer.json())
        except (requests.JSONDecodeError, RecursionError):
            verdict = (Reason.UNREADABLE, "an answer that is no JSON: check its address")
        return None if verdict is None else self._error(*verdict)

    def _silence(self, fault: requests.RequestException) -> NotifyError:
        if isinstance(fault, requests.Timeout):
            return self._error(Reason.TIMEOUT, "no answer in time: it is sent again")
        kind = type(fault).__name__
        return self._error(
            Reason.NETWORK, f"no answer ({kind}): it is sent again; check its address"
        )

    def _refusal(self, answer: requests.Response) -> NotifyError:
        status = answer.status_code
        if status == _TOO_MANY:
            return self._error(
                Reason.RATE_LIMITED,
                "too many messages (429): it is sent again later",
                retry_after=seconds_to_wait(answer.headers),
            )
        if status in _AUTH:
            return self._error(Reason.AUTH, f"HTTP {status}: check the credentials in its section")
        if status in _GONE:
            return self._error(Reason.CHANNEL, f"HTTP {status}: check its address")
        if status >= _SERVER:
            return self._error(Reason.SERVER, f"HTTP {status}: it is sent again")
        if status < _CLIENT:
            return self._error(Reason.UNREADABLE, "an answer of something else: check its address")
        return self._error(
            Reason.CONTENT, f"HTTP {status}: see its log, and report it if it is ours"
        )

    def _error(self, reason: Reason, said: str, *, retry_after: float | None = None) -> NotifyError:
        return NotifyError(
            f"{self._name}: {said}",
            permanent=reason in {Reason.AUTH, Reason.CHANNEL, Reason.CONTENT},
            reason=reason.value,
            retry_after=retry_after,
        )
