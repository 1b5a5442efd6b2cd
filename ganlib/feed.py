"""Lesson 04. What one training is fed with: the order of the examples, the latents, and the blocks they travel in."""

import math
import operator
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np
import tensorflow as tf

from ganlib.data import smoke


class Diverged(RuntimeError):
    """A loss or a weight is no longer a finite number."""


def block_plan(examples: int, batch_size: int, longest: int = 32) -> list[range]:
    """Share the steps of an epoch out into blocks of nearly equal length; each range holds the steps of one block.

    Only the last step may have a smaller batch: it gets a block of its own. Blocks of few different lengths
    matter because TensorFlow compiles the training loop once for every length.
    """
    full = examples // batch_size
    length = max((k for k in range(1, longest + 1) if full % k == 0), default=1)
    if length < longest // 4:  # no good divisor: equal blocks and one shorter one
        length = longest
    plan = [range(first, min(first + length, full)) for first in range(0, full, length)]
    return plan + [range(full, full + 1)] * (examples % batch_size > 0)


Block = tuple[np.ndarray, np.ndarray, np.ndarray]


def batch_blocks(
    x: np.ndarray, batch_size: int, latent_dim: int, seed: int, first_step: int = 0, skip: int = 0
) -> Iterator[Block]:
    """Yield one epoch of `x` in random order, as the blocks of `block_plan`, each with its latents.

    A block of k steps is (examples (k, batch, …), latents float32 (k, 2, batch, latent_dim) from N(0, 1), int32 done).
    The order depends on `seed` and on `first_step`, the number of steps before this epoch; the latents of a step on
    `seed` and that step's number: so an epoch can be entered in the middle, when its first `skip` steps are done. The
    first `done` steps of a block are to be left out. Blocks keep their shapes, for which TensorFlow compiles.
    """
    flat = x.reshape(len(x), -1)
    order = np.random.default_rng([seed, 0, first_step]).permutation(len(x))
    for steps in block_plan(len(x), batch_size):
        size = min(batch_size, len(x) - steps.start * batch_size)
        done = min(max(0, skip - steps.start), len(steps))
        chosen = order[steps.start * batch_size : steps.start * batch_size + len(steps) * size]
        latents = np.zeros((len(steps), 2, size, latent_dim), np.float32)
        for row, step in zip(latents[done:], steps[done:], strict=True):
            np.random.default_rng([seed, 1, first_step + step]).standard_normal(dtype=np.float32, out=row)
        # take on flat rows is five times faster than x[chosen].
        yield flat.take(chosen, axis=0).reshape(len(steps), size, *x.shape[1:]), latents, np.int32(done)


def whole(name: str, number: int, least: int = 1) -> int:
    """A number of Python, NumPy or TensorFlow as an int. Raises ValueError unless it is whole and not below `least`."""
    try:
        number = operator.index(number)
    except TypeError:
        hint = " A GAN trains without labels: fit takes x alone." if np.ndim(number) else ""
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


def examples(x, batch_size: int, shape: tuple[int, ...], bounds: tuple[float, float]) -> np.ndarray:
    """`x` as one array of examples of this `shape`, ready for a generator whose output has these `bounds`.

    Whole numbers 0..255 of another type become uint8. Raises ValueError, in one sentence, for unusable data.
    """
    x = to_array(x)
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
    return _in_range(x, low, high, bounds)


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


def cut_short(x: np.ndarray, batch_size: int, epochs: int) -> tuple[np.ndarray, int]:
    """The data and epochs of a training; with GANLIB_SMOKE=1 two batches and two epochs, and a printed line."""
    if not smoke() or (len(x) <= 2 * batch_size and epochs <= 2):
        return x, epochs
    print(f"GANLIB_SMOKE=1: training is cut short to {min(2 * batch_size, len(x))} examples, {min(epochs, 2)} epochs.")
    return x[: 2 * batch_size], min(epochs, 2)


def to_float(samples: tf.Tensor, low: float = 0) -> tf.Tensor:
    """Samples as float32: uint8 0..255 become 0..1, or -1..1 if `low` is -1; other numbers keep their value."""
    if samples.dtype != tf.uint8:
        return tf.cast(samples, tf.float32)
    scaled = tf.cast(samples, tf.float32) / 255
    return 2 * scaled - 1 if low == -1 else scaled


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


class Feed(keras.callbacks.Callback):
    """Feeds a `fit` with blocks, one epoch after the other, beginning `done` steps after the training's first.

    `epoch` is the first epoch to train and `skip` the number of its steps that are done already. As a callback it
    tells the data which step an epoch begins with, and clears the sums that the logs are made from.
    """

    blocks_per_epoch: int | None = None  # the data itself ends every epoch

    def __init__(self, x: np.ndarray, batch_size: int, latent_dim: int, seed: int, done: int = 0):
        super().__init__()
        self.x, self.batch_size, self.latent_dim, self.seed = x, batch_size, latent_dim, seed
        self.epoch, self.skip = divmod(done, math.ceil(len(x) / batch_size))
        self.first_step = 0

    def blocks(self) -> Iterator[Block]:
        """The blocks of the current epoch."""
        return batch_blocks(self.x, self.batch_size, self.latent_dim, self.seed, self.first_step, self.skip)

    def dataset(self) -> tf.data.Dataset:
        """The blocks of an epoch, whichever is current when Keras begins to read it."""
        samples, latents, done = next(self.blocks())
        signature = (
            tf.TensorSpec([None, None, *samples.shape[2:]], samples.dtype),
            tf.TensorSpec([None, 2, None, self.latent_dim], latents.dtype),
            tf.TensorSpec([], done.dtype),
        )
        dataset = tf.data.Dataset.from_generator(self.blocks, output_signature=signature)
        options = tf.data.Options()
        options.autotune.enabled = False  # there is nothing to tune, and it can hold up the end of an epoch for seconds
        length = len(block_plan(len(self.x), self.batch_size))
        return dataset.apply(tf.data.experimental.assert_cardinality(length)).prefetch(1).with_options(options)

    def on_epoch_begin(self, epoch, logs=None):
        if epoch > self.epoch:
            self.skip = 0
        self.first_step = int(self.model.steps.numpy()) - self.skip
        if not self.skip:
            self.model.totals.assign(tf.zeros_like(self.model.totals))


class StopWhenNotFinite(keras.callbacks.Callback):
    """Raises Diverged at the end of a block after which a loss is no longer a finite number."""

    def on_train_batch_end(self, batch, logs=None):
        if not all(math.isfinite(value) for value in logs.values()):
            figures = ", ".join(f"{name} {value:.3g}" for name, value in logs.items())
            raise Diverged(
                f"Training stopped at step {int(self.model.steps.numpy())}: "
                f"a loss is no longer a finite number ({figures}). "
                "The usual causes are a learning rate that is too large (try a tenth) and an R1 penalty that is too "
                "large or missing (try r1=1); then begin again, or go on from the last checkpoint."
            )
