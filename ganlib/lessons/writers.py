"""Generators of text: all letters at once (soft, or hard with a borrowed gradient), or one letter after the other."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from ganlib.data import smoke
from ganlib.gan import GAN
from ganlib.lessons.text import Language
from ganlib.models import Pair, mlp

LATENTS = 32


def gumbel(normals: tf.Tensor) -> tf.Tensor:
    """Gumbel noise from normal numbers, by their ranks: -log(-log Φ(n)).

    The largest of logit + Gumbel noise is a letter drawn with the softmax' probabilities (Gumbel 1954; Maddison and
    others 2017).
    """
    share = ops.clip((1 + ops.erf(normals / 2**0.5)) / 2, 1e-6, 1 - 1e-6)
    return -ops.log(-ops.log(share))


def straight_through(logits: tf.Tensor, normals: tf.Tensor) -> tf.Tensor:
    """Hard letters, one-hot, drawn from logits (…, letters), with the gradient of the soft ones: temperature 1.

    What goes on is hard; the gradient is that of softmax(logit + Gumbel noise). Source: Jang, Gu, Poole 2017,
    section 2.2.
    """
    soft = ops.softmax(logits + gumbel(normals))
    hard = ops.one_hot(ops.argmax(soft, axis=-1), soft.shape[-1], dtype=soft.dtype)
    return ops.stop_gradient(hard - soft) + soft


@keras.saving.register_keras_serializable("ganlib")
class GumbelLetters(layers.Layer):
    """Maps logits and normal numbers, both (batch, places · letters), to letters: `straight_through` at each place."""

    def __init__(self, letters: int, **options):
        super().__init__(**options)
        self.letters = letters

    def call(self, logits_normals):
        size = logits_normals[0].shape[-1]
        logits, normals = (ops.reshape(x, (-1, size // self.letters, self.letters)) for x in logits_normals)
        return ops.reshape(straight_through(logits, normals), (-1, size))

    def get_config(self):
        return {**super().get_config(), "letters": self.letters}


def reader(language: Language) -> keras.Model:
    """D for rows of letters: (length · letters) -> 256 -> 256 -> one logit."""
    return mlp(language.length * len(language.letters), (256, 256), 1, None, "discriminator")


def soft_pair(language: Language) -> Pair:
    """G writes all letters at once, each as a softmax over the alphabet: 32 -> 256 -> 256 -> length · letters."""
    size = language.length * len(language.letters)
    inner = mlp(LATENTS, (256, 256), size, None, "inner")
    rows = [layers.Reshape((language.length, -1)), layers.Softmax(), layers.Flatten()]
    return Pair(keras.Sequential([keras.Input((LATENTS,)), *inner.layers, *rows], name="generator"), reader(language))


def gumbel_pair(language: Language) -> Pair:
    """G writes all letters at once, hard ones by `GumbelLetters`: the noise comes from more latents, one a logit."""
    size = language.length * len(language.letters)
    latents = keras.Input((LATENTS + size,))
    logits = mlp(LATENTS, (256, 256), size, None, "inner")(latents[:, :LATENTS])
    letters = GumbelLetters(len(language.letters))([logits, latents[:, LATENTS:]])
    return Pair(keras.Model(latents, letters, name="generator"), reader(language))


@keras.saving.register_keras_serializable("ganlib")
class LetterByLetter(layers.Layer):
    """Writes one letter after the other, each drawn with probabilities that depend on all letters before it.

    Maps normal numbers (batch, length · letters), which decide the draws, to one-hot letters of that shape, drawn by
    `straight_through`. The net is
    prefix (zeros where no letter is yet) -> units -> units -> letters, with leaky ReLU; the first matrix is kept as
    `length` ones, so that a letter adds its row and nothing is computed twice. `temperature` divides the logits.
    """

    def __init__(self, length: int, letters: int, units: int = 256, temperature: float = 1.0, **options):
        super().__init__(**options)
        self.length, self.letters, self.units, self.temperature = length, letters, units, temperature
        self.middle, self.last = layers.Dense(units), layers.Dense(letters)

    def build(self, shape):
        bound = np.sqrt(6 / (self.length * self.letters + self.units))  # Glorot's, of the whole matrix
        uniform = keras.initializers.RandomUniform(-bound, bound)
        self.first = self.add_weight(shape=(self.length, self.letters, self.units), initializer=uniform, name="first")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.middle.build((None, self.units))
        self.last.build((None, self.units))

    def logits(self, sums):
        """The logits of the next letter from the sum of the rows of the letters so far, (…, units)."""
        hidden = ops.leaky_relu(self.middle(ops.leaky_relu(sums + self.bias, 0.2)), 0.2)
        return self.last(hidden) / self.temperature

    def call(self, normals):
        normals = ops.reshape(normals, (-1, self.length, self.letters))
        sums, written = ops.zeros((ops.shape(normals)[0], self.units)), []
        for place in range(self.length):
            written.append(straight_through(self.logits(sums), normals[:, place]))
            sums = sums + written[-1] @ self.first[place]
        return ops.concatenate(written, axis=-1)

    def log_probability(self, rows):
        """The log-probability of each string, nats (batch,), given one-hot as (batch, length · letters)."""
        letters = ops.reshape(rows, (-1, self.length, self.letters))
        added = ops.einsum("btl,tlu->btu", letters, self.first)
        sums = ops.cumsum(added, axis=1) - added  # of the letters before each place
        return ops.sum(ops.log_softmax(self.logits(sums)) * letters, axis=(1, 2))

    def get_config(self):
        sizes = {"length": self.length, "letters": self.letters, "units": self.units}
        return {**super().get_config(), **sizes, "temperature": self.temperature}


def letter_pair(language: Language) -> Pair:
    """G writes letter by letter: a `LetterByLetter`, the last layer of the generator."""
    size = language.length * len(language.letters)
    writer = LetterByLetter(language.length, len(language.letters))
    return Pair(keras.Sequential([keras.Input((size,)), writer], name="generator"), reader(language))


class Reinforced(GAN):
    """A GAN whose G draws letters and learns by REINFORCE: what D likes better than the average becomes likelier.

    G is that of `letter_pair`. Source: Williams 1992; with D's answer as the reward, Yu and others 2017 (SeqGAN), who
    begin with a maximum-likelihood model and reward each letter; here G begins untrained and a string has one reward.
    """

    def generator_phase(self, latents, real=None):
        strings, writer = self.samples(latents), self.generator.layers[-1]
        logits = self.discriminator(strings, training=True)
        reward = (logits - tf.reduce_mean(logits)) / (tf.math.reduce_std(logits) + 1e-3)
        weights = [weight.value for weight in self.generator.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            loss = -tf.reduce_mean(reward[:, 0] * writer.log_probability(strings)) / writer.length
        self.update(self.generator_optimizer, tape.gradient(loss, weights), self.generator)
        return self.pair.generator(logits)


def fit_likelihood(generator: keras.Model, rows: np.ndarray, steps: int, seed: int = 0, rate: float = 1e-3) -> float:
    """Train the G of `letter_pair` by maximum likelihood, Adam, batches of 128; returns the last loss, nats a letter.

    The loss is minus the mean log-probability of the strings, given one-hot as float32 (n, length · letters).
    """
    writer, optimizer = generator.layers[-1], keras.optimizers.Adam(rate, 0.9, 0.99)
    optimizer.build(generator.trainable_variables)

    @tf.function(jit_compile=True)
    def train(block):
        loss = tf.constant(0.0)
        for k in tf.range(tf.shape(block)[0]):
            weights = [weight.value for weight in generator.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                loss = -tf.reduce_mean(writer.log_probability(block[k])) / writer.length
            optimizer.apply(tape.gradient(loss, weights), generator.trainable_variables)
        return loss

    rng, size = np.random.default_rng(seed), 32
    for _ in range(2 if smoke() else -(-steps // size)):
        loss = train(rows[rng.integers(len(rows), size=(size, 128))])
    return float(loss)


def write(generator: keras.Model, n: int, seed: int = 0, temperature: float = 1.0) -> np.ndarray:
    """`n` rows of a generator that `letter_pair` made, drawn at a temperature: its logits are divided by it."""
    writer = generator.layers[-1]
    normals = np.random.default_rng(seed).standard_normal((n, generator.input_shape[-1]), dtype="float32")
    before, writer.temperature = writer.temperature, temperature
    try:
        return np.concatenate([generator(part).numpy() for part in np.split(normals, range(1000, n, 1000))])
    finally:
        writer.temperature = before
