"""Lesson 02. Generators and discriminators, smallest first. Images are flat float32 vectors in [0, 1], 784 long."""

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


def article(pixels: int = 784) -> Pair:
    """The article's nets: G 100 -> 128 -> 128 -> 784 (sigmoid) and D 784 -> 128 -> 128 -> 1.

    D returns a logit: the sigmoid that the article puts behind it is part of the loss here. Here and below, `pixels`
    is how many numbers an image has: 784 for 28 x 28 in grey, three times as many in colour.
    """
    return Pair(
        mlp(100, (128, 128), pixels, "sigmoid", "generator"),
        mlp(pixels, (128, 128), 1, None, "discriminator"),
    )


def wide(pixels: int = 784) -> Pair:
    """A wider pair for the same task: G 64 -> 512 -> 512 -> 784 (sigmoid) and D 784 -> 512 -> 256 -> 1."""
    return Pair(
        mlp(64, (512, 512), pixels, "sigmoid", "generator"),
        mlp(pixels, (512, 256), 1, None, "discriminator"),
    )


@keras.saving.register_keras_serializable("ganlib")
class Choice(layers.Layer):
    """Adds a choice to normal latents: a one-hot vector that says which of the first `k` numbers is the largest.

    Maps (batch, d) to (batch, d + k); the entry that is not 0 is `weight` (with 4, the choices part too early, and some
    digits never get their share). Behind it, the first matrix of G holds `k` learned points around which the latents
    lie: a mixture.
    A continuous G that goes from one digit to another must show what lies between them; a choice lets it jump.
    Source: after Gurumurthy et al. 2017 (DeLiGAN), who learn the means and the widths of a mixture.
    """

    def __init__(self, k: int, weight: float = 2.5, **options):
        super().__init__(**options)
        self.k, self.weight = k, weight

    def call(self, latents):
        return keras.ops.concatenate([latents, self.weight * choice(latents, self.k)], axis=-1)

    def get_config(self):
        return {**super().get_config(), "k": self.k, "weight": self.weight}


def choice(latents: tf.Tensor, k: int) -> tf.Tensor:
    """Which of the first `k` latents is the largest, one-hot: float32 (batch, k)."""
    return keras.ops.one_hot(keras.ops.argmax(latents[:, :k], axis=-1), k, dtype=latents.dtype)


CHOICES = 36  # three of them are 8.3 % and four 11.1 %, the range of MNIST's digits; a choice rarely draws two digits


def mixture(pixels: int = 784, choices: int = CHOICES) -> Pair:
    """`wide` with a choice of one in 36 added to the 64 latents: G 64 -> 64 + 36 -> 512 -> 512 -> 784."""
    inner = mlp(64 + choices, (512, 512), pixels, "sigmoid", "inner")
    generator = keras.Sequential([keras.Input((64,)), Choice(choices), *inner.layers], name="generator")
    return Pair(generator, wide(pixels).discriminator)


@keras.saving.register_keras_serializable("ganlib")
class Spread(layers.Layer):
    """Adds one number to D's features (batch, n): their standard deviation over the batch, mean of the n features.

    With it D sees how much a batch varies, real or generated. The logit of an example then depends on its whole batch,
    and R1 takes the slope of the batch's logits together.
    Source: Karras et al. 2018, section 3, "minibatch standard deviation".
    """

    def call(self, features):
        deviation = keras.ops.mean(keras.ops.sqrt(keras.ops.var(features, axis=0) + 1e-8))  # the root is steep at 0
        return keras.ops.concatenate([features, keras.ops.full_like(features[:, :1], deviation)], axis=-1)


def spread(pixels: int = 784) -> Pair:
    """`mixture` with one in 64, and a D that also sees the `Spread` of its last 256 features: the best digits."""
    generator, wide_discriminator = mixture(pixels, choices=64)
    hidden = wide_discriminator.layers[:-1]
    stack = [keras.Input((pixels,)), *hidden, Spread(dtype="float32"), layers.Dense(1, dtype="float32")]
    return Pair(generator, keras.Sequential(stack, name="discriminator"))


