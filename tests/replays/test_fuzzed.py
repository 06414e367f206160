"""Whatever a source answers, a look ends with a document, never with a crash.

Recorded cases are looked at again with one answer changed: cut, scrambled, or with a value of
another kind somewhere within its JSON.
"""

import json
from functools import cache

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.replays.replaying import CASES, recording, told
from watcher.adapters.recordings import recording as archive
from watcher.adapters.recordings.recorder import Exchange
from watcher.adapters.tape import Answered
from watcher.app import recording as app

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["", "-", "9" * 400, "2026-99-99T00:00:00Z", "[", "{", "\x00", "://", "%zz"]),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just({"": None}),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.none(), max_size=2),
)


@cache
def held(case):
    return archive.read(recording(case))


@cache
def answers(case):
    """Numbers of the exchanges that have an answer, each different one once."""
    found = {}
    for number, exchange in enumerate(held(case).exchanges):
        if isinstance(exchange.came, Answered):
            found.setdefault((exchange.asked, exchange.came.body), number)
    return tuple(found.values())


@st.composite
def changed(draw):
    """A recording of which all answers to one request are changed alike."""
    case = draw(st.sampled_from(CASES))
    whole = held(case)
    number = draw(st.sampled_from(answers(case)))
    asked = whole.exchanges[number].asked
    came = draw(altered(whole.exchanges[number].came))
    note(f"{case.name}: {asked.method} {asked.path}: {came.status} {came.body[:500]!r}")
    exchanges = tuple(
        Exchange(asked=e.asked, came=came) if e.asked == asked else e for e in whole.exchanges
    )
    return archive.Recording(
        at=whole.at,
        settings=whole.settings,
        kubernetes=whole.kubernetes,
        exchanges=exchanges,
        past=whole.past,
    )


@st.composite
def altered(draw, came):
    way = draw(st.sampled_from(["value", "value", "value", "cut", "bytes", "status", "foreign"]))
    body, status = came.body, came.status
    if way == "value":
        body = draw(with_another_value(body))
    elif way == "cut":
        body = body[: draw(st.integers(0, len(body)))]
    elif way == "bytes":
        place = draw(st.integers(0, max(len(body) - 1, 0)))
        body = body[:place] + draw(st.binary(max_size=8)) + body[place + 1 :]
    elif way == "foreign":
        body = draw(st.sampled_from([b"", b"null", b"[]", b"{}", b"<html>", b"\xff\xfe", b"0"]))
    else:
        status = draw(st.sampled_from([200, 204, 400, 401, 403, 404, 410, 429, 500, 503]))
    return Answered(body=body, status=status, words=came.words, date=came.date)


@st.composite
def with_another_value(draw, body):
    """*body* with something strange at a place of its JSON; as it is where it is none."""
    try:
        whole = json.loads(body)
    except ValueError:
        return body
    places = list(every_place(whole))
    if not places:
        return body
    path = draw(st.sampled_from(places))
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    if draw(st.booleans()) and isinstance(holder, dict):
        del holder[path[-1]]
    else:
        holder[path[-1]] = draw(STRANGE)
    return json.dumps(whole).encode("utf-8", "surrogatepass")


def every_place(value, path=()):
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for step, inner in items:
        yield (*path, step)
        yield from every_place(inner, (*path, step))


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(changed())
def test_whatever_a_source_answers_a_look_ends_with_a_document(whole):
    document = told(app.of(whole))

    assert set(document) == {"once", "audit"}
    assert document["once"]["summary"]["expected"] == len(document["once"]["jobs"])
