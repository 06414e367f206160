"""Builds real API servers from the sources that Debian packages; nothing is installed.

`custom` is k8s.io/apiextensions-apiserver of Debian's newest suite, unchanged: what lists, watches,
patches and discovery are made of, for custom resources. `core` is a whole kube-apiserver with its
controllers: of Kubernetes 1.20, the last whose whole source Debian has. Each takes Go a quarter of
an hour on two cores, once, and both take 7 GiB of the cache folder.
"""

import gzip
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.debian_package import DebianMachine, cache_folder
from tools.debian_tree import unpacked_source, unpacked_tree

LIBRARIES: Final = "golang-k8s-apiextensions-apiserver-dev"
TOOLS: Final = ("golang-go", "etcd-server")
WHOLE: Final = "bookworm"
"""The suite whose source package `kubernetes` is whole."""
DESCRIBED: Final = (
    "vendor/k8s.io/api",
    "vendor/k8s.io/apimachinery",
    "vendor/k8s.io/apiextensions-apiserver/pkg/apis",
    "vendor/k8s.io/apiserver",
    "vendor/k8s.io/kube-aggregator/pkg/apis",
    "vendor/k8s.io/metrics",
    "vendor/k8s.io/component-base",
    "pkg",
)
"""Where the types are that the server describes to itself, by which it knows who wrote what."""
DESCRIPTIONS: Final = "pkg/generated/openapi/zz_generated.openapi.go"


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What is run; `controllers` is None where there are none."""

    name: str
    version: str
    server: Path
    etcd: Path
    controllers: Path | None = None


def custom(debian: DebianMachine) -> Programs:
    """The server of custom resources. Raises PackageError, or CalledProcessError with Go's words."""
    tree = unpacked_tree("kube-custom", (LIBRARIES, *TOOLS), "sid", debian, beginning="golang-")
    server = cache_folder() / "kube-bin" / "apiextensions-apiserver"
    _build(tree, tree / "usr/share/gocode", "k8s.io/apiextensions-apiserver", server)
    changes = tree / "usr/share/doc" / LIBRARIES / "changelog.Debian.gz"
    with gzip.open(changes, "rt", encoding="utf-8") as lines:
        version = next(lines).partition("(")[2].partition(")")[0]
    return Programs(name=server.name, version=version, server=server, etcd=tree / "usr/bin/etcd")


def core(debian: DebianMachine) -> Programs:
    """The whole server with its controllers. Raises as `custom`."""
    tree = unpacked_tree("kube-core", TOOLS, WHOLE, debian, beginning="golang-")
    path = cache_folder() / "kube-core" / "go"
    source = path / "src/k8s.io/kubernetes"
    if not source.is_dir():
        version = unpacked_source("kubernetes", WHOLE, debian, source)
        (path / "version").write_text(version, encoding="utf-8")
    if not (source / DESCRIPTIONS).is_file():
        _describe(tree, path, source)
    built = cache_folder() / "kube-bin"
    for name in ("kube-apiserver", "kube-controller-manager"):
        _build(tree, path, f"k8s.io/kubernetes/cmd/{name}", built / name)
    return Programs(
        name="kube-apiserver",
        version=(path / "version").read_text(encoding="utf-8"),
        server=built / "kube-apiserver",
        etcd=tree / "usr/bin/etcd",
        controllers=built / "kube-controller-manager",
    )


def _build(tree: Path, path: Path, package: str, program: Path) -> None:
    if not program.is_file():
        program.parent.mkdir(parents=True, exist_ok=True)
        made = program.with_suffix(".new")
        _go(tree, path, ("build", "-o", str(made), package))
        made.rename(program)


def _describe(tree: Path, path: Path, source: Path) -> None:
    """Write the descriptions of all types, which the source leaves to be generated."""
    generator = cache_folder() / "kube-bin" / "openapi-gen"
    _build(tree, path, "k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen", generator)
    described = sorted(
        {
            file.parent.relative_to(source)
            for folder in DESCRIBED
            for file in _go_files(source / folder)
            if "+k8s:openapi-gen=" in file.read_text(encoding="utf-8")
        }
    )
    subprocess.run(
        [
            generator,
            f"--input-dirs={','.join(f'k8s.io/kubernetes/{folder}' for folder in described)}",
            "--output-package=k8s.io/kubernetes/pkg/generated/openapi",
            "--output-file-base=zz_generated.openapi",
            "--go-header-file=hack/boilerplate/boilerplate.generatego.txt",
            f"--report-filename={path / 'violations'}",
            f"--output-base={path / 'src'}",
        ],
        cwd=source,
        env=_surroundings(tree, path),
        check=True,
    )


def _go_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.go") if not file.name.startswith("zz_generated")]


def _go(tree: Path, path: Path, words: Sequence[str]) -> None:
    program = tree / "usr/lib/go/bin/go"
    command = ("nice", "-n", "10", str(program), *words)
    subprocess.run(command, env=_surroundings(tree, path), cwd=path, check=True)


def _surroundings(tree: Path, path: Path) -> dict[str, str]:
    root = (tree / "usr/lib/go").resolve()
    return {
        "PATH": f"{root / 'bin'}:{os.environ['PATH']}",
        "HOME": str(Path.home()),
        "GOROOT": str(root),
        "GOPATH": str(path),
        "GOCACHE": str(cache_folder() / "kube-bin" / f"go-build-{root.name}"),
        "GO111MODULE": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }


PARTS: Final[dict[str, Callable[[DebianMachine], Programs]]] = {"custom": custom, "core": core}
