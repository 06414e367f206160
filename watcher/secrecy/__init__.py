"""Takes users, passwords and tokens out of words, before anybody keeps or reads them. Pure.

One rule for all words that come from outside or leave: it is applied where the values that people
read are made (evidence, fixes, errors), so that nobody can forget it. Names of Secrets, of their keys
and of files are no secrets: causes are found by them.
"""

import re
from hashlib import sha256
from typing import Final

from watcher.secrecy.commands import command_without_secrets
from watcher.secrecy.names import KEPT_PARAMETERS, is_flag_of_secret, is_secret
from watcher.secrecy.words import HIDDEN, without_secrets

__all__ = [
    "HIDDEN",
    "clipped",
    "command_without_secrets",
    "is_flag_of_secret",
    "is_secret",
    "parameter_without_secret",
    "without_secrets",
    "without_user",
]

_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_READ: Final = 16_384
"""Of longer words the rest is not looked at when they are cut; they are cut much shorter."""

_STAND_IN: Final = re.compile(r"<secret(?: [0-9a-f]{4})?>")


def clipped(text: str, longest: int) -> str:
    """The first *longest* characters of *text*, on one line, after what is secret was taken out.

    Words are cut by this alone: of a password that is cut before its ``@`` nothing tells that it is one.
    """
    return " ".join(without_secrets(text[: max(_READ, longest)]).split())[:longest]


def parameter_without_secret(name: str, value: str) -> str:
    """*value* of a parameter of a scrape, or what stands for it: of equal values the same.

    What stands for it tells values of one parameter apart, so that endpoints keep their identity;
    it is far too short for anybody to guess by it.
    """
    if name in KEPT_PARAMETERS:
        return without_secrets(value)
    if not value or _STAND_IN.fullmatch(value):
        return value
    return f"<secret {sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()[:4]}>"


def without_user(url: str, stand_in: str = "") -> str:
    """*url*, with a scheme or without, with *stand_in* for its user and password and the @ after them."""
    if "@" not in url:
        return url
    scheme = _SCHEME.match(url)
    return f"{scheme[0] if scheme else ''}{stand_in}{url.rpartition('@')[2]}"
