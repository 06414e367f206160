"""What a request may cost before it is looked at: length of its path, size and time of its body."""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH: Final = 4096
"""Characters that a path may have."""

BODY: Final = 64 * 1024
"""Bytes that a body may have: thousands of names."""

BODY_WITHIN: Final = 10.0
"""Seconds within which a body must have come."""


class Limits:
    """In front of the whole application. No more of a body is taken than somebody asks for.

    A connection whose body was not read to its end is closed after the answer, so that nobody
    continues sending.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 414 or hand on; who reads a body that is too large or slow raises 413 or 408."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and _has_body(scope) and not body.ended:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        if len(scope["path"]) > PATH:
            status = HTTPStatus.REQUEST_URI_TOO_LONG
            refusal = PlainTextResponse(f"a path has {PATH} characters at most\n", status)
            await refusal(scope, body.receive, answer)
            return
        await self._app(scope, body.receive, answer)


class _Body:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._size = 0
        self._until = asyncio.get_running_loop().time() + BODY_WITHIN
        self.ended = False

    async def receive(self) -> Message:
        if self.ended:  # what is waited for now is that the client leaves
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            told = f"a body must come within {BODY_WITHIN:g} s"
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, told) from None
        self._size += len(message.get("body", b""))
        if self._size > BODY:
            told = f"a body has {BODY // 1024} KiB at most"
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told)
        self.ended = not message.get("more_body", False)
        return message


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )
