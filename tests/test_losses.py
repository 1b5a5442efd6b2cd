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


def generator_loss(pair, real, fake):
    return pair.generator(real, fake) if pair.relativistic else pair.generator(fake)


every_pair = pytest.mark.parametrize("pair", losses.LOSSES.values(), ids=list(losses.LOSSES))


@every_pair
def test_gradients_agree_with_finite_differences(pair):
    real, fake = column(-1.1, 0.3, 2.0), column(0.5, -2.0, 0.9)  # none at a kink of the hinge
    for function, logits in (
        (lambda logits: pair.discriminator(logits, fake), real),
        (lambda logits: pair.discriminator(real, logits), fake),
        (lambda logits: generator_loss(pair, real, logits), fake),
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
        assert np.isfinite(float(generator_loss(pair, LOGITS, -LOGITS)))
        slopes = gradient(lambda logits, pair=pair: generator_loss(pair, LOGITS, logits), -LOGITS)
        assert np.isfinite(slopes).all()


@every_pair
def test_d_gains_by_raising_real_and_lowering_generated_and_g_by_raising_generated(pair):
    """The signs: each at an output where no pair is flat."""
    real, fake = column(0.2, 0.2), column(0.3, 0.3)
    assert (gradient(lambda logits: pair.discriminator(logits, fake), real) < 0).all()
    assert (gradient(lambda logits: pair.discriminator(real, logits), fake) > 0).all()
    assert (gradient(lambda logits: generator_loss(pair, real, logits), fake) < 0).all()


@every_pair
def test_losses_are_means_so_the_size_of_the_batch_does_not_matter(pair):
    real, fake = column(0.2, -1.3), column(-0.3, 0.7)
    twice = tf.concat([real, real], 0), tf.concat([fake, fake], 0)
    assert float(pair.discriminator(*twice)) == pytest.approx(float(pair.discriminator(real, fake)), abs=1e-12)
    assert float(generator_loss(pair, *twice)) == pytest.approx(float(generator_loss(pair, real, fake)), abs=1e-12)


def test_other_pairs_equal_their_formulas():
    r, f = np.array([-1.1, 0.3, 2.0]), np.array([0.5, -2.0, 0.9])
    formulas = {
        "least-squares": (np.mean((r - 1) ** 2 + f**2) / 2, np.mean((f - 1) ** 2) / 2),
        "wasserstein": (np.mean(f - r), -np.mean(f)),
        "hinge": (np.mean(np.maximum(0, 1 - r) + np.maximum(0, 1 + f)), -np.mean(f)),
        "relativistic": (np.mean(np.log(1 + np.exp(f - r))), np.mean(np.log(1 + np.exp(r - f)))),
    }
    assert formulas.keys() == losses.LOSSES.keys() - {"minimax", "non-saturating"}
    for name, (of_d, of_g) in formulas.items():
        pair, real, fake = losses.LOSSES[name], column(*r), column(*f)
        assert float(pair.discriminator(real, fake)) == pytest.approx(of_d, abs=1e-12)
        assert float(generator_loss(pair, real, fake)) == pytest.approx(of_g, abs=1e-12)


def test_a_relativistic_pair_sees_differences_only():
    pair, real, fake = losses.LOSSES["relativistic"], column(-1.0, 0.3), column(0.5, -2.0)
    assert float(pair.discriminator(real + 7, fake + 7)) == pytest.approx(float(pair.discriminator(real, fake)))
    assert float(pair.generator(real + 7, fake + 7)) == pytest.approx(float(pair.generator(real, fake)))


@every_pair
def test_balance_is_the_loss_at_the_best_output_when_real_and_generated_are_alike(pair):
    grid = np.linspace(-3, 3, 601)
    of_d = [float(pair.discriminator(column(output), column(output))) for output in grid]
    best = column(grid[int(np.argmin(of_d))])
    assert min(of_d) == pytest.approx(pair.balance["d_loss"], abs=1e-6)
    if "g_loss" in pair.balance:
        assert float(generator_loss(pair, best, best)) == pytest.approx(pair.balance["g_loss"], abs=1e-6)
    else:  # D has no single best output, so G's loss can be anything
        assert np.ptp(of_d[200:401]) < 1e-9


def test_r1_is_the_mean_of_squared_norms():
    gradients = tf.constant([[3.0, 4.0], [0.0, 0.0]])
    assert float(losses.r1_penalty(gradients)) == pytest.approx(12.5)


def test_r1_of_opposite_slopes_is_not_zero():
    assert float(losses.r1_penalty(tf.constant([[2.0], [-2.0]]))) == pytest.approx(4.0)


def test_r1_takes_examples_of_any_shape():
    gradients = tf.random.stateless_normal([4, 3, 2], seed=[1, 2])
    expected = np.mean(np.sum(gradients.numpy() ** 2, axis=(1, 2)))
    assert float(losses.r1_penalty(gradients)) == pytest.approx(expected, rel=1e-6)


def test_r2_is_the_same_formula():
    gradients = tf.constant([[3.0, 4.0], [0.0, 1.0]])
    assert float(losses.r2_penalty(gradients)) == pytest.approx(13.0)


def test_points_are_mixed_with_one_weight_per_example():
    real, fake = tf.ones((3, 2, 2)), 3 * tf.ones((3, 2, 2))
    mixed = losses.mix(real, fake, tf.constant([0.0, 0.25, 1.0])).numpy()
    np.testing.assert_allclose(mixed, np.ones((3, 2, 2)) * np.array([3, 2.5, 1])[:, None, None])


def test_wgan_gp_is_zero_at_slope_one_and_squares_before_it_averages():
    assert float(losses.wgan_gp_penalty(tf.constant([[0.6, 0.8], [0.0, -1.0]]))) == pytest.approx(0, abs=1e-6)
    assert float(losses.wgan_gp_penalty(tf.constant([[2.0], [0.0]]))) == pytest.approx(1.0, abs=1e-5)
    assert float(losses.wgan_gp_penalty(tf.constant([[3.0, 4.0]]))) == pytest.approx(16.0, abs=1e-5)


@pytest.mark.parametrize("penalty", [losses.r1_penalty, losses.r2_penalty, losses.wgan_gp_penalty])
def test_gradients_of_penalties_agree_with_finite_differences_and_are_finite_at_zero(penalty):
    gradients = tf.constant([[0.3, -1.2], [2.0, 0.1]], tf.float64)
    np.testing.assert_allclose(gradient(penalty, gradients), slope(penalty, gradients), atol=1e-8)
    assert np.isfinite(gradient(penalty, tf.zeros((2, 2)))).all()


def test_the_command_line_offers_every_pair_and_every_architecture_that_trains():
    from ganlib import models
    from ganlib.training import settings

    assert set(settings.LOSSES) == set(losses.LOSSES)
    assert set(settings.ARCHITECTURES) == set(models.ARCHITECTURES) - {"patches"}
