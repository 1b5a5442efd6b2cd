"""A training run on disk: checkpoints, exact resume, history, film frames, and the settings it was begun with."""

import csv
import hashlib
import io
import json
import math
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

import keras
import numpy as np
import tensorflow as tf

from ganlib.feed import Diverged, cut_short
from ganlib.files import write_file
from ganlib.gan import GAN

KEPT_CHECKPOINTS = 2


class RunError(RuntimeError):
    """A run cannot be saved, or cannot go on as asked."""


class Busy(RunError):
    """Somebody else is training in the run's folder."""


class NotWritten(RunError):
    """A file of the run could not be written; what was saved before is safe."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C or a kernel interrupt, after the current block was finished and saved."""


class Run:
    """A folder that a training run lives in: `Run(folder).fit(gan, x, …)` trains as `gan.fit(x, …)` does, and saves.

    The first call of `fit` begins the run. Every later one, in this process or another, restores the last good
    checkpoint and goes on: the result is bit-equal to a run that was never interrupted (same machine, same versions).
    Files: config.json, history.csv, checkpoints/step-*.{index,data-*}. `settings` is kept in config.json as it is.
    """

    def __init__(self, folder: str | Path, settings: dict | None = None):
        self.folder = Path(folder)
        self.settings = settings
        self.interrupted = self.locked = False

    @contextmanager
    def lock(self) -> Iterator[None]:
        """While inside, nobody else trains in this folder; inside a `lock`, another of the same Run does nothing.

        Raises Busy while somebody else is inside, and RunError when the folder cannot be written.
        """
        if self.locked:
            yield
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder / ".lock").open("a", encoding="utf-8")
        except OSError as error:
            raise RunError(f"The folder {self.folder} cannot be written ({error.strerror}): choose another.") from error
        with file:  # closing it gives the lock back; after a kill, the system closes it
            if not _try_lock(file):
                raise Busy(f"Another process is training in {self.folder}: wait for its end, or use another folder.")
            self.locked = True
            try:
                self._sweep()
                yield
            finally:
                self.locked = False

    def fit(
        self,
        gan: GAN,
        x: np.ndarray,
        batch_size: int = 128,
        epochs: int = 1,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: int | str = "auto",
    ) -> keras.callbacks.History:
        """Train `gan` as its own `fit` does, going on from the last checkpoint; every finished epoch is saved.

        `epochs` counts from the beginning of the run. Raises what `restore` and `GAN.fit` raise, NotWritten when a
        file cannot be written, and Stopped after Ctrl-C.
        """
        x, epochs = cut_short(x, batch_size, epochs)
        with self.guard():
            done = self.restore(gan, x, batch_size)
            callbacks = [*callbacks, *self.callbacks(gan, math.ceil(len(x) / batch_size))]
            return gan.fit(x, batch_size, epochs, callbacks, verbose, done)

    def restore(self, gan: GAN, x: np.ndarray, batch_size: int) -> int:
        """Bring `gan` to the state of the last good checkpoint; returns the number of steps done, 0 for a new run.

        A damaged checkpoint is named in a printed sentence, and the one before it is used. Raises RunError when all
        are damaged, when the folder cannot be written, or when data, networks or settings are not those of the run.
        """
        conditions = conditions_of(gan, x, batch_size)
        prefixes, epochs = self.checkpoints(), len(self.history().get("epoch", []))
        if prefixes:
            self._compare(conditions)
        elif epochs > 1:  # one epoch is in the history a moment before its checkpoint is
            raise RunError(
                f"The checkpoints of {self.folder} are gone, but its history.csv tells of {epochs} epochs: "
                "copy them back, or begin a new run in another folder."
            )
        else:
            self._begin(conditions)
            return 0
        damaged = []
        for prefix in reversed(prefixes):
            try:
                checkpoint(gan).read(str(prefix)).assert_consumed()
                break
            except Exception as error:  # the conditions match: so the file is damaged, and each damage raises its own
                damaged.append(prefix)
                print(f"The checkpoint {prefix} is damaged ({type(error).__name__}); using the one before it.")
        else:
            raise RunError(f"No checkpoint in {self.folder} can be read: begin a new run in another folder.")
        for prefix in damaged:
            _delete(prefix)
        return int(gan.steps.numpy())

    def callbacks(self, gan: GAN, steps_per_epoch: int) -> list[keras.callbacks.Callback]:
        """The callbacks that save every finished epoch and stop at an interrupt."""
        return [_Saver(self, steps_per_epoch)]

    @contextmanager
    def guard(self) -> Iterator[None]:
        """A `lock` inside which the first Ctrl-C only asks to stop after the current block; the second stops at once.

        Raises Stopped at the end when Ctrl-C came too late for a block to end after it.
        """
        with self.lock(), self._patience():
            yield
        if self.interrupted:
            raise Stopped(f"Stopped at the end of this training; all of it is saved in {self.folder}.")

    @contextmanager
    def _patience(self) -> Iterator[None]:
        self.interrupted = False

        def ask(signum: int, frame: FrameType | None) -> None:
            self.interrupted = True
            signal.signal(signal.SIGINT, before)

        if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
            yield
            return
        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def checkpoints(self) -> list[Path]:
        """The complete checkpoints, oldest first, as prefixes of their files."""
        return sorted(path.with_suffix("") for path in (self.folder / "checkpoints").glob("step-*.index"))

    def saved(self) -> str:
        """What is safe, as a part of a sentence."""
        prefixes = self.checkpoints()
        return f"the run is saved up to {prefixes[-1].name}" if prefixes else "nothing is saved yet"

    def save(self, gan: GAN) -> None:
        """Write a checkpoint and delete all but the last two.

        Raises NotWritten when that fails, and Diverged rather than save weights that are not finite.
        """
        weights = gan.generator.weights + gan.discriminator.weights + gan.average.weights
        if not all(np.isfinite(weight.numpy()).all() for weight in weights):
            raise Diverged(
                f"Training stopped at step {int(gan.steps.numpy())}: "
                f"a weight is no longer a finite number; {self.saved()}. "
                "The usual cause is a learning rate that is too large: begin again with a tenth of it."
            )
        folder, name = self.folder / "checkpoints", f"step-{int(gan.steps.numpy()):09d}"
        with self._writing(folder / name):
            checkpoint(gan).write(str(folder / "part"))
            # TensorFlow writes the index in place. Renamed, and after the data, it stands for a complete checkpoint.
            for path in sorted(folder.glob("part.*")):
                os.replace(path, folder / f"{name}{path.suffix}")
            oldest = self.checkpoints()[-KEPT_CHECKPOINTS:][0]
            for path in sorted(folder.glob("step-*"), reverse=True):  # the index first: what has one is complete
                if path.stem < oldest.name:
                    path.unlink()

    def history(self) -> dict[str, list[float]]:
        """The finished epochs in the shape of Keras' `History.history`: lists epoch, steps, seconds and one per log.

        Raises RunError when history.csv is damaged.
        """
        path = self.folder / "history.csv"
        if not path.exists():
            return {}
        try:
            rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
            names = ("epoch", "steps", *rows[0]) if rows else ()
            return {name: [float(row[name]) for row in rows] for name in names}
        except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
            raise RunError(
                f"{path} is damaged ({type(error).__name__}: {error}): mend it, or delete it to go on without it."
            ) from error

    def add_epoch(self, row: dict[str, float]) -> None:
        """Append an epoch to history.csv; epochs from its number on, left by an interrupted run, are replaced."""
        history = self.history()
        names = list(row)
        rows = [dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)]
        rows = [old for old in rows if old["epoch"] < row["epoch"]] + [row]
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, names, extrasaction="ignore", restval="nan")
        writer.writeheader()
        writer.writerows({**old, "epoch": int(old["epoch"]), "steps": int(old["steps"])} for old in rows)
        with self._writing(self.folder / "history.csv"):
            write_file(self.folder / "history.csv", text.getvalue().encode())

    def config(self) -> dict:
        """The content of config.json: settings, conditions, versions. Raises RunError when there is none."""
        path = self.folder / "config.json"
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
            return {name: config[name] for name in ("settings", "conditions", "versions")}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(
                f"{self.folder} is not a run: its config.json is missing or damaged ({error}). "
                "Copy it back, or begin a new run in another folder."
            ) from error

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except (tf.errors.OpError, OSError) as error:
            self._sweep()
            raise NotWritten(
                f"{path} could not be written ({reason(error)}); {self.saved()}. "
                "Is the disk full or read-only? Make room and go on with this run."
            ) from error

    def _sweep(self) -> None:
        """Delete what was left half-written, by a killed process or for want of room."""
        with suppress(OSError):
            for pattern in ("*.[0-9]*.tmp", "frames/*.[0-9]*.tmp", "checkpoints/part*"):
                for path in self.folder.glob(pattern):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _begin(self, conditions: dict) -> None:
        versions = {"tensorflow": tf.__version__, "keras": keras.__version__, "numpy": np.__version__}
        config = {"settings": self.settings or {}, "conditions": conditions, "versions": versions}
        try:
            (self.folder / "checkpoints").mkdir(parents=True, exist_ok=True)
            write_file(self.folder / "config.json", (json.dumps(config, indent=1) + "\n").encode())
            (self.folder / "history.csv").unlink(missing_ok=True)
        except OSError as error:
            raise RunError(f"The folder {self.folder} cannot be written ({error.strerror}): choose another.") from error

    def _compare(self, conditions: dict) -> None:
        begun = self.config()["conditions"]
        changed = [name for name in conditions if conditions[name] != begun.get(name)]
        if changed:
            raise RunError(
                f"The run in {self.folder} was begun with other values of {', '.join(changed)}: "
                "use the same ones to go on with it, or another folder for a new run."
            )


