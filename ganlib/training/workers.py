"""Several processes that train one GAN together, on one machine or many: `tf.distribute` with a run on disk.

Every worker holds the whole model and takes its part of every batch. TensorFlow's servers ask for no password:
use this only in a network where everybody may run code on your machines.
"""

import hashlib
import json
import math
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ganlib.feed import Block, Feed, batch_blocks, block_plan
from ganlib.gan import GAN
from ganlib.training.conditions import conditions_of
from ganlib.training.runs import Run, RunError

# TensorFlow's errors when a worker was killed, was stopped (its heartbeat fails after 10 seconds) or went away.
GONE = (tf.errors.UnavailableError, tf.errors.DeadlineExceededError, tf.errors.AbortedError, tf.errors.CancelledError)


class WorkersError(RunError):
    """The workers cannot begin together, or one of them is gone."""


def join(workers: list[str], index: int) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Wait for the other workers and return the strategy that they share.

    `workers` holds "host:port" of each, in the same order for all; `index` says which of them this process is.
    Call it before any other use of TensorFlow. Raises WorkersError when the port is in use.
    """
    port = int(workers[index].rpartition(":")[2])
    try:
        socket.create_server(("", port)).close()  # TensorFlow would share the port with its other user
    except OSError as error:
        problem = f"Port {port} of worker {index} cannot be used ({error.strerror}): choose another."
        raise WorkersError(problem) from error
    os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
    with _plain_ctrl_c():
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # TensorFlow's own handler waits for an answer that never comes
    return strategy


class SharedGAN(GAN):
    """A GAN whose every batch is split among the replicas of a `tf.distribute` strategy; make it in its scope.

    The gradients of a replica count by its share of the batch, so the result is that of one process within rounding.
    """

    def feed(self, x: np.ndarray, batch_size: int, done: int) -> "SharedFeed":
        """What one call of `fit` is fed with. Raises ValueError for a batch too small to be split."""
        replicas, last = self.distribute_strategy.num_replicas_in_sync, len(x) % batch_size or batch_size
        if last < replicas:
            raise ValueError(
                f"The last batch of an epoch has {last} examples, too few for {replicas} replicas: "
                "choose another batch_size, or use fewer workers or devices."
            )
        return SharedFeed(x, batch_size, self.latent_dim, self.seed, done, self.distribute_strategy)

    def update(self, optimizer: keras.Optimizer, gradients: list[tf.Tensor], network: keras.Model) -> None:
        """As `GAN.update`, where the optimiser adds up the gradients of all replicas."""
        super().update(optimizer, [self.replica.share * gradient for gradient in gradients], network)

    def make_train_function(self, force: bool = False) -> None:
        """Keras' own gives every replica batches of its own; here they share each."""
        strategy = self.distribute_strategy
        self.replica = threading.local()  # TensorFlow gives each replica a thread, and they take turns

        def part(examples, latents, share):
            self.replica.share = share
            self.phases(examples, latents)

        @tf.function
        def train_function(iterator):
            block = next(iterator)
            examples = strategy.experimental_local_results(block[0])
            for i in tf.range(tf.shape(examples[0])[0]):
                strategy.run(lambda examples, latents, share, i=i: part(examples[i], latents[i], share), block)
                self.update_average()
                self.steps.assign_add(1)
            return self.logs()

        self.train_function = train_function

    def _maybe_symbolic_build(self, *_, **__) -> None:
        """Nothing to do, for a GAN is built from the start. Keras' own fails on blocks that several workers share."""


