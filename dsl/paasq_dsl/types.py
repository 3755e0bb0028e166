"""Types of values and columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
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
    ANY = "any"  # what stands after an error: fits everything, so that one error stays one


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `item` is a list's item, `name` a text's language or a link's collection, `size` a vector's length, `members`
    what an object has, by name."""

    kind: Kind
    item: Type | None = None
    name: str | None = None
    size: int | None = None
    members: tuple[tuple[str, Type], ...] = ()

    def __str__(self) -> str:
        match self.kind:
            case Kind.TEXT if self.name:
                return f"text({self.name})"
            case Kind.LIST:
                return f"[{self.item}]"
            case Kind.LINK:
                return f"link<{self.name}>"
            case Kind.VECTOR:
                return f"vector({self.size or 'auto'})"
            case Kind.OBJECT:
                return f"{{{', '.join(f'{_quoted(name)}: {type_}' for name, type_ in self.members)}}}"
            case _:
                return str(self.kind)


KEYWORD = Type(Kind.KEYWORD)
TEXT = Type(Kind.TEXT)
INT = Type(Kind.INT)
FLOAT = Type(Kind.FLOAT)
BOOL = Type(Kind.BOOL)
TIME = Type(Kind.TIME)
DURATION = Type(Kind.DURATION)
VECTOR = Type(Kind.VECTOR)
BYTES = Type(Kind.BYTES)
NULL = Type(Kind.NULL)
ANY = Type(Kind.ANY)

STRING_KINDS = frozenset({Kind.KEYWORD, Kind.TEXT, Kind.LINK})
NUMBER_KINDS = frozenset({Kind.INT, Kind.FLOAT})
ORDERED_KINDS = frozenset(
    {Kind.KEYWORD, Kind.TEXT, Kind.LINK, Kind.INT, Kind.FLOAT, Kind.BOOL, Kind.TIME, Kind.DURATION}
)


def list_of(item: Type) -> Type:
    return Type(Kind.LIST, item=item)


def link_to(collection: str) -> Type:
    return Type(Kind.LINK, name=collection)


def text_in(language: str | None) -> Type:
    return Type(Kind.TEXT, name=language)


def vector_of(size: int | None) -> Type:
    return Type(Kind.VECTOR, size=size)


def object_of(members: Iterable[tuple[str, Type]]) -> Type:
    return Type(Kind.OBJECT, members=tuple(members))


def lifted(type_: Type, *, to_list: bool) -> Type:
    return list_of(type_) if to_list and type_.kind is not Kind.LIST else type_


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"
