"""Similarity of two texts by their letters; `similarity` of vectors compares meanings."""

from __future__ import annotations

from paasq_daemon.index.column import Column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.operands import map_values
from paasq_daemon.kernels.scalar.strings import strip_accents
from paasq_dsl.types import FLOAT, INT, TEXT

CHARACTERS_MAX = 256  # both take time in the product of the lengths
_PREFIX_MAX, _PREFIX_WEIGHT = 4, 0.1  # Winkler's
_SOUNDS = {
    letter: digit for digit, letters in enumerate(("bfpv", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters
}


@scalar_kernel("levenshtein")
def levenshtein(_: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[int64]: the edit distance (Levenshtein 1966) in code points; null above CHARACTERS_MAX characters."""
    return map_values(INT, _edits, left, right)


@scalar_kernel("jaro_winkler")
def jaro_winkler(_: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[float64], 0 to 1: Jaro's similarity with Winkler's (1990) bonus for a common prefix of up to 4
    characters; null above CHARACTERS_MAX characters.
    """
    return map_values(FLOAT, _jaro_winkler, left, right)


@scalar_kernel("soundex")
def soundex(_: KernelCall, text: Column) -> Column:
    """FlatColumn[text]: American Soundex (Russell 1918), a letter and three digits; null without a letter a-z after
    accents are removed.
    """
    return map_values(TEXT, _soundex, text)


def _edits(left: str, right: str) -> int | None:
    """By the rows of Wagner and Fischer's table, of which two are held."""
    if max(len(left), len(right)) > CHARACTERS_MAX:
        return None
    above = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (letter != other)))
        above = row
    return above[-1]


def _jaro_winkler(left: str, right: str) -> float | None:
    if max(len(left), len(right)) > CHARACTERS_MAX:
        return None
    jaro = _jaro(left, right)
    same = 0
    while same < min(len(left), len(right), _PREFIX_MAX) and left[same] == right[same]:
        same += 1
    return jaro + same * _PREFIX_WEIGHT * (1 - jaro)


def _jaro(left: str, right: str) -> float:
    """Letters in common not further apart than half of the longer text, less half of those in another order."""
    if left == right:
        return 1.0
    window = max(max(len(left), len(right)) // 2 - 1, 0)
    taken = [False] * len(right)
    common: list[str] = []
    for i, letter in enumerate(left):
        for j in range(max(i - window, 0), min(i + window + 1, len(right))):
            if not taken[j] and right[j] == letter:
                taken[j] = True
                common.append(letter)
                break
    if not common:
        return 0.0
    others = [letter for letter, was in zip(right, taken, strict=True) if was]
    moved = sum(a != b for a, b in zip(common, others, strict=True)) / 2
    count = len(common)
    return (count / len(left) + count / len(right) + (count - moved) / count) / 3


def _soundex(text: str) -> str | None:
    letters = [c for c in strip_accents(text).lower() if "a" <= c <= "z"]
    if not letters:
        return None
    digits: list[int] = []
    last = _SOUNDS.get(letters[0])
    for letter in letters[1:]:
        sound = _SOUNDS.get(letter)
        if sound is not None and sound != last:
            digits.append(sound)
        if letter not in "hw":  # two letters of one sound with h or w between count once, with a vowel twice
            last = sound
    return letters[0].upper() + "".join(map(str, digits[:3])).ljust(3, "0")
