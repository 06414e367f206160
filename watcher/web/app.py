"""The addresses: page, job, causes, API, metrics, health. Each answer is made from the last result.

The daemon hands in where the latest values are; nothing here asks a server or a store.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import FastAPI, Query, Request, Response
from fastapi.middleware.gzip import GZipMiddleware
from prometheus_client.exposition import choose_encoder
from starlette.convertors import PathConvertor, register_url_convertor

from watcher.engine.wording import Message, length
from watcher.errors import ConfigError
from watcher.model.inspections import Inspection
from watcher.model.results import Audit, Result
from watcher.web import accepting, mutes, pages, report
from watcher.web.accepting import Accepting
from watcher.web.document import as_json, audit_document, document, narrowed
from watcher.web.metrics import Meters, ResultCollector
from watcher.web.mutes import Mutes
from watcher.web.pages import Frame


class _Name(PathConvertor):
    """A name in a path, which may hold slashes as a path does, and line feeds as none does."""

    regex = "(?s:.*)"


register_url_convertor("name", _Name())

METHODS: Final = ["GET", "HEAD"]
INTERVALS: Final = 3
"""So many watch intervals may pass without a watch being begun before the watcher is unhealthy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """Where the latest values are; each answers None before there is one.

    ``attempted`` is when a watch was last begun, a blind one too; ``unwritable`` is why watches have
    been given up for a while; ``sources`` are the names of what is read beside the servers, for
    ``watcher_source_up``; ``mutes`` is None where none can be made.
    """

    result: Callable[[], Result | None]
    attempted: Callable[[], datetime | None]
    clock: Callable[[], datetime]
    watch_interval: timedelta
    audit: Callable[[], Audit | None] = lambda: None
    unwritable: Callable[[], str | None] = lambda: None
    settings_refused: Callable[[], str | None] = lambda: None
    mass_losses: Callable[[Result], Sequence[Message]] = lambda _: ()
    inspection: Callable[[], Inspection | None] = lambda: None
    sources: tuple[str, ...] = ()
    mutes: Mutes | None = None
    accepting: Accepting | None = None


def create(latest: Latest, meters: Meters) -> FastAPI:
    """The application. Registers the result's metrics beside the *meters*."""
    meters.registry.register(ResultCollector(latest.result, latest.sources))
    app = FastAPI(title="watcher", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    _add_pages(app, latest)
    _add_api(app, latest)
    if latest.mutes is not None:
        mutes.add(app, latest.mutes)
    if latest.accepting is not None:
        accepting.add(app, latest.accepting)
    _add_probes(app, latest, meters)
    return app


def _add_pages(app: FastAPI, latest: Latest) -> None:
    @app.api_route("/", methods=METHODS)
    def front(request: Request) -> Response:
        frame = _frame(request, latest)
        result = latest.result()
        if result is None:
            return _html(frame, pages.message("No look yet", _NOT_YET, frame), 503)
        stale = INTERVALS * latest.watch_interval
        losses = latest.mass_losses(result)
        page = pages.front(
            result,
            latest.audit(),
            frame,
            stale_after=stale,
            mass_losses=losses,
            settings_refused=latest.settings_refused(),
        )
        return _html(frame, page)

    @app.api_route("/jobs/{address:name}", methods=METHODS)
    def job(request: Request, address: str) -> Response:
        frame = _frame(request, latest)
        result = latest.result()
        return _found(
            frame, pages.of_job(result, address, frame) if result else None, "job", address
        )

    @app.api_route("/causes", methods=METHODS)
    def causes(request: Request) -> Response:
        frame = _frame(request, latest)
        return _html(frame, pages.causes(frame))

    @app.api_route("/causes/{code}", methods=METHODS)
    def cause(request: Request, code: str) -> Response:
        frame = _frame(request, latest)
        return _found(frame, pages.of_cause(code, frame), "cause", code)

    @app.api_route("/inspections/latest", methods=METHODS)
    def inspection(request: Request) -> Response:
        frame = _frame(request, latest)
        last = latest.inspection()
        page = None if last is None else report.html(last, nonce=frame.nonce)
        return _found(frame, page, "inspection", "latest")


def _add_api(app: FastAPI, latest: Latest) -> None:
    @app.api_route("/api/v1/jobs", methods=METHODS)
    def jobs(
        job: Annotated[list[str] | None, Query()] = None,
        state: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        result = latest.result()
        if result is None:
            return _text(_NOT_YET, 503)
        try:
            told = narrowed(document(result), job or (), state or ())
        except ConfigError as error:
            return _text(str(error), 400)
        return Response(as_json(told), media_type="application/json")

    @app.api_route("/api/v1/audit", methods=METHODS)
    def audit() -> Response:
        last = latest.audit()
        if last is None:
            return _text("no audit has been made yet: try again after the next snapshot", 503)
        return Response(as_json(audit_document(last)), media_type="application/json")


def _add_probes(app: FastAPI, latest: Latest, meters: Meters) -> None:
    began = latest.clock()

    @app.api_route("/metrics", methods=METHODS)
    def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(meters.registry), headers={"content-type": content_type})

    @app.api_route("/-/healthy", methods=METHODS)
    def healthy() -> Response:
        if (why := latest.unwritable()) is not None:
            return _text(f"unhealthy: no watch can be kept: {why}", 503)
        age = latest.clock() - (latest.attempted() or began)
        if age < -latest.watch_interval:
            back = f"the clock was set back by {length(-age)} or more since the last watch"
            return _text(f"unhealthy: {back}: it is healthy again after the next watch", 503)
        if age <= INTERVALS * latest.watch_interval:
            refused = latest.settings_refused()
            more = f"; new settings are refused and the old ones stay: {refused}" if refused else ""
            return _text(f"healthy: watches are being made{more}")
        return _text(
            f"unhealthy: the last watch was begun {length(age)} ago, which is more than"
            f" {INTERVALS} intervals of {length(latest.watch_interval)}: see the log, then restart",
            503,
        )

    @app.api_route("/-/ready", methods=METHODS)
    def ready() -> Response:
        result = latest.result()
        why = _NOT_YET if result is None else result.watches_nothing
        return _text("ready") if why is None else _text(f"not ready: {why}", 503)


_NOT_YET: Final = "no watch has ended yet: try again in a moment; the log says what it waits for"


def _frame(request: Request, latest: Latest) -> Frame:
    return Frame(
        now=latest.clock(),
        nonce=secrets.token_urlsafe(12),
        root="../" * (request.scope["raw_path"].count(b"/") - 1),
        report=latest.inspection() is not None,
    )


def _found(frame: Frame, page: str | None, kind: str, name: str) -> Response:
    if page is not None:
        return _html(frame, page)
    text = f"There is no {kind} {name}. It may have been retired, or the name is misspelt."
    return _html(frame, pages.message("Not found", text, frame), 404)


def _html(frame: Frame, page: str, status: int = 200) -> Response:
    policy = (
        f"default-src 'none'; style-src 'nonce-{frame.nonce}'; script-src 'nonce-{frame.nonce}';"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(page, status, headers, "text/html")


def _text(text: str, status: int = 200) -> Response:
    return Response(text + "\n", status, media_type="text/plain")
