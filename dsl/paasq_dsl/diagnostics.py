"""The one catalogue of what can be wrong with a text, and the value that says so."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from paasq_dsl.source_text import NOWHERE, Source, Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what `span` covers by `text`; `title` says so to a person."""

    span: Span
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing wrong in one place. `candidates` are names that were perhaps meant, best first, three at most."""

    code: str
    span: Span
    message: str
    candidates: tuple[str, ...] = ()
    edit: Edit | None = None
    severity: Severity = Severity.ERROR

    def shift(self, offset: int) -> Diagnostic:
        edit = replace(self.edit, span=self.edit.span.shift(offset)) if self.edit else None
        return replace(self, span=self.span.shift(offset), edit=edit)

    def to_json(self, source: Source) -> dict[str, Any]:
        line, column = source.line_column(self.span.start)
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "start": self.span.start,
            "end": self.span.end,
            "line": line,
            "column": column,
            "candidates": list(self.candidates),
            "edit": self.edit
            and {"start": self.edit.span.start, "end": self.edit.span.end, "text": self.edit.text, "title": self.edit.title},
        }  # fmt: skip


# Codes of what can be run all the same.
WARNINGS = frozenset({"PQ0437", "PQ0470", "PQ0471"})

# Code -> sentence. 01xx: the text has not the form of a statement. 02xx: a name. 03xx: a type or a number of arguments.
# 04xx: a stage where it makes no sense. 05xx: a write. 0600 to 0619: a schema, from 0620: a watch. 07xx: found when it runs.
CATALOGUE: dict[str, str] = {
    "PQ0101": "expected {expected}, found {found}",
    "PQ0102": "this string has no closing quote",
    "PQ0103": "this comment is not closed by `*/`",
    "PQ0104": "strings stand in double quotes",
    "PQ0105": "`=` gives a name; `==` compares",
    "PQ0106": "`{found}` does not exist here; write `{better}`",
    "PQ0107": "{number}m may mean minutes or months",
    "PQ0108": "no stage is called `{found}`{known}",
    "PQ0109": "a stage is missing behind this `|`",
    "PQ0110": "no statement begins with `{found}`{known}",
    "PQ0111": "a `|` is missing before this stage",
    "PQ0112": "`{found}` closes nothing that is open",
    "PQ0113": "this `{found}` is never closed",
    "PQ0114": "the character {found} has no meaning here",
    "PQ0115": "{found} is outside the 64 bits of an int, {low} to {high}",
    "PQ0116": "{found}",
    "PQ0117": "{what} more than {most} levels deep; give a part of it a name with extend",
    "PQ0118": "a text may have {most} characters at most",
    "PQ0119": "a pipeline starts with a source: from <collection>",
    "PQ0120": "the fields of a collection are parted by white space, not by commas",
    "PQ0121": "a `;` is missing before this statement",
    "PQ0122": "there is no time zone {name}",
    "PQ0123": "zone stands once, at the head of a text: only let, param, fn and use may stand before it",
    "PQ0125": "the words of the language are in lower case: `{better}`",
    "PQ0126": "a list stands in square brackets",
    "PQ0127": "a name stands before its value: `{better}`",
    "PQ0128": "this is JSON, not a statement: a query begins with from, a write with put",
    "PQ0129": "a let names a pipeline; a value with a name is a parameter: `{better}`",
    "PQ0130": "a source has no other name: its fields are named as they are",
    "PQ0201": "there is no collection {name}",
    "PQ0202": "{where} has no field {name}",
    "PQ0203": "there is no function {name}",
    "PQ0204": "there is no type {name}",
    "PQ0205": "the name {name} is given twice",
    "PQ0206": "${name} is declared twice",
    "PQ0207": "the name {name} is taken by a let, a view or a collection",
    "PQ0208": "{stage} has no option {name}; it takes {options}",
    "PQ0209": "there is no fusion called {name}",
    "PQ0210": "{name} was left out by an earlier stage; keep it there",
    "PQ0211": "{name} can't be read here, where there is no row; text stands in double quotes",
    "PQ0212": "the type {name} {expected}",
    "PQ0213": "{name} is a part of {whole}, and both stand here; give the part a name of its own: {better}",
    "PQ0221": "{name} calls itself; a function is put in the place of its calls, so that would never end",
    "PQ0222": "{name} has become too large with all that it calls; name a part of it with extend",
    "PQ0223": "{what}",
    "PQ0224": "the module {path} has an error: {message}",
    "PQ0225": "a module declares its parameters: param {name}: type",
    "PQ0226": "the view {name} no longer fits what it stands on: {message}",
    "PQ0227": "there is no {what} {name}",
    "PQ0228": "a view stands alone, so it can't use {name} unless it takes it: view name({name}: type) = ...",
    "PQ0229": "{name} takes values: write from {usage}",
    "PQ0230": "{name} takes no values: its name alone is the source",
    "PQ0231": "{name} needs a default, because a parameter before it has one",
    "PQ0232": "{name} stands on itself; a pipeline is put in the place of its uses, so that would never end",
    "PQ0301": "{function} takes {expected}, not {found}",
    "PQ0302": "{left} and {right} can't be compared",
    "PQ0303": "{operator} needs {expected}, not {found}",
    "PQ0304": "{what} must be {expected}, not {found}",
    "PQ0305": "{name} is a list: ask with {better}, not {operator}",
    "PQ0306": "{function} summarises many rows: write extend x = {function}(...) or summarize x = {function}(...), then use x",
    "PQ0307": "{function} gives a value for each row, not for a group: wrap it in an aggregate such as {better}",
    "PQ0308": "this is text: a time is written {better}",
    "PQ0309": "has looks into a list, and {name} is {type}",
    "PQ0310": "{name} is {type}, which leads to no record: only a link can be followed",
    "PQ0311": "+ adds numbers, or a duration to a time; texts are joined by concat(a, b)",
    "PQ0312": "{found} is more than a float can hold",
    "PQ0313": "a list holds no objects: make them records of a collection of their own, and this a list of links to them",
    "PQ0314": "{name} is an object: name what is in it, such as {example}",
    "PQ0315": "{name} is an object: it is given {form}, null or a parameter",
    "PQ0316": "{name} is {type}, which has no members",
    "PQ0317": "bytes have no order: they are equal, or not",
    "PQ0318": "numbers are subtracted here: a date is written {better}",
    "PQ0401": "{stage} needs the rows of a collection, but {before} has made new rows",
    "PQ0402": "{collection} has no {kind} field, so {stage} has nothing to search",
    "PQ0403": "this column needs a name: write name = ...",
    "PQ0404": "a branch of fuse must retrieve: match, near or find",
    "PQ0405": "fuse needs at least two branches",
    "PQ0406": "{name} is not {expected}",
    "PQ0407": "{what}",
    "PQ0408": "{function} looks at other rows, which only extend and select can: write extend x = {function}(...), then use x",
    "PQ0409": "{function} stands in another function that looks at other rows: name it by an extend before this stage",
    "PQ0410": "by makes the groups of aggregates and window functions, such as avg or delta, and there is none here; summarize "
    "makes one row for each group",
    "PQ0430": "{name} is {left} in one pipeline of the union and {right} in another; give one of them another name",
    "PQ0431": "{name} is not shown here, so it can't be dropped",
    "PQ0432": "drop leaves no column; select those that are to stay",
    "PQ0433": "{name} is {type}: only a list can be expanded",
    "PQ0434": "lookup compares a value of the row with a field: {collection}.{field} == value",
    "PQ0435": "a list has no one record to look up: expand it first",
    "PQ0436": "the pipelines of this union have more than {most} stages together, those of the lets in them counted",
    "PQ0437": "{found} is no citation: {why}",
    "PQ0460": "no pipeline can be run here: only a stage, and the where of a patch or a delete, can ask one",
    "PQ0461": "this pipeline must end in one column, whose values are the list, and it ends in {found}",
    "PQ0462": "{name} is {found}, where the pipeline must end in one value a row{mend}",
    "PQ0463": "{name} stands outside the brackets, where this pipeline can't see it: it is run once, before there is a row; "
    "to join records to each row, use lookup",
    "PQ0464": "the pipelines in these brackets are too large together: more than {most} stages, those of lets in them "
    "counted, or expressions too deep",
    "PQ0465": "a pipeline in brackets is a list of values, which stands behind in, not in, has any or has all",
    "PQ0470": "{word} is a word to search for here: + stands before what must be there, - before what must not, and the rest may",
    "PQ0471": "each word here must not be there, and none is looked for: this finds nothing",
    "PQ0501": "{collection}.{name} is required",
    "PQ0502": "{name} is computed from {sources}; it can't be set",
    "PQ0503": "the key of a record can't be changed by patch; put a new record and delete this one",
    "PQ0504": "{name} is kept by the store; it can't be set",
    "PQ0505": "this can't see what the tx has written to {collection} before it",
    "PQ0510": "{name} is no field of {collection}, which is put",
    "PQ0602": "{name} has two key fields",
    "PQ0603": "a key must be a keyword, not {type}",
    "PQ0604": "a name that begins with _ is the store's own",
    "PQ0605": "{name} exists with other fields",
    "PQ0606": "a vector is computed from text or keyword fields, and {name} is {type}",
    "PQ0607": "there is no analyzer for the language {name}",
    "PQ0608": "vector(auto) needs the fields that it is computed from: vector(auto) from title, body",
    "PQ0611": "{collection}.{name} can't be {changed}: {why}",
    "PQ0612": "{name} can't be unique: it is {type}",
    "PQ0613": "there is no type {name}, because a sum must not depend on rounding: keep an int of the smallest unit, such as "
    "cents, or a float where rounding is no matter",
    "PQ0614": "an object is not {rule} itself: say it of what is in it",
    "PQ0615": "an object needs a field in it",
    "PQ0616": "an object is the type of a field alone: {better}",
    "PQ0617": "a field is computed from its record alone, so it can't use {name}",
    "PQ0618": "{name} can't be computed: {why}",
    "PQ0620": "{stage} leaves nothing to tell one row from another by, so it can't be watched: {mend}",
    "PQ0621": "a watch is of the present, and this reads a past moment; what happened since is asked for by after <seq>",
    "PQ0622": "{stage} can't be watched: {why}",
    "PQ0623": "nothing can stand behind a watch, which has no end",
    "PQ0624": "emit stands behind the last stage of a watch, without a |",
    "PQ0625": "a watch has no answer, but events, which are pushed: {ask}",
    "PQ0701": "{what}",
    "PQ0702": "no value was given for ${name}",
    "PQ0703": "{what}",
    "PQ0704": "there is no time zone {name}",
}


def diagnostic(
    code: str, span: Span, *, candidates: Iterable[str] = (), edit: Edit | None = None, **words: object
) -> Diagnostic:
    """A diagnostic with the catalogue's sentence, its `{words}` filled in."""
    severity = Severity.WARNING if code in WARNINGS else Severity.ERROR
    return Diagnostic(code, span, CATALOGUE[code].format(**words), tuple(candidates)[:3], edit, severity)


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three known names that `name` may have been meant to be, best first."""
    by_folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)
    return tuple(by_folded[c] for c in close)


def replacement(span: Span, candidates: tuple[str, ...]) -> Edit | None:
    """The edit that takes the best candidate, where there is one."""
    if not candidates or span == NOWHERE:
        return None
    return Edit(span, candidates[0], f"write {candidates[0]}")


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(d.severity is Severity.ERROR for d in diagnostics)
