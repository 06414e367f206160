"""Slack's refusals in this project's words: what went wrong, whether for good, and what to do.

Knows Slack's error codes, not its library. Codes: Slack's method pages of chat.postMessage,
chat.update and files.getUploadURLExternal, and its page on incoming webhooks.
"""

from enum import StrEnum
from typing import Final

from watcher.errors import NotifyError


class Reason(StrEnum):
    """Why Slack did not take a message: the closed set of ``NotifyError.reason``."""

    AUTH = "auth"
    CHANNEL = "channel"
    SCOPE = "scope"
    CONTENT = "content"
    MESSAGE_GONE = "message_gone"
    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    TIMEOUT = "timeout"
    NETWORK = "network"
    UNREADABLE = "unreadable"
    REFUSED = "refused"


_PERMANENT: Final = frozenset(
    {Reason.AUTH, Reason.CHANNEL, Reason.SCOPE, Reason.CONTENT, Reason.MESSAGE_GONE}
)

_CODES: Final = {
    Reason.AUTH: (
        "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
        "no_permission", "org_login_required", "ekm_access_denied", "access_denied",
        "not_allowed_token_type", "no_service", "no_service_id", "no_team", "invalid_token",
        "team_disabled", "action_prohibited", "posting_to_general_channel_denied",
    ),
    Reason.CHANNEL: (
        "channel_not_found", "not_in_channel", "is_archived", "channel_is_archived", "no_channel",
        "restricted_action", "restricted_action_read_only_channel",
    ),
    Reason.SCOPE: ("missing_scope",),
    Reason.CONTENT: (
        "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text",
        "invalid_payload", "invalid_attachments", "too_many_attachments", "invalid_arguments",
        "metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema",
        "attachment_payload_limit_exceeded", "file_upload_size_restricted",
    ),
    Reason.MESSAGE_GONE: (
        "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found",
        "cannot_reply_to_message",
    ),
    Reason.RATE_LIMITED: ("ratelimited", "rate_limited", "message_limit_exceeded"),
    Reason.SERVER: (
        "internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error",
        "team_added_to_org",
    ),
}  # fmt: skip

_BY_CODE: Final = {code: reason for reason, codes in _CODES.items() for code in codes}

_ADVICE: Final = {
    Reason.AUTH: "install the app again and renew the token (slack.token_file) or the webhook",
    Reason.CHANNEL: "invite the app to the channel, or correct slack.channel",
    Reason.SCOPE: "add the scope to the app and install it again; see docs/slack.md",
    Reason.CONTENT: "this is a fault of watcher: please report it",
    Reason.MESSAGE_GONE: "a new message is posted instead",
    Reason.RATE_LIMITED: "it is sent again later",
    Reason.SERVER: "it is sent again at the next watch",
    Reason.TIMEOUT: "it is sent again at the next watch; check the way to Slack if this continues",
    Reason.NETWORK: "it is sent again at the next watch; check DNS, proxy and slack.api_url",
    Reason.UNREADABLE: "it is sent again at the next watch; check slack.api_url and the proxy",
    Reason.REFUSED: "it is sent again at the next watch; see Slack's page on this error",
}


def failure(reason: Reason, said: str, *, retry_after: float | None = None) -> NotifyError:
    """The error to raise; *said* is short and free of secrets."""
    return NotifyError(
        f"slack: {said}: {_ADVICE[reason]}",
        permanent=reason in _PERMANENT,
        reason=reason.value,
        retry_after=retry_after,
    )


def refusal(
    status: int, code: str, *, needed: str | None = None, retry_after: float | None = None
) -> NotifyError:
    """The error for an answer of HTTP *status* with Slack's error *code*.

    *needed* is the scope that Slack says is missing, *retry_after* the wait in seconds of a 429. A code
    that is not known here is not permanent: one message too many is better than one too few.
    """
    if status == 429:  # noqa: PLR2004 -- Too Many Requests
        return failure(Reason.RATE_LIMITED, "too many messages (429)", retry_after=retry_after)
    known = _BY_CODE.get(code)
    if known is not None:
        scope = f" {needed}" if needed else ""
        return failure(known, f"{code}{scope}")
    if status >= 500:  # noqa: PLR2004 -- server errors begin here
        return failure(Reason.SERVER, f"HTTP {status}")
    if not code.replace("_", "").isalnum():
        return failure(Reason.UNREADABLE, f"HTTP {status}, and an answer that is not Slack's")
    return failure(Reason.REFUSED, code[:60])
