"""Basic authentication in front of the whole application, as exporter-toolkit does it."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
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
        # One who guesses must not learn from the time taken which users there are.
        self._nobody = bcrypt.hashpw(secrets.token_bytes(), bcrypt.gensalt(10)).decode()
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
        hashed = self._users.get(user, self._nobody)
        right = await run_in_threadpool(_matches, password, hashed)
        if right and user in self._users:
            self._right[user] = digest
            return True
        return False


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
