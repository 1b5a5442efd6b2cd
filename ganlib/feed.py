"""Lesson 04. What one training is fed with: the order of the examples, the latents, and the blocks they travel in."""

import math
from collections.abc import Iterator

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


def latents_of(labels: np.ndarray, latents: np.ndarray, classes: int) -> np.ndarray:
    """These latents (n, d), with two of the first `classes` numbers of each exchanged so that the largest is `labels`'.

    Numbers from N(0, 1) that are asked for a label in this way are distributed as those that chose it themselves.
    """
    latents, rows = latents.copy(), np.arange(len(latents))
    largest = latents[:, :classes].argmax(axis=1)
    latents[rows, largest], latents[rows, labels] = latents[rows, labels], latents[rows, largest]
    return latents


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
