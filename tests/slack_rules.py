"""Slack's limits on messages, from its Block Kit reference, as a validator that names each fault.

Knows the blocks that a notifier may use; any other type is a fault, as it is for Slack when a block
is not allowed in messages. Stricter than Slack only in counting UTF-16 units.
"""

import re

MOST_BLOCKS = 50
MOST_ATTACHMENTS = 20
LONGEST_TEXT = 40_000
LONGEST_IN_ALL = 12_000
"""Not documented; seen since 2025 at about 12,000 to 13,200 (slackapi/bolt-js#2509, #2867)."""

_TEXTS = {"mrkdwn", "plain_text"}
_ATTACHMENT_KEYS = {"color", "blocks", "fallback"}


def faults(payload):
    """What is wrong with a message, as pairs of Slack's error code and words; empty if nothing."""
    found = list(_message(payload))
    for blocks in all_blocks(payload):
        found += [("invalid_blocks", fault) for fault in block_faults(blocks)]
    if sum(units(part.get("text", "")) for part in parts(payload)) > LONGEST_IN_ALL:
        found.append(("msg_blocks_too_long", f"more than {LONGEST_IN_ALL} characters in all"))
    return found


def block_faults(blocks):
    """What is wrong with one list of blocks, in words."""
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "block_id: not unique"
    for number, block in enumerate(blocks):
        for fault in _block(block):
            yield f"blocks[{number}]: {fault}"


def all_blocks(payload):
    """The lists of blocks of a message: its own, and those of its attachments."""
    yield payload.get("blocks") or []
    for attachment in payload.get("attachments") or []:
        yield attachment.get("blocks") or []


def texts(payload, kind=""):
    """Every text of a message, of one *kind* or of both; that for notifications is mrkdwn."""
    yield payload.get("text", "")
    for part in parts(payload):
        if part.get("type", "").startswith(kind):
            yield part.get("text", "")


def parts(payload):
    """Every object of text in the blocks of a message."""
    for blocks in all_blocks(payload):
        for block in blocks:
            found = (block.get("text"), *block.get("fields", ()), *block.get("elements", ()))
            yield from (part for part in found if isinstance(part, dict))


def units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _message(payload):
    text, blocks = payload.get("text"), payload.get("blocks") or []
    attachments = payload.get("attachments") or []
    if not text and not blocks and not attachments:
        yield "no_text", "neither text nor blocks"
    if text is not None and units(text) > LONGEST_TEXT:
        yield "msg_too_long", f"text: more than {LONGEST_TEXT} characters"
    if sum(len(each) for each in all_blocks(payload)) > MOST_BLOCKS:
        yield "invalid_blocks", f"more than {MOST_BLOCKS} blocks"
    if len(attachments) > MOST_ATTACHMENTS:
        yield "too_many_attachments", f"more than {MOST_ATTACHMENTS}"
    for attachment in attachments:
        if unknown := set(attachment) - _ATTACHMENT_KEYS:
            yield "invalid_attachments", f"{sorted(unknown)} beside blocks"
        if not re.fullmatch(r"#[0-9A-Fa-f]{6}|good|warning|danger", attachment.get("color", "")):
            yield "invalid_attachments", "color: neither #RRGGBB nor a name"
    yield from _metadata(payload.get("metadata"))


def _metadata(metadata):
    if metadata is None:
        return
    payload = metadata.get("event_payload")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(payload, dict):
        yield "invalid_metadata_format", "event_type and event_payload are needed"


def _block(block):
    if units(str(block.get("block_id", ""))) > 255:
        yield "block_id: more than 255 characters"
    match block.get("type"):
        case "header":
            yield from _text(block.get("text"), "text", 150, {"plain_text"})
        case "section":
            yield from _section(block)
        case "context":
            yield from _several(block.get("elements"), "elements", 3_000)
        case "divider":
            pass
        case other:
            yield f"type: {other!r} is not known"


def _section(block):
    if "text" not in block and "fields" not in block:
        yield "section: neither text nor fields"
    if "text" in block:
        yield from _text(block["text"], "text", 3_000, _TEXTS)
    if "fields" in block:
        yield from _several(block["fields"], "fields", 2_000)


def _several(parts, name, longest):
    if not parts or len(parts) > 10:
        yield f"{name}: one to ten are needed"
    for number, part in enumerate(parts or ()):
        yield from _text(part, f"{name}[{number}]", longest, _TEXTS)


def _text(part, name, longest, types):
    if not isinstance(part, dict) or part.get("type") not in types:
        yield f"{name}: one of {sorted(types)} is needed"
        return
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        yield f"{name}: must not be empty"
    elif units(text) > longest:
        yield f"{name}: {units(text)} characters, at most {longest}"
    if part["type"] == "mrkdwn" and "emoji" in part:
        yield f"{name}: emoji belongs to plain_text"
    if part["type"] == "plain_text" and "verbatim" in part:
        yield f"{name}: verbatim belongs to mrkdwn"


_FENCED = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_MARKS = re.compile(
    r"<[^>]*>?|>|[*~`]|(?<![^\W_])_|_(?![^\W_])|:[a-z0-9_'+-]+:|^&gt;|@(?:here|channel|everyone|group)",
    re.IGNORECASE | re.MULTILINE,
)
_CODE = "code"


def marks(mrkdwn):
    """What Slack obeys in a text, in order: links and mentions, formats, emoji, quotations, code.

    Taken wider than Slack takes it: any ``*`` and ``~`` is a mark, whether another closes it or not.
    """
    found = []
    end = 0
    for code in _FENCED.finditer(mrkdwn):
        found += [*_plain(mrkdwn[end : code.start()]), _CODE]
        end = code.end()
    return [*found, *_plain(mrkdwn[end:])]


def _plain(text):
    return [each if len(each) == 1 else each[:2] for each in _MARKS.findall(text)]
