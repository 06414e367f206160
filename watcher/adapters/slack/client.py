"""Slack over HTTP: the only home of slack_sdk. Sends what it is given, once; decides nothing.

No retries of the library's own: what failed is sent again by the next cycle. Its logger is mute,
because at debug level it writes webhook addresses and payloads.
"""

import logging
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, Final, TypeVar
from urllib.request import Request

import requests
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient
from slack_sdk.web.file_upload_v2_result import FileUploadV2Result
from slack_sdk.webhook import WebhookClient, WebhookResponse

from watcher.adapters.http.exchange import TooLargeError
from watcher.adapters.http.retry_after import seconds_to_wait
from watcher.adapters.http.session import ANSWER_OF_A_RECEIVER, WELL, BoundedSession
from watcher.adapters.receivers.failures import Reason, failure, refusal
from watcher.errors import NotifyError

T = TypeVar("T")
# Known to no other module, so that no logging configuration can wake it.
_MUTE: Final = logging.Logger("slack_sdk.mute", level=logging.CRITICAL + 1)  # noqa: LOG001
_FAULTS: Final = (
    SlackClientError,
    OSError,
    RecursionError,
    ValueError,
    RecursionError,  # JSON that is nested too deeply
    AttributeError,  # the library's own, when a JSON answer is no object
)


class WebAPI:
    """Slack's Web API with a bot token. Every method raises NotifyError."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        self._client = _WebClient(
            token=token, base_url=url, timeout=ceil(timeout), logger=_MUTE, retry_handlers=[]
        )
        self._client.way = _Way(timeout)

    def call(self, method: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Call one method with a JSON body and give its answer."""

        def send() -> dict[str, Any]:
            data = self._client.api_call(method, json=dict(payload)).data
            if not isinstance(data, dict) or data.get("ok") is not True:
                raise failure(Reason.UNREADABLE, "an answer that is not Slack's")
            return data

        return _translated(send)

    def post(self, payload: Mapping[str, Any]) -> tuple[str, str]:
        """Post a message; the answer is the channel's id and the message's ``ts``."""
        answer = self.call("chat.postMessage", payload)
        channel, ts = answer.get("channel"), answer.get("ts")
        if not (isinstance(channel, str) and isinstance(ts, str) and channel and ts):
            raise failure(Reason.UNREADABLE, "an answer that is not Slack's (it names no message)")
        return channel, ts

    def upload(self, name: str, content: bytes, **where: str | None) -> None:
        """Upload a file and share it; *where* as ``files_upload_v2`` takes it."""
        _translated(
            lambda: self._client.files_upload_v2(filename=name, content=content, **where)  # type: ignore[arg-type]
        )


class Webhook:
    """An incoming webhook. Its address is a secret."""

    def __init__(self, url: str, timeout: float) -> None:
        self._client = _WebhookClient(url, timeout=ceil(timeout), logger=_MUTE, retry_handlers=[])
        self._client.way = _Way(timeout)

    def send(self, payload: Mapping[str, Any]) -> None:
        """Post *payload*. Raises NotifyError."""
        answer = _translated(lambda: self._client.send_dict(dict(payload)))
        if answer.status_code != 200 or answer.body.strip() != "ok":  # noqa: PLR2004 -- OK
            raise refusal(
                answer.status_code,
                answer.body.strip(),
                retry_after=seconds_to_wait(answer.headers),
            )


class _Way:
    """How the library's requests are sent: bounded, and to no other address than was asked for.

    By itself it follows redirects with the token, and takes the other host's answer for Slack's.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._session = BoundedSession(
            seconds=timeout, largest=ANSWER_OF_A_RECEIVER, trusts_system=True
        )

    def send(self, url: str, body: Any, headers: Mapping[str, str]) -> requests.Response:
        return self._session.post(
            url, data=body, headers=dict(headers), timeout=self._timeout, allow_redirects=False
        )


class _WebClient(WebClient):
    way: _Way

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        answer = self.way.send(url, req.data, dict(req.header_items()))
        return {"status": answer.status_code, "headers": answer.headers, "body": answer.text}

    def _upload_file(self, *, url: str, data: bytes, **_: Any) -> FileUploadV2Result:
        answer = self.way.send(url, data, {})
        if answer.status_code not in WELL:
            wait = seconds_to_wait(answer.headers)
            raise refusal(answer.status_code, "", retry_after=wait)
        return FileUploadV2Result(status=answer.status_code, body=answer.text)


class _WebhookClient(WebhookClient):
    way: _Way

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        answer = self.way.send(url, req.data, dict(req.header_items()))
        return WebhookResponse(
            url=url, status_code=answer.status_code, body=answer.text, headers=dict(answer.headers)
        )


def _translated(send: Callable[[], T]) -> T:
    """Run *send*; ``from None``, so that no request with its token hangs on the error."""
    try:
        return send()
    except _FAULTS as fault:
        error = _error(fault)
    raise error


def _error(fault: Exception) -> NotifyError:
    match fault:
        case SlackApiError(response=response):
            data = response.data if isinstance(response.data, dict) else {}
            return refusal(
                response.status_code,
                str(data.get("error", "")),
                needed=data.get("needed"),
                retry_after=seconds_to_wait(response.headers),
            )
        case TooLargeError():
            return failure(Reason.UNREADABLE, "an answer that is not Slack's (too large)")
        case requests.Timeout():
            return failure(Reason.TIMEOUT, "no answer in time")
        case OSError():
            return failure(Reason.NETWORK, f"no answer ({_kind(fault)})")
        case _:
            return failure(Reason.UNREADABLE, f"an answer that is not Slack's ({_kind(fault)})")


def _kind(fault: Exception) -> str:
    return type(fault).__name__
