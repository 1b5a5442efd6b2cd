"""Lesson 08's third family: flow matching, a net that learns to walk from noise to data in small steps."""

import keras
import numpy as np
import tensorflow as tf


class Flow(keras.Model):
    """Learns straight lines from noise to data: at a point of a line, and a time from 0 (noise) to 1, its end.

    `net` maps (batch, d + 8), a point and eight numbers that tell the time, to (batch, d), the mean of all ends that
    the point may lead to. It is trained as any Keras model, `fit(x)` with float32 (n, d); `compile` needs an optimiser.
    Source: Lipman et al. 2023, section 4.1 (optimal transport, sigma_min = 0). Their net gives the velocity, (end -
    point) / (1 - time), and their loss is its error: ours divided by (1 - time)², so that late times weigh more.
    """

    def __init__(self, net: keras.Model):
        super().__init__()
        self.net, self.mean_loss = net, keras.metrics.Mean(name="loss")

    def end(self, points: tf.Tensor, times: tf.Tensor) -> tf.Tensor:
        """The net's guess of where a line ends that is at `points` (batch, d) at `times` (batch, 1)."""
        angles = times * tf.constant([[0.5, 1.0, 2.0, 4.0]]) * np.pi
        return self.net(tf.concat([points, tf.sin(angles), tf.cos(angles)], axis=1))

    def train_step(self, data: tf.Tensor) -> dict[str, tf.Tensor]:
        """For Keras: one step; the loss is the squared error of the guessed ends, summed over d."""
        noise, times = tf.random.normal(tf.shape(data)), tf.random.uniform([tf.shape(data)[0], 1])
        with tf.GradientTape() as tape:
            ends = self.end((1 - times) * noise + times * data, times)
            loss = tf.reduce_mean(tf.reduce_sum((ends - data) ** 2, axis=1))
        self.optimizer.apply(tape.gradient(loss, self.net.trainable_variables), self.net.trainable_variables)
        self.mean_loss.update_state(loss)
        return {"loss": self.mean_loss.result()}

    def draw(self, n: int, steps: int, seed: int = 0) -> np.ndarray:
        """Return `n` samples, float32 (n, d), for which the net runs `steps` times."""
        d = self.net.output_shape[-1]
        points = tf.constant(np.random.default_rng(seed).standard_normal((n, d), dtype="float32"))
        for step in range(steps):
            ends = self.end(points, tf.fill([n, 1], step / steps))
            points += (ends - points) / (steps - step)  # the way that is left, in equal parts
        return points.numpy()
