"""Reads the package sources of a Debian machine, in both of apt's forms, and writes one again.

Standard library only. It judges nothing: which source serves is for `debian_package` to say.
Forms: sources.list(5).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AptSource:
    """One enabled source; `signed_by` is copied as it stands, key text too.

    Those that are read are of binary packages; one of their sources is written with *types*.
    """

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str | None = None
    types: str = "deb"


def apt_sources(etc: Path) -> tuple[AptSource, ...]:
    """All sources below `etc` (`/etc/apt`), in apt's order."""
    parts = sorted((etc / "sources.list.d").glob("*"))
    found: list[AptSource] = []
    for file in (etc / "sources.list", *parts):
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix == ".list":
            found.extend(_one_line_form(text))
        elif file.suffix == ".sources":
            found.extend(_deb822_form(text))
    return tuple(found)


def deb822(source: AptSource) -> str:
    """The source as the text of a `.sources` file."""
    lines = [
        f"Types: {source.types}",
        f"URIs: {' '.join(source.uris)}",
        f"Suites: {' '.join(source.suites)}",
        f"Components: {' '.join(source.components)}",
    ]
    if source.signed_by:
        lines.append(f"Signed-By: {source.signed_by}")
    return "\n".join(lines) + "\n"


def _one_line_form(text: str) -> Iterator[AptSource]:
    for line in text.splitlines():
        kind, _, rest = line.partition("#")[0].strip().partition(" ")
        if kind != "deb":
            continue
        options, rest = _options(rest.strip())
        uri, *suite_and_components = rest.split()
        if not suite_and_components:
            continue
        yield AptSource(
            uris=(uri,),
            suites=(suite_and_components[0],),
            components=tuple(suite_and_components[1:]),
            signed_by=options.get("signed-by"),
        )


def _options(rest: str) -> tuple[dict[str, str], str]:
    if not rest.startswith("["):
        return {}, rest
    inside, _, after = rest[1:].partition("]")
    pairs = (option.partition("=") for option in inside.split())
    return {key.lower(): value for key, _, value in pairs}, after


def _deb822_form(text: str) -> Iterator[AptSource]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    for stanza in "\n".join(lines).split("\n\n"):
        fields = _fields(stanza)
        if "deb" in fields.get("types", "").split() and fields.get("enabled") != "no":
            yield AptSource(
                uris=tuple(fields.get("uris", "").split()),
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                signed_by=fields.get("signed-by"),
            )


def _fields(stanza: str) -> dict[str, str]:
    """Names in lower case; a value that is ongoing keeps its further lines with their indent."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith((" ", "\t")) and name:
            fields[name] += f"\n{line}"
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.lower()
            fields[name] = value.strip()
    return fields
