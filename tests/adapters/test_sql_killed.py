"""A store outlives ``kill -9`` at any instant: it opens again, nothing of a watch is half there."""

import random
import signal
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise

from tests.builders import NOW, a_job, a_key, a_memory, a_watch, an_incident, some_expectations
from tests.contracts.store import EVER, change, resolved
from watcher.adapters.sql.opening import open_store
from watcher.model.incidents import Status

KILLS = 8
RETENTION = timedelta(days=30)
WRITER = "from tests.adapters.test_sql_killed import write_on; import sys; write_on(sys.argv[1])"


def write_on(url):
    """Watch for ever: each watch ends one incident and begins the next, and says its number."""
    with open_store(url, RETENTION) as store:
        number = len(store.watches(*EVER))
        while True:
            at = NOW + timedelta(seconds=number)
            old = store.ongoing().get(a_key())
            new = an_incident(id=f"{number}", starts_at=at)
            changes = [change(new, at=at)]
            if old is not None:
                changes.append(change(resolved(old, at), since=old))
            jobs = [a_job(f"job-{n}", targets=number) for n in range(20)]
            store.keep(some_expectations(*jobs), ())
            store.record(a_watch(at=at), {a_key(): a_memory(most_targets=number)}, changes, ())
            number += 1
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


def test_a_store_killed_while_it_is_written_holds_all_that_was_committed(tmp_path):
    url = f"sqlite:///{tmp_path / 'watcher.db'}"
    chance = random.Random(20260101)  # noqa: S311 -- the same moments each time

    for _ in range(KILLS):
        committed = written_until_killed(url, chance.uniform(0, 0.15))

        with open_store(url, RETENTION) as store:
            assert_whole(store, committed)


def written_until_killed(url, seconds):
    """Start a writer, kill it so long after its first word; the last number that it said."""
    command = [sys.executable, "-c", WRITER, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        said = [writer.stdout.readline()]
        try:
            writer.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
    assert writer.returncode == -signal.SIGKILL
    return max(int(line) for line in said if line.endswith("\n"))


def assert_whole(store, committed):
    watches = store.watches(*EVER)
    assert len(watches) in {committed, committed + 1}  # killed between the commit and the word
    assert all(b.at - a.at == timedelta(seconds=1) for a, b in pairwise(watches))
    incidents = store.incidents(*EVER)
    assert [i.id for i in incidents] == [str(n) for n in range(len(watches))]
    assert [i.status for i in incidents[:-1]] == [Status.RESOLVED] * (len(watches) - 1)
    assert list(store.ongoing().values()) == [incidents[-1]]
    assert len(store.history(*EVER)) == 2 * len(watches) - 1
    assert store.memory()[a_key()].most_targets == len(watches) - 1
    expected = {job.targets for job in store.expectations().jobs}
    assert expected in ({len(watches) - 1}, {len(watches)})
