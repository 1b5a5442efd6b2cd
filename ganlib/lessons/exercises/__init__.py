"""Answer checks of the exercises, one module for each lesson, and what they share.

    @check
    def best_discriminator(answer):
        cases = [(array([0.5, 0.2]), array([0.5, 0.6])), (array([0.3, 0.1, 0.4]), array([0.1, 0.7, 0.2]))]
        mistakes = {"You returned G's share: D should be high where real data is.": lambda p, q: q / (p + q)}
        compare(answer, cases, lambda p, q: p / (p + q), mistakes)
        return "that is the best answer anybody can give."

prints one line: `✓ Right: …`, `✗ Not yet: …` with the sentence of the mistake, or `– Not answered yet …`.

What all checks owe to the learner:

* An answer gets copies of the check's arrays, so that one that works in place is judged like any other.
* An answer is asked at least twice, with other shapes and other values: a size written into the code must not pass.
* A sentence names a mistake only if that mistake alone, of those listed, gives what the answer gave.
* A wrong answer is told what it gave, never what it should have given.
"""

import functools
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

import numpy as np

from ganlib.streams import say


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
            if not answered(answer):
                raise Unanswered
            say(f"✓ Right: {test(answer)}")
        except Unanswered:
            say("– Not answered yet: put your own code where the three dots are.")
        except Wrong as wrong:
            say(f"✗ Not yet: {wrong}")

    return checked


def answered(answer: Any) -> bool:
    """Whether the learner has begun: False for `...`, and for a function in whose body the three dots still stand."""
    code = getattr(answer, "__code__", None)
    return answer is not ... and not (code and ... in code.co_consts)


def mistake(checked: Callable[[Any], None], answer: Any) -> str | None:
    """The sentence that an answer gets, None for a right one: for the graded cells of nbgrader and Otter.

    What the answer writes is dropped: nbgrader takes a line on stderr for a mistake, Otter one on stdout.
    """
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            if not answered(answer):
                raise Unanswered
            checked.__wrapped__(answer)
    except Unanswered:
        return "Not answered."
    except Wrong as wrong:
        return str(wrong)
    return None


def use(checked: Callable[[Any], None], answer: Any, ours: Any) -> Any:
    """The learner's answer if its check takes it, else `ours`; says in one line with which of them the lesson goes on.

    So an answer makes what the next cells show, and a lesson whose exercises are not done yet runs all the same.
    """
    try:
        if not answered(answer):
            raise Unanswered
        checked.__wrapped__(answer)
    except (Wrong, Unanswered):
        say(f"The cells below use the course's own {_name(ours)}, until yours is right.")
        return ours
    say(f"The cells below use your {_name(answer)}.")
    return answer


def attempt(function: Callable, *arguments: Any) -> Any:
    """What the learner's function returns for copies of the arguments, as it is; Wrong if it raises."""
    if not callable(function):
        raise Wrong(f"A function is asked for, and this is {_kind(function)}.")
    try:
        return function(*copied(arguments))
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise Wrong(f"{_name(function)} raises {type(error).__name__}: {line}") from None


