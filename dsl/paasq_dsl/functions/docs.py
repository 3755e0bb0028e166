"""The manual's page of functions, from the registry: `python -m paasq_dsl.functions.docs > docs/functions.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from paasq_dsl.functions import FUNCTIONS, GROUPS
from paasq_dsl.functions.signature import Function

_HEAD = f"""# Functions

<!-- Made from the registry by `python -m paasq_dsl.functions.docs`; a test holds it to that. -->

There are {len(FUNCTIONS)}. A signature gives types: `string` is keyword, text or link, `number` int or float, `T` any type,
the same at each place, `[T]` a list of it. `?` follows what may be left out, `...` what may come again. Where
a float is expected, an int is taken.

An example is an expression that is true. One of an aggregate is true of three records whose `n` is 1, 2, 3 and whose
`kind` is a, b, a; one of a window function is true of the last of these, in this order."""


_INTRODUCTIONS = {
    "Aggregates": """They compute one value from the rows of a group. [summarize](stages/summarize.md) makes a row for each group.
In [extend](stages/extend.md) and [select](stages/select.md), also inside larger expressions, the rows stay, and each gets
the value of its group: that of all rows, or of those with equal keys after `by`.""",
    "Windows": """They compute a value for each row from the rows around it, in the order they have at this stage: sort first.
They belong into [extend](stages/extend.md) and [select](stages/select.md), also inside larger expressions; `by` after extend
parts the rows into groups, and a window never reaches out of its own. What filters or sorts by such a value comes after the
extend that made it.""",
}


def functions_page() -> str:
    """The text of `docs/functions.md`: all functions in groups, with signatures and examples."""
    return "\n\n".join([_HEAD, _contents(), *(_group(title) for title in GROUPS)]) + "\n"


def _contents() -> str:
    lines = (f"- **{title}**: {', '.join(_link(f) for f in group)}" for title, group in GROUPS.items())
    return "\n".join(lines)


def _link(function: Function) -> str:
    return f"[{function.name}](#{function.name})"


def _group(title: str) -> str:
    head = [f"## {title}", *([_INTRODUCTIONS[title]] if title in _INTRODUCTIONS else [])]
    return "\n\n".join([*head, *(part for function in GROUPS[title] for part in _entry(function))])


def _entry(function: Function) -> Iterator[str]:
    yield f"### {function.name}"
    yield "\n".join(f"`{usage}`  " for usage in function.usage.split("; ")).rstrip()
    yield f"{function.doc} {function.null_handling}".rstrip()
    yield f"```paasq-expression\n{function.example}\n```"


if __name__ == "__main__":
    sys.stdout.write(functions_page())
