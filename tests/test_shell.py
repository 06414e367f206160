"""What others wrote is one word of a printed command, whatever it is: read back by shells."""

import shlex
import subprocess
from dataclasses import replace

import pytest

from tests.builders import a_pinned_job
from tests.nasty.strings import NASTY
from watcher.engine.choose import chosen
from watcher.model import shell

WORDS = {
    **NASTY,
    "a short option": "-x",
    "options that end": "--",
    "a dash": "-",
    "another server": "--server=http://evil.test",
    "plain": "web",
    "a glob": "a[1]*?",
    "a negated glob": "[!a]",
}
each_word = pytest.mark.parametrize("word", WORDS.values(), ids=WORDS.keys())


@each_word
def test_kubectl_and_curl_read_no_option(word):
    asked = shlex.split(f"kubectl describe {shell.resource('secret', word)} -o yaml")[2:]
    called = shlex.split(f"curl -s {shell.last(word)}")[2:]

    assert asked[:-2] in (["secret", word], [f"secret/{word}"])
    assert not asked[0].startswith("-")
    assert not asked[-3].startswith("-")
    assert called == ["--", word] if word.startswith("-") else [word]


@each_word
def test_the_lines_with_a_word_are_those_with_just_this_word(word, tmp_path):
    line = word.replace("\n", " ").replace("\0", "")
    (tmp_path / "log").write_text(f"a\nx{line}y\nb\n", encoding="utf-8", newline="")
    command = f"LC_ALL=C.UTF-8 {shell.lines_with(line)} {tmp_path}/log"

    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout.decode() == f"x{line}y\n"


@each_word
def test_a_job_is_named_so_that_the_watcher_finds_it_alone(word):
    jobs = [replace(a_pinned_job(pool), pool=pool) for pool in (word, "a1bc", "web2", "other")]
    [glob] = shlex.split(shell.job(word))

    assert not glob.startswith("-")
    assert [job.pool for job in chosen(jobs, [glob])] == [word]
