"""What a release writes into the changelog and beside the version."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from release.__main__ import VERSIONED
from release.changelog import NotReleasableError, later, released, section, with_version
from release.wheel import ROOT

DAY = date(2026, 11, 22)
BEFORE = """# Changelog

## [Unreleased]

### Added

- Tokens.

## [0.1.0] - 2026-01-31

- Everything.
"""
AFTER = """# Changelog

## [Unreleased]

## [0.2.0] - 2026-11-22

### Added

- Tokens.

## [0.1.0] - 2026-01-31

- Everything.
"""


def test_what_was_unreleased_gets_a_version_and_a_day() -> None:
    assert released(BEFORE, "0.2.0", DAY) == AFTER


def test_the_entries_of_a_version() -> None:
    assert section(AFTER, "0.2.0") == "### Added\n\n- Tokens."
    assert section(AFTER, "0.1.0") == "- Everything."
    assert section(AFTER, "Unreleased") == section(AFTER, "0.3.0") == ""


def test_nothing_new_and_a_version_twice_are_refused() -> None:
    with pytest.raises(NotReleasableError, match="nothing unreleased"):
        released(AFTER, "0.3.0", DAY)
    with pytest.raises(NotReleasableError, match=r"section 0\.1\.0 already"):
        released(BEFORE, "0.1.0", DAY)


def test_the_projects_own_changelog_has_a_place_for_what_comes() -> None:
    assert (ROOT / "CHANGELOG.md").read_text("utf-8").count("\n## [Unreleased]\n") == 1


def test_only_the_projects_version_changes() -> None:
    text = '[project]\nname = "paasq"\nversion = "0.1.0"\ndependencies = ["y>=0.1.0"]\n'
    assert with_version(text, "0.1.0", "0.2.0") == text.replace('version = "0.1.0"', 'version = "0.2.0"')
    lock = '{"name": "paasq", "version": "0.1.0", "packages": {"": {"name": "paasq", "version": "0.1.0"}%s}'
    other = ', "y": {"name": "y", "version": "0.1.0"}'
    assert with_version(lock % other, "0.1.0", "0.2.0") == lock.replace("0.1.0", "0.2.0") % other
    with pytest.raises(NotReleasableError, match=r"no version 0\.3\.0"):
        with_version(text, "0.3.0", "0.4.0")


def test_all_files_have_one_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for path in VERSIONED:
        text = path.read_text("utf-8")
        assert with_version(text, version, "9.9.9") != text


@pytest.mark.parametrize(("new", "is_later"), [("0.1.0", True), ("0.10.0", True), ("1.0.0", True), ("0.0.9", False)])
def test_versions_do_not_go_back(new: str, is_later: bool) -> None:
    assert later(new, "0.1.0") == is_later


@pytest.mark.parametrize("wrong", ["", "1.2", "v1.2.3", "1.2.3rc1", "01.2.3"])
def test_a_version_is_three_numbers(wrong: str) -> None:
    with pytest.raises(NotReleasableError, match="is no version"):
        later(wrong, "0.1.0")
