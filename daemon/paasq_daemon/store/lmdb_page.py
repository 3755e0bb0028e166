"""One page of an LMDB data file, and its nodes: each bound is checked, since the page may be damaged.

The layout is that of LMDB 0.9 on a little-endian machine: `mdb.c`, at "Page header", "Header for a single key/data pair".
"""

from __future__ import annotations

from struct import Struct, error
from typing import NamedTuple

PAGE_HEADER = Struct("<Q2xHHH")  # number; flags; end of the node pointers, start of the nodes: or the count of pages
PAGE_NUMBER = Struct("<Q")
BRANCH, LEAF, OVERFLOW = 0x01, 0x02, 0x04
KINDS = 0x6F  # of a page's flags, those that say what it is
BIG_DATA = 0x01  # of a node's flags: the value is on pages of its own
NO_PAGE = (1 << 64) - 1  # the root of an empty tree
DEPTH_MAX = 32  # of a tree

_NODE = Struct("<HHHH")  # low and high half of a size, or of a page number; flags, or its third part; bytes of the key


class DamagedPage(Exception):
    """A page that can't be what its place in the tree demands."""


class Node(NamedTuple):
    """`page` is a branch's child; of a leaf the size of the value. `value` is a leaf's: the value, or where it is."""

    key: bytes
    flags: int
    page: int
    value: bytes


def read_nodes(raw: bytes, page: int) -> tuple[int, list[Node]]:
    """The kind of a page of a tree, BRANCH or LEAF, and its nodes. Raises DamagedPage where it is no such page, or not `page`."""
    if len(raw) < PAGE_HEADER.size:
        raise DamagedPage("the file ends before it")
    number, flags, lower, upper = PAGE_HEADER.unpack_from(raw)
    kind = flags & KINDS
    if number != page or kind not in (BRANCH, LEAF):
        raise DamagedPage(f"it says that it is page {number}, of kind {kind:#x}")
    nodes = _parse_nodes(raw, kind, lower, upper)
    if not nodes or (kind == BRANCH and len(nodes) < 2):
        raise DamagedPage("it is empty")
    return kind, nodes


def _parse_nodes(raw: bytes, kind: int, lower: int, upper: int) -> list[Node]:
    """Raises DamagedPage where the nodes do not fill the upper part of the page exactly."""
    if not PAGE_HEADER.size <= lower <= upper <= len(raw) or (lower - PAGE_HEADER.size) % 2:
        raise DamagedPage("its bounds do not hold")
    nodes: list[Node] = []
    filled = 0
    for at in range(PAGE_HEADER.size, lower, 2):
        start = int.from_bytes(raw[at : at + 2], "little")
        try:
            low, high, flags, key_bytes = _NODE.unpack_from(raw, start)
        except error:
            raise DamagedPage("a node lies beyond its end") from None
        if start < upper:
            raise DamagedPage("a node lies where none can be")
        size, key_end = low | high << 16, start + _NODE.size + key_bytes
        if kind == BRANCH:
            end, page, value = key_end, size | flags << 32, b""
        else:
            end = key_end + (PAGE_NUMBER.size if flags & BIG_DATA else size)
            page, value = size, raw[key_end:end]
        if end > len(raw):
            raise DamagedPage("a node lies beyond its end")
        nodes.append(Node(raw[start + _NODE.size : key_end], flags, page, value))
        filled += (end - start + 1) & ~1
    if filled != len(raw) - upper:
        raise DamagedPage("its nodes do not fill it")
    return nodes
