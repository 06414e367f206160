"""Decoding into types, from any thread.

msgspec learns the fields of a type when it is first asked for it, and shares what it has learnt so
far: another thread that asks for the same type meanwhile reads half of it and ends the process
(SIGSEGV; msgspec 0.22.0 on CPython 3.11.7, for structs and dataclasses alike). So one thread at a
time learns, and this module is the only one that has msgspec do it.
"""

from threading import Lock
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")

_LEARNING: Final = Lock()
_LEARNT: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


def decode(body: bytes | str | msgspec.Raw, kind: type[T]) -> T:
    """The JSON as a value of this *kind*.

    Raises msgspec.DecodeError where it is none, or nested too deep; UnicodeDecodeError where it is
    no UTF-8.
    """
    try:
        return _decoder(kind).decode(body)
    except RecursionError:
        raise msgspec.DecodeError("nested too deep") from None


def plain(body: bytes | str) -> Any:
    """The JSON as dicts, lists, strings, numbers. Raises as ``decode``."""
    return decode(body, object)


def convert(value: object, kind: type[T]) -> T:
    """Dicts, lists, strings, numbers as a value of this *kind*. Raises msgspec.ValidationError."""
    _decoder(kind)
    return msgspec.convert(value, kind)


def _decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    if kind not in _LEARNT:
        with _LEARNING:
            _LEARNT.setdefault(kind, msgspec.json.Decoder(kind))
    return _LEARNT[kind]
