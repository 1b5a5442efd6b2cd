"""Languages whose strings are counted, and the three shares."""

import datetime

import numpy as np
import pytest

from ganlib.lessons import text


def balanced(string: str) -> bool:
    while "()" in string or "[]" in string:
        string = string.replace("()", "").replace("[]", "")
    return not string


def test_dates_are_all_days_of_thirty_years():
    language = text.dates()
    assert len(language.valid) == 30 * 365 + 8 == 10_958
    assert language.valid[0] == "2000-01-01" and language.valid[-1] == "2029-12-31"
    assert "2024-02-29" in language.valid and "2023-02-29" not in language.valid
    assert all(datetime.date.fromisoformat(string) for string in language.valid[::97])


@pytest.mark.parametrize(("pairs", "count"), [(1, 2), (2, 8), (3, 40), (6, 8448)])
def test_brackets_are_catalans_number_times_two_to_the_pairs(pairs, count):
    language = text.brackets(pairs)
    assert len(language.valid) == len(set(language.valid)) == count
    assert all(len(string) == 2 * pairs and balanced(string) for string in language.valid)
    assert list(language.valid) == sorted(language.valid)


def test_small_brackets_are_complete():
    import itertools

    every = {"".join(letters) for letters in itertools.product("()[]", repeat=6)}
    assert {string for string in every if balanced(string)} == set(text.brackets(3).valid)


@pytest.mark.parametrize("language", [text.dates(2004, 2004), text.brackets(2)])
def test_rows_are_one_hot_and_are_read_back(language):
    rows = language.rows(language.valid)
    assert rows.shape == (len(language.valid), language.length * len(language.letters)) and rows.dtype == np.float32
    assert np.array_equal(rows.sum(axis=1), np.full(len(rows), language.length))
    assert language.read(rows) == list(language.valid)
    assert language.read(rows * 5 - 3) == list(language.valid)


def test_some_are_different_and_the_same_for_a_seed():
    language = text.brackets(3)
    half = language.some(20, seed=1)
    assert len(half) == len(set(half)) == 20 and set(half) < set(language.valid)
    assert half == language.some(20, seed=1) != language.some(20, seed=2)
    assert sorted(language.some(40)) == list(language.valid)
    with pytest.raises(ValueError, match="larger"):
        language.some(41)


@pytest.mark.parametrize("strings", [["()("], ["(x)("], ["()()()"]])
def test_rows_refuse_other_strings(strings):
    with pytest.raises(ValueError, match="4 letters"):
        text.brackets(2).rows(strings)


def test_read_refuses_other_shapes():
    with pytest.raises(ValueError, match="4 x 4"):
        text.brackets(2).read(np.zeros((3, 15)))


def test_three_shares_of_a_sample_by_hand():
    sample = ["ab", "ab", "ba", "cc", "bb"]
    found = text.string_scores(sample, ["ab", "ba", "bb", "aa"], ["ab", "aa"])
    assert found == (4 / 5, 3 / 4, 2 / 5)
    assert text.string_scores(["x"], {"y"}, set()) == (0, 0, 0)
    assert text.string_scores(["y"] * 7, {"y", "z"}, {"y"}) == (1, 0.5, 0)


@pytest.mark.parametrize(("sample", "valid"), [([], ["a"]), (["a"], [])])
def test_scores_need_strings(sample, valid):
    with pytest.raises(ValueError, match="at least one"):
        text.string_scores(sample, valid, [])
