"""Monitors of other collectors are not told as selected by nobody."""

import pytest

from tests.builders import a_monitor, some_expectations
from watcher.engine.elsewhere import without_elsewhere
from watcher.model.expectations import Unselected

REF = a_monitor("web", "team-a", "PodMonitor")
RAW = {"kind": "PodMonitor", "metadata": {"name": "web", "labels": {"collector": "alloy"}}}
ALONE = Unselected(monitor=REF, cause="labels-not-selected", nearest=None, lacks="a label")


@pytest.mark.parametrize(
    ("collectors", "told"),
    [
        ([], True),
        ([(("namespace", "team-*"),)], False),
        ([(("namespace", "team-*"), ("kind", "ServiceMonitor"))], True),
        ([(("labels.collector", "alloy"),)], False),
        ([(("labels.collector", "vmagent"),)], True),
        ([(("name", "db"),), (("name", "w*"),)], False),
    ],
)
def test_what_one_of_them_takes_is_not_told(collectors, told):
    expectations = some_expectations(unselected=(ALONE,), objects={REF: RAW})

    found = without_elsewhere(expectations, collectors)

    assert found.unselected == ((ALONE,) if told else ())
    assert found.objects == expectations.objects


def test_without_the_object_its_name_and_namespace_are_enough():
    expectations = some_expectations(unselected=(ALONE,))

    assert without_elsewhere(expectations, [(("namespace", "team-a"),)]).unselected == ()
    assert without_elsewhere(expectations, [(("labels.a", "b"),)]).unselected == (ALONE,)
