"""The API of mutes: list, make, end. To change something takes a password, or to be on this machine."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Protocol

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from watcher import decoding
from watcher.errors import ConfigError, StoreError
from watcher.model.mutes import Mute
from watcher.web.document import as_json
from watcher.web.permission import GLOB, refusal


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

    match: dict[str, Annotated[str, GLOB]]
    seconds: float
    reason: str


def add(app: FastAPI, mutes: Mutes) -> None:
    """Add the addresses to *app*."""

    @app.get("/api/v1/mutes")
    def listed() -> Response:
        return _answer({"mutes": [_shape(mute) for mute in mutes.listed()]})

    @app.post("/api/v1/mutes")
    async def make(request: Request) -> Response:
        if (refused := refusal(request, "mute", "watcher mute")) is not None:
            return refused
        return await run_in_threadpool(_made, mutes, await request.body())

    @app.delete("/api/v1/mutes/{id_}")
    def end(request: Request, id_: str) -> Response:
        if (refused := refusal(request, "mute", "watcher mute")) is not None:
            return refused
        try:
            return _answer(_shape(mutes.end(id_)))
        except ConfigError as error:
            return _text(str(error), 404)
        except StoreError as error:
            return _text(str(error), 503)


def _made(mutes: Mutes, body: bytes) -> Response:
    try:
        asked = decoding.decode(body, Asked)
        lasts = timedelta(seconds=asked.seconds)
        return _answer(_shape(mutes.make(asked.match, lasts, asked.reason)), 201)
    except (msgspec.MsgspecError, UnicodeDecodeError, ConfigError, OverflowError) as error:
        return _text(str(error), 400)
    except StoreError as error:
        return _text(str(error), 503)


def _shape(mute: Mute) -> dict[str, Any]:
    return {
        "id": mute.id,
        "match": dict(mute.match),
        "since": mute.since.isoformat(),
        "until": mute.until.isoformat(),
        "reason": mute.reason,
    }


def _answer(content: dict[str, Any], status: int = 200) -> Response:
    return Response(as_json(content), status, media_type="application/json")


def _text(text: str, status: int) -> Response:
    return Response(f"{text}\n", status, media_type="text/plain")
