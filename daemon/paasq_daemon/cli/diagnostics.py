"""A diagnostic as a person reads it in a terminal.

error[PQ0202]: pep has no field titel
  --> tour.paasq:4:22
   |
 4 | from pep | where titel == "x"
   |                  ^^^^^ did you mean title?
   = mend: write title
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from paasq_daemon.wire.render import printable
from paasq_dsl.source import Source

_TAB = "    "
_STYLES = {"error": "bold red", "warning": "bold yellow"}
_LINE_CHARS_MAX = 160  # of a longer line, the part around the place is shown


def rendered(diagnostic: Mapping[str, Any], source: Source) -> Text:
    """Ends with an empty line. Offsets are those of `Diagnostic.to_json`, in characters of `source.text`."""
    style = _STYLES[diagnostic["severity"]]
    start = min(diagnostic["start"], len(source.text))
    line, column = source.line_column(start)
    margin = " " * len(str(line))
    text = Text.assemble((f"{diagnostic['severity']}[{diagnostic['code']}]", style), ": ")
    text.append(f"{printable(diagnostic['message'])}\n", "bold")
    text.append(f" {margin}--> ", "blue").append(f"{source.name}:{line}:{column}\n")
    before, marked, after = _around(source.line_text(line), column - 1, diagnostic["end"] - start)
    text.append(f" {margin} |\n {line} | ", "blue").append(f"{before}{marked}{after}\n")
    text.append(f" {margin} | ", "blue")
    text.append(f"{' ' * cell_len(before)}{'^' * max(1, cell_len(marked))}", style)
    if diagnostic["candidates"]:
        text.append(f" did you mean {_either([printable(c) for c in diagnostic['candidates']])}?", style)
    if edit := diagnostic["edit"]:
        text.append(f"\n {margin} = ", "blue").append("mend", "bold cyan").append(f": {printable(edit['title'])}")
    return text.append("\n")


def _around(line: str, at: int, length: int) -> tuple[str, str, str]:
    """The line before, at and behind the place, safe to print."""
    begin = max(0, at - _LINE_CHARS_MAX // 2) if len(line) > _LINE_CHARS_MAX else 0
    shown = line[begin : begin + _LINE_CHARS_MAX]
    at -= begin
    before, marked, after = (
        printable(part.replace("\t", _TAB)) for part in (shown[:at], shown[at : at + length], shown[at + length :])
    )
    return before, marked, after


def _either(names: list[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
