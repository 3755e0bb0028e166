"""The call around a cursor: which argument it is in, and what function takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paasq_dsl.binder.inlining import InlineFunction, InlinePipeline
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import Function
from paasq_dsl.language_service.cursor_context import CursorContext
from paasq_dsl.syntax.completion_role import innermost_open_bracket
from paasq_dsl.types import Type


@dataclass(frozen=True, slots=True)
class ActiveCall:
    """`number` is that of the argument at the place, from 0."""

    callee: InlineFunction | InlinePipeline | Function
    argument_index: int

    @property
    def argument_type(self) -> Type | None:
        """What the argument is asked to be; None of a function of the library, whose arguments hang on one another."""
        if isinstance(self.callee, Function) or self.argument_index >= len(self.callee.parameters):
            return None
        return self.callee.parameters[self.argument_index].type


def active_call(place: CursorContext) -> ActiveCall | None:
    """The innermost call that is still open before the place; None where there is none, or nobody knows its name."""
    words = place.preceding_words
    at = innermost_open_bracket(words)
    while at > 0 and words[at] != "(":
        at = innermost_open_bracket(words[:at])  # a list is one argument
    if at <= 0:
        return None
    name, begin = words[at - 1].strip("`"), at - 1
    if begin > 1 and words[begin - 1] == ".":
        name, begin = f"{words[begin - 2]}.{name}", begin - 2
    if words[begin - 1 : begin] == ("from",):
        found: InlineFunction | InlinePipeline | Function | None = place.pipeline(name)
    else:
        found = place.bind_result.functions.get(name) or FUNCTIONS.get(name)
    return ActiveCall(found, _commas(words[at + 1 :])) if found else None


def _commas(words: Sequence[str]) -> int:
    depth = count = 0
    for word in words:
        depth += (word in {"(", "[", "{"}) - (word in {")", "]", "}"})
        count += word == "," and depth == 0
    return count
