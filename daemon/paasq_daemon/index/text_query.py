"""From the clauses of a match text to a Tantivy query. Query text never meets Tantivy's own parser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tantivy import Occur, Query, Schema

from paasq_daemon.index.analyzers import Term, analyze, term_weight
from paasq_daemon.index.tokenizer import is_unspaced
from paasq_dsl.syntax import match_query
from paasq_dsl.syntax.match_query import CLAUSES_MAX, Clause, ClauseKind, MatchQuery

_OCCUR = {
    match_query.Occur.SHOULD: Occur.Should,
    match_query.Occur.MUST: Occur.Must,
    match_query.Occur.MUST_NOT: Occur.MustNot,
}


class TextField(NamedTuple):
    """A text field as the index has it: `terms_name` holds analysed terms with positions, `words_name` whole words."""

    terms_name: str
    words_name: str
    language: str | None


class TextFieldGroup(NamedTuple):
    """Text fields of one language that are searched as one: `combined` has the terms of all of them, without positions.
    A field that is searched alone is a group of itself."""

    combined: TextField
    fields: tuple[TextField, ...]


class QueryContext(NamedTuple):
    """What terms are looked for in. `correction` gives what a BM25 score of terms of an index field is multiplied by."""

    schema: Schema
    correction: Callable[[str, list[str]], float]


def build_query(
    context: QueryContext, match: MatchQuery, groups: Mapping[TextFieldGroup, float], min_should_match: int = 0
) -> Query | None:
    """Scores add up over clauses, and within a clause over the groups that have it, each times the weights of the group and
    of the clause's words. In a group one word is looked for in the whole, and what needs places or beginnings in each field.

    A `+` clause must be in one of the fields at least, a `-` clause in none. A clause of which no term is left in any
    field (a stop word) is dropped; None where no clause is left that could find a row. Of the clauses without a sign
    at least `min_should_match` must match, or all where they are fewer.
    Raises ValueError where there are more clauses than a match text may have.
    """
    if len(match.clauses) > CLAUSES_MAX:
        raise ValueError(f"a match may have {CLAUSES_MAX} clauses at most, and this has {len(match.clauses)}")
    parts: list[tuple[Occur, Query]] = []
    for clause in match.clauses:
        in_fields = [
            Query.boost_query(query, group_weight * clause.boost * _weight(clause, field))
            for group, group_weight in groups.items()
            for field in _searched(clause, group)
            if (query := _clause_query(context, clause, field)) is not None
        ]
        if not in_fields:
            continue
        if (
            clause.occur is match_query.Occur.SHOULD and not min_should_match
        ):  # flat, so that Tantivy can skip what cannot reach the top
            parts += [(Occur.Should, query) for query in in_fields]
        else:
            parts.append((_OCCUR[clause.occur], _any_of(in_fields)))
    if all(occur is Occur.MustNot for occur, _ in parts):
        return None
    required = min(min_should_match, sum(occur is Occur.Should for occur, _ in parts))
    return Query.boolean_query(parts, required) if required else Query.boolean_query(parts)


def _searched(clause: Clause, group: TextFieldGroup) -> tuple[TextField, ...]:
    one_word = clause.kind is ClauseKind.WORD and len(analyze(clause.text, group.combined.language)) == 1
    return (group.combined,) if one_word else group.fields


def _weight(clause: Clause, field: TextField) -> float:
    """A word that the analyzer parts (I'm) is one of grammar where all its parts are. A quoted phrase has full weight."""
    if clause.kind is not ClauseKind.WORD:
        return 1.0
    return max(term_weight(term.text, field.language) for term in analyze(clause.text, field.language))


def _clause_query(context: QueryContext, clause: Clause, field: TextField) -> Query | None:
    """What the clause means in one field; None where nothing is left of it."""
    return _FORMS[clause.kind](context, clause, field)


def _word(context: QueryContext, clause: Clause, field: TextField) -> Query | None:
    """One term; where the analyzer makes several of a word (wi-fi), they must be adjacent."""
    return _side_by_side(context, field, analyze(clause.text, field.language), 0)


def _phrase(context: QueryContext, clause: Clause, field: TextField) -> Query | None:
    return _side_by_side(context, field, analyze(clause.text, field.language), clause.slop)


def _prefix(context: QueryContext, clause: Clause, field: TextField) -> Query | None:
    """Whole words that begin so, each found row scoring 1: a rare ending says nothing of how well a row fits. Of a script
    without spaces words are found by their beginning anyway."""
    found = analyze(clause.text, None)
    if not found:
        return None
    if len(found) > 1 and is_unspaced(found[-1].text):
        beside = _side_by_side(context, field, analyze(clause.text, field.language), 0)
        return beside and Query.const_score_query(beside, 1.0)
    *before, last = (
        Query.fuzzy_term_query(context.schema, field.words_name, term.text, distance=0, prefix=number == len(found) - 1)
        for number, term in enumerate(found)
    )
    return _all_of([*before, last])


def _fuzzy(context: QueryContext, clause: Clause, field: TextField) -> Query | None:
    """Words, or terms, at most so many letters away, each found row scoring 1; the very term scores its BM25 on top. A
    word with a mistake may have another stem than without, so the words as they are written count too."""
    found = analyze(clause.text, field.language)
    near = _all_near(context.schema, field.terms_name, found, clause.edit_distance)
    if near is None:
        return None
    if field.words_name != field.terms_name:
        written = _all_near(context.schema, field.words_name, analyze(clause.text, None), clause.edit_distance)
        near = Query.disjunction_max_query([near, written]) if written else near
    same = [(Occur.Should, _scored(context, field, [term], 0)) for term in found]
    return Query.boolean_query([(Occur.Must, near), *same])


def _all_near(schema: Schema, name: str, found: list[Term], edits: int) -> Query | None:
    queries = [Query.fuzzy_term_query(schema, name, term.text, distance=edits) for term in found]
    return _all_of(queries) if queries else None


_FORMS: dict[ClauseKind, Callable[[QueryContext, Clause, TextField], Query | None]] = {
    ClauseKind.WORD: _word,
    ClauseKind.PHRASE: _phrase,
    ClauseKind.PREFIX: _prefix,
    ClauseKind.FUZZY: _fuzzy,
}


def _side_by_side(context: QueryContext, field: TextField, found: list[Term], slop: int) -> Query | None:
    return _scored(context, field, found, slop) if found else None


def _scored(context: QueryContext, field: TextField, found: list[Term], slop: int) -> Query:
    """The terms at the distances they have here, so that a stop word between them counts as a word; scored by BM25."""
    name, terms = field.terms_name, [term.text for term in found]
    if len(terms) == 1:
        query = Query.term_query(context.schema, name, terms[0])
    else:
        places: list[str | tuple[int, str]] = [(term.position - found[0].position, term.text) for term in found]
        query = Query.phrase_query(context.schema, name, places, slop=slop)
    return Query.boost_query(query, context.correction(name, terms))


def _all_of(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def _any_of(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])
