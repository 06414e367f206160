"""Laws of the diagnosis, each held by every case of every cause."""

import json
import random
import shlex
from dataclasses import replace
from itertools import combinations

import pytest

from tests.kube_api.patches import json_patched, merged
from tests.rules.known import HIDDEN
from tests.rules.raws import BASE, called
from tests.rules.renamed import renamed
from tests.rules.scene import entries, scene
from watcher.diagnosis.catalogue import causes
from watcher.diagnosis.diagnose import WORKING_RULE, diagnose, rules_for
from watcher.diagnosis.ladder import Footing, ladder
from watcher.diagnosis.rule import Rule
from watcher.model.comparison import JobState
from watcher.model.facts import Facts, Known
from watcher.model.findings import Confidence, Evidence, Finding, Link
from watcher.model.kube import KubeObject
from watcher.operator.jobs import expected_jobs
from watcher.operator.resource_mounts import resource_mounts
from watcher.operator.selection import Selected, verdict
from watcher.operator.volumes import covers

CASES = [pytest.param(entry, id=f"{stem}: {entry['case']}") for stem, entry in entries()]
REFINES = {rule.code: rule.refines for rule in causes()}


@pytest.mark.parametrize("entry", CASES)
def test_no_rule_fails_nor_reads_what_it_does_not_list(entry):
    found = diagnose(scene(entry).case, causes())

    assert [u for u in found.undecided if u.lacking == WORKING_RULE] == []


@pytest.mark.parametrize("entry", CASES)
def test_a_fact_withheld_never_leads_to_another_cause(entry):
    case = scene(entry).case
    whole = diagnose(case, causes())

    wrong = [name for name in known(case) if not keeps(whole, case, name)]

    assert wrong == []


@pytest.mark.parametrize("entry", CASES)
def test_two_facts_withheld_never_lead_to_another_cause(entry):
    case = scene(entry).case
    whole = diagnose(case, causes())
    needed = {need for rule in causes() if rule.code == whole.code for need in rule.needs}

    wrong = [two for two in combinations(known(case) & needed, 2) if not keeps(whole, case, *two)]

    assert wrong == []


@pytest.mark.parametrize("entry", CASES)
def test_any_facts_withheld_never_lead_to_another_cause(entry):
    case = scene(entry).case
    whole = diagnose(case, causes())
    dice = random.Random(entry["case"])  # noqa: S311 -- no secret
    every = sorted(known(case))

    sets = [dice.sample(every, dice.randint(3, len(every))) for _ in range(4)]

    assert [names for names in sets if not keeps(whole, case, *names)] == []


@pytest.mark.parametrize("entry", CASES)
def test_no_link_is_called_whole_that_could_not_be_read(entry):
    case = scene(entry).case
    for hidden in (set(), known(case)):
        found = diagnose(withheld(case, *hidden), causes())
        steps = {s.link: s for s in ladder(case.status, case.observation, found)}
        unread = {u.link for u in found.undecided} | {f.link for f in (found.cause,) if f}

        assert {link for link in unread if steps[link].footing is Footing.HOLDS} == set()
        if case.job.gone_since is not None and case.job.monitor is None:
            assert steps[Link.DECLARED].footing is not Footing.HOLDS


@pytest.mark.parametrize("entry", CASES)
def test_shuffled_lists_lead_to_the_same_cause(entry):
    whole = diagnose(scene(entry).case, causes())

    for seed in range(3):
        dice = random.Random(seed)  # noqa: S311 -- no secret
        found = diagnose(scene(shuffled(entry, dice)).case, causes())
        assert summed_up(found) == summed_up(whole)


@pytest.mark.parametrize("entry", CASES)
def test_other_names_lead_to_the_same_cause(entry):
    found = diagnose(scene(renamed(entry)).case, causes())

    assert summed_up(found) == summed_up(diagnose(scene(entry).case, causes()))


@pytest.mark.parametrize("entry", CASES)
def test_the_order_of_rules_is_irrelevant(entry):
    case = scene(entry).case

    backwards = diagnose(case, tuple(reversed(causes())))

    assert backwards == diagnose(case, causes())


@pytest.mark.parametrize("entry", CASES)
def test_a_rule_at_a_later_link_never_changes_the_cause(entry):
    case = scene(entry).case
    whole = diagnose(case, causes())
    if whole.cause is None or whole.code == "replica-disagrees" or convicts_nobody(whole):
        return  # that is at another rule's link; what is only suspected gives way to later proof

    fewer = tuple(rule for rule in causes() if rule.link <= whole.cause.link)
    more = (*causes(), *(always(link) for link in Link if link > whole.cause.link))

    assert diagnose(case, fewer).cause == whole.cause
    assert diagnose(case, more).cause == whole.cause


@pytest.mark.parametrize("entry", CASES)
def test_rules_of_one_link_that_hold_together_are_in_an_order(entry):
    case = scene(entry).case
    holding = {}
    for rule in rules_for(case, causes()):
        only = diagnose(case, (rule,))
        if any(rule.code == f.code for f in (only.cause, *only.findings) if f):
            holding.setdefault(rule.link, []).append(rule)

    for rules in holding.values():
        best = [r for r in rules if not any(r.code in other.refines for other in rules)]
        assert len(best) == 1, [r.code for r in best]


@pytest.mark.parametrize("entry", CASES)
def test_every_printed_patch_applies_to_the_objects(entry):
    played = scene(entry)
    found = diagnose(played.case, causes())

    patched_by(found, played)


FILE_FAMILY = ("hand-patch-reverted", "tls-path-mismatch")


