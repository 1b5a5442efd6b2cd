"""Lesson 02. Generators and discriminators, smallest first. Images are flat float32 vectors of 784 pixels in [0, 1]."""

import io
import math
import zipfile
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from ganlib.data import Arrays, load_arrays
from ganlib.files import write_file


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


def named_weights(model: keras.Model) -> Arrays:
    """All that a model keeps (weights, moving averages, seeds of random layers), as `save_weights` writes it."""
    return {name: _array(variable) for name, variable in _named(model).items()}


def _named(model: keras.Model) -> dict[str, keras.Variable]:
    """A model's variables by the place and class of the layer and by the variable; repeated names are counted.

    Layers are numbered by place: Keras' own names count up with every model built in a process.
    """
    named, seen = {}, set()
    owners = [(f"{place}.{type(layer).__name__}", layer) for place, layer in enumerate(model.layers)]
    for owner, layer in [*owners, ("model", model)]:
        for variable in layer.variables:
            if id(variable) not in seen:
                name = f"{owner}.{variable.name}"
                count = sum(other == name or other.startswith(f"{name}#") for other in named)
                named[f"{name}#{count + 1}" if count else name] = variable
                seen.add(id(variable))
    return named


def _array(variable: keras.Variable) -> np.ndarray:
    """Its values, those of 16 bits as float32: NumPy's files cannot hold bfloat16."""
    array = np.asarray(variable)
    return array.astype("float32") if variable.dtype in ("float16", "bfloat16") else array


def save_weights(path: str | Path, model: keras.Model) -> None:
    """Write all weights of a model to an `.npz` file, named by layer and weight.

    Raises ValueError when there are none yet, or when one is not a number.
    """
    arrays = named_weights(model)
    if not arrays:
        raise ValueError(f"{model.name} has no weights yet: build it first, for example with keras.Input.")
    odd = [name for name, array in arrays.items() if array.dtype.kind not in "fiub"]
    if odd:
        raise ValueError(f"{model.name} keeps {odd[0]} as {arrays[odd[0]].dtype}, which a weights file cannot hold.")
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_file(path, content.getvalue())


def load_weights(path: str | Path, model: keras.Model) -> None:
    """Give a model the weights that `save_weights` wrote. No code in the file is ever run.

    Raises ValueError when the file is missing or damaged, or holds other weights; the model then keeps its own.
    Shapes and sizes are compared with the model's before anything is unpacked.
    """
    named = _named(model)
    if not Path(path).is_file():  # a pipe would be waited for
        raise ValueError(f"{path} is no file: give the path of a weights file.")
    try:
        arrays = _read_arrays(Path(path), {name: tuple(variable.shape) for name, variable in named.items()}, model.name)
    except _OtherWeightsError:
        raise
    except Exception as error:  # zipfile, zlib, struct, tokenize and NumPy each have their own
        raise ValueError(f"{path} is not a readable weights file ({error}): make it again.") from error
    fitting = {name: _fitting(path, name, arrays[name], variable) for name, variable in named.items()}
    for name, variable in named.items():
        variable.assign(fitting[name])


class _OtherWeightsError(ValueError):
    pass


def _read_arrays(path: Path, wanted: dict[str, tuple], model: str) -> Arrays:
    with zipfile.ZipFile(path) as file:
        members = {info.filename.removesuffix(".npy"): info for info in file.infolist()}
        found = {}
        for name, info in members.items():
            with file.open(info) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(member)
                if dtype.hasobject:
                    raise ValueError(f"{name} holds objects")
                if member.tell() + dtype.itemsize * int(np.prod(shape, dtype=object)) != info.file_size:
                    raise ValueError(f"{name} is not as long as it says")
                found[name] = shape
        if found != wanted:
            several = dict(list(found.items())[:20])
            raise _OtherWeightsError(
                f"{path} holds weights {several}, but {model} has {wanted}: build the same network first."
            )
        return {name: np.lib.format.read_array(file.open(info), allow_pickle=False) for name, info in members.items()}


def _fitting(path: str | Path, name: str, array: np.ndarray, variable: keras.Variable) -> np.ndarray:
    whole = not keras.backend.is_float_dtype(variable.dtype)
    if array.dtype.kind not in ("iub" if whole else "f"):
        raise ValueError(f"{path} is not a readable weights file ({name} is {array.dtype}): make it again.")
    with np.errstate(over="ignore", invalid="ignore"):
        fitting = array.astype(variable.dtype if whole else "float32" if variable.dtype != "float64" else "float64")
    if not np.isfinite(fitting).all() or (whole and (fitting != array).any()):
        raise ValueError(f"{path} holds NaN, infinite or too large numbers in {name}: make it again.")
    return fitting


def copy_of(network: keras.Model) -> keras.Model:
    """A network of the same layers with new first weights. Layers that keep nothing are shared, as Lambda must be.

    Raises ValueError for a layer that Keras cannot make again.
    """

    def again(layer: keras.Layer) -> keras.Layer:
        if isinstance(layer, keras.Sequential | keras.Model) and not isinstance(layer, layers.InputLayer):
            return copy_of(layer)
        try:
            return type(layer).from_config(layer.get_config())
        except Exception as error:  # whatever a constructor of somebody else's raises
            if not layer.variables:
                return layer
            raise ValueError(
                f"The layer {layer.name} ({type(layer).__name__}) cannot be copied ({error}), as the average of the "
                "generator's weights needs: give its class a get_config that returns all arguments of __init__."
            ) from error

    return keras.models.clone_model(network, clone_function=again)


