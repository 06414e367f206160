"""The form that every rule keeps, so that a new cause needs no list to be edited."""

import re
from itertools import combinations

import pytest

from tests.rules.raws import FOLDER
from tests.rules.scene import entries
from watcher.diagnosis import catalogue
from watcher.diagnosis import rules as package
from watcher.diagnosis.rule import Rule
from watcher.model import facts

ENTRIES = catalogue.entries(package)
RULES = [entry.rule for entry in ENTRIES if isinstance(entry.rule, Rule)]
BY_CODE = {rule.code: rule for rule in RULES}
FACTS = {f.name for f in vars(facts).values() if isinstance(f, facts.Fact)}
SECTIONS = ["## Meaning", "## Evidence", "## Fix", "## Not to be confused with"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_a_page_has_a_title_and_its_four_sections(entry):
    headings = [line for line in entry.page.split("\n") if line.startswith("#")]

    assert entry.title.endswith(".")
    assert headings == SECTIONS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_code_is_kebab_case_and_its_rule_explains_some_state(rule):
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", rule.code)
    assert rule.states


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_needs_only_facts_that_there_are(rule):
    assert rule.needs <= FACTS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_refines_only_rules_of_its_own_link(rule):
    refined = [BY_CODE[code] for code in rule.refines]

    assert {other.link for other in refined} <= {rule.link}
    assert rule.code not in rule.refines


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_what_a_refined_rule_refines_is_refined_too(rule):
    indirect = {code for refined in rule.refines for code in BY_CODE[refined].refines}

    assert indirect <= rule.refines


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_case_that_finds_it_and_one_that_does_not(rule):
    file = rule.code.replace("-", "_")
    wanted = [entry["expect"]["cause"] for stem, entry in entries() if stem == file]

    assert rule.code in wanted, f"no case of {FOLDER.name}/cases/{file}.yaml finds it"
    assert set(wanted) - {rule.code}, f"every case of {FOLDER.name}/cases/{file}.yaml finds it"


def test_no_two_rules_refine_each_other():
    mutual = [
        (one.code, other.code)
        for one, other in combinations(RULES, 2)
        if one.code in other.refines and other.code in one.refines
    ]

    assert mutual == []


def test_every_file_of_cases_is_of_a_rule():
    files = {stem.replace("_", "-") for stem, _ in entries()}

    assert files <= set(BY_CODE)
