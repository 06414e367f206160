"""What the rules say: findings with their proof and their fix, and the diagnosis made of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from watcher.model.rules import LoadedRule
from watcher.secrecy import command_without_secrets, without_secrets

CAUSE_UNKNOWN: Final = "cause-unknown"
"""Code of a job that is not healthy and that no rule explains."""


class Link(IntEnum):
    """Links of the chain from a custom resource to a sample, in the order in which they must hold.

    The cause of a loss is at the first one that is broken.
    """

    DECLARED = 1
    SELECTED = 2
    ACCEPTED = 3
    RECONCILED = 4
    LOADED = 5
    CREATED = 6
    DISCOVERED = 7
    KEPT = 8
    SCRAPED = 9
    INGESTED = 10

    @property
    def word(self) -> str:
        """Its name as people and the JSON see it."""
        return self.name.lower()


class Confidence(StrEnum):
    """How much the evidence says: one object proves it, two signals together, a suspicion."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that was seen, the command that shows it to a person, and when it happened."""

    seen: str
    where: str
    at: datetime | None = None

    def __post_init__(self) -> None:
        """Take out what is secret: the words of others can hold URLs with passwords."""
        object.__setattr__(self, "seen", without_secrets(self.seen))
        object.__setattr__(self, "where", command_without_secrets(self.where))


@dataclass(frozen=True, slots=True, kw_only=True)
class FixStep:
    """One thing to do; *command* is ready to paste, None where there is nothing to paste."""

    do: str
    command: str | None = None

    def __post_init__(self) -> None:
        """Take out what is secret; the command stays one."""
        object.__setattr__(self, "do", without_secrets(self.do))
        if self.command is not None:
            object.__setattr__(self, "command", command_without_secrets(self.command))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule's answer that its cause applies.

    ``summary`` is one sentence without a full stop at its end. ``conclusive``: the proof itself
    shows that every earlier link holds, so that an earlier rule that could not be asked cannot
    change the cause. ``proof`` names the one thing that is at fault (a Secret, a server, a
    namespace); jobs that share cause and proof are one problem. Empty: the job alone.
    """

    summary: str
    evidence: tuple[Evidence, ...]
    fix: tuple[FixStep, ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    conclusive: bool = False
    proof: str = ""

    def __post_init__(self) -> None:
        """Take out what is secret."""
        object.__setattr__(self, "summary", without_secrets(self.summary))
        object.__setattr__(self, "proof", without_secrets(self.proof))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A finding with the code and link of its rule."""

    code: str
    link: Link
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A rule that could not be asked: what it lacked, and what would give it."""

    code: str
    link: Link
    lacking: str
    reason: str
    permission: str | None

    def __post_init__(self) -> None:
        """Take out what is secret."""
        object.__setattr__(self, "reason", without_secrets(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why a job is as it is.

    ``cause`` is at the first broken link, or None when no rule convicts; ``link`` then is the first
    one not proven to hold. ``findings`` are all others that hold, the refined ones too, in the
    order of the chain. ``around`` is what is worth knowing of the loss and proves nothing: what
    changed just before it, and the ``silenced`` alerts, which cannot fire while it lasts. Links
    before ``first_open`` are shown to hold by what was seen; no rule was asked of them.
    """

    cause: Found | None
    link: Link
    findings: tuple[Found, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    around: tuple[Evidence, ...] = ()
    silenced: tuple[LoadedRule, ...] = ()
    first_open: Link = Link.DECLARED

    @property
    def code(self) -> str:
        """Code of the cause; ``cause-unknown`` where no rule convicts."""
        return self.cause.code if self.cause else CAUSE_UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What is not lost yet and will be. *pool* is None where it concerns a whole Prometheus."""

    code: str
    prometheus: str
    pool: str | None
    finding: Finding