def conditional(by: str = "projection", classes: int = 10, pixels: int = 784) -> Pair:
    """A pair that can be asked for a class: `wide`, with the label behind the pixels of every sample that D sees.

    G maps 64 latents to `pixels`; the largest of the first `classes` latents says which class it draws. D takes
    `pixels` + `classes` numbers and is told the label by `by`, one of: "projection", the logit is v · h + v_label · h
    (Miyato and Koyama 2018, eq. 3); "concatenation", the label stands beside the pixels (Mirza and Osindero 2014);
    "classifier", D is not told but learns to name it, and G to be named right (Odena et al. 2017).
    Raises ValueError for another way.
    """
    inner = mlp(64 + classes, (512, 512), pixels, "sigmoid", "inner")
    generator = keras.Sequential([keras.Input((64,)), Choice(classes, 1.0), *inner.layers], name="generator")
    seen = keras.Input((pixels + classes,))
    image, label = seen[:, :pixels], keras.ops.cast(seen[:, pixels:] > 0.5, "float32")  # no slope in the label, for R1
    if by == "concatenation":
        logit = mlp(pixels + classes, (512, 256), 1, None, "inner")(keras.ops.concatenate([image, label], axis=-1))
    elif by in ("projection", "classifier"):
        features = keras.Sequential(mlp(pixels, (512, 256), 1, None, "inner").layers[:-1], name="features")(image)
        logit = layers.Dense(1, dtype="float32")(features)
        scores = layers.Dense(classes, use_bias=by == "classifier", dtype="float32")(features)
        logit = (
            logit + keras.ops.sum(scores * label, -1, True) if by == "projection" else Naming()([logit, scores, label])
        )
    else:
        raise ValueError(f"D can be told the label by projection, concatenation or classifier, not by {by!r}.")
    return Pair(generator, keras.Model(seen, logit, name="discriminator"))


@keras.saving.register_keras_serializable("ganlib")
class Naming(layers.Layer):
    """Passes D's logit on, and adds the cross-entropy of D's class scores to its losses (nats, batch mean)."""

    def call(self, logit_scores_label):
        logit, scores, label = logit_scores_label
        self.add_loss(keras.ops.mean(keras.losses.categorical_crossentropy(label, scores, from_logits=True)))
        return logit


@keras.saving.register_keras_serializable("ganlib")
class Windows(layers.Layer):
    """Cuts flat images of 28 x 28 pixels into 49 windows of 8 x 8, 4 apart: (batch, 784) to (batch, 7, 7, 64).

    With a margin of 2 empty pixels an image is 8 x 8 blocks of 4 x 4, and a window is four neighbouring blocks.
    """

    def call(self, images):
        padded = keras.ops.pad(keras.ops.reshape(images, (-1, 28, 28)), ((0, 0), (2, 2), (2, 2)))
        blocks = keras.ops.transpose(keras.ops.reshape(padded, (-1, 8, 4, 8, 4)), (0, 1, 3, 2, 4))
        blocks = keras.ops.reshape(blocks, (-1, 8, 8, 16))
        corners = [blocks[:, i : i + 7, j : j + 7] for i in (0, 1) for j in (0, 1)]
        return keras.ops.concatenate(corners, axis=-1)


def patches(channels: int = 32) -> Pair:
    """`wide`, but D begins with a convolution: the same weights see each of `Windows`, and give `channels` numbers.

    Cut out first, the windows go through one matrix product, which XLA compiles well on a CPU.
    """
    stack = [keras.Input((784,)), Windows(), layers.Dense(channels), layers.LeakyReLU(negative_slope=0.2)]
    rest = mlp(49 * channels, (256,), 1, None, "inner")
    return Pair(wide().generator, keras.Sequential([*stack, layers.Flatten(), *rest.layers], name="discriminator"))


ARCHITECTURES = {
    "article": article,
    "wide": wide,
    "mixture": mixture,
    "spread": spread,
    "conditional": conditional,
    "patches": patches,
}


def build_pair(architecture: str, pixels: int = 784, classes: int = 10) -> Pair:
    """The untrained pair of that name in `ARCHITECTURES`, for images of `pixels` numbers; `classes` for "conditional".

    Raises ValueError for another name, and for images of another size than 28 x 28 where "patches" must cut them.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"There is no architecture {architecture!r}: choose one of {', '.join(ARCHITECTURES)}.")
    if architecture == "patches":
        if pixels != 784:
            raise ValueError("The architecture patches cuts up 28 x 28 grey pixels: choose another for these images.")
        return patches()
    return ARCHITECTURES[architecture](pixels=pixels, **({"classes": classes} if architecture == "conditional" else {}))


def load_generator() -> keras.Model:
    """The trained generator shipped with the course: latents from N(0, 1) to samples in [0, 1], (n, 784).

    It is the averaged generator of `mixture`, trained for 32 epochs on the first 50,000 images, rounded to float16.
    Raises DataError when its file is missing or damaged.
    """
    return generator_with(load_arrays("generator.npz"))


def generator_with(weights: Arrays) -> keras.Model:
    """A generator with these weights, as `save_weights` names them: of the first of `ARCHITECTURES` that they fit.

    The size of its images and the number of its classes come from the weights. Raises ValueError when they fit none.
    """
    shapes = {name: array.shape for name, array in weights.items()}
    sizes = [shape for shape in shapes.values() if len(shape) == 2] or [(0, 784)]
    pixels, classes = min(sizes[-1][1], 64 * 64 * 3), min(max(sizes[0][0] - 64, 2), 64)
    for architecture in [name for name in ARCHITECTURES if name != "patches"]:  # which has the G of "wide"
        generator = build_pair(architecture, pixels, classes).generator
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
