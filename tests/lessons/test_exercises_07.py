"""The checks of lesson 07 accept right answers, in NumPy, TensorFlow and Keras, and name the mistake in wrong ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib.lessons.exercises import lesson07


def logit_in_place(features, label, v, vectors):
    shared = features @ v
    features *= label @ vectors
    return shared + features.sum(axis=1, keepdims=True)


def kl_in_place(counts):
    counts /= counts.sum()
    counts[counts > 0] *= np.log(counts[counts > 0] * len(counts))
    return counts.sum()


@pytest.mark.parametrize(
    "check, solution",
    [
        (lesson07.told_logit, lesson07.right_logit),
        (lesson07.told_logit, logit_in_place),
        (lesson07.told_logit, lambda f, y, v, w: f @ v + np.sum(y * (f @ w.T), axis=1, keepdims=True)),
        (lesson07.told_logit, lambda f, y, v, w: keras.ops.sum(f * (v[:, 0] + y @ w), axis=1, keepdims=True)),
        (lesson07.told_logit, lambda f, y, v, w: tf.einsum("ij,ij->i", f, v[:, 0] + y @ w)[:, None]),
        (lesson07.clearly_better, lambda a, b: max(a) < min(b)),
        (lesson07.clearly_better, lambda a, b: np.max(a) < np.min(b)),
        (lesson07.clearly_better, lambda a, b: all(x < y for x in a for y in b)),
        (lesson07.clearly_better, lambda a, b: a.sort() or b.sort() or a[-1] < b[0]),
        (lesson07.kl_to_uniform, lesson07.right_kl),
        (lesson07.kl_to_uniform, kl_in_place),
        (lesson07.kl_to_uniform, lambda c: sum(n / c.sum() * np.log(n / c.sum() * len(c)) for n in c if n)),
        (lesson07.kl_to_uniform, lambda c: np.sum(c / c.sum() * np.log(np.maximum(c / c.sum() * len(c), 1e-30)))),
        (lesson07.kl_to_uniform, lambda c: np.log(len(c)) + np.nansum((p := c / c.sum()) * np.log(p + (p == 0)))),
    ],
)
def test_right_answers_are_accepted(check, solution, capsys):
    check(solution)
    assert capsys.readouterr().out.startswith("✓ Right: ")


@pytest.mark.parametrize(
    "check, answer, sentence",
    [
        (lesson07.told_logit, lambda f, y, v, w: np.sum((y @ w) * f, axis=1, keepdims=True), "same for every label"),
        (lesson07.told_logit, lambda f, y, v, w: f @ v, "The label does not come in"),
        (lesson07.told_logit, lambda f, y, v, w: f @ v + np.sum(f @ w.T, axis=1, keepdims=True), "of all labels"),
        (lesson07.told_logit, lambda f, y, v, w: f @ v + np.mean((y @ w) * f, axis=1, keepdims=True), "You averaged"),
        (lesson07.told_logit, lambda f, y, v, w: f @ v + (y @ w).sum(axis=1, keepdims=True), "vector alone"),
        (lesson07.told_logit, lambda f, y, v, w: f @ v + np.sum((y @ w) * f), "over the batch"),
        (lesson07.told_logit, lambda f, y, v, w: (f @ v)[:, 0] + np.sum((y @ w) * f, axis=1), "has shape (4,)"),
        (lesson07.told_logit, lambda f, y, v, w: f @ v + np.sum((y[:, :3] @ w[:3]) * f, 1, keepdims=True), "fixed"),
        (lesson07.clearly_better, lambda a, b: np.mean(a) < np.mean(b), "compared the means"),
        (lesson07.clearly_better, lambda a, b: min(a) < min(b), "the best seeds"),
        (lesson07.clearly_better, lambda a, b: max(a) < max(b), "the worst seeds"),
        (lesson07.clearly_better, lambda a, b: min(a) < max(b), "nearly everything"),
        (lesson07.clearly_better, lambda a, b: all(x < y for x, y in zip(a, b, strict=False)), "seed by seed"),
        (lesson07.clearly_better, lambda a, b: True, "is not right"),
        (lesson07.kl_to_uniform, lambda c: np.sum((p := c[c > 0] / c.sum()) * np.log2(p * len(c))), "base 2"),
        (lesson07.kl_to_uniform, lambda c: np.sum((p := c[c > 0] / c.sum()) * np.log(p)), "1/K, is missing"),
        (lesson07.kl_to_uniform, lambda c: -np.sum((p := c[c > 0] / c.sum()) * np.log(p * len(c))), "never negative"),
        (lesson07.kl_to_uniform, lambda c: np.sum(c / c.sum() * np.log(c / c.sum() * len(c))), "NaN"),
        (lesson07.kl_to_uniform, lambda c: np.sum((p := c[c > 0] / c.sum()) * np.log(p * len(p))), "all classes"),
        (lesson07.kl_to_uniform, lambda c: np.sum((p := c[c > 0] / c.sum()) * np.log(p * 4)), "fixed in your code"),
    ],
)
def test_wrong_answers_get_the_sentence_of_their_mistake(check, answer, sentence, capsys):
    with np.errstate(all="ignore"):
        check(answer)
    line = capsys.readouterr().out
    assert line.startswith("✗ Not yet: ") and sentence in line and line.count("\n") == 1
