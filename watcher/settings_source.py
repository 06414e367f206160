"""Where the settings come from: which file, why that one, and where in it each of them is."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from watcher import files, yaml_text
from watcher.errors import ConfigError

Steps: TypeAlias = tuple[str | int, ...]
"""The way to a setting: ``("prometheuses", 0, "name")``."""

SEE: Final = "see docs/settings.md for every setting and its form"
_KEY: Final = re.compile(r"([a-z_]+(?:\.\w+)*): ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What was read; ``path`` is None where there is no file, ``named_by`` says who named it."""

    path: Path | None
    named_by: str = "--config"
    raw: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[Steps, yaml_text.Place] = field(default_factory=dict)

    @property
    def sets_nothing(self) -> bool:
        """Whether there is a file, and nothing is in it."""
        return self.path is not None and not self.raw

    def __str__(self) -> str:
        if self.path is None:
            return (
                "the default settings, as neither --config nor WATCHER_CONFIG names a file and"
                " there is no ./watcher.yaml"
            )
        file = f"{self.path} (named by {self.named_by})"
        return f"the default settings, as nothing is set in {file}" if self.sets_nothing else file

    def place(self, steps: Steps) -> str:
        """File, line and column of the setting, or of the nearest one around it."""
        for length in range(len(steps), 0, -1):
            if (place := self.places.get(steps[:length])) is not None:
                return f"{self.path}:{place[0]}:{place[1]}"
        return str(self.path or "settings")

    def fault(self, steps: Steps, reason: str) -> str:
        """The line that says what is wrong with one setting."""
        return f"{self.place(steps)}: {shown(steps)}: {reason}"

    def located(self, words: str) -> str:
        """The same lines, with their place where they begin with the name of what is set here."""
        return "\n".join(map(self._located, words.splitlines()))

    def _located(self, line: str) -> str:
        name = _KEY.match(line)
        if name is None:
            return line
        steps = tuple(int(s) if s.isdecimal() else s for s in name[1].split("."))
        return f"{self.place(steps)}: {line}" if steps[:1] in self.places else line


def read(path: Path | None, named_by: str) -> Source:
    """What stands in the file at *path*. Raises ConfigError, with line and column."""
    if path is None:
        return Source(path=None)
    places: dict[Steps, yaml_text.Place] = {}
    try:
        raw = yaml_text.load(files.read_text(path), places=places)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror} (named by {named_by}); name a readable file"
        ) from None
    except yaml_text.NotYaml as error:
        raise ConfigError(f"{path}: not valid YAML: {error}; correct it and try again") from None
    if raw is not None and not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected settings by name, got {kind(raw)}; {SEE}")
    return Source(path=path, named_by=named_by, raw=raw or {}, places=places)


def refusal(faults: Iterable[str]) -> ConfigError:
    """The error that says all *faults* at once."""
    return ConfigError("\n".join([*dict.fromkeys(faults), SEE]))


def kind(value: object) -> str:
    """What *value* is, without showing it: it may be a secret."""
    if value is None:
        return "nothing"
    kinds = ((bool, "true or false"), (int | float, "a number"), (str, "text"), (list, "a list"))
    return next((words for form, words in kinds if isinstance(value, form)), "a mapping")


def shown(steps: Steps) -> str:
    """The way to a setting as words: ``prometheuses.0.name``."""
    return ".".join(map(_step, steps)) or "(top)"


def _step(step: object) -> str:
    text = str(step)
    return text if text.isprintable() and len(text) <= 60 else ascii(text)[:60]  # noqa: PLR2004