class SharedFeed(Feed):
    """The blocks of `Feed`, epoch after epoch without an end, with every batch split among the replicas."""

    def __init__(self, x, batch_size, latent_dim, seed, done, strategy: tf.distribute.Strategy):
        super().__init__(x, batch_size, latent_dim, seed, done)
        self.strategy = strategy
        self.blocks_per_epoch = len(block_plan(len(x), batch_size))

    def dataset(self) -> tf.distribute.DistributedDataset:
        """A replica's element is (examples (k, part, …), latents (k, 2, part, latent_dim), part / batch)."""
        return self.strategy.distribute_datasets_from_function(self._parts)

    def _parts(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        replicas = self.strategy.num_replicas_in_sync
        here = replicas // context.num_input_pipelines
        mine = slice(here * context.input_pipeline_id, here * (context.input_pipeline_id + 1))

        def elements():
            for *block, done in self._every_epoch():
                split = [np.array_split(array[done:], replicas, axis) for axis, array in enumerate(block, start=1)]
                for examples, latents in zip(*(pieces[mine] for pieces in split), strict=True):
                    yield examples, latents, np.float32(examples.shape[1] / block[0].shape[1])

        signature = (
            tf.TensorSpec([None, None, *self.x.shape[1:]], self.x.dtype),
            tf.TensorSpec([None, 2, None, self.latent_dim], tf.float32),
            tf.TensorSpec([], tf.float32),
        )
        dataset = tf.data.Dataset.from_generator(elements, output_signature=signature)
        # Endless: otherwise TensorFlow asks all workers before every block whether they have any data left.
        endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        return dataset.apply(endless).prefetch(here)

    def _every_epoch(self) -> Iterator[Block]:
        first_step, skip = self.first_step, self.skip
        while True:
            yield from batch_blocks(self.x, self.batch_size, self.latent_dim, self.seed, first_step, skip)
            first_step, skip = first_step + math.ceil(len(self.x) / self.batch_size), 0


class SharedRun(Run):
    """A run that several workers train together: only worker 0 reads and writes its folder.

    Each worker makes one with the strategy of `join`, and fits its `SharedGAN` with it.
    """

    def __init__(self, folder: str | Path, settings: dict, strategy: tf.distribute.MultiWorkerMirroredStrategy):
        super().__init__(folder, settings)
        self.strategy = strategy
        self.chief = strategy.cluster_resolver.task_id == 0

    def restore(self, gan: GAN, x: np.ndarray, batch_size: int) -> int:
        """As `Run.restore` in worker 0, whose state the others take over.

        Raises WorkersError when the workers have different settings, networks or data.
        """
        self._compare_workers([self.settings, conditions_of(gan, x, batch_size)])
        if self.chief:
            super().restore(gan, x, batch_size)
        self._follow_chief(gan)
        return int(gan.steps.numpy())

    def saved(self) -> str:
        """What is safe, as a part of a sentence."""
        return super().saved() if self.chief else "worker 0 keeps the run"

    def callbacks(self, gan: GAN, steps_per_epoch: int) -> list[keras.callbacks.Callback]:
        """Those of `Run` in worker 0, none in the others."""
        return super().callbacks(gan, steps_per_epoch) if self.chief else []

    @contextmanager
    def lock(self) -> Iterator[None]:
        """That of `Run` in worker 0, none in the others."""
        with super().lock() if self.chief else nullcontext():
            yield

    @contextmanager
    def guard(self) -> Iterator[None]:
        """That of `Run` in worker 0; in all of them, raises WorkersError when another worker is gone."""
        try:
            with super().guard() if self.chief else nullcontext():
                yield
        except GONE as error:
            raise WorkersError(
                "Another worker is gone, so training stopped. See what that worker said; "
                "then start all of them again: the run goes on from its last checkpoint."
            ) from error

    def _compare_workers(self, conditions: list) -> None:
        digest = hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).digest()
        digests = self._gather([tf.constant(int.from_bytes(digest[:8], "big", signed=True), tf.int64)])[0].numpy()
        different = [str(index) for index, other in enumerate(digests) if other != digests[0]]
        if different:
            raise WorkersError(
                f"Worker {', '.join(different)} has other settings or data than worker 0: "
                "start all with the same command, but for the index."
            )

    def _follow_chief(self, gan: GAN) -> None:
        variables = [*gan.variables, *gan.generator_optimizer.variables, *gan.discriminator_optimizer.variables]
        for variable, values in zip(variables, self._gather(variables), strict=True):
            variable.assign(values[0])

    @tf.function
    def _gather(self, values: list[tf.Tensor]) -> list[tf.Tensor]:
        """Each value of all workers, worker 0's first."""
        return [self.strategy.gather(tf.convert_to_tensor(value)[tf.newaxis], axis=0) for value in values]


@contextmanager
def _plain_ctrl_c() -> Iterator[None]:
    # TensorFlow waits in C++, where Python's handler of Ctrl-C is never asked.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
