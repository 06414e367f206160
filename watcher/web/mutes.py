"""The API of mutes: list, make, end. To change something takes a password, or to be on this machine."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Protocol

import msgspec
from fastapi import FastAPI, Request, Response

from watcher import decoding
from watcher.errors import ConfigError, StoreError
from watcher.model.mutes import Mute
from watcher.web.basic_auth import AUTHENTICATED


class Mutes(Protocol):
    """Where mutes are kept."""

    def listed(self) -> Sequence[Mute]:
        """Those in force."""
        ...

    def make(self, match: Mapping[str, str], lasts: timedelta, reason: str) -> Mute:
        """Mute from now on; raises ConfigError."""
        ...

    def end(self, id_: str) -> Mute:
        """End one; raises ConfigError."""
        ...


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a POST."""

    match: dict[str, str]
    seconds: float
    reason: str


def add(app: FastAPI, mutes: Mutes) -> None:
    """Add the addresses to *app*."""

    @app.get("/api/v1/mutes")
    def listed() -> Response:
        return _answer({"mutes": [_shape(mute) for mute in mutes.listed()]})

    @app.post("/api/v1/mutes")
    async def make(request: Request) -> Response:
        body = await request.body()
        if (refusal := _refusal(request)) is not None:
            return refusal
        try:
            asked = decoding.decode(body, Asked)
            lasts = timedelta(seconds=asked.seconds)
            return _answer(_shape(mutes.make(asked.match, lasts, asked.reason)), 201)
        except (msgspec.MsgspecError, ConfigError, OverflowError) as error:
            return _text(str(error), 400)
        except StoreError as error:
            return _text(str(error), 503)

    @app.delete("/api/v1/mutes/{id_}")
    def end(request: Request, id_: str) -> Response:
        if (refusal := _refusal(request)) is not None:
            return refusal
        try:
            return _answer(_shape(mutes.end(id_)))
        except ConfigError as error:
            return _text(str(error), 404)
        except StoreError as error:
            return _text(str(error), 503)


def _refusal(request: Request) -> Response | None:
    """None for one who may: by password, or from this machine and not out of a foreign page."""
    if request.headers.get("origin") is not None:
        return _text("not from a page: use `watcher mute`, or curl", 403)
    if request.scope.get(AUTHENTICATED) or _is_here(request):
        return None
    return _text(
        "to mute takes basic authentication (web.config_file), or to ask from this machine: "
        "use kubectl port-forward, or `watcher mute`",
        403,
    )


def _is_here(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _shape(mute: Mute) -> dict[str, Any]:
    return {
        "id": mute.id,
        "match": dict(mute.match),
        "since": mute.since.isoformat(),
        "until": mute.until.isoformat(),
        "reason": mute.reason,
    }


def _answer(content: dict[str, Any], status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


def _text(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, media_type="text/plain")
