"""The checks of lesson 08 accept right answers, in NumPy, TensorFlow and Keras, and name the mistake in wrong ones."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib.lessons.exercises import lesson08


def in_place(m, v, e):
    e *= np.exp(v / 2)
    e += m
    return e


def kl_in_place(m, v):
    m **= 2
    m += np.exp(v) - 1 - v
    return m.sum(axis=1) / 2


@pytest.mark.parametrize(
    "check, solution",
    [
        (lesson08.latents, lesson08.right_latents),
        (lesson08.latents, in_place),
        (lesson08.latents, lambda m, v, e: m + tf.sqrt(tf.exp(v)) * e),
        (lesson08.latents, lambda m, v, e: keras.ops.exp(0.5 * v) * e + m),
        (lesson08.latents, lambda m, v, e: m + np.exp(v) ** 0.5 * e),
        (lesson08.latents, lambda m, v, e: m + tf.exp(tf.constant(0.5) * v) * e),
        (lesson08.kl, lesson08.right_kl),
        (lesson08.kl, kl_in_place),
        (lesson08.kl, lambda m, v: tf.constant(0.5) * tf.reduce_sum(m**2 + tf.exp(v) - v - tf.constant(1.0), axis=1)),
        (lesson08.kl, lambda m, v: -0.5 * tf.reduce_sum(1 + v - tf.square(m) - tf.exp(v), axis=-1)),
        (lesson08.kl, lambda m, v: keras.ops.sum(0.5 * (keras.ops.exp(v) + m * m - 1 - v), axis=1)),
        (lesson08.kl, lambda m, v: np.sum(np.exp(v) / 2 + m**2 / 2 - 0.5 - v / 2, axis=1)),
        (lesson08.beta, lesson08.right_beta),
        (lesson08.beta, lambda w, p, d: p / (w * d)),
        (lesson08.beta, lambda w, p, d: p / w / d),
        (lesson08.beta, lambda w, p, d: tf.divide(p, w * d)),
    ],
)
def test_right_answers_are_accepted(check, solution, capsys):
    check(solution)
    assert capsys.readouterr().out.startswith("✓ Right: ")


@pytest.mark.parametrize(
    "check, answer, sentence",
    [
        (lesson08.latents, lambda m, v, e: m + np.exp(v) * e, "the root of the variance"),
        (lesson08.latents, lambda m, v, e: m + v * e, "take the exponential"),
        (lesson08.latents, lambda m, v, e: m + v / 2 * e, "the exponential is missing"),
        (lesson08.latents, lambda m, v, e: m + np.exp(-v / 2) * e, "back to noise"),
        (lesson08.latents, lambda m, v, e: m, "plain autoencoder"),
        (lesson08.latents, lambda m, v, e: np.exp(v / 2) * e, "mean does not come in"),
        (lesson08.latents, lambda m, v, e: (m + np.exp(v / 2)) * e, "added as it is"),
        (lesson08.latents, lambda m, v, e: m - np.exp(v / 2) * e, "other way round"),
        (lesson08.latents, lambda m, v, e: m + np.exp(v) / 2 * e, "the root is not the half"),
        (lesson08.latents, lambda m, v, e: m + np.exp(v / 2) * np.random.normal(size=m.shape), "noise of your own"),
        (lesson08.latents, lambda m, v, e: m + tf.exp(v / 2) * tf.random.normal(m.shape), "noise of your own"),
        (lesson08.latents, lambda m, v, e: (m + np.exp(v / 2) * e)[0], "has shape"),
        (lesson08.latents, ..., "Not answered yet"),
        (lesson08.kl, lambda m, v: np.sum(np.exp(v) + m**2 - 1 - v, axis=1), "half is missing"),
        (lesson08.kl, lambda m, v: np.mean(np.exp(v) + m**2 - 1 - v, axis=1) / 2, "averaged"),
        (lesson08.kl, lambda m, v: -np.sum(np.exp(v) + m**2 - 1 - v, axis=1) / 2, "never negative"),
        (lesson08.kl, lambda m, v: np.sum(np.exp(v) + m**2 - v, axis=1) / 2, "-1 is missing"),
        (lesson08.kl, lambda m, v: np.sum(np.exp(v) + m - 1 - v, axis=1) / 2, "must be squared"),
        (lesson08.kl, lambda m, v: np.sum(np.exp(v) + m**2 - 1 + v, axis=1) / 2, "should be subtracted"),
        (lesson08.kl, lambda m, v: np.sum(np.exp(v / 2) + m**2 - 1 - v, axis=1) / 2, "standard deviation"),
        (lesson08.kl, lambda m, v: np.sum(np.exp(v) + m**2 - 1 - v) / 2, "should have (4,)"),
        (lesson08.beta, lambda w, p, d: w * d / p, "other way round"),
        (lesson08.beta, lambda w, p, d: p / d, "weight does not come in"),
        (lesson08.beta, lambda w, p, d: w * p / d, "larger one makes beta smaller"),
        (lesson08.beta, lambda w, p, d: p * d / w, "you made it larger"),
        (lesson08.beta, lambda w, p, d: p / w, "latents does not come in"),
        (lesson08.beta, lambda w, p, d: 1 / (w * d), "pixels does not come in"),
        (lesson08.beta, lambda w, p, d: 1 / (w * p * d), "so beta larger"),
        (lesson08.beta, lambda w, p, d: w, "is not right"),
    ],
)
def test_wrong_answers_get_the_sentence_of_their_mistake(check, answer, sentence, capsys):
    with np.errstate(all="ignore"):
        check(answer)
    line = capsys.readouterr().out
    assert not line.startswith("✓") and line.count("\n") == 1
    assert sentence in line or sentence == "is not right" and line.startswith("✗ Not yet: Write the loss"), line
