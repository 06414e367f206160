"""The local API server of the tests is asked what real ones were asked, and answers the same.

Recorded by `python -m tools.record_kube_api`; where it differs on purpose, it does so as is written.
"""

from functools import cache

import pytest
import requests
import yaml

from tests.kube_api import KubeApi, User
from tests.kube_contract import Answers, Scenario, asked, scenarios
from tests.kube_contract.differences import differences
from tests.kube_contract.questions import DATA, PARTS

SCENARIOS = [(part, scenario) for part in PARTS for scenario in scenarios(part).values()]
EVERYBODY = "system:authenticated"
USERS = (User("nobody", (EVERYBODY,)), User("reader", ("readers", EVERYBODY)))


class Local:
    """The local server as the questions need it."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self._tokens = {"": api.token} | {u.name: api.access.token_for(u) for u in USERS}
        self.url = api.url

    def token(self, user: str) -> str:
        return self._tokens.get(user, "of nobody that is known")

    def forget(self) -> None:
        self._api.compact()

    def settle(self) -> None:
        """Nothing to wait for: what follows from a write is done with it."""


@cache
def recorded(part: str) -> dict[str, Answers]:
    text = (DATA / part / "answers.yaml").read_text(encoding="utf-8")
    answers: dict[str, Answers] = yaml.safe_load(text)["answers"]
    return answers


@pytest.mark.parametrize("part", PARTS)
def test_every_question_has_an_answer_and_no_answer_lacks_its_question(part: str):
    named = {
        name: [step["name"] for step in scenario.steps if "name" in step]
        for name, scenario in scenarios(part).items()
    }

    assert {name: list(answers) for name, answers in recorded(part).items()} == named


@pytest.mark.parametrize("part", PARTS)
def test_every_difference_is_one_from_a_recorded_answer(part: str):
    steps = {(name, step) for name, answers in recorded(part).items() for step in answers}

    assert set(differences(part)) <= steps


@pytest.mark.parametrize(
    ("part", "scenario"), SCENARIOS, ids=[f"{part}: {each.name}" for part, each in SCENARIOS]
)
def test_the_local_server_answers_as_the_real_one_did(part: str, scenario: Scenario):
    with KubeApi(check_tokens=True) as api, requests.Session() as session:
        if part == "custom":  # that server knows no namespaces and takes any
            for name in ("shop", "bank"):
                api.apply({"kind": "Namespace", "metadata": {"name": name}})
        local = asked(scenario, Local(api), session)

    real = recorded(part)[scenario.name]
    assert list(local) == list(real)
    for step, answer in real.items():
        if difference := differences(part).get((scenario.name, step)):
            assert difference.holds(local[step], answer), f"{step}: {difference} of {local[step]}"
        else:
            assert local[step] == answer, step
