"""Run the rules over a case, and find the first broken link."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from watcher.diagnosis.rule import Case, Ground, Lacking, RiskRule, Rule
from watcher.model.comparison import JobState
from watcher.model.facts import Unavailable
from watcher.model.findings import Confidence, Diagnosis, Found, Link, Risk, Undecided
from watcher.model.kube import FieldError
from watcher.operator.selectors import SelectorError

DISAGREES: Final = "replica-disagrees"
ON_ITS_WAY: Final = "reload-pending"
"""Says that a change is younger than its way takes: nothing is proven, and waiting may help."""
WORKING_RULE: Final = "a rule that works"
"""What is lacking where a rule itself failed."""
NONE_OF_THE_OTHERS: Final = "not-in-configuration"
"""Says that no other rule convicts, so it is no finding beside one that does."""

Failed: TypeAlias = Callable[[str, Exception], None]
"""Hears which rule failed by a fault of its own, and by what."""


def _unheard(_rule: str, _error: Exception) -> None:
    """The finding says so, too."""


def rules_for(case: Case, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Those of *rules* that can explain the case: the observed state bounds the search.

    What one server has loaded the operator has written, for all of them.
    """
    bound = first_open_link(case)
    written = case.state is JobState.MISSING and case.loaded_elsewhere
    return tuple(
        rule
        for rule in rules
        if rule.link >= bound
        and case.state in rule.states
        and not (written and rule.link is Link.RECONCILED)
    )


def diagnose(case: Case, rules: Iterable[Rule], failed: Failed = _unheard) -> Diagnosis:
    """Ask every rule that can explain the case; *failed* hears of those that are at fault themselves.

    The cause is the finding at the first broken link; within a link a rule wins over those that it
    refines. A suspicion gives way to likely or certain proof of a later link, and to a rule of a later
    link that could not be asked. A finding gives way to a rule of an earlier link that could not be
    asked, unless its own proof shows that the earlier links hold: no guess is shown as a fact.
    """
    found: list[Found] = []
    undecided: list[Undecided] = []
    asked = sorted(rules_for(case, rules), key=lambda rule: (rule.link, rule.code))
    for rule in asked:
        try:
            finding = rule.check(replace(case, needs=rule.needs))
        except Lacking as lacking:
            undecided.append(_undecided(rule.code, rule.link, lacking))
        except (FieldError, SelectorError) as error:
            undecided.append(_undecided(rule.code, rule.link, _unusable(error)))
        except Exception as error:  # noqa: BLE001 -- one rule's fault is not the others'
            failed(f"rule {rule.code}", error)
            undecided.append(_undecided(rule.code, rule.link, _failed(error)))
        else:
            if finding is not None:
                found.append(Found(code=rule.code, link=rule.link, finding=finding))
    concluded = _concluded(case, asked, found, undecided)
    return replace(concluded, first_open=first_open_link(case))


def first_open_link(case: Case) -> Link:
    """The first link that the observation has not shown to hold.

    A link before one that was seen holds for this job. The exception: a running job that differs
    from what its object asks for now, or whose object changed a moment ago, so that the change may
    still be on its way.
    """
    bound = _bound_by_state(case)
    if bound > Link.LOADED:
        if case.outdated:
            return Link.RECONCILED
        if case.changed_lately:
            return Link.LOADED
    return bound


def _bound_by_state(case: Case) -> Link:
    match case.state:
        case JobState.MISSING | JobState.HEALTHY | JobState.DORMANT | JobState.UNKNOWN:
            return Link.DECLARED
        case JobState.UNSTARTED:
            return Link.CREATED
        case JobState.EMPTY:
            # What discovery gives may all be of others: the operator's own selector is relabelling.
            return Link.DISCOVERED
        case JobState.DOWN | JobState.DEGRADED:
            return Link.KEPT


def _unusable(error: FieldError | SelectorError) -> Lacking:
    """An object with a field of a wrong type costs only the rules that read it."""
    return Lacking("a usable object", Unavailable(str(error)))


def _failed(error: Exception) -> Lacking:
    """A fault of the rule itself, or something that no rule foresaw: where, and of which kind.

    Not its words, which may hold what stands in an object.
    """
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" in {place.tb_frame.f_code.co_name}, line {place.tb_lineno}"
    reason = f"this rule failed ({type(error).__name__}{where}); please report it"
    return Lacking(WORKING_RULE, Unavailable(reason))


