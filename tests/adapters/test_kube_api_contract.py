"""The local API server of the tests is asked what a real one was asked, and answers the same.

Recorded by `python -m tools.record_kube_api`; where it differs on purpose, it does so as is written.
"""

from functools import cache

import pytest
import requests
import yaml

from tests.kube_api import KubeApi
from tests.kube_contract import Answers, Scenario, asked, scenarios
from tests.kube_contract.differences import differences
from tests.kube_contract.questions import ANSWERS


class Local:
    """The local server as the questions need it."""

    def __init__(self, api: KubeApi) -> None:
        self._api = api
        self.url = api.url

    def forget(self) -> None:
        self._api.compact()

    def settle(self) -> None:
        """Nothing to wait for: what follows from a write is done with it."""


@cache
def recorded() -> dict[str, Answers]:
    answers: dict[str, Answers] = yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))["answers"]
    return answers


def test_every_question_has_an_answer_and_no_answer_lacks_its_question():
    named = {
        name: [step["name"] for step in scenario.steps if "name" in step]
        for name, scenario in scenarios().items()
    }

    assert {name: list(answers) for name, answers in recorded().items()} == named


def test_every_difference_is_one_from_a_recorded_answer():
    steps = {(name, step) for name, answers in recorded().items() for step in answers}

    assert set(differences()) <= steps


@pytest.mark.parametrize("scenario", scenarios().values(), ids=lambda scenario: scenario.name)
def test_the_local_server_answers_as_the_real_one_did(scenario: Scenario):
    with KubeApi() as api, requests.Session() as session:
        local = asked(scenario, Local(api), session)

    assert list(local) == list(recorded()[scenario.name])
    for step, real in recorded()[scenario.name].items():
        if difference := differences().get((scenario.name, step)):
            assert difference.holds(local[step], real), f"{step}: {difference} of {local[step]}"
        else:
            assert local[step] == real, step
