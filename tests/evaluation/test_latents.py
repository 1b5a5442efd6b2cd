"""Measures of latents and of grey, on known answers."""

import numpy as np
import pytest

from ganlib import load_mnist
from ganlib.evaluation.latents import active_latents, gap_to_prior, grey_share

RNG = np.random.default_rng(0)


def test_grey_share_counts_what_lies_strictly_between():
    images = np.zeros((2, 784), "float32")
    images[0, :10], images[1, :4] = 0.5, 0.2
    assert grey_share(images) == pytest.approx(10 / 1568)
    assert grey_share(images, 0.1, 0.3) == pytest.approx(4 / 1568)
    assert grey_share((images * 255).astype("uint8").reshape(2, 28, 28)) == pytest.approx(10 / 1568)


def test_grey_share_of_real_digits_is_six_percent():
    assert grey_share(load_mnist()[1][0]) == pytest.approx(0.061, abs=0.002)


@pytest.mark.parametrize("low, high", [(0.8, 0.2), (0.5, 0.5), (-0.1, 0.5), (0.2, 1.1)])
def test_grey_share_refuses_bounds(low, high):
    with pytest.raises(ValueError, match="needed is 0 <= low < high <= 1"):
        grey_share(np.zeros((2, 784)), low, high)


def test_active_latents_are_those_whose_mean_varies():
    means = RNG.standard_normal((1000, 4)) * [1, 0.5, 0.05, 0]
    assert active_latents(means + [0, 0, 0, 7]) == 2
    assert active_latents(means, least=0.001) == 3


def test_clouds_that_are_the_prior_have_no_gap():
    assert gap_to_prior(np.zeros((10, 3)), np.zeros((10, 3))) == pytest.approx(0, abs=1e-12)


def test_points_of_the_prior_with_no_clouds_around_them_have_none_either():
    assert gap_to_prior(RNG.standard_normal((200_000, 2)), np.full((200_000, 2), -20.0)) == pytest.approx(0, abs=1e-3)


def test_the_gap_is_the_divergence_of_one_gaussian():
    means = np.array([[1.0], [3.0]])  # mean 2, variance 1, and clouds of variance 3: N(2, 4)
    assert gap_to_prior(means, np.log([[3.0], [3.0]])) == pytest.approx((4 + 4 - 1 - np.log(4)) / 2)


@pytest.mark.parametrize(
    "means, log_variances, sentence",
    [
        (np.zeros((5, 2)), np.zeros((5, 3)), "make them equal"),
        (np.zeros((1, 2)), np.zeros((1, 2)), "at least 2"),
        (np.full((5, 2), np.nan), np.zeros((5, 2)), "NaN"),
    ],
)
def test_gap_refuses(means, log_variances, sentence):
    with pytest.raises(ValueError, match=sentence):
        gap_to_prior(means, log_variances)
