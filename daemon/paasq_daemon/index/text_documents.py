"""What of a record goes into the text index: which fields the index has, the texts of each, and the terms of these.

A text field with a language is indexed twice: its terms with positions, and its whole words, for prefixes and for
completion. The terms of several fields of one language are indexed once more, as those of one text: a word that occurs in
a title and in a body counts by what it is worth in the whole record.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import xxhash
from tantivy import Document, Schema, SchemaBuilder

from paasq_daemon.index.analyzers import analyzer, analyzer_name, text_for_index
from paasq_daemon.index.text_query import TextField, TextFieldGroup
from paasq_daemon.store.record import Record
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value

ORDINAL = "ordinal"
_SHORT_SHARE, _SHORT_COUNTS = 3, 3  # a text a third as long as the record's longest, or shorter, counts three times


class DocumentTerms(NamedTuple):
    """Of one document: the different terms, by index field, and how many terms each field has, repetitions included."""

    terms: Counter[tuple[str, str]]  # (index field, term): 1 each
    lengths: Counter[str]  # by index field


class TextLayout:
    """The index fields of a collection."""

    def __init__(self, collection: Collection) -> None:
        self.languages = text_languages(collection)
        self.fields = {f.name: _text_field(f) for f in text_fields(collection)}
        self._named = [(f, _text_field(f)) for f in text_fields(collection)]
        by_language = _by_language(collection)
        self.groups = tuple(_group(language, fields) for language, fields in by_language)
        self._wholes = [(_whole_name(language), language, of) for language, of in by_language if len(of) > 1]

    @property
    def scored(self) -> dict[str, str | None]:
        """The index fields whose terms are scored by BM25, with their languages."""
        named = {names.terms_name: names.language for _, names in self._named}
        return named | {name: language for name, language, _ in self._wholes}

    def schema(self) -> Schema:
        """Of a new index."""
        builder = SchemaBuilder().add_unsigned_field(ORDINAL, indexed=True, fast=True)
        for _, names in self._named:
            builder.add_text_field(names.terms_name, tokenizer_name=analyzer_name(names.language))
            if names.words_name != names.terms_name:
                builder.add_text_field(names.words_name, tokenizer_name=analyzer_name(None), index_option="basic")
        for name, language, _ in self._wholes:
            builder.add_text_field(name, tokenizer_name=analyzer_name(language), index_option="freq")
        return builder.build()

    def document(self, record: Record) -> Document:
        """Of the record's ordinal and the terms of its texts; no text is kept."""
        document = Document()
        document.add_unsigned(ORDINAL, record.ordinal)
        for field, names in self._named:
            for text in _texts(record, field):
                clean = text_for_index(text, names.language)
                for name in dict.fromkeys((names.terms_name, names.words_name)):
                    document.add_text(name, clean)
        for name, language, of in self._wholes:
            for text, times in _weighed(record, of):
                clean = text_for_index(text, language)
                for _ in range(times):
                    document.add_text(name, clean)
        return document

    def terms(self, record: Record) -> DocumentTerms:
        """What `document` of the same record adds to the statistics of the scored fields."""
        found, lengths = Counter[tuple[str, str]](), Counter[str]()
        for name, language, text, times in self._scored_texts(record):
            terms = analyzer(language).analyze(text_for_index(text, language))
            lengths[name] += times * len(terms)
            found.update(dict.fromkeys(((name, term) for term in terms), 0))
        return DocumentTerms(Counter(dict.fromkeys(found, 1)), lengths)

    def digest(self, record: Record) -> bytes:
        """Equal where the texts are, so that one document serves for both records."""
        values = [record.fields.get(field.id, field.default) for field, _ in self._named]
        return xxhash.xxh3_128_digest(repr(values).encode())

    def character_count(self, record: Record) -> int:
        """Of all texts of the record."""
        return sum(len(text) for field, _ in self._named for text in _texts(record, field))

    def _scored_texts(self, record: Record) -> list[tuple[str, str | None, str, int]]:
        """(index field, language, text, how often it counts)."""
        single = [(names.terms_name, names.language, text, 1) for f, names in self._named for text in _texts(record, f)]
        whole = [(name, language, text, n) for name, language, of in self._wholes for text, n in _weighed(record, of)]
        return single + whole


def text_fields(collection: Collection) -> list[Field]:
    """The fields that the text index knows: text and lists of text."""
    return [f for f in collection.fields if (f.type.item or f.type).kind is TypeKind.TEXT]


def text_languages(collection: Collection) -> dict[str, str | None]:
    """By field id, what an index of the collection is made for."""
    return {str(f.id): _language(f) for f in text_fields(collection)}


def _language(field: Field) -> str | None:
    return (field.type.item or field.type).name


def _text_field(field: Field) -> TextField:
    language = _language(field)
    terms_name = f"terms{field.id}"
    return TextField(terms_name, terms_name if language is None else f"words{field.id}", language)


def _by_language(collection: Collection) -> list[tuple[str | None, list[Field]]]:
    """The text fields that are searched together, lists of text not being among them."""
    found: dict[str | None, list[Field]] = {}
    for field in collection.fields_of_kind(TypeKind.TEXT):
        found.setdefault(field.type.name, []).append(field)
    return list(found.items())


def _whole_name(language: str | None) -> str:
    return f"whole_{language or 'plain'}"


def _group(language: str | None, fields: list[Field]) -> TextFieldGroup:
    inside = tuple(_text_field(field) for field in fields)
    whole = _whole_name(language)
    return TextFieldGroup(TextField(whole, whole, language) if len(fields) > 1 else _text_field(fields[0]), inside)


def _texts(record: Record, field: Field) -> list[str]:
    value: Value = record.fields.get(field.id, field.default)
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]


def _weighed(record: Record, fields: list[Field]) -> list[tuple[str, int]]:
    """The texts, short ones several times: a title's words say more of a record than those of its body."""
    texts = [text for field in fields for text in _texts(record, field)]
    longest = max(map(len, texts), default=0)
    return [(text, _SHORT_COUNTS if len(text) * _SHORT_SHARE <= longest else 1) for text in texts]