def call(function: Callable, *arguments: Any, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """What the learner's function makes of copies of the arguments, as float64; Wrong if no finite array of `shape`."""
    return numbers(attempt(function, *arguments), shape, f"What {_name(function)} returns")


def copied(value: Any) -> Any:
    """The value with every NumPy array in it replaced by a copy, inside tuples, lists and dictionaries too."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple | list):
        return type(value)(map(copied, value))
    if isinstance(value, dict):
        return {key: copied(entry) for key, entry in value.items()}
    return value


def numbers(value: Any, shape: tuple[int, ...] | None = None, what: str = "Your answer") -> np.ndarray:
    """The learner's value as a new float64 array; Wrong if it is no finite array of `shape` (any shape for None)."""
    if value is ...:
        raise Unanswered
    if value is None:
        raise Wrong(f"{what} is None: is there a return, or a value, at the end?")
    try:
        if np.asarray(value).dtype.kind in "US":  # NumPy would read the text "3" as a number
            raise TypeError
        array = np.array(value, dtype=np.float64)  # a copy: the learner's code may go on to change its own
    except Exception:
        raise Wrong(f"{what} should be numbers, and it is {_kind(value)}.") from None
    if shape is not None and array.shape != shape:
        wanted = f"have {shape}" if shape else "be a single number, shape ()"
        raise Wrong(f"{what} has shape {array.shape}, and it should {wanted}.")
    if not np.isfinite(array).all():
        raise Wrong(f"{what} holds NaN or infinite numbers.")
    return array


def compare(
    function: Callable,
    cases: Sequence[tuple],
    right: Callable[..., Any],
    mistakes: Mapping[str, Callable[..., Any]] = {},
    otherwise: str = "",
    tolerance: float = 1e-4,
) -> None:
    """Raise Wrong unless the learner's `function` gives what `right` gives, for the arguments of every case.

    `mistakes` maps a sentence to a function that makes that mistake. It is named if it, and no other one, gives what
    the answer gave in *all* cases. `otherwise` begins the sentence for all other answers. Raises ValueError for cases
    that a fixed size or a fixed value would pass: there must be two, with different shapes (where there are any) and
    different right answers.
    """
    wanted = [_array(right(*copied(case))) for case in cases]
    _unlike(cases, wanted)
    got = [call(function, *case, shape=value.shape) for case, value in zip(cases, wanted, strict=True)]
    fits = [_same(one, value, value, tolerance) for one, value in zip(got, wanted, strict=True)]
    if all(fits):
        return
    found = []
    for sentence, mistake in mistakes.items():
        with np.errstate(all="ignore"):
            values = [_array(mistake(*copied(case))) for case in cases]
        if all(_same(*trio, tolerance) for trio in zip(got, values, wanted, strict=True)):
            found.append(sentence)
    if len(found) == 1:
        raise Wrong(found[0])
    failed = fits.index(False)
    passed = "It is right for one example and not for another: is a size or a value fixed in your code?"
    words = [otherwise, passed] if any(fits) else [otherwise]
    figures = _figures(got[failed], wanted[failed])
    raise Wrong(" ".join(filter(None, [*words, f"For {_described(cases[failed])} {figures}."])))


def match(
    got: np.ndarray, right: Any, mistakes: Mapping[str, Any] = {}, otherwise: str = "", tolerance: float = 1e-4
) -> None:
    """Raise Wrong unless `got` is `right`, within `tolerance` of its largest entry (or of 1, if that is larger).

    `mistakes` maps a sentence to the value that the mistake leads to, and is named if no other one leads there;
    `otherwise` is for all other values. For a function, `compare` asks more than once.
    """
    right = _array(right)
    if _same(got, right, right, tolerance):
        return
    found = [sentence for sentence, value in mistakes.items() if _same(got, _array(value), right, tolerance)]
    if len(found) == 1:
        raise Wrong(found[0])
    figures = _figures(got, right)
    raise Wrong(f"{otherwise} {figures[0].upper()}{figures[1:]}.".strip())


def _array(value: Any) -> np.ndarray:
    return np.asarray(value, dtype=np.float64)


def _same(got: np.ndarray, value: np.ndarray, right: np.ndarray, tolerance: float) -> bool:
    scale = max(1.0, float(np.abs(right).max(initial=0)))
    return value.shape == got.shape and bool(np.allclose(got, value, rtol=0, atol=tolerance * scale))


def _unlike(cases: Sequence[tuple], wanted: Sequence[np.ndarray]) -> None:
    """Raise ValueError if a size or a value written into the answer would go unnoticed."""
    shapes = {tuple(np.shape(entry) for entry in case if not callable(entry)) for case in cases}
    sized = any(shape != () for case in shapes for shape in case)
    if len(cases) < 2 or (sized and len(shapes) < 2):
        raise ValueError("compare() needs two cases, with arguments of different shapes")
    if all(np.array_equal(value, wanted[0]) for value in wanted):
        raise ValueError("compare() needs cases with different right answers")


def _figures(got: np.ndarray, right: np.ndarray) -> str:
    """What a wrong answer gave; not what it should have given."""
    if got.shape != right.shape:
        return f"you have an array of shape {got.shape}, which cannot be right"
    if right.ndim == 0:
        return f"you have {got:.5g}, which is not right"
    off = ~np.isclose(got, right, rtol=0, atol=1e-4 * max(1.0, np.abs(right).max()))
    worst = tuple(map(int, np.unravel_index(np.abs(got - right).argmax(), right.shape)))
    place = f"[{', '.join(map(str, worst))}]"
    return f"{max(1, off.sum()):,} of {right.size:,} entries are not right; the entry {place} is {got[worst]:.5g}"


def _described(case: tuple) -> str:
    """Arguments in words: small ones by their value, arrays by their shape."""
    words = []
    for entry in case:
        if np.ndim(entry) == 0 and isinstance(entry, int | float | np.number):
            words.append(f"{entry:,.5g}" if isinstance(entry, float | np.floating) else f"{entry:,}")
        elif isinstance(entry, list | tuple) and len(entry) <= 6:
            words.append(str(entry))
        elif isinstance(entry, np.ndarray):
            words.append(f"an array {entry.shape}")
    return ", ".join(words) or "this example"


def _name(function: Callable) -> str:
    return getattr(function, "__name__", "your function")


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
