"""Several processes that train one GAN together, on one machine or many: `tf.distribute` with a run on disk.

Every worker holds the whole model and takes its part of every batch. TensorFlow's servers ask for no password:
use this only in a network where everybody may run code on your machines.
"""

import hashlib
import json
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

from ganlib.gan import GAN
from ganlib.runs import Run, RunError, _conditions

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
        return tf.distribute.MultiWorkerMirroredStrategy()


class SharedRun(Run):
    """A run that several workers train together: only worker 0 reads and writes its folder.

    Hand one to `GAN.fit` in every worker, each made with the strategy of `join`.
    """

    def __init__(self, folder: str | Path, settings: dict, strategy: tf.distribute.MultiWorkerMirroredStrategy):
        super().__init__(folder, settings)
        self.strategy = strategy
        self.chief = strategy.cluster_resolver.task_id == 0

    def restore(self, gan: GAN, x: np.ndarray, batch_size: int) -> int:
        """As `Run.restore` in worker 0, whose state the others take over.

        Raises WorkersError when the workers have different settings, networks or data.
        """
        self._compare_workers([self.settings, _conditions(gan, x, batch_size)])
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
