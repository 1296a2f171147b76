"""The languages that there are drivers in: what builds each of them, and what it is made of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.languages.code_lines import count_code_lines
from tests.languages.tools import Tools, ensure_debian_packages, find_tools


@dataclass(frozen=True, slots=True)
class Built:
    """An example that has been built."""

    tools: Tools
    """In the folder to run its other tools in."""
    programs: Path
    """The folder of its drivers."""


@dataclass(frozen=True, slots=True)
class Language:
    """A folder in `examples`."""

    name: str
    """Of the folder, and of what its drivers are called by."""
    needs: str
    """For people, who may have to install it."""
    probe: tuple[str, ...]
    """A command that succeeds in the folder where that is there."""
    build: Callable[[Tools, Path], Built]
    """Builds it with the tools in its folder and an empty folder for what comes of it."""
    library: tuple[str, ...]
    """Patterns of the files that the library is made of."""
    drivers: Mapping[str, tuple[str, ...]]
    """By name, those of the files that are one driver's own."""
    debian_packages: tuple[str, ...] = ()
    """What it needs of the system."""


class Builds:
    """What has been built, or why it could not be. For one thread."""

    def __init__(self, examples: Path, target: Path) -> None:
        """`examples` holds a folder for each; `target` is empty, and takes what is made."""
        self._examples = examples
        self._target = target
        self._done: dict[str, Built | BaseException] = {}

    def of(self, language: Language) -> Built:
        """Return an example, built. The test is skipped, or fails, if it cannot be."""
        if language.name not in self._done:
            self._done[language.name] = self._build(language)
        built = self._done[language.name]
        if isinstance(built, BaseException):
            raise built
        return built

    def _build(self, language: Language) -> Built | BaseException:
        target = self._target / language.name
        target.mkdir()
        try:
            ensure_debian_packages(*language.debian_packages)
            tools = find_tools(self._examples / language.name, language.probe, needs=language.needs)
            return language.build(tools, target)
        # Once is enough: minutes would go by until the next test fails in the same way.
        except (pytest.fail.Exception, pytest.skip.Exception) as outcome:
            return outcome


def sizes_of(language: Language, examples: Path) -> dict[str, int]:
    """Return how many lines of code its library has, and what is each driver's own."""
    folder = examples / language.name
    parts = {f"{language.name}, the library": language.library, **language.drivers}
    return {
        part: sum(count_code_lines(file) for file in _sources(folder, patterns))
        for part, patterns in parts.items()
    }


