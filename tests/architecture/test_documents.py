"""Paths, tests and commands that documents name exist."""

from __future__ import annotations

import re

import pytest

from architecture.code import PACKAGE_FOLDERS, ROOT

DOCUMENTS = ("ARCHITECTURE.md", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
# Folders that a path in a document may be below, so that `syntax/parser.py` need not spell the whole way.
STARTS = (ROOT, *(package for folder in PACKAGE_FOLDERS for package in folder.iterdir() if package.is_dir()))
TESTS = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
QUOTED = re.compile(r"`([\w./*-]+)`")
SUFFIXES = (".py", ".lark", ".md", ".toml", ".paasq", ".test", ".json", ".lua", ".ts")


def is_path(text: str) -> bool:
    """`dsl/paasq_dsl`, `grammar.lark`; not `/`, `--x`, nor what a run makes (`demo-data/`)."""
    if text.startswith(("/", ".", "-", "demo-data", "~")):
        return False
    return text.endswith(SUFFIXES) or text.partition("/")[0] in TOP_FOLDERS


TOP_FOLDERS = frozenset(path.name for path in ROOT.iterdir() if path.is_dir())


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if (ROOT / name).exists()])
def test_named_paths_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    named = [path for path in QUOTED.findall(text) if is_path(path)]
    assert [path for path in named if not any(any(start.glob(path.rstrip("/"))) for start in STARTS)] == []


@pytest.mark.parametrize("name", ["SECURITY.md", "docs/durability.md"])
def test_named_tests_exist(name: str) -> None:
    named = TESTS.findall((ROOT / name).read_text(encoding="utf-8"))
    assert len(named) >= 15
    missing = [f"{path}::{test}" for path, test in named if f"\ndef {test}(" not in (ROOT / path).read_text("utf-8")]
    assert missing == []


def test_make_targets_of_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", makefile, re.MULTILINE))
    for name in DOCUMENTS:
        if (ROOT / name).exists():
            text = (ROOT / name).read_text(encoding="utf-8")
            assert set(re.findall(r"`make ([\w-]+)`", text)) <= targets, name
