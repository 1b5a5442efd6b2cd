"""Losses and penalties against closed forms and finite differences."""

import math

import numpy as np
import pytest
import tensorflow as tf

from ganlib import losses

LOGITS = tf.constant([[-300.0], [-4.6], [-1.0], [0.0], [2.0], [300.0]])


def column(*values):
    return tf.constant(values, tf.float64)[:, None]


def slope(function, logits, h=1e-6):
    """Gradient by central differences, in float64."""
    values = logits.numpy()
    result = np.zeros_like(values)
    for i in np.ndindex(values.shape):
        up, down = values.copy(), values.copy()
        up[i] += h
        down[i] -= h
        result[i] = (function(tf.constant(up)) - function(tf.constant(down))) / (2 * h)
    return result


def gradient(function, logits):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = function(logits)
    return tape.gradient(value, logits).numpy()


def test_at_one_half_the_losses_are_logarithms_of_two():
    zero = tf.zeros((5, 1), tf.float64)
    assert float(losses.discriminator_loss(zero, zero)) == pytest.approx(2 * math.log(2), abs=1e-12)
    assert float(losses.non_saturating_generator_loss(zero)) == pytest.approx(math.log(2), abs=1e-12)
    assert float(losses.minimax_generator_loss(zero)) == pytest.approx(-math.log(2), abs=1e-12)


def test_losses_equal_their_formulas_in_probabilities():
    real, fake = column(-1.0, 0.3, 2.0), column(0.5, -2.0, 1.0)
    d_real, d_fake = (1 / (1 + np.exp(-logits.numpy())) for logits in (real, fake))
    value = np.mean(np.log(d_real)) + np.mean(np.log(1 - d_fake))
    assert float(losses.discriminator_loss(real, fake)) == pytest.approx(-value, abs=1e-12)
    assert float(losses.minimax_generator_loss(fake)) == pytest.approx(np.mean(np.log(1 - d_fake)), abs=1e-12)
    assert float(losses.non_saturating_generator_loss(fake)) == pytest.approx(-np.mean(np.log(d_fake)), abs=1e-12)


@pytest.mark.parametrize("pair", losses.LOSSES.values(), ids=list(losses.LOSSES))
def test_gradients_agree_with_finite_differences(pair):
    real, fake = column(-1.0, 0.3, 2.0), column(0.5, -2.0, 1.0)
    for function, logits in (
        (lambda logits: pair.discriminator(logits, fake), real),
        (lambda logits: pair.discriminator(real, logits), fake),
        (pair.generator, fake),
    ):
        np.testing.assert_allclose(gradient(function, logits), slope(function, logits), atol=1e-8)


@pytest.mark.parametrize("d", [0.01, 0.001])
def test_the_non_saturating_slope_is_larger_by_one_minus_d_over_d(d):
    logit = column(math.log(d / (1 - d)))
    saturating = gradient(losses.minimax_generator_loss, logit)[0, 0]
    non_saturating = gradient(losses.non_saturating_generator_loss, logit)[0, 0]
    assert saturating == pytest.approx(-d, rel=1e-9)
    assert non_saturating == pytest.approx(-(1 - d), rel=1e-9)
    assert non_saturating / saturating == pytest.approx((1 - d) / d, rel=1e-9)


def test_extreme_logits_stay_finite():
    for pair in losses.LOSSES.values():
        assert np.isfinite(float(pair.discriminator(LOGITS, LOGITS)))
        assert np.isfinite(float(pair.generator(LOGITS)))
        assert np.isfinite(gradient(pair.generator, LOGITS)).all()


def test_r1_is_the_mean_of_squared_norms():
    gradients = tf.constant([[3.0, 4.0], [0.0, 0.0]])
    assert float(losses.r1_penalty(gradients)) == pytest.approx(12.5)


def test_r1_of_opposite_slopes_is_not_zero():
    assert float(losses.r1_penalty(tf.constant([[2.0], [-2.0]]))) == pytest.approx(4.0)


def test_r1_takes_examples_of_any_shape():
    gradients = tf.random.stateless_normal([4, 3, 2], seed=[1, 2])
    expected = np.mean(np.sum(gradients.numpy() ** 2, axis=(1, 2)))
    assert float(losses.r1_penalty(gradients)) == pytest.approx(expected, rel=1e-6)
