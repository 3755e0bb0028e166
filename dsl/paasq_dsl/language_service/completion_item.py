"""What is offered at a cursor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from paasq_dsl.source_text import Span


class CompletionKind(StrEnum):
    """What an item is; the editor maps each to a kind of the protocol, which decides its icon."""

    STATEMENT = "statement"
    STAGE = "stage"
    COLLECTION = "collection"
    LET = "let"
    MODULE = "module"
    FIELD = "field"
    FUNCTION = "function"
    PARAMETER = "parameter"
    KEYWORD = "keyword"
    OPERATOR = "operator"
    OPTION = "option"
    TYPE = "type"
    METHOD = "method"
    MOMENT = "moment"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class CompletionItem:
    """`insert_text` replaces what `span` covers. `rank`: lower comes first, equal ones by label."""

    label: str
    insert_text: str
    kind: CompletionKind
    detail: str
    documentation: str
    span: Span
    rank: int


# Before what was typed is looked at. Words that go on after a whole value come before everything that begins anew.
RANKS: dict[CompletionKind, int] = {
    CompletionKind.VALUE: 10,
    CompletionKind.FIELD: 20,
    CompletionKind.OPTION: 20,
    CompletionKind.METHOD: 20,
    CompletionKind.TYPE: 20,
    CompletionKind.STATEMENT: 20,
    CompletionKind.STAGE: 20,
    CompletionKind.LET: 20,
    CompletionKind.MODULE: 20,
    CompletionKind.COLLECTION: 21,
    CompletionKind.OPERATOR: 22,
    CompletionKind.PARAMETER: 25,
    CompletionKind.MOMENT: 30,
    CompletionKind.KEYWORD: 35,
    CompletionKind.FUNCTION: 40,
}
RANK_SYSTEM = 80  # columns that the store keeps
RANK_STRUCTURE = 21  # words that go on with a stage or a head: by, desc, set
RANK_NEXT_STAGE = 90  # stages where the | is not written yet
BETTER, WORSE = -8, 8  # what fits the type that is asked for, and what does not
RANK_SUBSTRING_MATCH = 100  # what holds the typed letters, but does not begin with them
