"""The robots of chats keep the contract of notifiers, and say what their formats can take."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import jsonschema
import pytest

from tests.contracts.notifier import NotifierContract, patience_with
from tests.messages import a_message, a_subject, resolved, sent, the_incident
from tests.nasty.strings import NASTY
from tests.receivers import HttpReceiver
from watcher.adapters.receivers.dingtalk import DingTalk
from watcher.adapters.receivers.feishu import Feishu
from watcher.adapters.receivers.teams import Teams
from watcher.engine.announce import Reason
from watcher.errors import NotifyError
from watcher.model.findings import FixStep
from watcher.settings import DingTalkSettings, FeishuSettings, HttpSettings, TeamsSettings

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
SECRET, TOKEN = "a-secret-that-signs", "a-token-in-the-address"
KINDS = {
    "teams": (Teams, TeamsSettings),
    "feishu": (Feishu, FeishuSettings),
    "dingtalk": (DingTalk, DingTalkSettings),
}
LARGEST = {"teams": 28_000, "feishu": 20_000, "dingtalk": 20_000}


def strict(required, **properties):
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def some(item, most=1000):
    return {"type": "array", "items": item, "minItems": 1, "maxItems": most}


TEXT = {"type": "string", "minLength": 1}
HTTP = {"type": "string", "pattern": "^https?://"}
RUN = strict(
    "type text",
    type={"const": "TextRun"},
    text=TEXT,
    isSubtle={"type": "boolean"},
    weight={"enum": ["Lighter", "Default", "Bolder"]},
    size={"enum": ["Small", "Default", "Medium", "Large", "ExtraLarge"]},
    color={"enum": ["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"]},
    fontType={"enum": ["Default", "Monospace"]},
)
CARD = strict(
    "type version body",
    **{"$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"}},
    type={"const": "AdaptiveCard"},
    version={"enum": ["1.2", "1.3", "1.4"]},
    fallbackText=TEXT,
    msteams=strict("width", width={"const": "Full"}),
    body=some(strict("type inlines", type={"const": "RichTextBlock"}, inlines=some(RUN))),
    actions=some(
        strict("type title url", type={"const": "Action.OpenUrl"}, title=TEXT, url=HTTP), 6
    ),
)
PLAIN = strict("tag content", tag={"const": "plain_text"}, content=TEXT)
BUTTON = strict(
    "tag text type url", tag={"const": "button"}, text=PLAIN, type={"const": "default"}, url=HTTP
)
SCHEMAS = {
    "teams": strict(
        "type attachments",
        type={"const": "message"},
        attachments=some(
            strict(
                "contentType content",
                contentType={"const": "application/vnd.microsoft.card.adaptive"},
                contentUrl={"type": "null"},
                content=CARD,
            ),
            1,
        ),
    ),
    "feishu": strict(
        "msg_type card",
        timestamp={"type": "string", "pattern": "^[0-9]{10}$"},
        sign=TEXT,
        msg_type={"const": "interactive"},
        card=strict(
            "header elements",
            config=strict("", wide_screen_mode={"type": "boolean"}),
            header=strict(
                "title template",
                title=PLAIN,
                template={"enum": ["blue", "green", "orange", "red"]},
            ),
            elements=some(
                {
                    "anyOf": [
                        strict("tag text", tag={"const": "div"}, text=PLAIN),
                        strict("tag actions", tag={"const": "action"}, actions=some(BUTTON)),
                    ]
                }
            ),
        ),
    ),
    "dingtalk": strict(
        "msgtype text", msgtype={"const": "text"}, text=strict("content", content=TEXT)
    ),
}
"""What the formats allow of what is used: Adaptive Cards 1.4, Feishu's cards, DingTalk's texts."""


def faults_of(name, asked):
    """What the peer refuses: the schema, the size, the signature."""

    def faults(path, body):
        asked.append(path)
        try:
            jsonschema.validate(body, SCHEMAS[name])
        except jsonschema.ValidationError as error:
            return [error.message]
        size = len(json.dumps(body, ensure_ascii=False).encode())
        signed = SIGNED[name](urlsplit(path), body)
        return [f"{size} bytes"] * (size > LARGEST[name]) + ["signature"] * (not signed)

    return faults


def signed_by_feishu(_, body):
    key = f"{body['timestamp']}\n{SECRET}".encode()
    return body["sign"] == base64.b64encode(hmac.digest(key, b"", "sha256")).decode()


def signed_by_dingtalk(address, _):
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    digest = hmac.new(SECRET.encode(), f"{query['timestamp']}\n{SECRET}".encode(), hashlib.sha256)
    known = (query["access_token"], query["timestamp"]) == (TOKEN, str(int(NOW.timestamp() * 1000)))
    return known and query["sign"] == base64.b64encode(digest.digest()).decode()


SIGNED = {"teams": lambda *_: True, "feishu": signed_by_feishu, "dingtalk": signed_by_dingtalk}


class Group:
    """The receiving side of a robot, for the contract."""

    secrets = (SECRET, TOKEN)

    def __init__(self, name, server, folder):
        self.name, self.server, self.folder = name, server, folder
        self.url_file, self.secret_file = folder / "url", folder / "secret"
        self.url_file.write_text(f"{server.url}/send?access_token={TOKEN}\n")
        self.secret_file.write_text(f"{SECRET}\n")

    def notifier(self, failure=None):
        make, settings = KINDS[self.name]
        files = {"url_file": self.url_file}
        if self.name != "teams":
            files["secret_file"] = self.secret_file
        http = HttpSettings(timeout=patience_with(failure))
        return make(settings(**files, http=http), lambda: NOW)

    def fail(self, failure):
        self.server.fail(failure)

    def heard(self):
        return len(self.server.taken)

    @property
    def text(self):
        """All texts of what was taken last."""
        return json.dumps(self.server.taken[-1], ensure_ascii=False)


@pytest.fixture(params=KINDS)
def receiver(request, tmp_path):
    asked = []
    said = '{"code": 0, "errcode": 0}'
    with HttpReceiver(faults=faults_of(request.param, asked), said=said) as server:
        yield Group(request.param, server, tmp_path)


class TestChatsKeepTheContract(NotifierContract):
    @pytest.fixture
    def receiver(self, receiver):
        return receiver


def test_it_says_why_what_to_do_and_where_to_look(receiver):
    receiver.notifier().notify(the_incident(), None)

    for words in (
        "2 scrape jobs lost",
        "taken back by the operator",
        "kubectl -n monitoring patch",
    ):
        assert words in receiver.text
    assert "https://prometheus.example/targets" in receiver.text


def test_what_is_over_says_so_and_needs_no_fix(receiver):
    receiver.notifier().notify(resolved(the_incident()), None)

    assert "resolved after 9 d 4 h" in receiver.text
    assert "kubectl" not in receiver.text


def test_what_changes_without_noise_is_not_sent_again(receiver):
    message = a_message(reason=Reason.CHANGED)

    handle = receiver.notifier().notify(message, sent(message, "kept"))

    assert (handle, receiver.heard()) == ("kept", 0)


def test_a_message_that_is_too_large_has_less_proof_and_no_half_command(receiver):
    step = FixStep(do="é" * 5000, command="kubectl " + "x" * 1900)
    large = the_incident(
        summary="…" * 9000,
        headline="漢" * 5000,
        fix=(step,) * 30,
        about=tuple(a_subject(f"{'p' * 500}/{n}") for n in range(500)),
    )

    receiver.notifier().notify(large, None)

    assert receiver.heard() == 1
    assert receiver.text.count("xx") == 0 or "x" * 1900 in receiver.text


@pytest.mark.parametrize("said", NASTY.values(), ids=NASTY.keys())
def test_what_others_wrote_stays_text(receiver, said):
    receiver.notifier().notify(a_message(headline=f"a{said}b", summary=f"c{said}d"), None)

    assert receiver.heard() == 1


@pytest.mark.parametrize(
    ("name", "answer", "reason", "permanent"),
    [
        ("feishu", {"code": 19021, "msg": SECRET}, "auth", True),
        ("feishu", {"code": 19001}, "channel", True),
        ("feishu", {"code": 11232}, "rate_limited", False),
        ("feishu", {"code": 1}, "refused", False),
        ("feishu", {"code": False}, "unreadable", False),
        ("dingtalk", {"errcode": 310000, "errmsg": SECRET}, "auth", True),
        ("dingtalk", {"errcode": 300005}, "channel", True),
        ("dingtalk", {"errcode": 130101}, "rate_limited", False),
        ("dingtalk", {"errcode": 7}, "refused", False),
        ("dingtalk", [], "unreadable", False),
    ],
)
def test_a_refusal_in_an_answer_of_status_200_is_one(tmp_path, name, answer, reason, permanent):
    with HttpReceiver(said=json.dumps(answer)) as server, pytest.raises(NotifyError) as raised:
        Group(name, server, tmp_path).notifier().notify(a_message(), None)

    assert (raised.value.reason, raised.value.permanent) == (reason, permanent)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("content", [None, b"", b"only-a-token", b"http://", b"\xff"])
def test_an_address_that_cannot_be_used_is_said_and_not_shown(receiver, content):
    if content is None:
        receiver.url_file.unlink()
    else:
        receiver.url_file.write_bytes(content)

    with pytest.raises(NotifyError, match=rf"{receiver.name}\.url_file: ") as raised:
        receiver.notifier().notify(a_message(), None)
    assert raised.value.permanent
    assert "only-a-token" not in str(raised.value)
    assert raised.value.__context__ is None


def test_a_new_address_in_the_file_is_used_at_once(receiver):
    notifier = receiver.notifier()
    right = receiver.url_file.read_text()
    receiver.url_file.write_text("http://127.0.0.1:1/")
    with pytest.raises(NotifyError):
        notifier.notify(a_message(), None)
    receiver.url_file.write_text(right)

    notifier.notify(a_message(), None)

    assert receiver.heard() == 1
