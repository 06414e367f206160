"""With a secret beside the words that tell it, the cause of every case is still found, and not the secret."""

import copy
from itertools import cycle

import pytest

from tests.diagnosis.test_wording_of_last_errors import VERSIONS, recorded
from tests.rules.scene import entries, scene
from tests.rules.test_cases import said
from tests.secrets.forms import FORMS
from watcher.diagnosis.catalogue import causes
from watcher.diagnosis.diagnose import diagnose
from watcher.diagnosis.wording_of_last_errors import classify_last_error
from watcher.secrecy import without_secrets

MARK = "mArK7f3q"
HUSHED = ("last-applied", "BEGIN", "stringData", "\n")
"""Where these stand, what follows is hidden as well."""
SHORT = [form for form in FORMS if not any(each in form for each in HUSHED)]
WORDS = ("lastError", "message", "error")


def servers(entry):
    return [entry.get("server") or {}, *(entry.get("servers") or ())]


def last_errors():
    found = {text for version in VERSIONS for _, text in recorded(version)}
    for _, entry in entries():
        for server in servers(entry):
            found |= {t["error"] for t in server.get("targets", ()) if t.get("error")}
    return sorted(found)


def test_words_that_tell_a_cause_are_no_secrets():
    assert [text for text in last_errors() if without_secrets(text) != text] == []


def test_a_last_error_means_the_same_when_a_secret_beside_it_was_taken_out():
    form = cycle(SHORT)
    tried = 0
    for text in last_errors():
        for template in ("{secret} {text}", "{text}: {secret}", "{text} ({secret})") * 4:
            planted = template.format(text=text, secret=next(form).format(MARK))
            before, after = (classify_last_error(t) for t in (planted, without_secrets(planted)))
            tried += before.kind is classify_last_error(text).kind
            assert (after.kind, after.status, after.limit) == (
                before.kind,
                before.status,
                before.limit,
            ), planted
    assert tried > 500


def planted(raw, form, name=""):
    """*raw* with a secret at the end of all words that people wrote for people."""
    match raw:
        case dict():
            return {key: planted(value, form, key) for key, value in raw.items()}
        case list():
            return [planted(each, form, name) for each in raw]
        case str() if name in WORDS and raw:
            with_secret = f"{raw} ({next(form).format(MARK)})"
            meant = classify_last_error(raw).kind is classify_last_error(with_secret).kind
            return with_secret if meant else raw
        case _:
            return raw


def cases_with_words():
    form = cycle(form for form in SHORT if '"' not in form)
    for stem, entry in entries():
        with_secrets = planted(copy.deepcopy(entry), form)
        if with_secrets != entry:
            yield pytest.param(with_secrets, id=f"{stem}: {entry['case']}")


@pytest.mark.parametrize("entry", [*cases_with_words()])
def test_a_case_with_a_secret_in_its_words_has_the_same_cause(entry):
    played = scene(entry)

    found = diagnose(played.case, causes())

    wanted = played.wanted["cause"]
    assert (found.code if found.cause else None) == wanted
    assert MARK not in said(found)