def _undecided(code: str, link: Link, lacking: Lacking) -> Undecided:
    return Undecided(
        code=code,
        link=link,
        lacking=lacking.fact,
        reason=lacking.unavailable.reason,
        permission=lacking.unavailable.permission,
    )


def _concluded(
    case: Case, asked: Sequence[Rule], found: list[Found], undecided: list[Undecided]
) -> Diagnosis:
    disagreement = next((f for f in found if f.code == DISAGREES), None)
    if disagreement is not None:
        rest = [f for f in found if f is not disagreement]
        return _of_the_worse_server(disagreement, _concluded(case, asked, rest, undecided))
    refined = {rule.code: rule.refines for rule in asked}
    beaten = {code for f in found for code in refined[f.code]}
    winners = [f for f in found if f.code not in beaten]
    first = winners[0] if winners else None
    cause = _told_instead(first, winners, undecided) if first and is_suspicion(first) else first
    unasked = {u.link for u in undecided}
    if cause and not cause.finding.conclusive and any(link < cause.link for link in unasked):
        cause = None
    others = tuple(f for f in found if f is not cause and f.code != NONE_OF_THE_OTHERS)
    if cause is not None:
        return Diagnosis(cause=cause, link=cause.link, findings=others, undecided=tuple(undecided))
    link = min(unasked | ({first.link} if first else set()), default=_last_open_link(case))
    return Diagnosis(cause=None, link=link, findings=others, undecided=tuple(undecided))


def is_suspicion(found: Found) -> bool:
    """Whether nothing shows that its link is broken, only that it may be.

    A change that may be on its way does not explain away a file that is not there, nor does an
    operator that is not to be seen explain away a reloader that does not run. (That a job does not
    fire while a change is on its way is the watch's decision.)
    """
    suspected = found.finding.confidence is Confidence.POSSIBLE
    return suspected and found.code != NONE_OF_THE_OTHERS


def _told_instead(
    suspicion: Found, winners: Sequence[Found], undecided: Sequence[Undecided]
) -> Found | None:
    """What is proven at a later link; None where a rule of one could not be asked; else itself."""
    later = (f for f in winners if f.link > suspicion.link)
    proven = next((f for f in later if f.finding.confidence is not Confidence.POSSIBLE), None)
    if proven is None and any(u.link > suspicion.link for u in undecided):
        return None
    return proven or suspicion


def _of_the_worse_server(disagreement: Found, worse: Diagnosis) -> Diagnosis:
    """Where replicas disagree that is the cause, at the link where they part."""
    inner = (worse.cause,) if worse.cause else ()
    return Diagnosis(
        cause=replace(disagreement, link=worse.link),
        link=worse.link,
        findings=(*inner, *worse.findings),
        undecided=worse.undecided,
    )


def _last_open_link(case: Case) -> Link:
    """Where the break must be when every rule was asked and none convicts."""
    return max(first_open_link(case), _LAST[case.state])


_LAST = {
    JobState.MISSING: Link.LOADED,
    JobState.UNSTARTED: Link.CREATED,
    JobState.EMPTY: Link.DISCOVERED,
    JobState.DOWN: Link.SCRAPED,
    JobState.DEGRADED: Link.SCRAPED,
    JobState.UNKNOWN: Link.DECLARED,
    JobState.HEALTHY: Link.DECLARED,
    JobState.DORMANT: Link.DECLARED,
}


def assess(
    ground: Ground, rules: Iterable[RiskRule], failed: Failed = _unheard
) -> tuple[tuple[Risk, ...], tuple[Undecided, ...]]:
    """What is at risk at one Prometheus, and which rules could not be asked; *failed* as above."""
    risks: list[Risk] = []
    undecided: list[Undecided] = []
    for rule in sorted(rules, key=lambda rule: rule.code):
        try:
            # What was told before it lacked a fact stays.
            risks.extend(rule.check(replace(ground, needs=rule.needs)))
        except Lacking as lacking:
            undecided.append(_undecided(rule.code, Link.DECLARED, lacking))
        except (FieldError, SelectorError) as error:
            undecided.append(_undecided(rule.code, Link.DECLARED, _unusable(error)))
        except Exception as error:  # noqa: BLE001 -- one rule's fault is not the others'
            failed(f"rule {rule.code}", error)
            undecided.append(_undecided(rule.code, Link.DECLARED, _failed(error)))
    return tuple(risks), tuple(undecided)
