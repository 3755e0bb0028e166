"""Tests that are data: `.test` files of cases and their sections, compared with what the code gives.

    Free text, kept.

    === title of a case
    -- query
    from pep | take 1
    -- rows
    ...

A file with one case needs no `===` line. A runner reads some sections, and checks others:

    @pytest.mark.parametrize("case", cases(Path(__file__).parent), ids=str)
    def test_plan(case: Case) -> None:
        case.check("plan", render(plan(case["query"])))

With UPDATE=1 in the environment `check` writes what it was given into the file, to be read as a diff (not under xdist).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

_CASE, _SECTION = "=== ", "-- "


@dataclass
class Case:
    """One case. `sections` by name, in the order of the file, each without empty lines around it."""

    path: Path
    title: str
    sections: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.path.stem}: {self.title}" if self.title else self.path.stem

    def __getitem__(self, section: str) -> str:
        return self.sections[section]

    def __contains__(self, section: str) -> bool:
        return section in self.sections

    def check(self, section: str, actual: str) -> None:
        """Assert that the section says `actual`; nothing to say is the same as no section. UPDATE=1 writes instead."""
        actual = actual.strip("\n")
        assert not any(line.startswith((_CASE, _SECTION)) for line in actual.split("\n")), "this would end the section"
        if os.environ.get("UPDATE") == "1":
            _write_section(self, section, actual)
        assert self.sections.get(section, "") == actual, f"{self.path}, {self.title!r}, section {section}"


def cases(folder: Path) -> list[Case]:
    """Every case of the `.test` files of a folder and the folders in it, in the order of names, then of the file."""
    found = [case for path in sorted(folder.rglob("*.test")) for case in _read(path)[1]]
    assert found, f"there are no cases in {folder}"
    return found


def _read(path: Path) -> tuple[str, list[Case]]:
    preamble: list[str] = []
    lines = preamble
    read: list[tuple[Case, dict[str, list[str]]]] = []
    for line in path.read_text("utf-8").split("\n"):
        if line.startswith(_CASE) or (line.startswith(_SECTION) and not read):
            read.append((Case(path, line.removeprefix(_CASE).strip() if line.startswith(_CASE) else ""), {}))
            lines = []
        if line.startswith(_SECTION):
            case, sections = read[-1]
            name = line.removeprefix(_SECTION).strip()
            assert name not in sections, f"{path}, {case.title!r}: section {name} stands twice"
            lines = sections[name] = []
        elif not line.startswith(_CASE):
            lines.append(line)
    for case, sections in read:
        case.sections = {name: "\n".join(body).strip("\n") for name, body in sections.items()}
    titles = [case.title for case, _ in read]
    assert len(set(titles)) == len(titles), f"{path}: two cases have one title"
    return "\n".join(preamble).strip("\n"), [case for case, _ in read]


def _write_section(case: Case, section: str, text: str) -> None:
    preamble, there = _read(case.path)  # again: an earlier check may have changed it
    for other in there:
        if other.title == case.title:
            other.sections[section] = text
            if not text:
                del other.sections[section]
            case.sections = other.sections
    parts = [preamble] if preamble else []
    parts += ["\n".join(_lines(other)) for other in there]
    case.path.write_text("\n\n".join(parts) + "\n", "utf-8")


def _lines(case: Case) -> list[str]:
    title = [f"{_CASE}{case.title}"] if case.title else []
    return title + [
        f"{_SECTION}{name}\n{body}" if body else f"{_SECTION}{name}" for name, body in case.sections.items()
    ]
