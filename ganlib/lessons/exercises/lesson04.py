"""Answer checks of lesson 04, A full training run on MNIST. The penalty may be written in TensorFlow or NumPy."""

import numpy as np
import tensorflow as tf

from ganlib.lessons.exercises import check, compare


def right_r1(slopes, gamma):
    """The R1 penalty, as TensorFlow computes it."""
    return gamma / 2 * tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))


def right_average(average, weights, keep):
    """The share `keep` of the old average and the rest of the new weights."""
    return keep * average + (1 - keep) * weights


def right_steps(images, batch_size):
    """Batches in one pass over the images, the smaller last one included."""
    return -(-images // batch_size)


def _lengths(slopes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(slopes, axis=1)


@check
def r1(answer):
    """`answer(slopes, gamma)` is the R1 penalty for gradients of shape (images, pixels)."""
    rng = np.random.default_rng(0)
    cases = [
        (rng.normal(size=(6, 784)) * np.linspace(0.2, 3, 6)[:, None] / 28, 5.0),
        (rng.normal(size=(4, 10)) * np.linspace(1, 2, 4)[:, None], 0.7),
    ]
    mistakes = {
        "You averaged the gradients over the batch before squaring. Opposite ones then cancel, and a steep D goes "
        "free: square first.": lambda s, gamma: gamma / 2 * np.sum(s.mean(axis=0) ** 2),
        "You have the length of each slope, not its square.": lambda s, gamma: gamma / 2 * _lengths(s).mean(),
        "You averaged over the pixels too. The squared length of a slope is a sum over its entries.":
            lambda s, gamma: gamma / 2 * np.mean(s**2),
        "You added up over the batch: the penalty is a mean over images.": lambda s, gamma: gamma / 2 * np.sum(s**2),
        "The factor is γ/2, and yours is γ.": lambda s, gamma: gamma * np.mean(_lengths(s) ** 2),
        "γ/2 is missing.": lambda s, gamma: np.mean(_lengths(s) ** 2),
        "γ is missing: the factor is γ/2, and yours is 1/2.": lambda s, gamma: np.mean(_lengths(s) ** 2) / 2,
        "You squared the mean length. Take the mean of the squares.":
            lambda s, gamma: gamma / 2 * _lengths(s).mean() ** 2,
        "You added up over the images and averaged over the pixels: images are rows.":
            lambda s, gamma: gamma / 2 * np.sum(s**2) / s.shape[1],
    }  # fmt: skip
    compare(
        answer, cases, right_r1, mistakes,
        "Square the entries, add up over the pixels, average over the batch, times γ/2.",
    )  # fmt: skip
    return "squared first, averaged second. A steep D pays, whatever the direction."


@check
def running_average(answer):
    """`answer(average, weights, keep)` is the running average after one more step."""
    cases = [
        (np.array([1.0, -2.0, 4.0]), np.array([3.0, 0.0, -8.0]), 0.9),
        (np.array([[0.3, 1.0], [2.0, -1.0]]), np.array([[-2.0, 0.4], [1.0, 5.0]]), 0.7),
    ]
    mistakes = {
        "You kept a share of the new weights and took in the old: that average would forget nearly everything at "
        "each step.": lambda a, w, keep: keep * w + (1 - keep) * a,
        "The shares must add up to 1: the new weights come in with 1 − keep.": lambda a, w, keep: keep * a + w,
        "You added the new weights whole. They come in with the share 1 − keep.": lambda a, w, keep: a + w,
        "That is the mean of both, whatever keep is.": lambda a, w, keep: (a + w) / 2,
        "Nothing has moved: where do the new weights come in?": lambda a, w, keep: a,
        "You forgot the old average.": lambda a, w, keep: w,
        "The old average comes in whole, and its share is keep.": lambda a, w, keep: a + (1 - keep) * w,
        "The new weights are missing.": lambda a, w, keep: keep * a,
        "You went past the weights or away from them: the average moves from the old towards the new.":
            lambda a, w, keep: a - (1 - keep) * (w - a),
    }  # fmt: skip
    compare(
        answer, cases, right_average, mistakes,
        "The new average is the share keep of the old one and the share 1 − keep of the weights.",
    )  # fmt: skip
    return "the share of the old, and the rest from the new."


@check
def steps_in_an_epoch(answer):
    """`answer(images, batch_size)` is the number of batches in one pass over the images."""
    mistakes = {
        "You dropped the smaller last batch, and an epoch is one pass over all images.": lambda n, size: n // size,
        "You make one step too many where nothing is left for a last batch.": lambda n, size: n // size + 1,
        "Steps are whole numbers: round up.": lambda n, size: n / size,
        "You round to the nearest whole number: a last batch counts, however small it is.":
            lambda n, size: round(n / size),
        "That is the number of images. A step takes a whole batch of them.": lambda n, size: n,
        "That is the number of images in the last batch.": lambda n, size: n % size,
    }  # fmt: skip
    cases = [(60_000, 128), (60_000, 100), (10, 3), (5, 8), (11, 4), (30, 16)]
    compare(answer, cases, right_steps, mistakes)
    return "a smaller last batch counts like any other."
