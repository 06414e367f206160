"""The catalogue: every module of ``rules`` and of ``risks``, in the order of the chain.

A module that breaks the form raises here, at start-up, and not in the night.
"""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from watcher.diagnosis import risks, rules
from watcher.diagnosis.rule import RiskRule, Rule


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with its page, which is its module's docstring."""

    rule: Rule | RiskRule
    page: str

    @property
    def code(self) -> str:
        """The cause's code."""
        return self.rule.code

    @property
    def title(self) -> str:
        """First line of the page."""
        return self.page.partition("\n")[0]


@cache
def causes() -> tuple[Rule, ...]:
    """The rules of all causes of a loss, in the order of the chain, then by code."""
    found = [entry.rule for entry in entries(rules) if isinstance(entry.rule, Rule)]
    return tuple(sorted(found, key=lambda rule: (rule.link, rule.code)))


@cache
def at_risk() -> tuple[RiskRule, ...]:
    """The rules of what is at risk, by code."""
    return tuple(entry.rule for entry in entries(risks) if isinstance(entry.rule, RiskRule))


@cache
def pages() -> dict[str, Entry]:
    """Every entry by its code, causes in the order of the chain, then risks.

    A code can be both (``operator-down``): then the page is that of the cause.
    """
    by_code = {entry.code: entry for entry in entries(rules)}
    ordered = {rule.code: by_code[rule.code] for rule in causes()}
    return ordered | {e.code: e for e in entries(risks) if e.code not in ordered}


def entry(code: str) -> Entry | None:
    """The entry of one code, as ``pages`` has it; only its own module is imported for it."""
    for package in (rules, risks):
        for name in _names(package):
            if name.replace("_", "-") == code:
                return _entry(package, name)
    return None


def risk_pages() -> dict[str, Entry]:
    """Every entry of what is at risk by its code: of a code that is both, the page of the risk."""
    return {entry.code: entry for entry in entries(risks)}


def entries(package: ModuleType) -> tuple[Entry, ...]:
    """Every rule of one package, by code."""
    return tuple(_entry(package, name) for name in _names(package))


def _names(package: ModuleType) -> tuple[str, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(name for name in names if not name.startswith("_"))


def _entry(package: ModuleType, name: str) -> Entry:
    module = importlib.import_module(f"{package.__name__}.{name}")
    rule = getattr(module, "RULE", None)
    if not isinstance(rule, Rule | RiskRule):
        raise TypeError(f"{module.__name__} has no RULE")
    if rule.code != name.replace("_", "-"):
        raise ValueError(f"{module.__name__}: its code is {rule.code!r}, not its file's name")
    return Entry(rule, inspect.getdoc(module) or "")
