"""Documents that no reader of YAML here may take, fall over, or run out of time or memory with."""


def _bomb() -> str:
    tens = (f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30))
    return "\n".join(["a0: &a0 [x, x]", *tens])


FAULTS = {
    "a key twice": ("kind: A\nkind: B", "the first is in line 1"),
    "a bomb of aliases": (_bomb(), "aliases stand for more than"),
    "an alias in what it stands for": ("a: &a [*a]", "stands for what it is in"),
    "an alias of nothing": ("a: *b", "defined nowhere above"),
    "a long hexadecimal number": (f"a: 0x{'f' * 5000}", "at most 64 bits"),
    "a long number": (f"a: {'9' * 5000}", "at most 64 bits"),
    "no number": ("a: !!int x", "at most 64 bits"),
    "brackets without end": ("[" * 1_000_000, "nested more than 100"),
    "items without end": ("- " * 1_000_000, "nested more than 100"),
    "a list as a key": ("? [a]\n: b", "expected text"),
    "an object of Python": ("a: !!python/object:os.system x", "is not supported"),
    "a tag of others": ("a: !vault x", "is not supported"),
    "two documents": ("a: 1\n---\nb: 1", "expected only one"),
    "a list that is not closed": ("a: [1", "did not find expected"),
    "a tab": ("a:\n\tb: 1", "cannot start any token"),
    "a control character": ("a: \x07", "control characters"),
    "a merge of text": ("<<: a", "expected a mapping"),
}
"""Each text, with words of the error."""
