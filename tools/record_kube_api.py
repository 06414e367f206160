"""Records what real API servers answer: ``python -m tools.record_kube_api``.

Fetches and builds the servers where that was not done yet, puts to each the questions of its part
in `tests/data/kube-api`, every scenario to a new one, and writes the answers beside them.
"""

import sys

import yaml

from tests.kube_contract import Answers, asked, scenarios
from tests.kube_contract.questions import DATA
from tools.debian_package import machine
from tools.kube_programs import PARTS, Programs
from tools.real_kube_api import RealKubeApi


def main() -> None:
    """Ask all scenarios of a part, print each when it is done, then write; so for both parts."""
    debian = machine()
    if debian is None or not debian.is_debian:
        sys.exit("record_kube_api: the sources are fetched from Debian, which this is not")
    for part, made in PARTS.items():
        programs = made(debian)
        answers = {name: _asked(part, name, programs) for name in scenarios(part)}
        recorded = {"server": f"{programs.name} {programs.version}", "answers": answers}
        text = yaml.safe_dump(recorded, sort_keys=False, width=100, default_flow_style=None)
        (DATA / part / "answers.yaml").write_text(text, encoding="utf-8")


def _asked(part: str, name: str, programs: Programs) -> Answers:
    scenario = scenarios(part)[name]
    with RealKubeApi(
        programs, forgets=scenario.forgets, controllers=scenario.controllers
    ) as server:
        answers = asked(scenario, server, server.session)
    print(f"{part}: {name}: {len(answers)} answers")
    return answers


if __name__ == "__main__":
    main()
