"""A small real HTTP server that behaves as Slack's Web API and its incoming webhooks do.

It keeps a channel as people see it, refuses what Slack refuses, and can be told to fail next time:
``slack.fail("chat.postMessage", RateLimited(30))``, see ``tests.slack_wire``.
"""

import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace

from tests.slack_rules import faults
from tests.slack_wire import HOOK, SlackRequest, SlackServer

TOKEN = "xoxb-local-0000-secret"
CHANNEL = "C0WATCHER1"


@dataclass(frozen=True, kw_only=True)
class Posted:
    """A message as the channel shows it."""

    ts: str
    channel: str
    text: str
    blocks: tuple = ()
    attachments: tuple = ()
    metadata: dict | None = None
    thread_ts: str | None = None
    edits: int = 0
    files: tuple[str, ...] = ()

    @property
    def colour(self):
        return self.attachments[0]["color"] if self.attachments else None


@dataclass
class SlackAPI:
    """The server; a context manager. ``messages`` is the channel and its threads, in order."""

    scopes: set[str] = field(default_factory=lambda: {"chat:write", "files:write"})
    channels: dict[str, str] = field(default_factory=lambda: {CHANNEL: "alerts"})
    token: str = TOKEN
    messages: list[Posted] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    hook_open: bool = True
    _planned: dict = field(default_factory=lambda: defaultdict(deque))
    _names: dict[str, str] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _clock: int = 0

    def __enter__(self):
        self._server = SlackServer(("127.0.0.1", 0), SlackRequest)
        self._server.slack = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self):
        """What ``slack.api_url`` is to be."""
        return f"{self.address}/api/"

    @property
    def webhook_url(self):
        return self.address + HOOK

    @property
    def channel(self):
        """The messages that stand in the channel itself."""
        return [message for message in self.messages if message.thread_ts is None]

    def thread(self, ts):
        """The replies to one message."""
        return [message for message in self.messages if message.thread_ts == ts]

    def fail(self, method, *failures):
        """Let the next calls of *method* (``webhook`` and ``upload`` too) fail, one by one.

        None among them stands for a call that goes well.
        """
        self._planned[method].extend(failures)

    def delete(self, ts):
        """Delete a message, as a person may."""
        self.messages = [message for message in self.messages if message.ts != ts]

    def planned(self, method):
        with self._lock:
            return self._planned[method].popleft() if self._planned[method] else None

    def call(self, method, arguments, token):
        """The answer of one method, as Slack's JSON."""
        with self._lock:
            self.calls.append(method)
            answer = self._answer(method, arguments, token)
            if not answer["ok"]:
                self.refused.append(answer["error"])
            return answer

    def hook(self, payload):
        """Status and body of an incoming webhook."""
        with self._lock:
            self.calls.append("webhook")
            if not self.hook_open:
                return 404, "no_service"
            if not isinstance(payload, dict) or faults(payload):
                return 400, "invalid_payload"
            self._keep(payload, CHANNEL)
            return 200, "ok"

    def _answer(self, method, arguments, token):
        methods = {
            "auth.test": (None, self._who),
            "chat.postMessage": ("chat:write", self._post),
            "chat.update": ("chat:write", self._update),
            "conversations.history": ("channels:history", self._history),
            "conversations.replies": ("channels:history", self._replies),
            "files.getUploadURLExternal": ("files:write", self._upload_url),
            "files.completeUploadExternal": ("files:write", self._share),
        }
        if token != self.token:
            return _no("invalid_auth" if token else "not_authed")
        if method not in methods:
            return _no("unknown_method")
        scope, answer = methods[method]
        if scope and scope not in self.scopes:
            return _no("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))
        return answer(arguments)

    def _who(self, arguments):
        return {"ok": True, "team": "local", "user": "watcher", "bot_id": "B0LOCAL"}

    def _channel(self, named):
        ids = {f"#{name}": id_ for id_, name in self.channels.items()}
        return named if named in self.channels else ids.get(named)

    def _post(self, arguments):
        channel = self._channel(arguments.get("channel"))
        if channel is None:
            return _no("channel_not_found")
        if wrong := faults(arguments):
            return _no(wrong[0][0], response_metadata={"messages": [text for _, text in wrong]})
        thread = arguments.get("thread_ts")
        if thread and not any(message.ts == thread for message in self.channel):
            return _no("thread_not_found")
        kept = self._keep(arguments, channel)
        return {"ok": True, "channel": channel, "ts": kept.ts, "message": {"text": kept.text}}

    def _update(self, arguments):
        channel = arguments.get("channel")
        if channel not in self.channels:  # an id is needed here, a name will not do
            return _no("channel_not_found")
        if wrong := faults(arguments):
            return _no(wrong[0][0], response_metadata={"messages": [text for _, text in wrong]})
        for number, message in enumerate(self.messages):
            if (message.channel, message.ts) == (channel, arguments.get("ts")):
                self.messages[number] = replace(
                    message, **_content(arguments), edits=message.edits + 1
                )
                return {"ok": True, "channel": channel, "ts": message.ts}
        return _no("message_not_found")

    def _history(self, arguments):
        return self._read(arguments, reversed(self.channel))

    def _replies(self, arguments):
        ts = arguments.get("ts")
        return self._read(arguments, [m for m in self.messages if ts in {m.ts, m.thread_ts}])

    def _read(self, arguments, messages):
        if arguments.get("channel") not in self.channels:
            return _no("channel_not_found")
        shown = [_as_read(m, arguments) for m in messages if m.channel == arguments["channel"]]
        start = int(arguments.get("cursor") or 0)
        end = start + int(arguments.get("limit", 100))
        more = {"next_cursor": str(end) if end < len(shown) else ""}
        return {"ok": True, "messages": shown[start:end], "response_metadata": more}

    def _upload_url(self, arguments):
        if not arguments.get("filename") or not int(arguments.get("length", 0)):
            return _no("invalid_arguments")
        file_id = f"F{len(self._names):09}"
        self._names[file_id] = arguments["filename"]
        return {"ok": True, "upload_url": f"{self.address}/upload/{file_id}", "file_id": file_id}

    def _share(self, arguments):
        files = json.loads(arguments["files"])
        channel = arguments.get("channel_id")
        if channel not in self.channels:
            return _no("channel_not_found")
        if any(each["id"] not in self.files for each in files):
            return _no("file_not_found")
        names = tuple(self._names[each["id"]] for each in files)
        text = {"text": arguments.get("initial_comment", "")}
        self._keep({**text, "thread_ts": arguments.get("thread_ts")}, channel, names)
        return {"ok": True, "files": files}

    def _keep(self, arguments, channel, files=()):
        self._clock += 1
        message = Posted(
            ts=f"1795000000.{self._clock:06}",
            channel=channel,
            thread_ts=arguments.get("thread_ts"),
            files=files,
            **_content(arguments),
        )
        self.messages.append(message)
        return message


def _as_read(message, arguments):
    shown = {"ts": message.ts, "text": message.text, "blocks": message.blocks}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.metadata and arguments.get("include_all_metadata"):
        shown["metadata"] = message.metadata
    return shown


def _content(arguments):
    return {
        "text": arguments.get("text") or "",
        "blocks": tuple(arguments.get("blocks") or ()),
        "attachments": tuple(arguments.get("attachments") or ()),
        "metadata": arguments.get("metadata"),
    }


def _no(error, **more):
    return {"ok": False, "error": error, **more}
