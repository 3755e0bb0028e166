"""A row cut to what fits into an answer: its longest values first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paasq_daemon.wire.answer import ColumnInfo
from paasq_daemon.wire.token_estimate import json_characters
from paasq_daemon.wire.value_codecs import codec, member_types

CUT_MARK = "…"  # stands where a text goes on
_SHORT = 40  # characters of a value, such as a key, that stays whole as long as a longer one can be cut
_NULL = "null"


def cut_row(
    columns: Sequence[ColumnInfo], row: Sequence[Any], characters_max: int
) -> tuple[list[Any], tuple[str, ...]]:
    """The row with its values cut so that its JSON has `characters_max` at most, where that can be; and the names of the
    columns that were cut. Texts end in `…`, lists have fewer items, other values that are too long are null. Nothing is cut
    where the room would not pay for its name among these."""
    types = {column.name: column.type for column in columns}
    before = dict(zip(types, row, strict=True))
    after = _cut_members(types, before, characters_max)
    return list(after.values()), tuple(name for name in types if after[name] != before[name])


def _cut_members(types: Mapping[str, str], values: Mapping[str, Any], room: int) -> dict[str, Any]:
    sizes = {name: _size(values[name], type_) for name, type_ in types.items()}
    room -= json_characters(dict.fromkeys(types, 0)) - len(types)  # names and punctuation
    long = {name: size for name, size in sizes.items() if size > _SHORT}
    limits, left = {}, room - len(_NULL) * len(long)
    for name, size in sizes.items():
        if name not in long:
            limits[name] = size if size <= max(left, len(_NULL) + len(name) + len('"",')) else 0
            left -= min(size, limits[name]) or len(_NULL)
    level = _level(list(long.values()), left + len(_NULL) * len(long))
    limits |= dict.fromkeys(long, level)
    return {
        name: value if sizes[name] <= limits[name] else _cut(value, types[name], limits[name])
        for name, value in values.items()
    }


def _level(sizes: Sequence[int], room: int) -> int:
    """The largest size to which all larger ones must be cut for the sum to be `room`."""
    left = max(room, 0)
    for at, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - at)
        if size > share:
            return share
        left -= size
    return max(sizes, default=0)


def _cut(value: Any, type_: str, room: int) -> Any:
    if isinstance(value, str) and not type_.startswith("link"):
        return _cut_text(value, room)
    if isinstance(value, list) and not type_.startswith("vector"):
        return _cut_list(value, type_[1:-1] if type_.startswith("[") else type_, room)
    if isinstance(value, dict) and type_.startswith("{"):
        return _cut_members(member_types(type_), value, room)
    return None


def _cut_text(text: str, room: int) -> str | None:
    """As many characters as fit: some take several in JSON."""
    fits, fails = -1, min(len(text), room) + 1
    while fails - fits > 1:
        middle = (fits + fails) // 2
        if json_characters(text[:middle] + CUT_MARK) <= room:
            fits = middle
        else:
            fails = middle
    return None if fits < 0 else text[:fits] + CUT_MARK


def _cut_list(items: Sequence[Any], type_: str, room: int) -> list[Any] | None:
    left = room - len("[]")
    for count, item in enumerate(items):
        left -= _size(item, type_) + 1
        if left < -1:  # no comma behind the last one
            return list(items[:count])
    return list(items)


def _size(value: Any, type_: str) -> int:
    return json_characters(codec(type_).encode(value))
