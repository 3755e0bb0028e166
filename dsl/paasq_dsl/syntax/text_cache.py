"""What was made of texts, to be found again by the text."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
CHARACTERS_MAX = 300_000  # a tree takes some eighty bytes a character: 24 MB


class TextCache(Generic[T]):
    """By text; the texts kept have `characters_max` characters together, the least recently used are forgotten first.

    Counted in characters, since a thousand large writes would else be kept as a thousand large trees. Thread-safe.
    """

    def __init__(self, characters_max: int = CHARACTERS_MAX) -> None:
        self._most = characters_max
        self._kept: OrderedDict[str, T] = OrderedDict()
        self._characters = 0
        self._lock = Lock()

    def get(self, text: str) -> T | None:
        with self._lock:
            found = self._kept.get(text)
            if found is not None:
                self._kept.move_to_end(text)
            return found

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            self._kept.clear()
            self._characters = 0

    def put(self, text: str, value: T) -> None:
        if len(text) > self._most:
            return
        with self._lock:
            if text not in self._kept:
                self._characters += len(text)
            self._kept[text] = value
            self._kept.move_to_end(text)
            while self._characters > self._most:
                self._characters -= len(self._kept.popitem(last=False)[0])
