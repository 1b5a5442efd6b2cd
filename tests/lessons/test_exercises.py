"""The shared part of the answer checks."""

import sys
import warnings

import numpy as np
import pytest

from ganlib.lessons.exercises import (
    Unanswered,
    Wrong,
    answered,
    attempt,
    call,
    check,
    compare,
    match,
    mistake,
    numbers,
    use,
)


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
        (lambda x: 2 * x + 1, "That is not double. 3 of 3 entries are not right; the entry [0] is 1."),
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


def test_a_wrong_scalar_is_told_what_it_is_and_not_what_it_should_be():
    with pytest.raises(Wrong, match="^You have 3, which is not right.$"):
        match(numbers(3.0), 2.0)


@pytest.mark.parametrize("got", [np.zeros(3), np.array(0.0), np.zeros((2, 2))])
def test_no_figure_of_the_right_answer_is_given_away(got):
    with pytest.raises(Wrong) as wrong:
        match(got, np.full(got.shape, 7.25))
    assert "7.25" not in str(wrong.value)


def test_a_sentence_needs_a_value_of_its_own():
    with pytest.raises(Wrong, match="^You have 4, which is not right.$"):
        match(numbers(4.0), 2.0, {"You squared.": 4.0, "You doubled.": 4.0})


# --- copies -----------------------------------------------------------------------------------------------------


def in_place(x, factors):
    x *= factors[0]
    factors[0][:] = 99
    return x


def test_an_answer_works_on_copies_also_of_arrays_in_lists():
    x, factors = np.arange(3.0), [np.full(3, 2.0)]
    assert call(in_place, x, factors).tolist() == [0, 2, 4]
    assert x.tolist() == [0, 1, 2] and factors[0].tolist() == [2, 2, 2]


def test_dictionaries_and_tuples_are_copied_too():
    weights = {"w": np.ones(2), "pair": (np.ones(1), 3)}

    def spoil(weights):
        weights["w"] += 1
        weights["pair"][0][:] = 7
        return weights["w"]

    attempt(spoil, weights)
    assert weights["w"].tolist() == [1, 1] and weights["pair"][0].tolist() == [1]


def test_a_second_call_does_not_change_what_the_first_returned():
    buffer = np.zeros(2)

    def reuse(x):
        buffer[:] = x
        return buffer

    first = call(reuse, np.ones(2))
    call(reuse, np.zeros(2))
    assert first.tolist() == [1, 1]


# --- compare: two shapes, two values ------------------------------------------------------------------------------

CASES = [(np.array([1.0, 2.0]), 3.0), (np.array([2.0, 5.0, 8.0]), 0.5)]
MISTAKES = {"You added up.": lambda x, w: w * x.sum(), "The weight is missing.": lambda x, w: x.mean()}


def mean_times(x, w):
    return w * x.mean()


@pytest.mark.parametrize(
    "answer",
    [
        mean_times,
        lambda x, w: np.add.reduce(np.multiply(x, w, out=x)) / len(x),
        lambda x, w: sum(x) * w / x.size,
        lambda x, w: np.float32(w * x.mean()),
    ],
)
def test_compare_takes_every_right_answer(answer):
    compare(answer, CASES, mean_times, MISTAKES)


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (lambda x, w: w * x.sum(), "^You added up.$"),
        (lambda x, w: x.mean(), "^The weight is missing.$"),
        (lambda x, w: w * x.sum() / 2, r"Mean\? It is right for one example and not .* \(3,\), 0.5 you have"),
        (lambda x, w: 3 * x.mean(), "is a size or a value fixed in your code"),
        (lambda x, w: x.max() * w, r"^Mean\? For an array \(2,\), 3 you have 6, which is not right.$"),
        (lambda x, w: x * w, r"has shape \(2,\)"),
        (lambda x, w: "3", "should be numbers, and it is a str"),
    ],
)
def test_compare_names_what_it_saw(answer, sentence):
    with pytest.raises(Wrong, match=sentence):
        compare(answer, CASES, mean_times, MISTAKES, "Mean?")


def test_a_mistake_is_named_only_if_it_explains_every_case():
    with pytest.raises(Wrong, match="which is not right"):  # the sum in one case, something else in the other
        compare(lambda x, w: w * x.sum() if len(x) == 2 else 0.0, CASES, mean_times, MISTAKES)


def test_two_mistakes_with_the_same_values_are_not_named():
    twins = {"You added up.": lambda x, w: w * x.sum(), "You forgot to divide.": lambda x, w: sum(w * x)}
    with pytest.raises(Wrong, match="^For an array .* which is not right.$"):
        compare(lambda x, w: w * x.sum(), CASES, mean_times, twins)


@pytest.mark.parametrize("cases", [CASES[:1], [CASES[0], CASES[0]], [CASES[0], (np.array([0.5, 2.0]), 1.0)]])
def test_compare_refuses_cases_that_a_fixed_size_would_pass(cases):
    with pytest.raises(ValueError, match="two cases"):
        compare(mean_times, cases, mean_times)


def test_compare_refuses_cases_with_one_answer():
    with pytest.raises(ValueError, match="different right answers"):
        compare(sum, [(np.ones(2),), (np.array([2.0, 0.0, 0.0]),)], sum)


def test_compare_says_nothing_of_an_unanswered_stub():
    with pytest.raises(Unanswered):
        compare(lambda x, w: ..., CASES, mean_times)


def half_done(x):
    x = x + 1
    return ...


def with_dots_in_an_index(x):
    return x[..., 0]


@pytest.mark.parametrize(
    "answer, begun",
    [(..., False), (lambda x: ..., False), (half_done, False), (lambda x: x, True), (with_dots_in_an_index, True),
     (3, True), (np.mean, True)],
)  # fmt: skip
def test_answered(answer, begun):
    assert answered(answer) is begun


def twice(x):
    return 2 * x


@pytest.mark.parametrize(
    "answer, words",
    [(twice, "your twice"), (..., "own ours, until"), (half_done, "own ours, until"),
     (lambda x: 3 * x, "own ours, until"), (np.linalg.inv, "own ours")],
)  # fmt: skip
def test_use_goes_on_with_a_right_answer_and_else_with_ours(answer, words, capsys):
    def ours(x):
        return x + x

    assert use(double, answer, ours) is (answer if "your" in words.split() else ours)
    assert words in capsys.readouterr().out


def noisy(x):
    print("here")
    print("there", file=sys.stderr)
    warnings.warn("odd", stacklevel=1)
    return 2 * x


@pytest.mark.parametrize(
    "answer, said",
    [(noisy, None), (lambda x: 3 * x, "You tripled."), (..., "Not answered."), (lambda x: ..., "Not answered.")],
)
@pytest.mark.filterwarnings("ignore:odd")
def test_mistake_gives_a_grader_the_sentence_alone(answer, said, capsys):
    assert mistake(double, answer) == said
    assert capsys.readouterr() == ("", "")
