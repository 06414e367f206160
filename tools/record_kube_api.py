"""Records what a real API server answers: ``python -m tools.record_kube_api``.

Fetches and builds the server where that was not done yet, puts to it the questions of
`tests/data/kube-api`, each scenario to a new one, and writes the answers beside them.
"""

import sys

import yaml

from tests.kube_contract import asked, scenarios
from tests.kube_contract.questions import ANSWERS
from tools.debian_package import machine
from tools.real_kube_api import RealKubeApi, built


def main() -> None:
    """Ask all scenarios, print each when it is done, then write."""
    debian = machine()
    if debian is None or not debian.is_debian:
        sys.exit("record_kube_api: the sources are fetched from Debian, which this is not")
    programs = built(debian)
    answers = {}
    for name, scenario in scenarios().items():
        with RealKubeApi(programs, forgets=scenario.forgets) as server:
            answers[name] = asked(scenario, server, server.session)
        print(f"{name}: {len(answers[name])} answers")
    recorded = {"server": f"apiextensions-apiserver {programs.version}", "answers": answers}
    text = yaml.safe_dump(recorded, sort_keys=False, width=100, default_flow_style=None)
    ANSWERS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
