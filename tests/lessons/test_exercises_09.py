"""The checks of lesson 09 accept right answers, in NumPy and TensorFlow, and name the mistake in wrong ones."""

import numpy as np
import pytest
import tensorflow as tf

from ganlib.lessons.exercises import lesson09


def likeness_in_place(wave, lag):
    early, late = wave[:-lag].copy(), wave[lag:].copy()
    early /= np.linalg.norm(early)
    late /= np.linalg.norm(late)
    return early @ late


def estimates_in_place(drawn, reward, p):
    drawn -= p
    drawn *= reward[:, None]
    return drawn


def shares_in_place(sample, valid, seen):
    right = [x for x in sample if x in valid]
    n, all_of_them = len(sample), len(valid)
    valid &= set(sample)
    return len(right) / n, len(valid) / all_of_them, len([x for x in right if x not in seen]) / n


@pytest.mark.parametrize(
    "check, solution",
    [
        (lesson09.likeness, lesson09.right_likeness),
        (lesson09.likeness, likeness_in_place),
        (lesson09.likeness, lambda w, k: np.vdot(w[k:], w[:-k]) / np.linalg.norm(w[k:]) / np.linalg.norm(w[:-k])),
        (lesson09.likeness, lambda w, k: tf.reduce_sum(tf.nn.l2_normalize(w[:-k]) * tf.nn.l2_normalize(w[k:]))),
        (lesson09.estimates, lesson09.right_estimates),
        (lesson09.estimates, estimates_in_place),
        (lesson09.estimates, lambda d, r, p: np.stack([r[i] * (d[i] - p) for i in range(len(d))])),
        (lesson09.estimates, lambda d, r, p: tf.einsum("i,ij->ij", r, d - p)),
        (lesson09.shares, lesson09.right_shares),
        (lesson09.shares, shares_in_place),
        (lesson09.shares, lambda s, v, t: [np.mean([x in v for x in s]), len({x for x in s if x in v}) / len(v),
                                           np.mean([x in v - t for x in s])]),
    ],
)  # fmt: skip
def test_right_answers_are_accepted(check, solution, capsys):
    check(solution)
    assert capsys.readouterr().out.startswith("✓ Right: ")


def changed(place, value):
    def wrong(sample, valid, seen):
        found = list(lesson09.right_shares(sample, valid, seen))
        found[place] = value(sample, valid, seen)
        return tuple(found)

    return wrong


@pytest.mark.parametrize(
    "check, answer, sentence",
    [
        (lesson09.likeness, lambda w, k: np.sum(w[:-k] * w[k:]), "did not divide"),
        (lesson09.likeness, lambda w, k: np.mean(w[:-k] * w[k:]), "averaged the products"),
        (lesson09.likeness, lambda w, k: np.sum(w[:-k] * w[k:]) / np.sum(w**2), "of the whole wave"),
        (lesson09.likeness, lambda w, k: w[:-k] @ w[k:] / (w[:-k] @ w[:-k]) / (w[k:] @ w[k:]), "root is missing"),
        (lesson09.likeness, lambda w, k: w[:-k] @ w[k:] / (w[:-k] @ w[:-k]), "early stretch alone"),
        (lesson09.likeness, lambda w, k: w[:-k] @ w[k:] / (w[k:] @ w[k:]), "late stretch alone"),
        (lesson09.likeness, lambda w, k: w @ np.roll(w, -k) / (w @ w), "np.roll"),
        (lesson09.likeness, lambda w, k: np.corrcoef(w[:-k], w[k:])[0, 1], "means away"),
        (lesson09.likeness, lambda w, k: np.correlate(w, w, "full"), "has shape"),
        (lesson09.likeness, lambda w, k: lesson09.right_likeness(w, 19), "fixed in your code"),
        (lesson09.estimates, lambda d, r, p: d - p, "reward does not come in"),
        (lesson09.estimates, lambda d, r, p: r[:, None] * d, "second part"),
        (lesson09.estimates, lambda d, r, p: r[:, None] * (p - d), "sign"),
        (lesson09.estimates, lambda d, r, p: (r[:, None] * (d - p)).mean(axis=0), "You averaged"),
        (lesson09.estimates, lambda d, r, p: r[:, None] * d / p, "divided by p"),
        (lesson09.estimates, lambda d, r, p: r[:, None] * p * (d - p), "by p once more"),
        (lesson09.estimates, lambda d, r, p: (r - r.mean())[:, None] * (d - p), "mean reward away"),
        (lesson09.estimates, lambda d, r, p: r * (d - p), "raises ValueError"),
        (lesson09.estimates, 3, "function is asked for"),
        (lesson09.shares, changed(0, lambda s, v, t: len(set(s) & v) / len(s)), "counted each string once"),
        (lesson09.shares, changed(0, lambda s, v, t: sum(x in v for x in s) / len(v)), "share of the sample"),
        (lesson09.shares, changed(1, lambda s, v, t: sum(x in v for x in s) / len(v)), "counted repetitions"),
        (lesson09.shares, changed(1, lambda s, v, t: len(set(s) & v) / len(s)), "size of the sample"),
        (lesson09.shares, changed(1, lambda s, v, t: len(set(s)) / len(v)), "cover nothing"),
        (lesson09.shares, changed(2, lambda s, v, t: np.mean([x not in t for x in s])), "no news"),
        (lesson09.shares, changed(2, lambda s, v, t: np.mean([x not in t for x in s if x in v])), "whole sample"),
        (lesson09.shares, changed(2, lambda s, v, t: np.mean([x in t for x in s if x in v] + [0])), "not right"),
        (lesson09.shares, changed(2, lambda s, v, t: len((set(s) & v) - t) / len(s)), "new: you counted each"),
        (lesson09.shares, lambda s, v, t: 100 * np.array(lesson09.right_shares(s, v, t)), "not right"),
        (lesson09.shares, lambda s, v, t: len(s), "has shape"),
        (lesson09.shares, lambda s, v, t: "all", "should be numbers"),
    ],
)
def test_wrong_answers_get_the_sentence_of_their_mistake(check, answer, sentence, capsys):
    with np.errstate(all="ignore"):
        check(answer)
    line = capsys.readouterr().out
    assert line.startswith("✗ Not yet: ") and sentence in line and line.count("\n") == 1


def test_an_unanswered_stub_is_told_so(capsys):
    def stub(*arguments):
        return ...

    for check in (lesson09.likeness, lesson09.estimates, lesson09.shares):
        check(stub)
        assert "Not answered yet" in capsys.readouterr().out
