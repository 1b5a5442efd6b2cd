"""What people hand to a GAN (data, numbers, networks, optimisers, callbacks): taken, or refused in one sentence."""

import math
import operator
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def whole(name: str, number: int, least: int = 1) -> int:
    """A number of Python, NumPy or TensorFlow as an int. Raises ValueError unless it is whole and not below `least`."""
    try:
        number = operator.index(number)
    except TypeError:
        hint = " Labels go by their name: fit(x, labels=y), for a conditional pair." if np.ndim(number) else ""
        raise ValueError(f"{name} is no whole number but a {type(number).__name__}.{hint}") from None
    if number < least:
        raise ValueError(f"{name} is {number}: it must be at least {least}.")
    return number


def to_array(x) -> np.ndarray:
    """What Keras users hand over, as one array: array, list, tensor, data frame, finite Dataset, Sequence.

    Raises ValueError, in one sentence, for what holds no examples in memory.
    """
    if isinstance(x, tf.data.Dataset):
        if isinstance(x.element_spec, tuple | dict):
            raise ValueError("The Dataset gives more than examples: take them alone, x = x.map(lambda x, y: x).")
        if int(x.cardinality()) == tf.data.INFINITE_CARDINALITY:
            raise ValueError("The Dataset has no end: take one pass over it, before .repeat().")
        rows = list(x.as_numpy_iterator())
        return np.concatenate(rows) if rows and x.element_spec.shape.rank == _rank(rows) else np.array(rows)
    if isinstance(x, keras.utils.PyDataset):
        batches = [x[i] for i in range(len(x))]
        return np.concatenate([np.asarray(batch[0] if isinstance(batch, tuple) else batch) for batch in batches])
    if hasattr(x, "to_numpy"):
        x = x.to_numpy()
    elif hasattr(x, "numpy"):
        x = x.numpy()
    try:
        return np.asarray(x)
    except ValueError:
        raise ValueError("The examples have different shapes: make them equal.") from None


def _rank(rows: list[np.ndarray]) -> int | None:
    """The rank of batches; None when the rows are not batches: those differ in length or are cut from longer ones."""
    return rows[0].ndim if rows[0].ndim > 1 else None


def examples(
    x, batch_size: int, shape: tuple[int, ...], bounds: tuple[float, float], labels=None, classes: int = 0
) -> np.ndarray:
    """`x` as one array of examples of this `shape`, ready for a generator whose output has these `bounds`.

    `labels` of one of `classes` are put behind the examples, one-hot; without them, `x` must hold them already.
    Whole numbers 0..255 of another type become uint8. Raises ValueError, in one sentence, for unusable data.
    """
    x = to_array(x)
    if labels is not None:
        labels, shape = labels_for(labels, len(x), classes), (shape[0] - classes,)
    elif classes and math.prod(x.shape[1:]) == shape[0] - classes:
        raise ValueError(f"These networks learn {classes} classes: pass their labels, fit(x, labels=y).")
    if x.dtype.kind not in "fiu":
        raise ValueError(f"The data is of type {x.dtype}: make it uint8 (0 to 255) or float32 first.")
    if x.ndim < 1 or len(x) == 0 or math.prod(x.shape[1:]) != math.prod(shape):
        raise ValueError(f"The data has shape {x.shape}, but the discriminator takes examples of shape {shape}.")
    found, wanted = ([size for size in sizes if size != 1] for sizes in (x.shape[1:], shape))
    if len(wanted) > 1 and len(found) > 1 and found != wanted:
        raise ValueError(
            f"The data has shape {x.shape}, but the discriminator takes {shape}: move the axes, perhaps with "
            "np.moveaxis(x, 1, -1) for channels first."
        )
    if batch_size > len(x):
        raise ValueError(f"batch_size is {batch_size}, but there are only {len(x)} examples: make it smaller.")
    low, high = x.min(), x.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("The data holds NaN or infinite numbers: clean it first.")
    if low == high:
        raise ValueError(f"All numbers of the data are {low}: there is nothing to learn.")
    x = _in_range(x, low, high, bounds)
    return x if labels is None else labelled(x, labels, classes)


