"""What Go's net/url refuses to parse, in its words; the operator refuses a ScrapeConfig for it.

Ground: Go 1.2x, net/url/url.go, ``Parse``. Python's own parser takes nearly everything.
"""

import re
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PORT: Final = re.compile(r"(?::[0-9]*)?")
_USER: Final = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_IN_HOST: Final = re.compile(
    r"%(?![0-9A-Fa-f]{2})|%(?!25)[0-7]|[^A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]"
)


def url_problem(url: str) -> str | None:
    """``parse "URL": …`` as Go says it, None where it takes *url*."""
    plain, _, fragment = url.partition("#")
    said = _refused(plain)
    if said is not None:
        return f"parse {_quoted(plain)}: {said}"
    said = _bad_escape(fragment)
    return None if said is None else f"parse {_quoted(url)}: {said}"


def _refused(url: str) -> str | None:
    if _CONTROL.search(url):
        return "net/url: invalid control character in URL"
    if url.startswith(":"):
        return "missing protocol scheme"
    scheme = _SCHEME.match(url)
    rest = (url if scheme is None else url[scheme.end() :]).partition("?")[0]
    if not rest.startswith("/"):
        if scheme is None and ":" in rest.partition("/")[0]:
            return "first path segment in URL cannot contain colon"
        return None if scheme is not None else _bad_escape(rest)
    if rest.startswith("//") and (scheme is not None or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        return _bad_authority(authority) or _bad_escape(slash + path)
    return _bad_escape(rest)


def _bad_authority(authority: str) -> str | None:
    user, _, host = authority.rpartition("@")
    said = _bad_host(host)
    if said is None and not _USER.fullmatch(user):
        return "net/url: invalid userinfo"
    return said or _bad_escape(user)


def _bad_host(host: str) -> str | None:
    zone = ""
    if host.startswith("["):
        inside, bracket, port = host.rpartition("]")
        if not bracket:
            return "missing ']' in host"
        inside, _, zone = inside.partition("%25")
    else:
        inside, colon, number = host.rpartition(":")
        inside, port = (inside, colon + number) if colon else (host, "")
    if not _PORT.fullmatch(port):
        return f"invalid port {_quoted(port)} after host"
    wrong = _IN_HOST.search(inside)
    if wrong is None:
        return _bad_escape(zone)
    if wrong[0].startswith("%"):
        return _escape_at(inside, wrong.start())
    return f"invalid character {_quoted(wrong[0])} in host name"


def _bad_escape(text: str) -> str | None:
    wrong = _ESCAPE.search(text)
    return None if wrong is None else _escape_at(text, wrong.start())


def _escape_at(text: str, start: int) -> str:
    shown = text[start:].encode("utf-8", "replace")[:3].decode("utf-8", "replace")
    return f"invalid URL escape {_quoted(shown)}"


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), plain) + '"'
