"""Lesson 02. Generators and discriminators, smallest first. Images are flat float32 vectors of 784 pixels in [0, 1]."""

from typing import NamedTuple

import keras
import tensorflow as tf
from keras import layers

from ganlib.data import Arrays, load_arrays
from ganlib.weights import named_weights


class Pair(NamedTuple):
    """A generator and the discriminator that plays against it, not yet trained."""

    generator: keras.Model
    discriminator: keras.Model


def mlp(
    inputs: int, hidden: tuple[int, ...], outputs: int, activation: str | None, name: str, spectral: bool = False
) -> keras.Model:
    """A multilayer perceptron with leaky ReLU (slope 0.2) between its layers.

    Maps float32 (batch, inputs) to (batch, outputs); `activation` acts on the output (None leaves it linear).
    The last layer computes in float32 whatever Keras' dtype policy: pixels and logits need its digits.
    `spectral` divides every matrix by an estimate of its largest singular value whenever the net runs with
    training=True, so that the slope of a linear output is hardly above 1 (Miyato et al. 2018). Keras' layer stores
    the divided matrix; the paper keeps the undivided one and sends the gradient through the division.
    """
    norm = layers.SpectralNormalization if spectral else lambda layer: layer
    stack = [keras.Input((inputs,))]
    for units in hidden:
        stack += [norm(layers.Dense(units)), layers.LeakyReLU(negative_slope=0.2)]
    return keras.Sequential([*stack, norm(layers.Dense(outputs, activation=activation, dtype="float32"))], name=name)


def article() -> Pair:
    """The article's nets: G 100 -> 128 -> 128 -> 784 (sigmoid) and D 784 -> 128 -> 128 -> 1.

    D returns a logit: the sigmoid that the article puts behind it is part of the loss here.
    """
    return Pair(
        mlp(100, (128, 128), 784, "sigmoid", "generator"),
        mlp(784, (128, 128), 1, None, "discriminator"),
    )


def wide() -> Pair:
    """A wider pair for the same task: G 64 -> 512 -> 512 -> 784 (sigmoid) and D 784 -> 512 -> 256 -> 1."""
    return Pair(
        mlp(64, (512, 512), 784, "sigmoid", "generator"),
        mlp(784, (512, 256), 1, None, "discriminator"),
    )


class Choice(layers.Layer):
    """Adds a choice to normal latents: a one-hot vector that says which of the first `k` numbers is the largest.

    Maps (batch, d) to (batch, d + k); the entry that is not 0 is 2.5 (with 4, the choices part too early, and some
    digits never get their share). Behind it, the first matrix of G holds `k` learned points around which the latents
    lie: a mixture.
    A continuous G that goes from one digit to another must show what lies between them; a choice lets it jump.
    Source: after Gurumurthy et al. 2017 (DeLiGAN), who learn the means and the widths of a mixture.
    """

    def __init__(self, k: int, **options):
        super().__init__(**options)
        self.k = k

    def call(self, latents):
        largest = keras.ops.argmax(latents[:, : self.k], axis=-1)
        return keras.ops.concatenate([latents, 2.5 * keras.ops.one_hot(largest, self.k, dtype=latents.dtype)], axis=-1)

    def get_config(self):
        return {**super().get_config(), "k": self.k}


CHOICES = 36  # three of them are 8.3 % and four 11.1 %, the range of MNIST's digits; a choice rarely draws two digits


def mixture() -> Pair:
    """`wide` with a choice of one in 36 added to the 64 latents: G 64 -> 64 + 36 -> 512 -> 512 -> 784."""
    inner = mlp(64 + CHOICES, (512, 512), 784, "sigmoid", "inner")
    generator = keras.Sequential([keras.Input((64,)), Choice(CHOICES), *inner.layers], name="generator")
    return Pair(generator, wide().discriminator)


ARCHITECTURES = {"article": article, "wide": wide, "mixture": mixture}


def build_pair(architecture: str) -> Pair:
    """The untrained pair of that name in `ARCHITECTURES`. Raises ValueError for another name."""
    if architecture not in ARCHITECTURES:
        raise ValueError(f"There is no architecture {architecture!r}: choose one of {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[architecture]()


def load_generator() -> keras.Model:
    """The trained generator shipped with the course: latents from N(0, 1) to samples in [0, 1], (n, 784).

    It is the averaged generator of the default training, on the first 50,000 images, rounded to float16.
    Raises DataError when its file is missing or damaged.
    """
    return generator_with(load_arrays("generator.npz"))


def generator_with(weights: Arrays) -> keras.Model:
    """A generator with these weights, as `save_weights` names them: of the first of `ARCHITECTURES` that they fit.

    Raises ValueError when they fit none.
    """
    shapes = {name: array.shape for name, array in weights.items()}
    for architecture in ARCHITECTURES:
        generator = build_pair(architecture).generator
        wanted = named_weights(generator)
        if shapes == {name: weight.shape for name, weight in wanted.items()}:
            generator.set_weights([weights[name].astype("float32") for name in wanted])
            return generator
    raise ValueError(f"These weights fit none of the generators {', '.join(ARCHITECTURES)}.")


def follow(average: keras.Model, network: keras.Model, keep: tf.Tensor) -> None:
    """Move each weight of `average` towards the network's, keeping the share `keep`; whole numbers are copied."""
    for mean, weight in zip(average.weights, network.weights, strict=True):
        if keras.backend.is_float_dtype(mean.dtype):
            share = tf.cast(keep, mean.dtype)
            mean.assign(share * mean + (1 - share) * weight)
        else:
            mean.assign(weight)