class _Saver(keras.callbacks.Callback):
    def __init__(self, run: Run, steps_per_epoch: int):
        super().__init__()
        self.run, self.steps_per_epoch = run, steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self.run.interrupted and int(self.model.steps.numpy()) % self.steps_per_epoch:
            self.run.save(self.model)
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        steps, seconds = int(self.model.steps.numpy()), round(time.perf_counter() - self.began, 2)
        measured = {name: float(value) for name, value in logs.items()}
        self.run.add_epoch({"epoch": epoch + 1, "steps": steps, "seconds": seconds, **measured})
        self.run.save(self.model)
        if self.run.interrupted:
            self._stop()

    def _stop(self):
        epoch, step = divmod(int(self.model.steps.numpy()), self.steps_per_epoch)
        done = f"Stopped after {epoch} epochs and {step} steps"
        raise Stopped(f"{done}; all of it is saved in {self.run.folder}, and the next fit goes on.")


def checkpoint(gan: GAN) -> tf.train.Checkpoint:
    """Everything that the next step depends on, as one TensorFlow checkpoint object."""
    return tf.train.Checkpoint(
        generator=gan.generator,
        discriminator=gan.discriminator,
        average=gan.average,
        generator_optimizer=gan.generator_optimizer,
        discriminator_optimizer=gan.discriminator_optimizer,
        steps=gan.steps.value,
        totals=gan.totals.value,
    )


