"""Types of values and columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class TypeKind(StrEnum):
    """The kinds of types; the values are their names in the language and in the catalog."""

    KEYWORD = "keyword"  # a short string compared as a whole
    TEXT = "text"  # prose, searched word by word
    INT = "int"  # 64 bits, signed
    FLOAT = "float"  # IEEE 754, 64 bits
    BOOL = "bool"
    TIME = "time"  # an instant, microseconds since 1970 in UTC
    DURATION = "duration"  # calendar months and microseconds
    LIST = "list"
    LINK = "link"  # the key of a record of one collection
    VECTOR = "vector"  # float32, one length a field
    BYTES = "bytes"  # as they are, kept with the record
    OBJECT = "object"  # named members: what records and answers show of fields whose names have dots
    NULL = "null"
    ANY = "any"  # of an expression with an error: fits everything, so that no further error is reported


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `item` is a list's item, `name` a text's language or a link's collection, `dimensions` a vector's length, `members`
    what an object has, by name."""

    kind: TypeKind
    item: Type | None = None
    name: str | None = None
    dimensions: int | None = None
    members: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        match self.kind:
            case TypeKind.TEXT if self.name:
                return f"text({self.name})"
            case TypeKind.LIST:
                return f"[{self.item}]"
            case TypeKind.LINK:
                return f"link<{self.name}>"
            case TypeKind.VECTOR:
                return f"vector({self.dimensions or 'auto'})"
            case TypeKind.OBJECT:
                return f"{{{', '.join(f'{_quoted(name)}: {type_}' for name, type_ in self.members)}}}"
            case _:
                return str(self.kind)


KEYWORD = Type(TypeKind.KEYWORD)
TEXT = Type(TypeKind.TEXT)
INT = Type(TypeKind.INT)
FLOAT = Type(TypeKind.FLOAT)
BOOL = Type(TypeKind.BOOL)
TIME = Type(TypeKind.TIME)
DURATION = Type(TypeKind.DURATION)
VECTOR = Type(TypeKind.VECTOR)
BYTES = Type(TypeKind.BYTES)
NULL = Type(TypeKind.NULL)
ANY = Type(TypeKind.ANY)

STRING_KINDS = frozenset({TypeKind.KEYWORD, TypeKind.TEXT, TypeKind.LINK})
NUMERIC_KINDS = frozenset({TypeKind.INT, TypeKind.FLOAT})
ORDERED_KINDS = frozenset(
    {
        TypeKind.KEYWORD,
        TypeKind.TEXT,
        TypeKind.LINK,
        TypeKind.INT,
        TypeKind.FLOAT,
        TypeKind.BOOL,
        TypeKind.TIME,
        TypeKind.DURATION,
    }
)


def list_of(item: Type) -> Type:
    """`[item]`."""
    return Type(TypeKind.LIST, item=item)


def link_to(collection: str) -> Type:
    """`link<collection>`."""
    return Type(TypeKind.LINK, name=collection)


def text_in(language: str | None) -> Type:
    """`text(language)`; plain `text` where the language is None."""
    return Type(TypeKind.TEXT, name=language)


def vector_of(size: int | None) -> Type:
    """`vector(size)`; `vector(auto)`, whose length the model gives, where the size is None."""
    return Type(TypeKind.VECTOR, dimensions=size)


def object_of(members: Iterable[tuple[str, Type]]) -> Type:
    """An object with these members, in this order."""
    return Type(TypeKind.OBJECT, members=tuple(members))


def list_if(type_: Type, *, to_list: bool) -> Type:
    """A list of the type where `to_list` and it is not one already; else the type itself."""
    return list_of(type_) if to_list and type_.kind is not TypeKind.LIST else type_


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"
