"""Who may change something over HTTP: one with a password, or one on this machine and no page."""

from ipaddress import ip_address
from typing import Final

import msgspec
from fastapi import Request, Response

from watcher.web.basic_auth import AUTHENTICATED

GLOB: Final = msgspec.Meta(max_length=1024)
"""How long a glob of a body may be: each is tried on every job."""


def refusal(request: Request, verb: str, command: str) -> Response | None:
    """None for one who may *verb*, else the answer; *command* does the same without HTTP.

    A browser names the page that a POST comes from, which keeps foreign pages out. Behind a proxy
    on this machine everybody is here: set basic authentication then.
    """
    if request.headers.get("origin") is not None:
        return _text(f"not from a page: use `{command}`, or curl")
    if request.scope.get(AUTHENTICATED) or _is_here(request):
        return None
    return _text(
        f"to {verb} takes basic authentication (web.config_file), or to ask from this machine: "
        f"use kubectl port-forward, or `{command}`"
    )


def _is_here(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _text(text: str) -> Response:
    return Response(f"{text}\n", 403, media_type="text/plain")