def conditions_of(gan: GAN, x: np.ndarray, batch_size: int) -> dict:
    """All that a resumed run must have in common with its beginning, as JSON values."""

    def shapes(model: keras.Model) -> list[list[int]]:
        return [list(weight.shape) for weight in model.weights]

    def settings(optimizer: keras.Optimizer) -> dict:
        values = {name: value for name, value in optimizer.get_config().items() if name != "name"}
        return json.loads(json.dumps(values, default=float))

    return {
        "data": [list(x.shape), x.dtype.name, hashlib.sha256(np.ascontiguousarray(x)).hexdigest()],
        "batch_size": batch_size,
        "seed": gan.seed,
        "loss": gan.loss_name,
        "r1": gan.r1,
        "r1_every": gan.r1_every,
        "r2": gan.r2,
        "wgan_gp": gan.wgan_gp,
        "ema": gan.ema,
        "generator": shapes(gan.generator),
        "discriminator": shapes(gan.discriminator),
        "generator_optimizer": settings(gan.generator_optimizer),
        "discriminator_optimizer": settings(gan.discriminator_optimizer),
    }


def reason(error: Exception) -> str:
    # TensorFlow's text is "{{operation}} file; reason [Op:name]".
    return getattr(error, "strerror", None) or str(error).splitlines()[0].split("; ")[-1].split(" [Op:")[0]


def _try_lock(file: IO) -> bool:
    """Take the lock of an open file; False while another open file has it, True also on a disk without locks."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, PermissionError if os.name == "nt" else BlockingIOError)
    return True


def _delete(prefix: Path) -> None:
    for path in prefix.parent.glob(f"{prefix.name}.*"):
        path.unlink(missing_ok=True)
