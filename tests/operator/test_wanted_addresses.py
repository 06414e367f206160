"""Which addresses a monitor asks for is known wherever they can be counted by name."""

import pytest

from tests.operator.test_counts import SLICES, endpoint_slice, endpoints, pod, service
from tests.operator.things import pod_monitor, prometheus, service_monitor
from watcher.model.facts import Known
from watcher.operator.addresses import Address
from watcher.operator.counts import wanted_addresses
from watcher.operator.grounds import Sources, grounds

NOTHING = {"endpoints": Known(()), "slices": Known(()), "pods": Known(())}


def addresses(monitor, *, index=0, spec=None, **kinds):
    read = {name: Known(found) for name, found in kinds.items()}
    laid = grounds(Sources(**{"services": Known((service(),)), **NOTHING, **read}))
    found = wanted_addresses(monitor, prometheus(**(spec or {})), index, laid)
    return None if found is None else sorted(map(str, found))


def test_addresses_of_the_port_that_is_asked_for_are_wanted():
    there = (endpoints("10.0.0.1", "10.0.0.2", not_ready=("10.0.0.3",)),)

    found = addresses(service_monitor(), endpoints=there)

    assert found == ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]


def test_addresses_of_slices_are_wanted_once():
    there = (endpoint_slice("10.0.0.1"), endpoint_slice("10.0.0.1", "10.0.0.2", name="app-2"))

    found = addresses(service_monitor(), slices=there, spec=SLICES)

    assert found == ["10.0.0.1:8080", "10.0.0.2:8080"]


def test_ports_of_pods_are_wanted_at_their_own_address():
    there = (pod("a", "web", "other"), pod("b", "web", ip="10.0.0.2"))

    assert addresses(pod_monitor(), pods=there) == ["10.0.0.1:8000", "10.0.0.2:8000"]


@pytest.mark.parametrize(
    ("monitor", "more"),
    [
        pytest.param(service_monitor({"targetPort": 8080}), {}, id="by the pods behind"),
        pytest.param(service_monitor({}), {}, id="any port"),
        pytest.param(service_monitor({"port": "w.*"}), {}, id="a pattern"),
        pytest.param(service_monitor(), {"index": 1}, id="no such endpoint"),
    ],
)
def test_what_cannot_be_known_by_name_is_not_wanted_by_name(monitor, more):
    assert addresses(monitor, **more) is None


def test_what_was_not_read_is_not_known():
    assert wanted_addresses(service_monitor(), prometheus(), 0, grounds(Sources())) is None


@pytest.mark.parametrize(
    ("address", "written"),
    [
        (Address("web", 80, "10.0.0.1", None), "10.0.0.1:80"),
        (Address("web", 80, "fd00::1", None), "[fd00::1]:80"),
        (Address("", None, "10.0.0.1", None), "10.0.0.1"),
    ],
)
def test_an_address_is_written_as_prometheus_writes_it(address, written):
    assert str(address) == written
