"""A server that does not answer is asked for at the address that it has now."""

from dataclasses import replace

import pytest

from tests.cycles.stage import Stage
from watcher.model.comparison import JobState
from watcher.model.observations import UnreadableServer

NEW = "http://10.0.0.77:9090"


class Moved(Stage):
    """The server answers at NEW alone; *known* is what the cluster says of its address."""

    def __init__(self, known):
        self.known, self.asked = known, []
        super().__init__()

    def observe(self, server, now):
        self.asked.append(server.url)
        if server.url != NEW:
            return UnreadableServer(server=server, error="connection refused")
        return super().observe(server, now)

    @property
    def cycle(self):
        watch = super().cycle
        return replace(watch, look=replace(watch.look, address_of=lambda *_: self.known))


def test_it_is_read_there_in_the_same_watch():
    result = Moved(NEW).watch()

    assert [status.state for status in result.statuses] == [JobState.HEALTHY]
    assert result.unreadable == ()


@pytest.mark.parametrize("known", [None, "http://prometheus-k8s-0:9090"])
def test_it_is_unreadable_and_asked_once_where_the_cluster_knows_no_other(known):
    stage = Moved(known)

    result = stage.watch()

    assert [status.state for status in result.statuses] == [JobState.UNKNOWN]
    assert stage.asked == ["http://prometheus-k8s-0:9090"]
