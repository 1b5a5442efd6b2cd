"""Lesson 03. Loss pairs and penalties: pure functions of logits and gradients.

A logit is D's output before the sigmoid: D(x) = sigmoid(logit). Every loss here is *minimised*. Working on
logits keeps `log D(x)` finite when D is sure of itself: log(sigmoid(-200)) is -200, not log(0). The least-squares,
Wasserstein and hinge pairs take D's output as it is, without a sigmoid; it is still called a logit here.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import tensorflow as tf


class LossPair(NamedTuple):
    """The two losses of one game, each a scalar to be minimised by its own network.

    `discriminator(real_logits, fake_logits)` and `generator(fake_logits)`; logits have shape (batch, 1). A
    `relativistic` pair compares D on real with D on generated samples in both: `generator(real_logits, fake_logits)`.
    `balance` says what "d_loss" and "g_loss" are when the best D cannot tell real from generated samples; a loss
    that is not determined there, because D may add any constant, is left out.
    """

    discriminator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    generator: Callable[..., tf.Tensor]
    balance: Mapping[str, float]
    relativistic: bool = False


def discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """What D minimises: -E[log D(x)] - E[log(1 - D(G(z)))], in nats.

    Takes logits of shape (batch, 1); returns a scalar >= 0: 2 log 2 = 1.386 when D says 1/2 to everything,
    0 when D is right and certain. It is minus the value V that D maximises.
    Source: Goodfellow et al. 2014, eq. 1 and Algorithm 1.
    """
    return tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(tf.nn.softplus(fake_logits))


def minimax_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """G's part of the value function, E[log(1 - D(G(z)))], in nats: the *saturating* loss.

    Takes logits of shape (batch, 1); returns a scalar <= 0: -log 2 when D says 1/2. Its slope in the logit
    is -D(G(z)): it vanishes exactly where G is worst. Source: Goodfellow et al. 2014, eq. 1.
    """
    return -tf.reduce_mean(tf.nn.softplus(fake_logits))


def non_saturating_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """What G minimises in practice, -E[log D(G(z))], in nats.

    Takes logits of shape (batch, 1); returns a scalar >= 0: log 2 = 0.693 when D says 1/2. Its slope in the
    logit is -(1 - D(G(z))): largest where G is worst. Source: Goodfellow et al. 2014, section 3.
    """
    return tf.reduce_mean(tf.nn.softplus(-fake_logits))


def least_squares_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """What D minimises: (E[(D(x) - 1)^2] + E[D(G(z))^2]) / 2, with D's output taken as it is.

    Takes outputs of shape (batch, 1); returns a scalar >= 0: 1/4 when D says 1/2 to everything, 0 when D says 1 to
    real and 0 to generated samples. Source: Mao et al. 2017, eq. 9 (their labels a = 0, b = c = 1).
    """
    return (tf.reduce_mean((real_logits - 1) ** 2) + tf.reduce_mean(fake_logits**2)) / 2


def least_squares_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """What G minimises: E[(D(G(z)) - 1)^2] / 2.

    Takes outputs of shape (batch, 1); returns a scalar >= 0: 1/8 when D says 1/2. Source: Mao et al. 2017, eq. 9.
    """
    return tf.reduce_mean((fake_logits - 1) ** 2) / 2


def wasserstein_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """What the critic minimises: E[D(G(z))] - E[D(x)], in the units of D's output, which has no bounds.

    Takes outputs of shape (batch, 1); returns a scalar. For the best D whose slope is nowhere above 1 it is minus
    the Wasserstein-1 distance; without a bound on the slope it falls for ever. Source: Arjovsky et al. 2017, eq. 2.
    """
    return tf.reduce_mean(fake_logits) - tf.reduce_mean(real_logits)


def wasserstein_generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """What G minimises: -E[D(G(z))], in the units of D's output; also G's part of the hinge pair.

    Takes outputs of shape (batch, 1); returns a scalar. Its slope in the output is -1 everywhere.
    Source: Arjovsky et al. 2017, Algorithm 1.
    """
    return -tf.reduce_mean(fake_logits)


def hinge_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """What D minimises: E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))].

    Takes outputs of shape (batch, 1); returns a scalar >= 0: 2 when D says 0 to everything, 0 when D is right by a
    margin of 1, beyond which nothing pulls. Source: Lim and Ye 2017; Miyato et al. 2018, eq. 16.
    """
    return tf.reduce_mean(tf.nn.relu(1 - real_logits)) + tf.reduce_mean(tf.nn.relu(1 + fake_logits))


def relativistic_discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """What D minimises: -E[log sigmoid(D(x) - D(G(z)))] over pairs of one real and one generated sample, in nats.

    Takes logits of shape (batch, 1), as many real as generated ones: row i is pair i. Returns a scalar >= 0: log 2
    when D rates both alike. Source: Jolicoeur-Martineau 2019 (RSGAN); Huang et al. 2024.
    """
    return tf.reduce_mean(tf.nn.softplus(fake_logits - real_logits))


def relativistic_generator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """What G minimises: -E[log sigmoid(D(G(z)) - D(x))] over the same kind of pairs, in nats.

    Takes logits of shape (batch, 1); returns a scalar >= 0: log 2 when D rates both alike. The real logits do not
    depend on G, but they set how strongly each pair pulls. Source: Jolicoeur-Martineau 2019 (RSGAN).
    """
    return tf.reduce_mean(tf.nn.softplus(real_logits - fake_logits))


LOG_2 = math.log(2)
LOSSES = {
    "minimax": LossPair(discriminator_loss, minimax_generator_loss, {"d_loss": 2 * LOG_2, "g_loss": -LOG_2}),
    "non-saturating": LossPair(
        discriminator_loss, non_saturating_generator_loss, {"d_loss": 2 * LOG_2, "g_loss": LOG_2}
    ),
    "least-squares": LossPair(
        least_squares_discriminator_loss, least_squares_generator_loss, {"d_loss": 1 / 4, "g_loss": 1 / 8}
    ),
    "wasserstein": LossPair(wasserstein_discriminator_loss, wasserstein_generator_loss, {"d_loss": 0.0}),
    "hinge": LossPair(hinge_discriminator_loss, wasserstein_generator_loss, {"d_loss": 2.0}),
    "relativistic": LossPair(
        relativistic_discriminator_loss,
        relativistic_generator_loss,
        {"d_loss": LOG_2, "g_loss": LOG_2},
        relativistic=True,
    ),
}


def check_game(loss: str, r1: float, r1_every: int, r2: float, wgan_gp: float, ema: float) -> None:
    """Raise ValueError for settings of `GAN.compile` that mean nothing."""
    if loss not in LOSSES:
        raise ValueError(f"There is no loss {loss!r}: choose one of {', '.join(LOSSES)}.")
    for name, weight in {"r1": r1, "r2": r2, "wgan_gp": wgan_gp}.items():
        if not (weight >= 0 and math.isfinite(weight)):
            raise ValueError(f"{name} is {weight}: the weight of the penalty must be 0 or a positive number.")
    if r1_every < 1 or r1_every != int(r1_every):
        raise ValueError(f"r1_every is {r1_every}: it must be a whole number from 1, which means at every step.")
    if not 0 <= ema < 1:
        raise ValueError(f"ema is {ema}: the share of the old average must be at least 0 and less than 1.")


def r1_penalty(gradients: tf.Tensor) -> tf.Tensor:
    """The R1 penalty E[|gradient of D's logit in x|^2] at *real* x, without the factor gamma / 2.

    Takes gradients of shape (batch, ...), one per real example; returns a scalar >= 0. D's loss adds
    gamma / 2 times this. Squared norm first, mean over the batch second: the other order lets slopes of
    opposite sign cancel. Source: Mescheder, Geiger, Nowozin 2018, eq. 9 (which includes gamma / 2).
    """
    per_example = tf.reduce_sum(tf.reshape(gradients, [tf.shape(gradients)[0], -1]) ** 2, axis=1)
    return tf.reduce_mean(per_example)


def r2_penalty(gradients: tf.Tensor) -> tf.Tensor:
    """The R2 penalty: `r1_penalty` with the gradients at *generated* x, without the factor gamma / 2.

    Takes gradients of shape (batch, ...); returns a scalar >= 0. Source: Mescheder, Geiger, Nowozin 2018, eq. 10.
    """
    return r1_penalty(gradients)


def mix(real: tf.Tensor, fake: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Points between real and generated samples, where WGAN-GP measures D's slope: w x + (1 - w) G(z).

    Takes samples of shape (batch, ...) and weights of shape (batch,), drawn uniformly from [0, 1), one per example.
    Source: Gulrajani et al. 2017, Algorithm 1, line 6.
    """
    weights = tf.reshape(weights, [-1] + [1] * (real.shape.rank - 1))
    return weights * real + (1 - weights) * fake


def wgan_gp_penalty(gradients: tf.Tensor) -> tf.Tensor:
    """The WGAN-GP penalty E[(|gradient of D's output in x| - 1)^2] at mixed x, without the factor lambda (10).

    Takes gradients of shape (batch, ...), one per point of `mix`; returns a scalar >= 0, 0 where every slope is 1.
    Squared first, averaged second: the other order lets slopes of 0 and 2 cancel.
    Source: Gulrajani et al. 2017, eq. 3.
    """
    squares = tf.reduce_sum(tf.reshape(gradients, [tf.shape(gradients)[0], -1]) ** 2, axis=1)
    # The root has an infinite slope at 0, which would make D's update NaN where D is flat.
    return tf.reduce_mean((tf.sqrt(squares + 1e-12) - 1) ** 2)
