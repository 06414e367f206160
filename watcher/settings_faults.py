"""Says what is wrong with settings: what was expected, what is there, and what was likely meant."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from watcher.settings_source import Source, Steps, kind, shown

_EXPECTED: Final = {
    "string_type": "text",
    "path_type": "a path",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping of settings",
    "model_attributes_type": "a mapping of settings",
    "time_delta_type": "a duration such as 30s, 5m, 1h30m or 7d",
    "finite_number": "a finite number",
    "literal_error": "{expected}",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "string_too_short": "text that is not empty",
    "too_short": "a list of {min_length} or more",
}
"""By the types of pydantic's errors; what is in brackets is in their context."""

_FORMS: Final = {
    "^https?://": "an address that begins with http:// or https://",
    "^[SUW]": "the id of a user group (S…) or of a user (U…)",
    "^[^": "an e-mail address",
    "^(namespace|": "namespace, kind, name or labels.NAME",
    "^(prometheus|": "prometheus, pool, namespace, kind, name, owner, cause, state or labels.NAME"
    " (in routes also severity)",
}
"""What is wanted, by how the pattern begins that does not fit."""

_KEYS: Final = "[key]"


def of(error: ValidationError, model: type[BaseModel], source: Source) -> Iterator[str]:
    """A line for each fault that *model* found."""
    for fault in error.errors(include_url=False):
        steps = tuple(fault["loc"])
        if steps[-1:] == (_KEYS,):
            yield source.fault(steps[:-1], f"no such name: expected {_expected(fault)}")
        elif fault["type"] == "extra_forbidden":
            yield source.fault(steps, _unknown(str(steps[-1]), steps[:-1], model))
        else:
            yield source.fault(steps, _reason(fault))


def nearest(name: str, known: list[str]) -> str | None:
    """The one of *known* that *name* was likely meant to be."""
    return next(iter(get_close_matches(name.lower(), known, n=1, cutoff=0.6)), None)


def every_name(model: type[BaseModel], before: Steps = ()) -> Iterator[Steps]:
    """The ways to all settings of *model*, without numbers of items."""
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        yield (*before, name)
        if (inner := _section(field.annotation)) is not None:
            yield from every_name(inner, (*before, name))


def _reason(fault: Mapping[str, Any]) -> str:
    match fault["type"]:
        case "missing":
            return "is needed: set it"
        case "value_error":
            return str(fault["ctx"]["error"])
        case _:
            return f"expected {_expected(fault)}, got {kind(fault['input'])}"


def _expected(fault: Mapping[str, Any]) -> str:
    context = fault.get("ctx", {})
    if fault["type"] == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return next(words for start, words in _FORMS.items() if pattern.startswith(start))
    return _EXPECTED[fault["type"]].format_map(context)


def _unknown(name: str, around: Steps, model: type[BaseModel]) -> str:
    known = [steps[0] for steps in every_name(_at(around, model)) if len(steps) == 1]
    if (near := nearest(name, [str(each) for each in known])) is not None:
        return f"no such setting: did you mean {near}?"
    elsewhere = [f"`{shown(steps)}`" for steps in every_name(model) if steps[-1] == name]
    if elsewhere:
        return f"no such setting here: there is {' and '.join(elsewhere[:3])}"
    return f"no such setting: here may be {', '.join(map(str, known))}"


def _at(around: Steps, model: type[BaseModel]) -> type[BaseModel]:
    """The section that is at the end of these steps."""
    for step in around:
        if isinstance(step, str):
            model = _section(model.model_fields[step].annotation) or model
    return model


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((s for s in map(_section, get_args(annotation)) if s is not None), None)
