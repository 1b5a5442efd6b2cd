"""Claims: statements of a lesson that the computer checks where they are made."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ganlib.data import smoke
from ganlib.streams import say


class ClaimError(AssertionError):
    """A claim that is not true."""


def claim(
    statement: str,
    value: Any,
    *,
    equals: float | None = None,
    within: float = 0.0,
    above: float | None = None,
    below: float | None = None,
    digits: int | None = None,
    quality: bool = False,
) -> None:
    """Print `✓ statement` with the figures compared, or raise ClaimError with them.

    claim("D's phase leaves G alone", before == after)              # a bool
    claim("the loss is log 2", loss, equals=math.log(2), within=1e-6)
    claim("each class has its share", share, above=0.09, below=0.11)

    The value is one bool or one number: Python, NumPy or TensorFlow. `above` and `below` exclude the bound;
    NaN is never true. `digits` is the number of significant digits shown: 6, but 2 for a true `above` or
    `below`, and more where fewer would hide the outcome. `quality=True` marks a claim about how well a net is
    trained: with GANLIB_SMOKE=1 it is not checked. Raises TypeError for any other value or combination.
    """
    value = _scalar(value)
    equals, above, below = (None if number is None else _scalar(number) for number in (equals, above, below))
    bounded = above is not None or below is not None
    compared = bounded or equals is not None
    if compared == isinstance(value, bool) or (bounded and equals is not None) or (within and equals is None):
        raise TypeError(f"claim({statement!r}): needs a bool, or a number with equals= or above=, below=")

    def holds(x: float) -> bool:
        if equals is not None:
            return math.isclose(x, equals, rel_tol=0, abs_tol=within)
        return (above is None or x > above) and (below is None or x < below)

    if compared:
        true = holds(value)
        shown = (digits or 2) if bounded and true else (digits or 6)
        figures = _compared(value, equals, within, above, below, _digits(value, holds, shown))
    else:
        true, figures = value, "" if value else "the condition is False"

    note = f" ({figures})" if figures else ""
    if quality and smoke():
        say(f"– {statement} (not checked in smoke mode)")
    elif true:
        say(f"✓ {statement}{note}")
    else:
        raise ClaimError(f"✗ not true: {statement}{note}")


def _scalar(value: Any) -> bool | int | float:
    if getattr(value, "shape", None) == ():  # a NumPy scalar, a 0-d array, a scalar tensor
        value = np.asarray(value).item()
    if isinstance(value, (bool, int, float)):
        return value
    raise TypeError(f"a claim needs one bool or one number, not {type(value).__name__}: {value!r:.60}")


def _digits(value: float, holds: Callable[[float], bool], digits: int) -> int:
    # As few as asked for, but 0.954 > 0.95 must not be shown as 0.95 > 0.95.
    while digits < 16 and holds(float(_text(value, digits))) != holds(value):
        digits += 1
    return digits


def _compared(value, equals, within, above, below, digits: int) -> str:
    shown, bound = _text(value, digits), max(digits, 6)
    if equals is not None:
        return f"{shown}, expected {_text(equals, bound)}" + (f" ± {within:g}" if within else "")
    if below is None:
        return f"{shown} > {_text(above, bound)}"
    if above is None:
        return f"{shown} < {_text(below, bound)}"
    return f"{_text(above, bound)} < {shown} < {_text(below, bound)}"


def _text(value: float, digits: int) -> str:
    if isinstance(value, int) or digits > 15:
        return repr(value)
    return f"{float(f'{value:.{digits}g}'):.15g}"  # the second format turns 1.2e+04 into 12000
