"""The checks of lesson 04."""

import numpy as np

from ganlib.lessons.exercises import call, check, match


@check
def steps_in_an_epoch(answer):
    for images, batch_size in ((60_000, 128), (60_000, 100), (10, 3), (5, 8)):
        match(
            call(answer, images, batch_size, shape=()),
            -(-images // batch_size),
            {
                f"{images:,} images in batches of {batch_size} leave a smaller last batch. You dropped it, and an "
                "epoch is one pass over all images.": images // batch_size,
                f"With {images:,} images and batches of {batch_size} you make one step too many: when nothing is left, "
                "there is no last batch.": images // batch_size + 1,
                "Steps are whole numbers: round up.": images / batch_size,
                "That is the number of images. A step takes a whole batch of them.": images,
            },
            f"For {images:,} images in batches of {batch_size}:",
        )
    return "469 steps for MNIST in batches of 128, the last one with 96 images."


@check
def r1(answer):
    slopes = np.random.default_rng(0).normal(size=(6, 784)) * np.linspace(0.2, 3, 6)[:, None]
    gamma, squares = 5.0, (slopes**2).sum(axis=1)
    match(
        call(answer, slopes, gamma, shape=()),
        gamma / 2 * squares.mean(),
        {
            "You averaged the slopes over the batch before squaring. Slopes of opposite sign then cancel, and a steep "
            "D goes free: square first.": gamma / 2 * (slopes.mean(axis=0) ** 2).sum(),
            "You have the length of each slope, not its square.": gamma / 2 * np.sqrt(squares).mean(),
            "You averaged over the pixels too. The squared length of a slope is a sum over its 784 entries.": gamma
            / 2
            * (slopes**2).mean(),
            "You added up over the batch: the penalty is a mean over images.": gamma / 2 * squares.sum(),
            "The factor is γ/2, and yours is γ.": gamma * squares.mean(),
            "γ/2 is missing.": squares.mean(),
            "You squared the mean length. Take the mean of the squares.": gamma / 2 * np.sqrt(squares).mean() ** 2,
        },
        "Square the entries, add up over the pixels, average over the batch, times γ/2.",
    )
    return "squared first, averaged second. A steep D pays, whatever the direction."


@check
def running_average(answer):
    average, weights, keep = np.array([1.0, -2.0, 4.0]), np.array([3.0, 0.0, -8.0]), 0.9
    match(
        call(answer, average, weights, keep, shape=(3,)),
        keep * average + (1 - keep) * weights,
        {
            "You kept a share of the new weights and took in the old: that average would forget nearly everything at "
            "each step.": keep * weights + (1 - keep) * average,
            "The shares must add up to 1: the new weights come in with 1 - keep.": keep * average + weights,
            "You added the new weights whole. They come in with the share 1 - keep.": average + weights,
            "That is the mean of both, whatever keep is.": (average + weights) / 2,
            "Nothing has moved: where do the new weights come in?": average,
            "You forgot the old average.": weights,
            "The old average comes in whole, and its share is keep.": average + (1 - keep) * weights,
        },
        "The new average is the share keep of the old one and the share 1 - keep of the weights.",
    )
    return "one line, and the pictures get better."
