"""Answer checks of lesson 08, GAN and VAE. The first two may be written in TensorFlow, Keras or NumPy."""

import numpy as np

from ganlib import vae
from ganlib.lessons.exercises import Wrong, call, check, compare

right_latents, right_kl = vae.reparameterise, vae.divergence


def right_beta(weight, mean_over_pixels, mean_over_latents):
    """Beta of the loss weight * (sum or mean over pixels) + (sum or mean over latents)."""
    return (1 / mean_over_latents) / (weight / mean_over_pixels)


@check
def latents(answer):
    """`answer(mean, log_variance, noise)` are latents from N(mean, exp(log_variance)), (batch, d)."""
    rng = np.random.default_rng(0)
    cases = [tuple(rng.normal(size=(3, *shape)).astype("float32")) for shape in ((4, 3), (7, 2))]
    mistakes = {
        "You multiplied the noise by the variance: it takes the standard deviation, the root of the variance.":
            lambda m, v, e: m + np.exp(v) * e,
        "You multiplied the noise by the logarithm of the variance: take the exponential of half of it.":
            lambda m, v, e: m + v * e,
        "You multiplied by half the logarithm: the exponential is missing.": lambda m, v, e: m + v / 2 * e,
        "You multiplied the noise by half the variance: the root is not the half.":
            lambda m, v, e: m + np.exp(v) / 2 * e,
        "You divided by the standard deviation: that takes latents back to noise.":
            lambda m, v, e: m + np.exp(-v / 2) * e,
        "The noise does not come in: every image would have one latent, and the net would be a plain autoencoder.":
            lambda m, v, e: m,
        "The mean does not come in.": lambda m, v, e: np.exp(v / 2) * e,
        "You multiplied the mean by the noise, too: it is added as it is.": lambda m, v, e: (m + np.exp(v / 2)) * e,
        "The sign of the noise is the other way round. That gives the same distribution, but keep to mean + noise.":
            lambda m, v, e: m - np.exp(v / 2) * e,
    }  # fmt: skip
    once, again = (call(answer, *cases[0]) for _ in range(2))
    if once.shape != again.shape or not np.allclose(once, again):
        raise Wrong("You drew noise of your own: use the noise that you are given.")
    compare(
        answer, cases, lambda m, v, e: m + np.exp(v / 2) * e, mistakes,
        "It is the mean, and the noise times the standard deviation.",
    )  # fmt: skip
    return "the noise comes from outside, so mean and variance have a slope."


@check
def kl(answer):
    """`answer(mean, log_variance)` is KL(N(mean, exp(log_variance)) || N(0, 1)), summed over d: (batch,)."""
    rng = np.random.default_rng(1)
    cases = [tuple(rng.normal(size=(2, *shape)).astype("float32")) for shape in ((4, 3), (6, 5))]

    def terms(m, v):
        return (np.exp(v) + m**2 - 1 - v) / 2

    mistakes = {
        "The half is missing.": lambda m, v: 2 * terms(m, v).sum(axis=1),
        "You averaged over the latents: the nats of independent latents add up.": lambda m, v: terms(m, v).mean(axis=1),
        "The sign is the other way round: a divergence is never negative.": lambda m, v: -terms(m, v).sum(axis=1),
        "The -1 is missing: for mean 0 and variance 1 the divergence must be 0.":
            lambda m, v: (terms(m, v) + 0.5).sum(axis=1),
        "The mean must be squared.": lambda m, v: (np.exp(v) + m - 1 - v).sum(axis=1) / 2,
        "The mean does not come in.": lambda m, v: (np.exp(v) - 1 - v).sum(axis=1) / 2,
        "The logarithm of the variance is added, and should be subtracted.":
            lambda m, v: (np.exp(v) + m**2 - 1 + v).sum(axis=1) / 2,
        "You took exp of half the log-variance, the standard deviation: the formula wants the variance.":
            lambda m, v: (np.exp(v / 2) + m**2 - 1 - v).sum(axis=1) / 2,
    }  # fmt: skip
    compare(
        answer, cases, lambda m, v: terms(m, v).sum(axis=1), mistakes,
        "For each latent it is half of: variance + mean² - 1 - log variance.",
    )  # fmt: skip
    return "0 for the prior itself, and more the further mean or variance are off."


@check
def beta(answer):
    """`answer(weight, mean_over_pixels, mean_over_latents)` is the beta that a loss hides."""
    cases = [(1.0, 1.0, 1.0), (1.0, 784.0, 1.0), (500.0, 1024.0, 1.0), (1.0, 1.0, 64.0), (3.0, 100.0, 20.0)]
    mistakes = {
        "It is the other way round: beta weighs the divergence, and you weighed the reconstruction.":
            lambda w, p, d: (w / p) / (1 / d),
        "The weight does not come in: it makes the reconstruction heavier, and so beta smaller.":
            lambda w, p, d: p / d,
        "You multiplied by the weight. It stands before the reconstruction: a larger one makes beta smaller.":
            lambda w, p, d: w * p / d,
        "A mean over the latents makes the divergence smaller, and you made it larger.": lambda w, p, d: p * d / w,
        "A mean over the latents does not come in.": lambda w, p, d: p / w,
        "A mean over the pixels does not come in.": lambda w, p, d: 1 / (w * d),
        "A mean over the pixels makes the reconstruction smaller, and so beta larger.": lambda w, p, d: 1 / (w * p * d),
    }  # fmt: skip
    compare(
        answer, cases, right_beta, mistakes,
        "Write the loss as one number times the sum over pixels, plus another times the sum over latents; beta is the "
        "second over the first.",
    )  # fmt: skip
    return "a loss is known by its weights, whatever the code calls them."