def _sources(folder: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """Iterate over the files that patterns name, without tests."""
    for pattern in patterns:
        for file in sorted(folder.glob(pattern)):
            if not {"test", "tests"} & set(file.relative_to(folder).parts[:-1]) and not (
                file.stem.endswith("_test")
            ):
                yield file


def _copied(tools: Tools, target: Path) -> Tools:
    """Return the tools in a copy: they put what they make beside the sources, much of it."""
    left_out = shutil.ignore_patterns("node_modules", "dist", "target", "bin")
    copy = shutil.copytree(tools.folder, target / tools.folder.name, ignore=left_out)
    vectors = tools.folder.parents[1] / "ipc" / "spec" / "vectors"
    return Tools(copy, {"STORAGEDRIVER_VECTORS": str(vectors)})


def _build_cpp(tools: Tools, target: Path) -> Built:
    programs = f"-DSTORAGEDRIVER_PROGRAMS={target}/bin"
    tools.run("cmake", "--preset", "release", "-B", f"{target}/build", programs)
    tools.run("cmake", "--build", f"{target}/build")
    return Built(tools, target / "bin")


CPP = Language(
    "cpp",
    needs="CMake 3.25 or later, with ninja and a C++20 compiler,",
    # It reads the presets, which say the version.
    probe=("sh", "-c", "ninja --version && c++ --version && cmake --list-presets"),
    build=_build_cpp,
    library=("storagedriver/include/**/*.hpp", "storagedriver/src/*.[ch]pp"),
    drivers={
        "cpp-inmemory": ("drivers/inmemory/*.[ch]pp", "drivers/programs/inmemory.cpp"),
        "cpp-filesystem": ("drivers/filesystem/*.[ch]pp", "drivers/programs/filesystem.cpp"),
    },
    debian_packages=(
        "clang-format",
        "cmake",
        "cppzmq-dev",
        "g++",
        "libgtest-dev",
        "libmsgpack-cxx-dev",
        "libssl-dev",
        "libzmq3-dev",
        "ninja-build",
        "nlohmann-json3-dev",
        "pkg-config",
    ),
)


def _build_go(tools: Tools, target: Path) -> Built:
    # No commit in the programs: git refuses to tell it in a checkout of another user.
    tools.run("go", "build", "-buildvcs=false", "-o", f"{target}/", "./cmd/...")
    return Built(tools, target)


GO = Language(
    "go",
    needs="Go 1.25 or later",
    # It reads go.mod, which says the version, and nothing from the network but a newer toolchain.
    probe=("go", "list", "-m"),
    build=_build_go,
    library=("storagedriver/**/*.go", "internal/**/*.go"),
    drivers={
        "go-inmemory": ("drivers/inmemory/*.go", "cmd/registry-storage-go-inmemory/*.go"),
        "go-filesystem": ("drivers/filesystem/*.go", "cmd/registry-storage-go-filesystem/*.go"),
    },
)


def _build_rust(tools: Tools, target: Path) -> Built:
    # One folder for what its tests are made of too: libzmq is compiled once, which takes a minute.
    folder = os.environ.get("CARGO_TARGET_DIR") or str(target / "target")
    cargo = Tools(tools.folder, {"CARGO_TARGET_DIR": folder})
    # As the alias `programs` of the folder, which has a root of its own: the checkout.
    cargo.run("cargo", "install", "--path=drivers", "--locked", "--no-track", f"--root={target}")
    return Built(cargo, target / "bin")


RUST = Language(
    "rust",
    needs="Rust 1.85 or later, with a C++ compiler,",
    # It reads the manifests, which say the version, and nothing from the network.
    probe=("sh", "-c", "c++ --version && cargo metadata --no-deps --format-version=1"),
    build=_build_rust,
    library=("storagedriver/src/**/*.rs",),
    drivers={
        "rust-inmemory": (
            "drivers/src/inmemory/*.rs",
            "drivers/src/bin/registry-storage-rust-inmemory.rs",
        ),
        "rust-filesystem": (
            "drivers/src/filesystem/*.rs",
            "drivers/src/bin/registry-storage-rust-filesystem.rs",
        ),
    },
)


def _build_node(tools: Tools, target: Path) -> Built:
    copied = _copied(tools, target)
    copied.run("npm", "ci", "--no-audit", "--no-fund", "--prefer-offline")
    copied.run("npm", "run", "build")
    return Built(copied, copied.folder / "bin")


# The drivers would do with 20.10; the linter would not.
_NEW_ENOUGH_NODE = (
    'const [major, minor] = process.versions.node.split(".").map(Number);'
    "if (major < 20 || (major === 20 && minor < 19)) throw process.version"
)

NODE = Language(
    "node",
    needs="Node.js 20.19 or later, with npm,",
    probe=("sh", "-c", f"npm --version && node -e '{_NEW_ENOUGH_NODE}'"),
    build=_build_node,
    library=("src/storagedriver/**/*.ts",),
    drivers={
        "node-inmemory": ("src/drivers/inmemory/*.ts", "src/programs/inmemory.ts"),
        "node-filesystem": ("src/drivers/filesystem/*.ts", "src/programs/filesystem.ts"),
    },
)


def _build_java(tools: Tools, target: Path) -> Built:
    copied = _copied(tools, target)
    # All at once: it compiles without a warning, tests, and looks at the format. Maven takes as
    # long to start as for any of these.
    copied.run("mvn", "--batch-mode", "--no-transfer-progress", "verify")
    return Built(copied, copied.folder / "bin")


JAVA = Language(
    "java",
    needs="Maven with JDK 17 or later",
    # Maven says which Java it has found.
    probe=("sh", "-c", "mvn --version | grep -E 'Java version: (1[7-9]|[2-9][0-9])'"),
    build=_build_java,
    library=("storagedriver/src/main/java/**/*.java",),
    drivers={
        "java-inmemory": ("drivers/src/main/java/**/inmemory/*.java",),
        "java-filesystem": ("drivers/src/main/java/**/filesystem/*.java",),
    },
)

LANGUAGES = (CPP, GO, JAVA, NODE, RUST)
