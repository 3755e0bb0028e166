"""`make release VERSION=0.2.0`: a commit with the version and a dated changelog, and its tag. Pushes nothing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import UTC, datetime

from release.changelog import NotReleasableError, later, released, section, with_version
from release.wheel import ROOT, build, try_out

CHANGELOG = ROOT / "CHANGELOG.md"
PROJECT = ROOT / "pyproject.toml"
_EXTENSION = ROOT / "editor" / "vscode"
_TYPESCRIPT = ROOT / "clients" / "typescript"
VERSIONED = (
    PROJECT,
    *(folder / name for folder in (_EXTENSION, _TYPESCRIPT) for name in ("package.json", "package-lock.json")),
)


def main() -> None:
    try:
        release(sys.argv[1] if len(sys.argv) > 1 else "")
    except NotReleasableError as error:
        raise SystemExit(f"Nothing is released: {error}") from None


def release(version: str) -> None:
    """Edit, build, try out, commit, tag. What fails before the commit leaves the files as they were.

    Raises NotReleasableError, CalledProcessError.
    """
    old = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"]
    _check(version, old)
    edited = {path: with_version(path.read_text("utf-8"), old, version) for path in VERSIONED}
    edited[CHANGELOG] = released(CHANGELOG.read_text("utf-8"), version, datetime.now(UTC).date())
    kept = {path: path.read_text("utf-8") for path in edited}
    try:
        for path, text in edited.items():
            path.write_text(text, "utf-8")
        try_out(build())
    except BaseException:
        for path, text in kept.items():
            path.write_text(text, "utf-8")
        raise
    notes = section(edited[CHANGELOG], version)
    _git("commit", "--quiet", "--all", "--allow-empty", f"--message=Release {version}")
    _git("tag", "--annotate", "--cleanup=whitespace", f"--message=paasq {version}\n\n{notes}", f"v{version}")
    print(f"v{version} is tagged, and dist/ holds what was built. To publish it: git push --follow-tags")


def _check(version: str, old: str) -> None:
    if not later(version, old):
        raise NotReleasableError(f"{version} is before {old}")
    if _git("tag", "--list", f"v{version}"):
        raise NotReleasableError(f"there is a tag v{version} already")
    if changes := _git("status", "--porcelain"):
        raise NotReleasableError(f"these files are not committed:\n{changes}")


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", ROOT, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
