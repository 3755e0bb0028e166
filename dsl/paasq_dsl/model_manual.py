"""The manual for a language model: the language and a store's schema in few words, made from the registries and the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.functions import GROUPS
from paasq_dsl.functions.signature import Function
from paasq_dsl.schema.summary import schema_summary
from paasq_dsl.stages import STAGES
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.statements import STATEMENT_BY_KEYWORD
from paasq_dsl.syntax.lexer import format_path
from paasq_dsl.types import TIME, TypeKind

CHARACTERS_MAX = 8_000  # 2,000 tokens of four characters
_SCHEMA_CHARACTERS_MAX = 2_400  # so that the language keeps the larger part

_HEAD = """# The query language of paasq

A text is one statement, or several with `;` between. A query is `from collection`, then stages, each behind a `|`:
- Literals: "text", 3, 2.5, true, null, [1, 2], @2026-11-22, @2026-11-22T09:30Z, @now, @today, @yesterday, @tomorrow;
  durations 90min, 1h30min, 7d, 1mo; a record mail:lease, its key in quotes unless plain: mail:"a b".
- `$name` is a parameter, sent beside the text. Put there whatever you read or were told: it is a value, never language.
- Conditions: == != < <= > >=, and, or, not, x in [a, b], x in a..b (without b), x in (from ... | select y); of a list:
  tags has "x", has any [..], has all [..]. Text compares by case; `match` and `find` do not.
- Null: < and > with null are false, == null is a test, sums leave nulls out, sort puts them last.
- A link is followed by an arrow: owner->name; of a list of links that is a list. `from mail:lease` is one record.
- Every record has _key, _version, _time; a search adds _score. A computed column is named by =: n = count(). Conditions
  on it come after its stage.
- `where` before `find` decides what is searched. Sort before `take`. Time minus time is a duration. Days are
  bucket(at, 1d).
- `from note as of seq 12` is the store as it was then. Comments begin with //."""

_FUNCTIONS = "## Functions (`describe name` in place of a query tells form and use)"
_WITH_FORMS = frozenset({"Times and durations", "Choices and null", "Windows"})  # which names alone do not tell
_STATEMENTS = ("explain", "put", "patch", "delete", "tx", "dryrun", "let", "resolve", "describe")


def model_manual(catalog: Catalog, characters_max: int = CHARACTERS_MAX) -> str:
    """Markdown of at most so many characters, the same for the same catalog; of a large schema, names alone.

    All stages and functions are named; as many stages as there is room for are explained, the most used first.
    """
    before = [_HEAD, "## Stages"]
    after = [_functions(), _statements(), _schema(catalog), *_examples(catalog)]
    text = ""
    for explained in range(len(STAGES), -1, -1):
        stages = "\n".join(_stage(spec, explain=at < explained) for at, spec in enumerate(STAGES))
        text = "\n\n".join(["\n\n".join(before) + "\n" + stages, *after]) + "\n"
        if len(text) <= characters_max:
            break
    return text


def _stage(spec: StageSpec, *, explain: bool) -> str:
    first = spec.doc.partition(". ")[0].rstrip(".")
    return f"- {spec.synopsis}: {first}" if explain else f"- {spec.synopsis}"


def _functions() -> str:
    lines = [
        f"{title}: {' '.join(_form(f, whole=title in _WITH_FORMS) for f in group)}" for title, group in GROUPS.items()
    ]
    return "\n".join([_FUNCTIONS, *lines])


def _form(function: Function, *, whole: bool) -> str:
    """The name, or the longest form of the call."""
    longest = max(function.signatures, key=lambda each: len(each.parameters))
    return f"{function.name}({', '.join(longest.parameters)})" if whole else function.name


def _statements() -> str:
    return "\n".join(["## Other statements", *(f"- {STATEMENT_BY_KEYWORD[word].synopsis}" for word in _STATEMENTS)])


def _schema(catalog: Catalog) -> str:
    return "## This store\n" + (schema_summary(catalog, _SCHEMA_CHARACTERS_MAX) or "It has no collections yet.")


def _examples(catalog: Catalog) -> Iterator[str]:
    """One paragraph of queries over the collections that there are; none where none fits."""
    found = [text for text in (_search(catalog), _series(catalog), _links(catalog)) if text]
    if found:
        yield "\n".join(["## Examples", *found])


def _search(catalog: Catalog) -> str | None:
    """Search in the first collection whose texts are searched by meaning too, else in the first that has any."""
    having = [c for c in catalog.collections.values() if c.fields_of_kind(TypeKind.TEXT)]
    by_meaning = [c for c in having if any(f.source_fields for f in c.fields)]
    for collection in [*by_meaning, *having][:1]:
        texts = [format_path(f.name) for f in collection.fields_of_kind(TypeKind.TEXT)]
        shown = f"_score, {texts[0]}, why = snippet({texts[-1]}, 120)"
        return f"from {collection.name} | {_recent(collection)}find $words | take 5 | cite | select _cite, {shown}"
    return None


def _recent(collection: Collection) -> str:
    time = next((f for f in collection.fields if f.type == TIME), None)
    return "" if time is None else f"where {format_path(time.name)} >= @today - 30d | "


def _series(catalog: Catalog) -> str | None:
    """Means by day of the first collection that has a time and a float."""
    for collection in catalog.collections.values():
        times = [f for f in collection.fields if f.type == TIME]
        floats = collection.fields_of_kind(TypeKind.FLOAT)
        if times and floats:
            time, value = format_path(times[0].name), format_path(floats[0].name)
            means = f"summarize mean = avg({value}), n = count() by day = bucket({time}, 1d) fill null"
            return f"from {collection.name} | {_recent(collection)}{means}"
    return None


def _links(catalog: Catalog) -> str | None:
    """Records with something of what they link to."""
    for collection in catalog.collections.values():
        for link in collection.fields_of_kind(TypeKind.LINK):
            target = catalog.collections.get(link.type.name or "")
            told = target and next(iter(target.fields_of_kind(TypeKind.TEXT)), None)
            if target is not None and told is not None:
                name, field = format_path(link.name), format_path(told.name)
                counts = f"summarize n = count() by who = {name}->{field} | sort n desc | take 10"
                return f"from {collection.name} | where {name} != null | {counts}"
    return None
