"""Basic authentication in front of the whole application, as exporter-toolkit does it."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

import bcrypt
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

AUTHENTICATED: Final = "watcher.authenticated"
"""Key of the scope of a request whose user gave a password."""

MEANT: Final = 72
"""So many bytes of a password does bcrypt look at."""


class BasicAuth:
    """Lets only *users* through; each has a bcrypt hash.

    Every address is behind it, as with Prometheus: probes and scrapes must authenticate, too. What
    was right once is remembered as a keyed digest, because bcrypt is slow on purpose and a scrape
    comes every few seconds.
    """

    def __init__(self, app: ASGIApp, users: Mapping[str, str]) -> None:
        self._app = app
        self._users = users
        self._costs = _Costs(users.values())
        self._at_once = asyncio.Semaphore(4)  # or those who guess take every thread of the pages
        self._key = secrets.token_bytes()
        self._right: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or hand on."""
        if scope["type"] == "http" and not await self._lets_through(scope):
            refusal = PlainTextResponse(
                "Unauthorized: a user of basic_auth_users is needed\n",
                status_code=401,
                headers={"WWW-Authenticate": 'Basic realm="watcher", charset="UTF-8"'},
            )
            await refusal(scope, receive, send)
            return
        await self._app({**scope, AUTHENTICATED: True}, receive, send)

    async def _lets_through(self, scope: Scope) -> bool:
        said = _credentials(Headers(scope=scope).get("authorization", ""))
        if said is None:
            return False
        user, password = said
        digest = hmac.digest(self._key, password, hashlib.sha256)
        if hmac.compare_digest(self._right.get(user, b""), digest):
            return True
        hashed = self._users.get(user)
        async with self._at_once:
            right = await run_in_threadpool(self._costs.matches, password, hashed)
        if right:
            self._right[user] = digest
            return True
        return False


class _Costs:
    """Makes every check of a password cost what the dearest of *hashes* costs.

    One who guesses must not learn from the time taken which users there are. Each step of bcrypt's
    cost doubles the time, so that a check of cost 10 and one each of 10 and 11 take that of 12.
    """

    def __init__(self, hashes: Iterable[str]) -> None:
        self._dearest = max(map(_cost, hashes))

    def matches(self, password: bytes, hashed: str | None) -> bool:
        """Whether it is the password; None, where there is no such user, has none."""
        more = [self._dearest] if hashed is None else range(_cost(hashed), self._dearest)
        right = hashed is not None and _matches(password, hashed)
        for cost in more:
            _matches(password, f"$2b${cost:02}${'.' * 53}")
        return right


def _cost(hashed: str) -> int:
    return int(hashed.split("$")[2])


def _credentials(header: str) -> tuple[str, bytes] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _matches(password: bytes, hashed: str) -> bool:
    try:
        return bcrypt.checkpw(password[:MEANT], hashed.encode())
    except ValueError:
        return False
