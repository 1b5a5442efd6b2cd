"""Answer checks of lesson 07, Better generators. The logit may be written in TensorFlow, Keras or NumPy."""

import numpy as np
import tensorflow as tf

from ganlib.lessons.exercises import check, compare


def right_logit(features, label, v, vectors):
    """D's logit for images and their labels, as TensorFlow computes it."""
    return features @ v + tf.reduce_sum((label @ vectors) * features, axis=1, keepdims=True)


def right_clearly_better(ours, theirs):
    """Whether the worst of our distances is smaller than the best of theirs."""
    return max(ours) < min(theirs)


def right_kl(counts):
    """The Kullback-Leibler divergence of the shares of these counts from equal shares, in nats."""
    shares = counts[counts > 0] / counts.sum()
    return np.sum(shares * np.log(shares * len(counts)))


@check
def told_logit(answer):
    """`answer(features, label, v, vectors)` is D's logit, shape (images, 1)."""
    rng = np.random.default_rng(0)

    def case(images, width, labels):
        label = np.eye(labels)[rng.integers(labels, size=images)]
        return rng.normal(size=(images, width)), label, rng.normal(size=(width, 1)), rng.normal(size=(labels, width))

    mistakes = {
        "The part that is the same for every label, features @ v, is missing.": lambda f, y, v, w: _told(f, y, w),
        "The label does not come in: add the product of the features with the vector of the label.":
            lambda f, y, v, w: f @ v,
        "You added the products with the vectors of all labels. Only that of the image's own label counts.":
            lambda f, y, v, w: f @ v + (f @ w.T).sum(axis=1, keepdims=True),
        "You averaged over the features: the product of two vectors is a sum.":
            lambda f, y, v, w: f @ v + _told(f, y, w) / f.shape[1],
        "You multiplied the two parts: they are added.": lambda f, y, v, w: (f @ v) * _told(f, y, w),
        "You subtracted the part of the label: it is added.": lambda f, y, v, w: f @ v - _told(f, y, w),
        "You added up the label's vector alone: multiply it by the features first.":
            lambda f, y, v, w: f @ v + (y @ w).sum(axis=1, keepdims=True),
        "You added up over the batch: images are rows and do not mix.":
            lambda f, y, v, w: f @ v + _told(f, y, w).sum(),
    }  # fmt: skip
    compare(
        answer, [case(4, 6, 3), case(7, 5, 10)], right_logit, mistakes,
        "It is features @ v, and for each image the product of its features with the vector of its label.",
    )  # fmt: skip
    return "one vector for all labels, and one for each."


def _told(features: np.ndarray, label: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    return np.sum((label @ vectors) * features, axis=1, keepdims=True)


@check
def clearly_better(answer):
    """`answer(ours, theirs)` tells whether every one of our distances is smaller than every one of theirs."""
    cases = [
        ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]),
        ([4.0, 5.0, 6.0], [1.0, 2.0, 3.0]),
        ([1.0, 2.0, 5.0], [3.0, 4.0, 6.0]),
        ([5.0, 1.0, 2.0], [3.0, 4.0, 9.0, 8.0]),
        ([1.0, 9.0], [2.0, 3.0, 4.0]),
        ([3.0, 4.0], [1.0, 9.0, 2.0]),
        ([2.0, 3.0], [1.0, 3.5, 1.2]),
        ([0.4, 0.2], [0.5, 0.9, 0.7]),
    ]
    mistakes = {
        "You compared the means. One lucky seed can move a mean: every seed must be better than every other.":
            lambda a, b: np.mean(a) < np.mean(b),
        "You compared the best seeds. Luck may have made either.": lambda a, b: min(a) < min(b),
        "You compared the worst seeds: ours must beat their best.": lambda a, b: max(a) < max(b),
        "You let our best seed beat their worst, and nearly everything does.": lambda a, b: min(a) < max(b),
        "You compared seed by seed: a seed of one program has nothing to do with the same seed of another.":
            lambda a, b: all(x < y for x, y in zip(a, b, strict=False)),
        "A smaller distance is better, and you asked for a larger one.": lambda a, b: min(a) > max(b),
        "You have it the other way round: whether theirs is clearly better.": lambda a, b: max(b) < min(a),
        "You compared the medians: every seed must be better than every other.":
            lambda a, b: np.median(a) < np.median(b),
    }  # fmt: skip
    compare(answer, cases, right_clearly_better, mistakes, "Our worst seed must be below their best.")
    return "even bad luck for us and good luck for them changes nothing."


@check
def kl_to_uniform(answer):
    """`answer(counts)` is the divergence of the shares of these counts from equal shares, in nats."""
    mistakes = {
        "You took the logarithm to base 2: nats come from np.log.": lambda c: right_kl(c) / np.log(2),
        "The equal share, 1/K, is missing: divide each share by it inside the logarithm.":
            lambda c: right_kl(c) - np.log(len(c)),
        "You averaged over the classes: the divergence is a sum.": lambda c: right_kl(c) / len(c),
        "The sign is the other way round: it is never negative.": lambda c: -right_kl(c),
        "The counts are no shares yet: divide them by their sum.":
            lambda c: np.sum(c[c > 0] * np.log(c[c > 0] * len(c))),
        "You count only the classes that occur in 1/K. K is the number of all classes.":
            lambda c: right_kl(c) - np.log(len(c) / np.count_nonzero(c)),
        "You did not weigh the logarithms by the shares.":
            lambda c: np.sum(np.log(c[c > 0] / c.sum() * len(c))),
    }  # fmt: skip
    cases = [
        (np.array([3.0, 5.0, 0.0, 4.0]),),
        (np.array([7.0, 1.0, 1.0, 9.0, 0.0, 2.0]),),
        (np.array([0.0, 40.0]),),
    ]
    compare(answer, cases, right_kl, mistakes, "Sum the share times log(share × K); a class with no images adds 0.")
    return "0 for equal shares, log K for a single class."
