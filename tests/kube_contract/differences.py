"""Where the local API server is meant to answer otherwise than a real one, and how.

Written in `tests/data/kube-api/PART/differences.yaml`: steps of a scenario, why, and what of the
local answer is known all the same: its `code`; or that it is the same but for the end of a message
that `begins` so; or that it is the same `without` a key of the object's metadata.
"""

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from tests.kube_contract.questions import DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One step's."""

    why: str
    code: int | None = None
    begins: str = ""
    without: str = ""

    def holds(self, local: dict[str, Any], real: dict[str, Any]) -> bool:
        """Whether the local answer is as it was said, and not that of a real server."""
        if local == real:
            return False
        if self.begins:
            return _begun(local, self.begins) == _begun(real, self.begins)
        if self.without:
            return _without(local, self.without) == _without(real, self.without)
        return bool(local["code"] == self.code)


@cache
def differences(part: str) -> dict[tuple[str, str], Difference]:
    """Those of a part by scenario and step. A step that is named twice is an error."""
    told: dict[tuple[str, str], Difference] = {}
    text = (DATA / part / "differences.yaml").read_text(encoding="utf-8")
    for entry in yaml.safe_load(text) or ():
        scenario, steps = entry.pop("scenario"), entry.pop("steps")
        for step in steps:
            if (scenario, step) in told:
                raise ValueError(f"{scenario} / {step} is named twice")
            told[scenario, step] = Difference(**entry)
    return told


def _begun(answer: dict[str, Any], words: str) -> dict[str, Any]:
    """The answer with its message cut where it continues after *words*."""
    short = deepcopy(answer)
    if str(short["body"]["message"]).startswith(words):
        short["body"]["message"] = words
    return short


def _without(answer: dict[str, Any], key: str) -> dict[str, Any]:
    short = deepcopy(answer)
    short["body"]["metadata"].pop(key, None)
    return short
