"""Questions to an API server, put to a real one and to the local one of the tests.

`tests/data/kube-api/` holds the questions, the answers of real servers as `tools.record_kube_api`
recorded them, and where the local server is meant to differ.
"""

from tests.kube_contract.asking import Answers, Server, asked
from tests.kube_contract.questions import Scenario, scenarios

__all__ = ["Answers", "Scenario", "Server", "asked", "scenarios"]
