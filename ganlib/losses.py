"""Loss pairs and penalties: pure functions of logits and gradients.

A logit is D's output before the sigmoid: D(x) = sigmoid(logit). Every loss here is *minimised*. Working on
logits keeps `log D(x)` finite when D is sure of itself: log(sigmoid(-200)) is -200, not log(0).
"""

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf


class LossPair(NamedTuple):
    """The two losses of one game, each a scalar to be minimised by its own network.

    `discriminator(real_logits, fake_logits)` and `generator(fake_logits)`; logits have shape (batch, 1).
    """

    discriminator: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    generator: Callable[[tf.Tensor], tf.Tensor]


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


LOSSES = {
    "minimax": LossPair(discriminator_loss, minimax_generator_loss),
    "non-saturating": LossPair(discriminator_loss, non_saturating_generator_loss),
}


def r1_penalty(gradients: tf.Tensor) -> tf.Tensor:
    """The R1 penalty E[|gradient of D's logit in x|^2] at *real* x, without the factor gamma / 2.

    Takes gradients of shape (batch, ...), one per real example; returns a scalar >= 0. D's loss adds
    gamma / 2 times this. Squared norm first, mean over the batch second: the other order lets slopes of
    opposite sign cancel. Source: Mescheder, Geiger, Nowozin 2018, eq. 9 (which includes gamma / 2).
    """
    per_example = tf.reduce_sum(tf.reshape(gradients, [tf.shape(gradients)[0], -1]) ** 2, axis=1)
    return tf.reduce_mean(per_example)
