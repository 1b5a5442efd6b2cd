"""Answer checks of the exercises, one module for each lesson, and what they share.

    @check
    def best_discriminator(answer):
        got = call(answer, p, q, shape=p.shape)
        match(got, p / (p + q), {"You returned G's share: D should be high where real data is.": q / (p + q)})
        return "that is the best answer anybody can give."

prints one line: `✓ Right: …`, `✗ Not yet: …` with the sentence of the mistake, or `– Not answered yet …`.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


class Wrong(Exception):
    """An answer that is not right; the text is one sentence for the learner that names the mistake."""


class Unanswered(Exception):
    """The learner has not begun: the dots of the stub are still there."""


def check(test: Callable[[Any], str]) -> Callable[[Any], None]:
    """Make a check of a test, which takes the answer and returns a sentence of praise or raises Wrong.

    The check prints one line and never raises. The answer `...` means that there is none yet.
    """

    @functools.wraps(test)
    def checked(answer: Any) -> None:
        try:
            if answer is ...:
                raise Unanswered
            print(f"✓ Right: {test(answer)}")
        except Unanswered:
            print("– Not answered yet: put your own code where the three dots are.")
        except Wrong as wrong:
            print(f"✗ Not yet: {wrong}")

    return checked


def call(function: Callable, *arguments: Any, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """What the learner's function makes of the arguments, as float64; Wrong if that is no finite array of `shape`."""
    if not callable(function):
        raise Wrong(f"A function is asked for, and this is {_kind(function)}.")
    name = getattr(function, "__name__", "your function")
    try:
        result = function(*arguments)
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise Wrong(f"{name} raises {type(error).__name__}: {line}") from None
    return numbers(result, shape, f"What {name} returns")


def numbers(value: Any, shape: tuple[int, ...] | None = None, what: str = "Your answer") -> np.ndarray:
    """The learner's value as a float64 array; Wrong if it is no finite array of `shape` (any shape for None)."""
    if value is ...:
        raise Unanswered
    if value is None:
        raise Wrong(f"{what} is None: is there a return, or a value, at the end?")
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{what} should be numbers, and it is {_kind(value)}.") from None
    if shape is not None and array.shape != shape:
        wanted = f"have {shape}" if shape else "be a single number, shape ()"
        raise Wrong(f"{what} has shape {array.shape}, and it should {wanted}.")
    if not np.isfinite(array).all():
        raise Wrong(f"{what} holds NaN or infinite numbers.")
    return array


def match(
    got: np.ndarray, right: Any, mistakes: Mapping[str, Any] = {}, otherwise: str = "", tolerance: float = 1e-4
) -> None:
    """Raise Wrong unless `got` is `right`, within `tolerance` of its largest entry (or of 1, if that is larger).

    `mistakes` maps a sentence to the value that the mistake leads to; `otherwise` is for all other values.
    """
    right = np.asarray(right, dtype=np.float64)

    def same(value: Any) -> bool:
        value = np.asarray(value, dtype=np.float64)
        scale = max(1.0, float(np.abs(right).max()))
        return value.shape == got.shape and bool(np.allclose(got, value, rtol=0, atol=tolerance * scale))

    if same(right):
        return
    for sentence, value in mistakes.items():
        if same(value):
            raise Wrong(sentence)
    if right.ndim == 0 or got.shape != right.shape:
        figures = f"you have {_short(got)}, and it should be {_short(right)}"
    else:
        worst = np.unravel_index(np.abs(got - right).argmax(), right.shape)
        figures = f"one entry is {got[worst]:.4g}, and it should be {right[worst]:.4g}"
    raise Wrong(f"{otherwise} {figures[0].upper()}{figures[1:]}.".strip())


def _short(array: np.ndarray) -> str:
    return f"{array:.4g}" if array.ndim == 0 else f"an array of shape {array.shape}"


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