@pytest.mark.parametrize(
    "entry", [param for param in CASES if param.values[0]["expect"]["cause"] in FILE_FAMILY]
)
def test_the_patched_objects_have_every_file_of_the_job(entry):
    played = scene(entry)
    objects = patched_by(diagnose(played.case, causes()), played)

    job = played.case.job
    prometheus = KubeObject(objects[f"Prometheus {job.prometheus}"])
    monitor = KubeObject(objects[str(job.monitor)])
    files = [f.path for j in expected_jobs(monitor, prometheus) for f in j.files]
    assert files
    assert [f for f in files if covers(resource_mounts(prometheus), f) is None] == []


SELECTION = ("labels-not-selected", "namespace-not-selected", "selector-null")


@pytest.mark.parametrize(
    "entry", [param for param in CASES if param.values[0]["expect"]["cause"] in SELECTION]
)
def test_the_patched_objects_are_selected_where_a_patch_was_printed(entry):
    played = scene(entry)
    found = diagnose(played.case, causes())
    commands = [step.command or "" for step in found.cause.finding.fix]
    if not any(" patch " in command or " label " in command for command in commands):
        return

    objects = patched_by(found, played)

    job = played.case.job
    namespaces = {
        raw["metadata"]["name"]: raw["metadata"].get("labels", {})
        for raw in objects.values()
        if raw["kind"] == "Namespace"
    }
    monitor = KubeObject(objects[str(job.monitor)])
    prometheus = KubeObject(objects[f"Prometheus {job.prometheus}"])
    still = verdict(monitor, prometheus, Known(namespaces))
    others = {f.code for f in found.findings} & set(SELECTION)
    assert isinstance(still, Selected) or (others and still.cause != found.code)


# ---------------------------------------------------------------- below


def known(case):
    return {name for name, found in case.facts.known.items() if isinstance(found, Known)}


def keeps(whole, case, *names):
    """Whether without the facts *names* the cause is the same, or refined by it, or undecided."""
    found = diagnose(withheld(case, *names), causes())
    named = bool(set(names) & {u.lacking for u in found.undecided})
    if found.cause is None:
        return whole.cause is None or named
    lesser = whole.cause and found.code in REFINES[whole.code]
    return found.code == whole.code or bool(lesser and named)


def convicts_nobody(diagnosis):
    """Whether its cause is a suspicion: a change on its way, an operator that is not to be seen."""
    possible = diagnosis.cause.finding.confidence is Confidence.POSSIBLE
    return possible and diagnosis.code != "not-in-configuration"


def withheld(case, *names):
    return replace(case, facts=Facts({**case.facts.known, **dict.fromkeys(names, HIDDEN)}))


def summed_up(found):
    """What must not depend on names or on the order of lists."""
    cause = found.cause and (found.code, found.cause.finding.confidence)
    others = [f.code for f in found.findings]
    return cause, found.link, others, [(u.code, u.lacking) for u in found.undecided]


UNORDERED = frozenset(
    {"objects", "was", "base", "mounts", "access", "manifests", "jobs", "targets", "dropped"}
    | {"pools", "volumes", "volumeMounts", "containers", "containerStatuses", "conditions"}
    | {"managedFields", "ownerReferences", "bindings", "matchExpressions", "secrets", "subsets"}
)
"""Lists of a case whose order must not matter. That of endpoints does: it names the pools."""


def shuffled(entry, dice):
    """The same case, and the base that it starts from, with such lists in another order."""
    whole = {"base": BASE} | entry | {"case": entry["case"]}
    return {
        k: v if k == "expect" else mixed(v, dice, unordered=k in UNORDERED)
        for k, v in whole.items()
    }


def mixed(found, dice, *, unordered=False):
    match found:
        case dict():
            return {
                key: mixed(value, dice, unordered=key in UNORDERED) for key, value in found.items()
            }
        case list() if unordered:
            return dice.sample([mixed(item, dice) for item in found], len(found))
        case list():
            return [mixed(item, dice) for item in found]
        case _:
            return found


def always(link):
    """A rule that convicts in every state."""
    finding = Finding(summary="it is so", evidence=(Evidence(seen="it", where="there"),))
    return Rule(
        code=f"always-{link.word}",
        link=link,
        states=frozenset(JobState),
        needs=frozenset(),
        check=lambda _: finding,
    )


def patched_by(found, played):
    """The objects after all JSON patches of the fix; a patch that does not apply raises."""
    objects = {called(raw): raw for raw in played.objects}
    for step in found.cause.finding.fix if found.cause else ():
        command = step.command or ""
        if "--type=json" in command:
            words = shlex.split(command)
            name = addressed(words, "patch", objects)
            objects[name] = json_patched(objects[name], json.loads(words[words.index("-p") + 1]))
        if " label " in command and "<" not in command:
            words = shlex.split(command)
            name = addressed(words, "label", objects)
            labels = dict(pair.split("=") for pair in words[words.index("label") + 3 :])
            assert not labels.keys() & objects[name]["metadata"].get("labels", {}).keys()
            objects[name] = merged(objects[name], {"metadata": {"labels": labels}})
    return objects


def addressed(words, verb, objects):
    """Which of *objects* a ``kubectl patch`` or ``label`` names."""
    at = words.index(verb)
    namespace = words[words.index("-n") + 1] if "-n" in words else ""
    full = f"{namespace}/{words[at + 2]}" if namespace else words[at + 2]
    return next(n for n in objects if n.lower() == f"{words[at + 1]} {full}".lower())
