"""The shared part of the answer checks."""

import numpy as np
import pytest

from ganlib.lessons.exercises import Wrong, call, check, match, numbers


@check
def double(answer):
    got = call(answer, np.arange(3.0), shape=(3,))
    match(got, [0, 2, 4], {"You tripled.": [0, 3, 6]}, "That is not double.")
    return "twice."


def verdict(answer, capsys, test=double) -> str:
    test(answer)
    return capsys.readouterr().out


def test_the_right_answer(capsys):
    assert verdict(lambda x: 2 * x, capsys) == "✓ Right: twice.\n"


@pytest.mark.parametrize("answer", [..., lambda x: ...])
def test_not_answered_yet(answer, capsys):
    assert verdict(answer, capsys).startswith("– Not answered yet")


def nothing(x):
    pass


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (lambda x: 3 * x, "You tripled."),
        (lambda x: 2 * x + 1, "That is not double. One entry is 1, and it should be 0."),
        (nothing, "What nothing returns is None"),
        (lambda x: 1 / 0, "raises ZeroDivisionError: division by zero"),
        (lambda x: x[:2], "has shape (2,), and it should have (3,)"),
        (lambda x: x * np.nan, "holds NaN or infinite numbers"),
        (lambda x: "six", "should be numbers, and it is a str"),
        (lambda: 1, "raises TypeError"),
        (7, "A function is asked for, and this is an int"),
    ],
)
def test_wrong_answers_get_a_sentence(answer, sentence, capsys):
    line = verdict(answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line and line.count("\n") == 1


def test_a_scalar_is_compared_with_its_figures():
    with pytest.raises(Wrong, match="You have 3, and it should be 2"):
        match(numbers(3.0), 2.0)


def test_the_tolerance_follows_the_size_of_the_right_answer():
    match(numbers(1e6 + 50), 1e6)
    with pytest.raises(Wrong):
        match(numbers(1.001), 1.0)
