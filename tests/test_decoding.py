"""Types that several threads decode at once, each for the first time."""

import subprocess
import sys

import pytest

ROUNDS = 200
"""Without the lock, 1 to 30 rounds end the process."""

RACE = """
import sys
from dataclasses import make_dataclass
from threading import Barrier, Thread

import msgspec

from watcher import decoding

make = {{"struct": msgspec.defstruct, "dataclass": make_dataclass}}[{form!r}]
sys.setswitchinterval(1e-6)
names = [f"f{{n}}" for n in range(30)]
plain = {{"one": dict.fromkeys(names, 1), "many": [dict.fromkeys(names, 1)]}}
body = msgspec.json.encode(plain)
right = []

def decode(kind, together):
    together.wait()
    right.append(decoding.{how}({given}, kind).many[0].f29)

for _ in range({rounds}):
    part = make("Part", [(name, int) for name in names])
    whole = make("Whole", [("one", part), ("many", list[part])])
    together = Barrier(3)
    threads = [Thread(target=decode, args=(whole, together)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(sum(right))
"""


@pytest.mark.parametrize("form", ["struct", "dataclass"])
@pytest.mark.parametrize(("how", "given"), [("decode", "body"), ("convert", "plain")])
def test_threads_that_meet_at_a_new_type_end_no_process(form, how, given):
    race = RACE.format(form=form, how=how, given=given, rounds=ROUNDS)
    ran = subprocess.run([sys.executable, "-c", race], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{3 * ROUNDS}\n", "")
