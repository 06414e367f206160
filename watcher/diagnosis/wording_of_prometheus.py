"""What Prometheus's own words mean: which file is at fault, and in what way.

Texts of 2.42.0, 2.53.3 and 3.5.3 as recorded, and of 2.24 (2021). Since 2.53.0 the library
prometheus/common says "unable to read …: unable to read file P: open P: …"; before, it named both
files of a pair first. Words about a failed scrape: ``wording_of_last_errors``.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FileFault(StrEnum):
    """What is wrong with a file that an HTTP client needs.

    Incomplete: a certificate is named and its key is not, or the reverse.
    """

    MISSING = "missing"
    UNREADABLE = "unreadable"
    DIRECTORY = "directory"
    BAD_PEM = "bad-pem"
    MISMATCH = "mismatch"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """A file that keeps a client from being made or used, as Prometheus names it.

    ``field`` is the one of the scrape configuration that names it (``tls_config.cert_file``), None
    where the words do not tell. ``other`` is the other file of a pair that does not match.
    """

    kind: FileFault
    path: str
    field: str | None = None
    other: str | None = None


_SYSTEM: Final = {
    "no such file or directory": FileFault.MISSING,
    "not a directory": FileFault.MISSING,
    "permission denied": FileFault.UNREADABLE,
    "input/output error": FileFault.UNREADABLE,
    "is a directory": FileFault.DIRECTORY,
}
# Go's own form of a failed call: "open P: reason", at the start or behind a colon.
_CALL: Final = re.compile(
    r"(?:^|: )(?:open|read|stat|lstat) (?P<path>(?:(?!: ).)+): (?P<reason>"
    + "|".join(_SYSTEM)
    + ")"
)
_PAIR: Final = re.compile(
    r"client cert \((?:file )?(?P<cert>.+?)\) & key \((?:file )?(?P<key>.+?)\)(?:: (?P<rest>.*))?$",
    re.DOTALL,
)
_BAD_CA: Final = re.compile(r"unable to use specified CA cert (?:file )?(?P<path>[^:]+?)\s*$")
_LONE: Final = re.compile(
    r'client (?P<what>cert|key) file "?(?P<path>[^"]+?)"? specified without client (?:cert|key)'
)
_UNPAIRED: Final = re.compile(r"private key does not match public key")
_FIELDS: Final = (
    ("client cert", "tls_config.cert_file"),
    ("client key", "tls_config.key_file"),
    ("ca cert", "tls_config.ca_file"),
    ("authorization credentials", "authorization.credentials_file"),
    ("bearer token", "bearer_token_file"),
    ("basic auth password", "basic_auth.password_file"),
    ("basic auth username", "basic_auth.username_file"),
    ("oauth2 client secret", "oauth2.client_secret_file"),
)


def file_problem(text: str) -> FileProblem | None:
    """The file that *text* blames and what is wrong with it, None when it blames none.

    *text* is the ``err`` of a log line, or a target's lastError.
    """
    pair = _PAIR.search(text)
    if (call := _CALL.search(text)) is not None:
        path = call["path"]
        return FileProblem(
            kind=_SYSTEM[call["reason"]], path=path, field=_field(text[: call.start()], path, pair)
        )
    if pair is not None:
        return _pair_problem(pair["cert"], pair["key"], pair["rest"] or "")
    if (bad := _BAD_CA.search(text)) is not None:
        return FileProblem(kind=FileFault.BAD_PEM, path=bad["path"], field="tls_config.ca_file")
    if (lone := _LONE.search(text)) is not None:
        field = f"tls_config.{lone['what']}_file"
        return FileProblem(kind=FileFault.INCOMPLETE, path=lone["path"], field=field)
    return None


def _pair_problem(cert: str, key: str, rest: str) -> FileProblem:
    if _UNPAIRED.search(rest):
        return FileProblem(
            kind=FileFault.MISMATCH, path=cert, field="tls_config.cert_file", other=key
        )
    # "failed to find any PEM data in key input", "failed to parse private key": Go's crypto/tls.
    if "key input" in rest or "private key" in rest:
        return FileProblem(kind=FileFault.BAD_PEM, path=key, field="tls_config.key_file")
    return FileProblem(kind=FileFault.BAD_PEM, path=cert, field="tls_config.cert_file")


def _field(before: str, path: str, pair: re.Match[str] | None) -> str | None:
    if pair is not None:
        return "tls_config.key_file" if path == pair["key"] else "tls_config.cert_file"
    said = before.lower()
    return next((field for words, field in _FIELDS if words in said), None)
