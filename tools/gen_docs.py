"""Write the docs that follow from the code; with ``--check``, only say whether they are current."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from watcher.diagnosis import catalogue
from watcher.diagnosis.rule import Rule
from watcher.settings import Settings
from watcher.web import families
from watcher.web.schema import schema

DOCS = Path(__file__).parent.parent / "docs"
REAL = Path(__file__).parent.parent / "tests" / "e2e"
UNITS = ((604800, "w"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def main(arguments: list[str]) -> None:
    """Write them, or with ``--check`` exit with a line for each one that is stale."""
    wanted = pages()
    if "--check" in arguments:
        stale = [name for name, text in wanted.items() if _held(DOCS / name) != text]
        if stale:
            sys.exit("\n".join(f"docs/{n} is stale: run python -m tools.gen_docs" for n in stale))
        return
    DOCS.mkdir(exist_ok=True)
    for name, text in wanted.items():
        (DOCS / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Every generated file of ``docs`` with what it must hold."""
    return {
        "schema-v1.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n",
        "metrics.md": metrics(),
        "settings.md": settings(),
        "causes.md": causes(),
    }


def metrics() -> str:
    """Every metric with its type, its labels and its meaning."""
    rows = [
        f"| `{f.name}` | {f.kind} | {', '.join(f'`{label}`' for label in f.labels)} | {f.help} |"
        for f in families.ALL
    ]
    return _page(
        "watcher/web/families.py",
        "Metrics",
        "What `/metrics` shows. The jobs are those of the last watch: no series outlives its job. "
        "The text of an error is never a label.",
        "| name | type | labels | meaning |\n|---|---|---|---|\n" + "\n".join(rows),
    )


def settings() -> str:
    """Every setting, section by section."""
    return _page(
        "watcher/settings.py",
        "Settings",
        "The file is YAML; `--config` names it, else `WATCHER_CONFIG`, else `./watcher.yaml`. "
        "Every setting may be left out that has a default. Durations are written as Prometheus "
        "writes them: `30s`, `5m`, `1h30m`, `7d`. An unknown name is an error, "
        "and so is a key that is there twice.",
        "`watcher check-config` says which file is used, and all that is wrong in it, each with line "
        "and column. On SIGHUP `watcher run` reads the file again. Settings that it cannot use are "
        "refused, and the old ones stay: the log, the page, `/-/healthy` and "
        "`watcher_settings_last_reload_successful` say so.",
        *_sections(Settings, "", "Top level"),
    )


def causes() -> str:
    """Every cause in the order of the chain, then what is at risk."""
    parts = []
    for code, entry in catalogue.pages().items():
        at = f"Link: {entry.rule.link.word}" if isinstance(entry.rule, Rule) else "At risk"
        body = entry.page.partition("\n")[2].strip()
        deeper = "\n".join(
            f"#{line}" if line.startswith("## ") else line for line in body.split("\n")
        )
        parts.append("\n\n".join(filter(None, (f"## `{code}`: {entry.title}", at, deeper))))
    return _page(
        "watcher/diagnosis",
        "Causes",
        "Why a scrape job is lost, in the order of the chain from its custom resource to its "
        "samples, and what will be lost unless somebody acts. `watcher explain CODE` prints the "
        "same page.",
        *parts,
        _proven(proofs()),
    )


def proofs() -> Mapping[str, str]:
    """The name of the test that brings a real Prometheus into the state, by code of the cause.

    Each module ``tests/e2e/test_real_*.py`` names its codes in PROVES, a tuple of literals.
    """
    found: dict[str, str] = {}
    for module in sorted(REAL.glob("test_real_*.py")):
        for statement in ast.parse(module.read_text(encoding="utf-8")).body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id="PROVES"), value=ast.expr() as codes):
                    test = f"tests/e2e/{module.name}"
                    found = dict.fromkeys(ast.literal_eval(codes), test) | found
                case _:
                    pass
    return found


def _proven(tests: Mapping[str, str]) -> str:
    """Which causes were found on real servers, in the order of the catalogue."""
    known = [code for code in catalogue.pages() if code in tests]
    rows = [f"| `{code}` | `{tests[code]}` |" for code in known]
    return (
        "## Proven on real servers\n\nA test brings a real Prometheus of every version at hand into"
        f" the state, and the cause is found: {len(known)} of {len(catalogue.pages())} codes.\n\n"
        "| cause | test |\n|---|---|\n" + "\n".join(rows)
    )


def _page(source: str, title: str, *parts: str) -> str:
    made = f"<!-- Made by tools/gen_docs.py from {source}. Do not edit. -->"
    return "\n\n".join((made, f"# {title}", *parts)) + "\n"


def _sections(model: type[BaseModel], prefix: str, title: str) -> Iterator[str]:
    """The table of one section, then those of the sections in it."""
    rows, inner = [], []
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        section = _section(field.annotation)
        many = "[]" if section and get_origin(field.annotation) is tuple else ""
        if section is not None:
            inner.append((section, f"{prefix}{name}{many}."))
        if section is None or field.description:
            rows.append(_row(f"{prefix}{name}{many}", field))
    words = inspect.getdoc(model) if prefix else None
    yield f"## {title}"
    if words:
        yield words.replace("``", "`")
    if rows:
        yield "| setting | form | default | meaning |\n|---|---|---|---|\n" + "\n".join(rows)
    for section, deeper in inner:
        yield from _sections(section, deeper, f"`{deeper.rstrip('.')}`")


def _row(name: str, field: FieldInfo) -> str:
    default = (
        "needed" if field.is_required() else _default(field.get_default(call_default_factory=True))
    )
    words = " ".join((field.description or "").split()).replace("``", "`").replace("|", "\\|")
    return f"| `{name}` | {_form(field.annotation)} | {default} | {words} |"


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((s for s in map(_section, get_args(annotation)) if s is not None), None)


def _form(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    names = {str: "text", int: "number", float: "number", bool: "true or false", Path: "path"}
    names |= {timedelta: "duration", SecretStr: "text"}
    if annotation in names:
        return names[annotation]
    inner = [a for a in get_args(annotation) if a not in {type(None), Ellipsis}]
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{a.value if isinstance(a, Enum) else a}`" for a in inner)
    if origin in {Union, UnionType}:
        return " or ".join(map(_form, inner))
    if origin is tuple:
        return f"list of {_form(inner[0])}"
    if origin is dict:
        return f"{_form(inner[1])} by name"
    return "section"


def _default(value: Any) -> str:
    if value is None or value in ((), {}):
        return ""
    if isinstance(value, timedelta):
        return f"`{_duration(value)}`"
    return f"`{json.dumps(value)}`" if isinstance(value, bool | int | float) else f"`{value}`"


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    size, unit = next((s, u) for s, u in UNITS if seconds % s == 0)
    return f"{seconds // size}{unit}"


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    main(sys.argv[1:])
