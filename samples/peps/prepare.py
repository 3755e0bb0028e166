# ruff: noqa: INP001 - a script that stands alone
"""Make peps.jsonl.gz and passages.jsonl.gz from one JSON record a PEP: `python samples/peps/prepare.py RAW.jsonl`.

A raw record has number, title, authors, status, type, topic, created, python_version, requires, replaces,
superseded_by, abstract and body, the last two in reStructuredText. Every word of a body but markup and the targets of
links comes out again: its headings in `section`, the rest in `body`, in the order of `position`.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from paasq_daemon.embed.minilm import TOKENS_MAX, bundled_embedder

Count = Callable[[str], int]

# What people look up first. Their passages stand first: whoever embeds only a few thousand has these.
MOST_READ = (
    8, 20, 484, 257, 634, 636, 703, 572, 498, 492, 649, 563, 343, 380, 3107, 526, 544, 585, 604, 612, 646, 684, 734,
    517, 440, 427, 405, 420, 333, 3333, 249, 328, 318, 342, 448, 465, 479, 525, 530, 589, 593, 654, 659, 669, 695, 701,
    723, 744, 750, 13, 1, 404, 3099,
)  # fmt: skip

_OPTIONS = "class|widths|header-rows|stub-columns|align|width|force|emphasize-lines"  # of directives
_MARKUP = (  # what to find, what to put there, in this order
    (re.compile(r"^\s*\.\. +_[^\n]*$\n?", re.MULTILINE), ""),  # the target of a link
    (re.compile(rf"^\s*:(?:{_OPTIONS}):.*$\n?", re.MULTILINE), ""),
    (re.compile(r"^\s*\.\. [\w:-]+::[ \t]*", re.MULTILINE), ""),  # a directive; what it holds stays
    (re.compile(r"^\s*\.\.$\n?", re.MULTILINE), ""),
    (re.compile(r"^(\s*)\.\. (?=\[)", re.MULTILINE), r"\1"),  # a footnote
    (re.compile(r"\[#?([\w-]+)\]_"), r"[\1]"),  # a reference to a footnote
    (re.compile(r"(?<=\[)#(?=[\w-]+\])"), ""),
    (re.compile(r"`([^`<>]+?)\s*<[^<>`]+>`_{1,2}"), r"\1"),  # a link
    (re.compile(r"`([^`<>]+)`_{1,2}(?!\w)"), r"\1"),
    (re.compile(r"(?<=\S)::$", re.MULTILINE), ":"),
    (re.compile(r"^::$\n?", re.MULTILINE), ""),
)
_STRONG = re.compile(r"(?<![\w*`])(\*\*?)(?=[^\s*])([^*`]*[^\s*`])\1(?![\w*`])")
_RULE = re.compile(r"([^\w\s])\1{2,}\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+(?=\S)")


def main(raw: Path, folder: Path) -> None:
    peps = [json.loads(line) for line in raw.read_text().splitlines()]
    write(folder / "peps.jsonl.gz", (pep_record(pep) for pep in peps))
    cut = [passage for pep in peps for passage in passages(pep, bundled_embedder().tokens)]
    write(folder / "passages.jsonl.gz", sorted(cut, key=reading_order))


def write(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """One JSON object a line; the same records give the same bytes."""
    text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def pep_record(pep: dict[str, Any]) -> dict[str, Any]:
    copied = {name: pep[name] for name in ("number", "title", "authors", "status", "type", "topic", "created")}
    linked = {name: [str(n) for n in pep[name]] for name in ("requires", "replaces", "superseded_by")}
    versions = (pep["python_version"] or "").replace(",", " ").split()
    abstract = plain(pep["abstract"] or next(text for _, text in sections(pep["body"]) if text))
    return {"id": str(pep["number"]), **copied, "python_version": versions, **linked, "abstract": abstract}


def passages(pep: dict[str, Any], count: Count) -> Iterator[dict[str, Any]]:
    """Yield the passages of a PEP in order; title, section and body together fit into the model's window."""
    position = 0
    for heading, text in sections(pep["body"]):
        room = TOKENS_MAX - 2 - count(pep["title"]) - count(heading)  # 2 for the marks of begin and end
        for body in cut(plain(text), room, count):
            position += 1
            yield {
                "id": f"{pep['number']}/{position}",
                "pep": str(pep["number"]),
                "title": pep["title"],
                "section": heading,
                "position": position,
                "body": body,
            }


