"""Lesson 08. `VAE`: a variational autoencoder and its training step, with the feed, callbacks and runs of `GAN`.

Everything is in nats an image: sums over pixels and over latents, means over the batch, so that beta = 1 is the bound.
"""

import math

import keras
import numpy as np
import tensorflow as tf

from ganlib import guards
from ganlib.feed import Feed, StopWhenNotFinite, cut_short, to_float
from ganlib.models import mlp

LOGS = ("loss", "reconstruction", "divergence")


def reparameterise(mean: tf.Tensor, log_variance: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Latents from N(mean, exp(log_variance)), made of `noise` from N(0, 1): the slope reaches mean and variance.

    Source: Kingma and Welling 2014, section 2.4.
    """
    return mean + tf.exp(log_variance / 2) * noise


def divergence(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) in nats, summed over the last axis: (batch, d) to (batch,).

    Source: Kingma and Welling 2014, appendix B.
    """
    return tf.reduce_sum(tf.exp(log_variance) + mean**2 - 1 - log_variance, axis=-1) / 2


def reconstruction(images: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """-log p(x|z) in nats, summed over the pixels, each a coin that shows white with the probability sigmoid(logit).

    A likelihood for images of 0 and 1 only. On grey ones it cannot go below the entropy of their pixels.
    """
    return tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(images, logits), axis=-1)


def networks(latents: int = 64, pixels: int = 784) -> tuple[keras.Model, keras.Model]:
    """An encoder 784 -> 512 -> 256 -> 2 · 64 and a decoder 64 -> 512 -> 512 -> 784, as wide as `models.wide`."""
    encoder = mlp(pixels, (512, 256), 2 * latents, None, "encoder")
    return encoder, mlp(latents, (512, 512), pixels, None, "decoder")


class VAE(keras.Model):
    """A variational autoencoder: two networks that minimise one loss (Kingma and Welling 2014, eq. 10).

    `encoder` maps flat images (batch, pixels) in [0, 1] to (batch, 2 d): the means of d latents, then the logarithms of
    their variances, which is q(z|x). `decoder` maps latents (batch, d) to (batch, pixels) logits, which is p(x|z).
    `seed` fixes the order of the data and all noise of the training; Keras' own seed fixes the first weights.
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, seed: int = 0):
        super().__init__()
        check_networks(encoder, decoder)
        self.encoder, self.decoder, self.seed = encoder, decoder, guards.whole("seed", seed, least=0)
        self.latent_dim = decoder.input_shape[-1]
        self.steps = self.add_weight(shape=(), dtype="int64", initializer="zeros", trainable=False, name="steps")
        self.totals = self.add_weight(shape=(1 + len(LOGS),), initializer="zeros", trainable=False, name="totals")
        self.built = True

    def compile(
        self, optimizer: keras.Optimizer | str | None = None, *, beta: float = 1.0, jit_compile: bool = True
    ) -> None:
        """Set how it is trained; the optimiser defaults to Adam(1e-3).

        `beta` weighs the divergence; only 1 makes the loss a bound (Higgins et al. 2017 take more). Raises ValueError
        for a `beta` that is not a finite number from 0.
        """
        if not (isinstance(beta, int | float | np.number) and math.isfinite(beta) and beta >= 0):
            raise ValueError(f"beta is {beta}: it must be a finite number, 0 or more.")
        super().compile(optimizer=None, jit_compile=jit_compile)
        self.optimizer_of_both = keras.optimizers.get(optimizer or keras.optimizers.Adam(1e-3))
        self.optimizer_of_both.build(self.trainable_variables)
        self.beta, self.train_function, self.loop = float(beta), None, tf.function(self.steps_of_a_block)

    def step(self, images: tf.Tensor, noise: tf.Tensor) -> None:
        """One training step: images (batch, …), noise float32 (batch, d) from N(0, 1)."""
        images = tf.reshape(to_float(images), [-1, self.encoder.input_shape[-1]])
        weights = [weight.value for weight in self.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            mean, log_variance = self.encode(images)
            logits = self.decoder(reparameterise(mean, log_variance, noise), training=True)
            pixels = tf.reduce_mean(reconstruction(images, logits))
            latents = tf.reduce_mean(divergence(mean, log_variance))
            loss = pixels + self.beta * latents
        self.optimizer_of_both.apply(tape.gradient(loss, weights), self.trainable_variables)
        size = tf.cast(tf.shape(images)[0], tf.float32)
        self.totals.value.assign_add(size * tf.stack([1.0, loss, pixels, latents]))
        self.steps.assign_add(1)

    def encode(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Means and log-variances of q(z|x), (batch, d) each, for flat images (batch, pixels) in [0, 1]."""
        mean, log_variance = tf.split(self.encoder(images), 2, axis=-1)
        return mean, log_variance

    def train_step(self, block: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """For Keras: k - done steps, on a block (images (k, batch, …), noise (k, 2, batch, d), done)."""
        return self.loop(block)

    def steps_of_a_block(self, block: tuple[tf.Tensor, tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The loop over the steps of a block."""
        for i in tf.range(block[2], tf.shape(block[0])[0]):
            self.step(block[0][i], block[1][i, 0])
        return {name: self.totals[1 + i] / self.totals[0] for i, name in enumerate(LOGS)}

    def fit(
        self, x, batch_size=128, epochs=1, callbacks=None, verbose="auto", done: int = 0
    ) -> keras.callbacks.History:
        """Train as `GAN.fit` does. Logs loss = reconstruction + beta · divergence, in nats an image.

        `x` holds images: uint8 (0..255, scaled to 0..1) or float32 in [0, 1]. `done` says how many steps of this
        training an earlier call has done. Raises ValueError for unusable data or sizes, Diverged when a loss is not
        finite.
        """
        batch_size, epochs = guards.whole("batch_size", batch_size), guards.whole("epochs", epochs)
        x, epochs = cut_short(self.examples(x, batch_size), batch_size, epochs)
        feed = Feed(x, batch_size, self.latent_dim, self.seed, done)
        callbacks = [feed, StopWhenNotFinite(), *guards.callback_list(callbacks)]
        with guards.no_shuffle_warning():
            return super().fit(
                feed.dataset(), epochs=epochs, initial_epoch=feed.epoch, callbacks=callbacks, verbose=verbose
            )

    def examples(self, x, batch_size: int = 1, labels=None) -> np.ndarray:
        """The array that `fit` trains on, made of what it is given. Raises ValueError for unusable data, and labels."""
        return guards.examples(x, batch_size, self.encoder.input_shape[1:], (0, 1), labels)

    def state(self) -> list[keras.Variable]:
        """Everything that the next step depends on but for the data."""
        return [*self.variables, *self.optimizer_of_both.variables]

    def restart(self, seed: int) -> None:
        """Forget all training, but not what TensorFlow has compiled: several seeds need one compilation."""
        self.seed = guards.whole("seed", seed, least=0)
        keras.utils.set_random_seed(self.seed)
        guards.renew(self.encoder, self.decoder)
        guards.forget(self.optimizer_of_both)
        self.steps.assign(0)

    def generate(self, n: int, seed: int = 0) -> np.ndarray:
        """Return the means of p(x|z) for `n` latents from the prior N(0, 1): float32 (n, pixels) in [0, 1].

        A sample of p(x|z) takes one step more: each pixel white with the probability that stands there.
        """
        latents = np.random.default_rng(seed).standard_normal((n, self.latent_dim), dtype="float32")
        return self.decode(latents)

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Return the means of p(x|z) for latents (n, d): float32 (n, pixels) in [0, 1]."""
        parts = np.split(latents, range(1000, len(latents), 1000))
        return np.concatenate([tf.sigmoid(self.decoder(part)).numpy() for part in parts])

    def bound(self, x: np.ndarray, samples: int = 1, seed: int = 0) -> np.ndarray:
        """Return a lower bound of log p(x) for each image, nats, float64 (n,): the higher, the more samples of q(z|x).

        With one sample it is an estimate of the evidence lower bound. `x` is as `fit` takes it, and only images of 0
        and 1 (0 and 255) have a probability; of grey ones it bounds the mean over the ways to toss their pixels.
        Source: Burda, Grosse, Salakhutdinov 2016, eq. 8, as log-mean-exp, which does not overflow.
        """
        x, samples, rng = self.examples(x), guards.whole("samples", samples), np.random.default_rng(seed)
        rows = max(1, 2000 // samples)
        found = []
        for part in np.split(x.reshape(len(x), -1), range(rows, len(x), rows)):
            noise = rng.standard_normal((samples, len(part), self.latent_dim), dtype="float32")
            found.append(tf.reduce_logsumexp(self.log_weights(to_float(part), noise), axis=0).numpy())
        return np.concatenate(found).astype("float64") - math.log(samples)

    def log_weights(self, images: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """log p(x, z) - log q(z|x) in nats, (k, batch), for flat images (batch, pixels) and noise (k, batch, d)."""
        mean, log_variance = self.encode(images)
        latents = reparameterise(mean, log_variance, noise)
        logits = self.decoder(tf.reshape(latents, [-1, self.latent_dim]))
        pixels = reconstruction(tf.tile(images, [len(noise), 1]), logits)
        return -tf.reshape(pixels, [len(noise), -1]) + tf.reduce_sum(noise**2 + log_variance - latents**2, axis=-1) / 2


def check_networks(encoder: keras.Model, decoder: keras.Model) -> None:
    """Raise ValueError, in one sentence, for networks that make no VAE."""
    if encoder.output_shape[-1] != 2 * decoder.input_shape[-1]:
        raise ValueError(
            f"The encoder returns {encoder.output_shape[-1]} numbers for {decoder.input_shape[-1]} latents: it must "
            "return a mean and a log-variance for each."
        )
    if encoder.input_shape[1:] != decoder.output_shape[1:]:
        raise ValueError(
            f"The encoder takes images of shape {encoder.input_shape[1:]}, but the decoder makes "
            f"{decoder.output_shape[1:]}: make the two equal."
        )
    if guards.output_bounds(decoder) != (-math.inf, math.inf):
        raise ValueError("The decoder's output has an activation: leave it out, for the loss takes logits.")
