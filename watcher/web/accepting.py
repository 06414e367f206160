"""The API that accepts removals. To change something takes a password, or to be on this machine."""

from collections.abc import Sequence
from typing import Annotated, Protocol

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from watcher import decoding
from watcher.errors import ConfigError, StoreError
from watcher.model.expectations import ExpectedJob
from watcher.web.document import as_json
from watcher.web.permission import GLOB, refusal


class Accepting(Protocol):
    """Takes removals as meant; ``watcher.cycles.accept.Accept`` fits."""

    def named(self, names: Sequence[str]) -> Sequence[ExpectedJob]:
        """Those of the jobs that *names* name; raises ConfigError."""
        ...

    def all_in(self, namespace: str) -> Sequence[ExpectedJob]:
        """Those of all monitors in *namespace*."""
        ...


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a POST: jobs by globs, or all removals of a namespace."""

    jobs: list[Annotated[str, GLOB]] = []
    all_in: str | None = None


def add(app: FastAPI, accepting: Accepting) -> None:
    """Add the address to *app*."""

    @app.post("/api/v1/accept")
    async def accept(request: Request) -> Response:
        refused = refusal(request, "accept a removal", "watcher accept")
        if refused is not None:
            return refused
        return await run_in_threadpool(_accepted, accepting, await request.body())


def _accepted(accepting: Accepting, body: bytes) -> Response:
    try:
        jobs = _jobs(accepting, decoding.decode(body, Asked))
    except (msgspec.MsgspecError, UnicodeDecodeError, ConfigError) as error:
        return Response(f"{error}\n", 400, media_type="text/plain")
    except StoreError as error:
        return Response(f"{error}\n", 503, media_type="text/plain")
    told = [{"prometheus": job.prometheus, "pool": job.pool} for job in jobs]
    return Response(as_json({"accepted": told}), media_type="application/json")


def _jobs(accepting: Accepting, asked: Asked) -> Sequence[ExpectedJob]:
    if bool(asked.jobs) == bool(asked.all_in):
        raise ConfigError('name "jobs" (a list of globs) or "all_in" (a namespace): one of them')
    return accepting.all_in(asked.all_in) if asked.all_in else accepting.named(asked.jobs)