def reading_order(passage: dict[str, Any]) -> tuple[int, int, int]:
    """Sort the most read PEPs first, whole, then the beginning of every other one, the rest, and copyright notices."""
    number, position = int(passage["pep"]), passage["position"]
    if passage["section"].endswith("Copyright"):
        return 3, number, position
    if number in MOST_READ:
        return 0, MOST_READ.index(number), position
    return (1 if position == 1 else 2), number, position


def sections(body: str) -> Iterator[tuple[str, str]]:
    """Yield (headings from the outermost down, joined by ` / `; the text below). Text above all headings has none."""
    lines = body.expandtabs().split("\n")
    styles: list[str] = []  # of underlining, outermost first, as the text shows them one after the other
    path: list[str] = []
    start = 0
    for at, style in headings(lines):
        overlined = len(style) == 2
        yield " / ".join(path), "\n".join(lines[start : at - overlined]).strip("\n")
        if style not in styles:
            styles.append(style)
        path = [*path[: styles.index(style)], plain(lines[at].strip())]
        start = at + 2
    yield " / ".join(path), "\n".join(lines[start:]).strip("\n")


def headings(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (line number of a heading, its underlining character; twice where there is an overline), none from code."""
    for at in range(len(lines) - 1):
        title, rule = lines[at], lines[at + 1]
        if not title.strip() or not _RULE.fullmatch(rule) or _RULE.fullmatch(title):
            continue
        above = lines[at - 1] if at else ""
        if above.rstrip() == rule.rstrip():
            yield at, rule[0] * 2
        elif not title[0].isspace() and (not above.strip() or len(rule.rstrip()) >= len(title.rstrip())):
            yield at, rule[0]


def plain(text: str) -> str:
    """Take out the markup that says nothing to a reader. Code stays as it is."""
    for pattern, replacement in _MARKUP:
        text = pattern.sub(replacement, text)
    blocks = re.split(r"(\n\s*\n)", text)
    return "".join(block if block[:1].isspace() else _STRONG.sub(r"\2", block) for block in blocks).strip("\n")


def cut(text: str, room: int, count: Count) -> list[str]:
    """Pieces of about equal size, none above `room` tokens, cut at ends of paragraphs where that can be."""
    total = count(text)
    if total <= room:
        return [text] if text.strip() else []
    target = total / -(-total // room)
    pieces, size = [""], 0
    for part in parts(text, room, count):
        tokens = count(part)
        if pieces[-1] and (size + tokens > room or size >= target):
            pieces.append("")
            size = 0
        pieces[-1] += part
        size += tokens
    return [piece.strip("\n").rstrip() for piece in pieces if piece.strip()]


def parts(text: str, room: int, count: Count) -> Iterator[str]:
    """Yield parts that join to the text again: paragraphs; where too long their lines or sentences; or words."""
    for paragraph in split_after(re.compile(r"\n\s*\n"), text):
        if count(paragraph) <= room:
            yield paragraph
            continue
        code = paragraph[0].isspace()
        for line in split_after(re.compile(r"\n") if code else _SENTENCE_END, paragraph):
            yield from [line] if count(line) <= room else split_after(re.compile(r"\s+"), line)


def split_after(separator: re.Pattern[str], text: str) -> Iterator[str]:
    start = 0
    for match in separator.finditer(text):
        end = match.end() if "\n" not in match[0] else text.rindex("\n", start, match.end()) + 1  # keep indents whole
        if end > start:
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(__file__).parent)
