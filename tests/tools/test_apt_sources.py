"""Which sources a machine has, and which of them the packages of another suite can come from."""

from pathlib import Path

import pytest

from tools.apt_sources import AptSource, apt_sources, deb822
from tools.debian_package import machine

MIRROR = "http://mirror.example/debian"


def a_machine(root: Path, files: dict[str, str], release: str = "ID=debian") -> Path:
    for name, text in {"etc/os-release": release, **files}.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root


def test_the_one_line_form_is_read_with_its_options(tmp_path: Path) -> None:
    text = f"# deb {MIRROR} old main\ndeb-src {MIRROR} bookworm main\n"
    text += f"deb [arch=amd64 signed-by=/keys/a.gpg] {MIRROR} bookworm main contrib # ours\n"
    root = a_machine(tmp_path, {"etc/apt/sources.list": text})

    assert apt_sources(root / "etc/apt") == (
        AptSource(
            uris=(MIRROR,),
            suites=("bookworm",),
            components=("main", "contrib"),
            signed_by="/keys/a.gpg",
        ),
    )


def test_the_stanza_form_is_read_with_a_key_inside_and_without_what_is_off(tmp_path: Path) -> None:
    text = f"Types: deb deb-src\nURIs: {MIRROR}\n# why\nSuites: trixie trixie-updates\n"
    text += "Components: main\nSigned-By:\n -----BEGIN\n .\n -----END\n"
    text += f"\nEnabled: no\nTypes: deb\nURIs: {MIRROR}\nSuites: sid\nComponents: main\n"
    root = a_machine(tmp_path, {"etc/apt/sources.list.d/debian.sources": text})

    (source,) = apt_sources(root / "etc/apt")

    assert source.suites == ("trixie", "trixie-updates")
    assert source.signed_by == "\n -----BEGIN\n .\n -----END"
    assert deb822(source) == (
        f"Types: deb\nURIs: {MIRROR}\nSuites: trixie trixie-updates\nComponents: main\n"
        "Signed-By: \n -----BEGIN\n .\n -----END\n"
    )


@pytest.mark.parametrize(
    ("release", "suite", "suites"),
    [
        ("ID=debian\nVERSION_CODENAME=trixie", "trixie", ("trixie", "bookworm", "sid")),
        ("ID=debian\nVERSION_CODENAME=bookworm", "stable", ("stable", "bookworm", "trixie", "sid")),
        ('ID=ubuntu\nVERSION_CODENAME="noble"', "noble", ("noble",)),
    ],
)
def test_the_own_suite_comes_first_and_other_suites_only_on_debian(
    tmp_path: Path, release: str, suite: str, suites: tuple[str, ...]
) -> None:
    lines = f"deb {MIRROR} tools-{suite} main\ndeb {MIRROR} {suite}-updates main\n"
    lines += f"deb {MIRROR} {suite} main\n"
    root = a_machine(tmp_path, {"etc/apt/sources.list": lines}, release)

    found = machine(root)

    assert found is not None
    assert found.suites == suites


def test_a_machine_whose_sources_do_not_fit_has_none(tmp_path: Path) -> None:
    root = a_machine(tmp_path, {"etc/apt/sources.list": f"deb {MIRROR} tools main\n"})

    assert machine(root) is None
