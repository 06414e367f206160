"""The questions, as they are written in `tests/data/kube-api/PART/questions.yaml`.

There are two parts: `custom` about custom resources, and `core` about all that needs a whole
kube-apiserver: built-in kinds, rights, logs, revisions.

A scenario has objects that are `given` first and steps. A step has a name, one HTTP method with its
path, and may have: `body` (sent as JSON) or `raw` text, `as` (what type it is said to be), `accept`,
`encoding`, `agent` and `as-user` (else the admin); `keep`, which names what later steps put in
braces; `meanwhile`, a step that is taken while the answer is awaited; and `show`, which says how much
of the answer is compared: `code`, `keys`, `names`, or the paths in a list. A step without a method
has the server `forget` its history, or `settle` what was written.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[1] / "data" / "kube-api"
PARTS = ("custom", "core")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps that are asked in their order of a server with nothing but what is given."""

    name: str
    given: tuple[dict[str, Any], ...]
    steps: tuple[dict[str, Any], ...]
    managed: bool  # whether managedFields are compared
    forgets: bool  # whether a step has the server forget
    controllers: bool  # whether the controllers of a cluster are at work


@cache
def scenarios(part: str) -> dict[str, Scenario]:
    """Those of a part by name, in their order."""
    text = (DATA / part / "questions.yaml").read_text(encoding="utf-8")
    return {
        name: Scenario(
            name=name,
            given=tuple(told.get("given", ())),
            steps=tuple(told["steps"]),
            managed=told.get("managed", False),
            forgets=told.get("forgets", False),
            controllers=told.get("controllers", False),
        )
        for name, told in yaml.safe_load(text).items()
    }
