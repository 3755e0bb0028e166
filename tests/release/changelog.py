"""What a release changes in texts: the changelog's heading, and the version wherever it is written."""

from __future__ import annotations

import re
from datetime import date

_UNRELEASED = "## [Unreleased]\n"


class NotReleasableError(Exception):
    """Why nothing can be released. Nothing has been changed."""


def released(changelog: str, version: str, day: date) -> str:
    """The changelog with its unreleased entries under a heading of this version and day, and none unreleased.

    Raises NotReleasableError where there are no entries, or the version has a section already.
    """
    if f"\n## [{version}]" in changelog:
        raise NotReleasableError(f"the changelog has a section {version} already")
    if not section(changelog, "Unreleased"):
        raise NotReleasableError("the changelog has nothing unreleased")
    return changelog.replace(_UNRELEASED, f"{_UNRELEASED}\n## [{version}] - {day.isoformat()}\n", 1)


def section(changelog: str, version: str) -> str:
    """The entries of a version, without its heading; empty where there are none."""
    found = re.search(rf"^## \[{re.escape(version)}\][^\n]*\n(.*?)(?=^## \[|\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def with_version(text: str, old: str, new: str) -> str:
    """pyproject.toml, package.json or its lock with the new version wherever it is paasq's own.

    Raises NotReleasableError where the old version is not there.
    """
    own = rf'(name"?\s*[=:]\s*"paasq"[^{{}}\[\]]*?version"?\s*[=:]\s*"){re.escape(old)}"'
    changed, count = re.subn(own, rf'\g<1>{new}"', text)
    if not count:
        raise NotReleasableError(f"no version {old} to be changed")
    return changed


def later(new: str, old: str) -> bool:
    """Whether `new` is `old` or comes after it. Raises NotReleasableError where one is not of the form 1.2.3."""
    return _numbers(new) >= _numbers(old)


def _numbers(version: str) -> tuple[int, ...]:
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        raise NotReleasableError(f"{version!r} is no version such as 1.2.3")
    return tuple(map(int, version.split(".")))
