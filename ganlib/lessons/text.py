"""Languages so small that all valid strings are known, dates and brackets, and what a sample of strings is worth."""

import datetime
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

import numpy as np


class Language(NamedTuple):
    """All valid strings of a language, sorted, every one `length` letters of `letters` long."""

    letters: str
    length: int
    valid: tuple[str, ...]

    def rows(self, strings: Sequence[str]) -> np.ndarray:
        """Strings as rows of numbers: one-hot letters side by side, float32 (n, length · letters).

        Raises ValueError for a string of another length or with other letters.
        """
        if any(len(string) != self.length for string in strings) or not set("".join(strings)) <= set(self.letters):
            raise ValueError(f"The strings need {self.length} letters each, all of {self.letters!r}.")
        places = np.array([[self.letters.index(letter) for letter in string] for string in strings])
        return np.eye(len(self.letters), dtype="float32")[places].reshape(len(strings), -1)

    def read(self, rows: np.ndarray) -> list[str]:
        """The strings that rows (n, length · letters) mean: at each place the letter with the largest number.

        Raises ValueError for another shape.
        """
        rows = np.asarray(rows)
        if rows.ndim != 2 or rows.shape[1] != self.length * len(self.letters):
            raise ValueError(f"read() expects rows of {self.length} x {len(self.letters)} numbers, not {rows.shape}.")
        best = rows.reshape(len(rows), self.length, -1).argmax(axis=-1)
        return ["".join(line) for line in np.array(list(self.letters))[best]]

    def some(self, n: int, seed: int = 0) -> list[str]:
        """`n` different valid strings, drawn at random: to train on. The same seed gives the same strings.

        Raises ValueError if there are fewer.
        """
        return np.random.default_rng(seed).choice(self.valid, n, replace=False).tolist()


def dates(first: int = 2000, last: int = 2029) -> Language:
    """The days of the years `first` to `last`, written 2024-02-29: by default 10,958 strings of 10 letters."""
    day, end = datetime.date(first, 1, 1), datetime.date(last, 12, 31)
    days = (end - day).days + 1
    return Language("0123456789-", 10, tuple((day + datetime.timedelta(k)).isoformat() for k in range(days)))


def brackets(pairs: int = 6) -> Language:
    """All ways to write `pairs` pairs of round and square brackets that close in order: by default 8,448 strings.

    There are C · 2^pairs, where C = (2 pairs)! / (pairs! (pairs + 1)!) is Catalan's number: 132 for 6 pairs.
    """
    return Language("()[]", 2 * pairs, tuple(sorted(_balanced(pairs))))


def _balanced(pairs: int) -> Iterator[str]:
    """A balanced string is empty, or a first pair with something balanced in it and behind it."""
    if pairs == 0:
        yield ""
    for inside in range(pairs):
        for middle in _balanced(inside):
            for rest in _balanced(pairs - 1 - inside):
                yield f"({middle}){rest}"
                yield f"[{middle}]{rest}"


class Scores(NamedTuple):
    """Three shares in [0, 1] that only together say what a sample of strings is worth."""

    valid: float  # strings that belong to the language
    cover: float  # strings of the language that occur in the sample
    new: float  # strings that belong to it and were not trained on


def string_scores(strings: Sequence[str], valid: Collection[str], seen: Collection[str]) -> Scores:
    """Score a sample of strings of a language with these `valid` strings, after a training on those `seen`.

    Raises ValueError for an empty sample.
    """
    if not len(strings) or not len(valid):
        raise ValueError("string_scores() needs at least one string in the sample and one in the language.")
    valid, seen = set(valid), set(seen)
    right = [string for string in strings if string in valid]
    fresh = sum(string not in seen for string in right)
    return Scores(len(right) / len(strings), len(set(right)) / len(valid), fresh / len(strings))
