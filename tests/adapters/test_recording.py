"""An archive gives again what was recorded; one that is none is refused in clear words."""

import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    a_job,
    a_memory,
    an_incident,
    some_expectations,
)
from tests.fakes import MemoryStore
from watcher.adapters.recordings.recorded_store import RecordedStore, past
from watcher.adapters.recordings.recorder import Exchange, Failed, Player, Recorder
from watcher.adapters.recordings.recording import Recording, files, read, write
from watcher.adapters.tape import Answered, Asked
from watcher.errors import ConfigError, SourceUnavailable


def asked(path="/api/v1/targets", **fields):
    return Asked(source="http://prometheus:9090", path=path, **fields)


def a_recording(*exchanges, **fields):
    fields = {"settings": {}, "kubernetes": None, "past": None} | fields
    return Recording(at=NOW, exchanges=exchanges, **fields)


def recorded(*answers):
    tape = Recorder()
    for path, answer in answers:
        tape.ask(asked(path), lambda a=answer: a)
    return tape.exchanges()


def raising(error):
    def live():
        raise error

    return live


def test_what_was_answered_is_answered_again(tmp_path):
    exchanges = recorded(("/a", Answered(body=b"one", status=503, words="Busy", date="then")))
    write(a_recording(*exchanges), tmp_path / "r.tar.gz")

    told = read(tmp_path / "r.tar.gz")

    assert told.at == NOW
    assert Player(told.exchanges).ask(asked("/a"), raising(AssertionError())) == Answered(
        body=b"one", status=503, words="Busy", date="then"
    )


def test_what_was_asked_twice_is_answered_in_turn_and_then_as_at_last():
    player = Player(recorded(("/a", Answered(body=b"1")), ("/a", Answered(body=b"2"))))

    bodies = [player.ask(asked("/a"), raising(AssertionError())).body for _ in range(3)]

    assert bodies == [b"1", b"2", b"2"]


def test_a_failure_is_told_again_in_its_words():
    tape = Recorder()
    error = SourceUnavailable("http://x/api", "refused; start it", permission="list pods")
    with pytest.raises(SourceUnavailable):
        tape.ask(asked(), raising(error))

    with pytest.raises(SourceUnavailable, match="refused; start it") as caught:
        Player(tape.exchanges()).ask(asked(), raising(AssertionError()))

    assert (caught.value.source, caught.value.permission) == ("http://x/api", "list pods")


def test_what_was_not_asked_then_is_unavailable_and_says_so():
    with pytest.raises(SourceUnavailable, match="the recording does not hold GET /other"):
        Player(()).ask(asked("/other"), raising(AssertionError()))


def test_requests_differ_by_method_and_body():
    one = Exchange(asked=asked(method="POST", body="1"), came=Answered(body=b"first"))

    with pytest.raises(SourceUnavailable):
        Player([one]).ask(asked(method="POST", body="2"), raising(AssertionError()))


def test_a_secret_of_a_request_is_in_no_file_and_the_request_is_still_known():
    secret = asked('/api/v1/query?query=up{token="hunter2hunter2"}')
    tape = Recorder()
    tape.ask(secret, lambda: Answered(body=b'{"password": "hunter2"}'))

    kept = files(a_recording(*tape.exchanges()))

    assert not any(b"hunter2" in content for content in kept.values())
    assert Player(tape.exchanges()).ask(secret, raising(AssertionError()))


def test_equal_answers_are_kept_once():
    exchanges = recorded(*((f"/{n}", Answered(body=b"same")) for n in range(9)))

    assert sum(name.startswith("answers/") for name in files(a_recording(*exchanges))) == 1


def test_a_directory_of_the_same_files_is_a_recording_too(tmp_path):
    for name, content in files(a_recording(*recorded(("/a", Answered(body=b"1"))))).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)

    assert len(read(tmp_path).exchanges) == 1


def test_what_the_store_remembered_is_remembered():
    store = MemoryStore()
    job = a_job()
    store.keep(some_expectations(job), ())
    store._memory = {job.key: a_memory(job)}
    store._incidents = {"x": an_incident(job)}

    again = RecordedStore(past(store))

    assert again.expectations() == store.expectations()
    assert again.memory() == store.memory()
    assert again.ongoing() == store.ongoing()
    assert again.first_watch() is None


def test_the_archive_is_for_its_owner_alone(tmp_path):
    write(a_recording(), tmp_path / "r.tar.gz")

    assert (tmp_path / "r.tar.gz").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a recording"),
        (b"no archive at all", "not a recording"),
        (gzip.compress(b"no tar" * 500, mtime=0), "not a recording"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path, content, words):
    place = tmp_path / "r.tar.gz"
    place.write_bytes(content)

    with pytest.raises(ConfigError, match=words):
        read(place)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("[]", "manifest.json"),
        ('{"format": "other"}', "something else"),
        ('{"format": "watcher-recording", "version": 99, "watcher": "9.0"}', "watcher 9.0"),
        ('{"format": "watcher-recording", "version": 1}', "manifest.json"),
    ],
)
def test_a_foreign_manifest_is_refused(tmp_path, manifest, words):
    (tmp_path / "manifest.json").write_text(manifest)

    with pytest.raises(ConfigError, match=words):
        read(tmp_path)


def test_a_recording_that_lacks_an_answer_is_refused(tmp_path):
    kept = files(a_recording(*recorded(("/a", Answered(body=b"1")))))
    (tmp_path / "manifest.json").write_bytes(kept["manifest.json"])

    with pytest.raises(ConfigError, match="it lacks the answer answers/"):
        read(tmp_path)


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read(tmp_path / "none.tar.gz")


def test_a_folder_that_is_not_there_cannot_be_written_to(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write(a_recording(), tmp_path / "none" / "r.tar.gz")


def test_links_and_devices_of_an_archive_are_passed_over(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        link = tarfile.TarInfo("manifest.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    (tmp_path / "r.tar.gz").write_bytes(packed.getvalue())

    with pytest.raises(ConfigError, match=r"it has no manifest\.json"):
        read(tmp_path / "r.tar.gz")


@given(cut=st.integers(min_value=0), flipped=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_broken_archive_never_crashes(tmp_path_factory, cut, flipped, bit):
    place = tmp_path_factory.getbasetemp() / "fuzzed.tar.gz"
    write(a_recording(*recorded(("/a", Answered(body=b"1")))), place)
    content = bytearray(place.read_bytes())
    content[flipped % len(content)] ^= 1 << bit
    place.write_bytes(content[: cut % len(content) + 1])

    said = ""
    try:
        read(place)
    except ConfigError as error:
        said = str(error)

    assert said == "" or str(place) in said


def test_a_failure_holds_no_secret():
    tape = Recorder()
    with pytest.raises(SourceUnavailable):
        tape.ask(asked(), raising(SourceUnavailable("http://me:pw@x", "http://me:pw@x is away")))

    (exchange,) = tape.exchanges()

    assert isinstance(exchange.came, Failed)
    assert "pw" not in exchange.came.reason + exchange.came.source