BOUNDS = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "softmax", "sparsemax"), (0, 1)),
    **dict.fromkeys(("tanh", "hard_tanh", "soft_sign", "softsign", "tanh_shrink_"), (-1, 1)),
    **dict.fromkeys(("relu", "softplus", "exponential", "squareplus"), (0, math.inf)),
    **dict.fromkeys(("log_sigmoid", "log_softmax"), (-math.inf, 0)),
    "relu6": (0, 6),
}
PASSING = (
    layers.Reshape, layers.Flatten, layers.Permute, layers.Dropout, layers.Cropping2D, layers.UpSampling2D,
    layers.InputLayer, layers.Identity,
)  # fmt: skip


def output_bounds(network: keras.Model) -> tuple[float, float]:
    """The bounds of a network's output, as its last activation sets them; infinite where it sets none."""
    for layer in reversed(network.layers):
        while isinstance(layer, layers.Wrapper):
            layer = layer.layer
        if isinstance(layer, keras.Model):
            return output_bounds(layer)
        if isinstance(layer, PASSING):
            continue
        function = getattr(layer, "activation", None) or type(layer)
        name = getattr(function, "__name__", type(function).__name__)
        if isinstance(layer, layers.ReLU) and (layer.negative_slope or layer.max_value):
            return (0, layer.max_value) if not layer.negative_slope else (-math.inf, math.inf)
        snake = "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
        return BOUNDS.get({"re_l_u": "relu", "re_l_u6": "relu6"}.get(snake, snake), (-math.inf, math.inf))
    return -math.inf, math.inf


def check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    """Raise ValueError, in one sentence, for networks that cannot play against each other."""
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model):
            raise ValueError(f"The {role} is a {type(network).__name__}, not a keras.Model: build one of layers.")
        if not getattr(network, "inputs", None):
            raise ValueError(f"The {role}'s shapes are not known: begin it with keras.Input(shape).")
        if len(network.inputs) != 1 or len(network.outputs) != 1:
            raise ValueError(
                f"The {role} has {len(network.inputs)} inputs and {len(network.outputs)} outputs: one each is needed."
            )
    if len(generator.input_shape) != 2 or generator.input_shape[-1] is None:
        raise ValueError(f"The generator takes {generator.input_shape[1:]}: it must take flat latents, shape (d,).")
    if generator.output_shape[1:] != discriminator.input_shape[1:]:
        raise ValueError(
            f"The generator makes samples of shape {generator.output_shape[1:]}, but the discriminator "
            f"takes {discriminator.input_shape[1:]}: make the two shapes equal."
        )
    if math.prod(size or 0 for size in discriminator.output_shape[1:]) != 1:
        raise ValueError(
            f"The discriminator returns {discriminator.output_shape[1:]} per example: end in one logit, Dense(1)."
        )
    if output_bounds(discriminator) != (-math.inf, math.inf):
        raise ValueError(
            f"The discriminator's output is bounded by {output_bounds(discriminator)}: leave the activation out, "
            "for the losses take logits."
        )


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


def renew(network: keras.Model) -> None:
    """Give a network new first weights, and new seeds to its random layers, from Keras' random numbers."""
    for variable, fresh in zip(network.variables, copy_of(network).variables, strict=True):
        variable.assign(fresh)


def forget(optimizer: keras.Optimizer) -> None:
    """Set an optimiser back to its beginning, for optimisers whose slots begin at zero."""
    for slot in optimizer.variables:
        if slot is not optimizer.learning_rate:
            slot.assign(keras.ops.zeros_like(slot))


def fixed_by_tracing(model: keras.Model, optimizers: tuple[keras.Optimizer, ...]) -> tuple:
    """What TensorFlow fixes of layers and optimisers as it traces a training; the learning rate stays a variable."""
    configs = [
        (id(each), {name: value for name, value in each.get_config().items() if name != "learning_rate"})
        for each in optimizers
    ]
    layers = [layer.trainable for layer in model._flatten_layers()]
    return configs, layers, [id(variable) for variable in model.trainable_variables]


def optimizer_for(network: keras.Model, optimizer: keras.Optimizer | str | dict | None) -> keras.Optimizer:
    """The optimiser, by object, name or configuration, built for a network; the default for None."""
    optimizer = default_optimizer() if optimizer is None else keras.optimizers.get(optimizer)
    known = not optimizer.built or {id(variable) for variable in optimizer._trainable_variables}
    if known is not True and not known >= {id(variable) for variable in network.trainable_variables}:
        raise ValueError(f"The optimiser for {network.name} was made for other weights: make one for each network.")
    optimizer.build(network.trainable_variables)
    return optimizer


def default_optimizer() -> keras.Optimizer:
    """Adam with the settings that train well beside an R1 penalty (betas: Karras et al. 2018, appendix A)."""
    return keras.optimizers.Adam(1e-3, beta_1=0.0, beta_2=0.99)