def labelled(x: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Flat examples with their labels behind them, one-hot: 255 stands for 1 behind uint8 pixels."""
    one = x.dtype.type(255 if x.dtype == np.uint8 else 1)
    return np.concatenate([x.reshape(len(x), -1), one * np.eye(classes, dtype=x.dtype)[labels]], axis=1)


def labels_for(labels, n: int, classes: int) -> np.ndarray:
    """`n` labels as int64, from one for all or from as many. Raises ValueError, in one sentence, for unusable ones."""
    if not classes:
        raise ValueError("These networks know no labels: take a conditional pair, GAN(*models.conditional()).")
    labels = to_array(labels)
    labels = labels[..., 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.shape not in ((), (n,)) or labels.dtype.kind not in "iu":
        hint = " Take argmax(axis=1) of one-hot labels." if labels.ndim == 2 else ""
        raise ValueError(f"{n} whole numbers are needed as labels, not {labels.dtype} {labels.shape}.{hint}")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ValueError(f"The labels run from {labels.min()} to {labels.max()}, but must from 0 to {classes - 1}.")
    return np.broadcast_to(labels, (n,)).astype(np.int64)


def _in_range(x: np.ndarray, low: float, high: float, bounds: tuple[float, float]) -> np.ndarray:
    if x.dtype == np.uint8:
        if high <= 1:
            raise ValueError("The uint8 data holds only 0 and 1, where 255 is white: multiply it by 255.")
        return x
    bounded = math.isfinite(bounds[0]) and math.isfinite(bounds[1])
    if x.dtype.kind in "iu" and bounded and low >= 0 and 1 < high <= 255:
        return x.astype(np.uint8)
    if low < bounds[0] - 1e-3 or high > bounds[1] + 1e-3:
        hint = "bring it into that range"
        if bounds == (0, 1):
            hint = "take (x + 1) / 2" if -1 <= low < 0 and high <= 1 else "divide by 255" if 0 <= low else hint
        elif bounds == (-1, 1) and 0 <= low and 1 < high <= 255:
            hint = "take x / 127.5 - 1"
        raise ValueError(
            f"The data runs from {low:.4g} to {high:.4g}, but the generator's output from {bounds[0]} to {bounds[1]}: "
            f"{hint}."
        )
    if np.abs([float(low), float(high)]).max() > np.finfo("float32").max:
        raise ValueError(f"The data runs from {low:.4g} to {high:.4g}, too far for float32: scale it.")
    return x


REFUSED = {
    "ReduceLROnPlateau": "a GAN has two optimisers: give each a schedule in compile",
    "LearningRateScheduler": "a GAN has two optimisers: give each a schedule in compile",
    "BackupAndRestore": "it saves no optimiser of a GAN: use ganlib.Run(folder).fit(gan, x)",
}


@contextmanager
def no_shuffle_warning() -> Iterator[None]:
    """Hold back Keras' warning that it will not shuffle a tf.data.Dataset: ours comes shuffled."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*shuffle=True.*")
        yield


def not_saved_whole(gan, *_, **__) -> None:
    """In place of `save` and `export` of a GAN: raises ValueError, in one sentence, before a file is made."""
    raise ValueError(
        "A GAN is two networks and two optimisers, which Keras cannot save as one model: gan.average.save(path) saves "
        "the generator, gan.save_weights(path) all weights, ganlib.Run(folder).fit(gan, x) a training to go on with."
    )


def callback_list(callbacks) -> list[keras.callbacks.Callback]:
    """None, one callback or several as a list. Raises ValueError for those that cannot work with a GAN."""
    if callbacks is None or isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [] if callbacks is None else [callbacks]
    for callback in callbacks:
        kinds = {kind.__name__ for kind in type(callback).__mro__}
        for name in kinds & set(REFUSED):
            raise ValueError(f"{name} does not work here: {REFUSED[name]}.")
        if "ModelCheckpoint" in kinds and not callback.save_weights_only:
            raise ValueError("ModelCheckpoint cannot save a whole GAN: use save_weights_only=True, or ganlib.Run.")
    return list(callbacks)


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
                f"The layer {layer.name} ({type(layer).__name__}) cannot be copied ({error}), as the generator's "
                "average and restart() need: let its __init__ take **options, and its get_config return all arguments."
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
    made, seen = generator.output_shape[1:], discriminator.input_shape[1:]
    if made != seen and not (len(made) == len(seen) == 1 and 2 <= seen[0] - made[0] <= generator.input_shape[-1]):
        raise ValueError(
            f"The generator makes samples of shape {made}, but the discriminator takes {seen}: make the two "
            "shapes equal, or let D take as many numbers more as there are classes, from 2 to the number of latents."
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


def renew(*networks: keras.Model) -> None:
    """Give networks new first weights, and new seeds to their random layers, from Keras' random numbers."""
    for network in networks:
        for variable, fresh in zip(network.variables, copy_of(network).variables, strict=True):
            variable.assign(fresh)


def forget(*optimizers: keras.Optimizer) -> None:
    """Set optimisers back to their beginning, for those whose slots begin at zero."""
    for optimizer in optimizers:
        for slot in optimizer.variables:
            if slot is not optimizer.learning_rate:
                slot.assign(keras.ops.zeros_like(slot))


def fixed_by_tracing(gan) -> str:
    """What TensorFlow fixes of a GAN as it traces a training: settings, optimisers, layers; not the learning rate."""
    names = ("loss_name", "r1", "r1_every", "r2", "wgan_gp", "ema", "bounds", "classes", "jit_compile", "run_eagerly")
    settings = {name: getattr(gan, name) for name in names} | {"seed": gan.seed if gan.wgan_gp else None}
    configs = [
        (id(each), {name: value for name, value in each.get_config().items() if name != "learning_rate"})
        for each in (gan.generator_optimizer, gan.discriminator_optimizer)
    ]
    trainable = [layer.trainable for layer in gan._flatten_layers()]
    return repr((settings, configs, trainable, [id(variable) for variable in gan.trainable_variables]))


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
