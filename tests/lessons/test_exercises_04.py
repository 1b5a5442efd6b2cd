"""The checks of lesson 04 accept right answers, in NumPy and TensorFlow, and name the mistake in wrong ones."""

import math

import numpy as np
import pytest
import tensorflow as tf

from ganlib.lessons.exercises import lesson04


def r1_in_place(slopes, gamma):
    slopes *= slopes
    return gamma / 2 * slopes.sum(axis=1).mean()


def average_in_place(average, weights, keep):
    average *= keep
    average += (1 - keep) * weights
    return average


def weights_in_place(average, weights, keep):
    weights -= average
    weights *= 1 - keep
    weights += average
    return weights


@pytest.mark.parametrize(
    "check, solution",
    [
        (lesson04.steps_in_an_epoch, lambda images, batch: -(-images // batch)),
        (lesson04.steps_in_an_epoch, lambda images, batch: int(np.ceil(images / batch))),
        (lesson04.steps_in_an_epoch, lambda images, batch: math.ceil(images / batch)),
        (lesson04.steps_in_an_epoch, lambda images, batch: len(range(0, images, batch))),
        (lesson04.r1, lesson04.right_r1),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes**2).sum(axis=1).mean()),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * np.mean(np.linalg.norm(slopes, axis=1) ** 2)),
        (lesson04.r1, lambda slopes, gamma: gamma * tf.nn.l2_loss(slopes) / len(slopes)),
        (lesson04.r1, r1_in_place),
        (lesson04.running_average, lambda average, weights, keep: keep * average + (1 - keep) * weights),
        (lesson04.running_average, lambda average, weights, keep: average + (1 - keep) * (weights - average)),
        (lesson04.running_average, average_in_place),
        (lesson04.running_average, weights_in_place),
    ],
)
def test_right_answers_are_accepted(check, solution, capsys):
    check(solution)
    assert capsys.readouterr().out.startswith("✓ Right: ")


@pytest.mark.parametrize(
    "check, answer, sentence",
    [
        (lesson04.steps_in_an_epoch, lambda images, batch: images // batch, "You dropped"),
        (lesson04.steps_in_an_epoch, lambda images, batch: images // batch + 1, "one step too many"),
        (lesson04.steps_in_an_epoch, lambda images, batch: images / batch, "round up"),
        (lesson04.steps_in_an_epoch, lambda images, batch: round(images / batch), "nearest whole number"),
        (lesson04.steps_in_an_epoch, lambda images, batch: images, "number of images. A step"),
        (lesson04.steps_in_an_epoch, lambda images, batch: 469, "is a size or a value fixed"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes.mean(axis=0) ** 2).sum(), "before squaring"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes**2).mean(), "over the pixels too"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * np.linalg.norm(slopes, axis=1).mean(), "not its square"),
        (lesson04.r1, lambda slopes, gamma: gamma * (slopes**2).sum(axis=1).mean(), "yours is γ"),
        (lesson04.r1, lambda slopes, gamma: (slopes**2).sum(axis=1).mean(), "γ/2 is missing"),
        (lesson04.r1, lambda slopes, gamma: (slopes**2).sum(axis=1).mean() / 2, "γ is missing"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * np.linalg.norm(slopes, axis=1).mean() ** 2, "mean of the sq"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes**2).sum(), "mean over images"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes**2).sum() / 6, "is a size or a value fixed"),
        (lesson04.running_average, lambda a, w, keep: (1 - keep) * a + keep * w, "forget nearly everything"),
        (lesson04.running_average, lambda a, w, keep: keep * a + w, "add up to 1"),
        (lesson04.running_average, lambda a, w, keep: (a + w) / 2, "mean of both"),
        (lesson04.running_average, lambda a, w, keep: w, "forgot the old"),
        (lesson04.running_average, lambda a, w, keep: a, "Nothing has moved"),
        (lesson04.running_average, lambda a, w, keep: a + (1 - keep) * w, "its share is keep"),
        (lesson04.running_average, lambda a, w, keep: 0.9 * a + 0.1 * w, "is a size or a value fixed"),
    ],
)
def test_wrong_answers_get_the_sentence_of_their_mistake(check, answer, sentence, capsys):
    check(answer)
    printed = capsys.readouterr().out
    assert printed.startswith("✗ Not yet: ") and sentence in printed


@pytest.mark.parametrize("check", [lesson04.r1, lesson04.running_average, lesson04.steps_in_an_epoch])
def test_a_wrong_number_is_not_told_the_right_one(check, capsys):
    check(lambda *_: 0.123)
    line = capsys.readouterr().out
    assert line.startswith("✗ Not yet: ") and "should be" not in line
