"""A training run on disk: checkpoints, exact resume, history, film frames, and the settings it was begun with."""

import csv
import io
import json
import math
import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import keras
import numpy as np
import tensorflow as tf

from ganlib.feed import Diverged, cut_short
from ganlib.files import delete, is_inside, make_folder, others_files, read_file, sweep, write_file
from ganlib.gan import GAN
from ganlib.guards import callback_list, whole
from ganlib.training import checkpoints
from ganlib.training.conditions import conditions_of, plain
from ganlib.training.locks import FolderLock
from ganlib.training.settings import SettingsError, read_config
from ganlib.vae import VAE

KEPT_CHECKPOINTS = 2
STOPPING = tuple(  # Ctrl-C; the request of a system to end; a closed terminal; Ctrl-Break of Windows
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)


class RunError(RuntimeError):
    """A run cannot be saved, or cannot go on as asked."""


class Busy(RunError):
    """Somebody else is training in the run's folder."""


class NotWritten(RunError):
    """A file of the run could not be written; what was saved before is safe."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C, a kernel interrupt or another signal to end, after the current block was finished and saved."""

    signum = signal.SIGINT


class Run:
    """A folder that a training run lives in: `Run(folder).fit(gan, x, …)` trains as `gan.fit(x, …)` does, and saves.

    The first call of `fit` begins the run, in a folder that is new or empty. Every later one, in this process or
    another, restores the last good checkpoint and goes on: the result is bit-equal to a run that was never interrupted
    (same machine, same versions). Files: config.json, history.csv, checkpoints/step-*.npz.
    `settings`, a dict of JSON values, is kept in config.json as it is.
    """

    def __init__(self, folder: str | Path, settings: dict | None = None):
        self.folder = Path(folder)
        self.settings = plain(settings or {})
        self.interrupted = 0  # the number of the signal that asked to stop
        self.began = 0  # the steps that the GAN had behind it when the run began
        self._lock: FolderLock | None = None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """While inside, nobody else trains in this folder; inside a `lock`, another of the same Run does nothing.

        Raises Busy while somebody else is inside, and RunError when the folder cannot be written.
        """
        if self._lock:
            yield
            return
        try:
            make_folder(self.folder)
            lock = FolderLock(self.folder)
        except BlockingIOError as error:
            raise Busy(f"Another process is training in {self.folder}: wait for its end, or use another.") from error
        except OSError as error:
            raise RunError(f"The folder {self.folder} cannot be written ({error.strerror}): choose another.") from error
        with lock:
            self._lock = lock
            try:
                self._sweep()
                yield
            finally:
                self._lock = None

    def fit(
        self,
        gan: GAN | VAE,
        x: np.ndarray,
        batch_size: int = 128,
        epochs: int = 1,
        callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.Callback | None = (),
        verbose: int | str = "auto",
        labels: np.ndarray | None = None,
    ) -> keras.callbacks.History:
        """Train a GAN, or a VAE, as its own `fit` does, going on from the last checkpoint; every epoch is saved.

        `epochs` counts from the beginning of the run. Raises what `restore` and `GAN.fit` raise, NotWritten when a
        file cannot be written, and Stopped after Ctrl-C or a signal that asks the process to end.
        """
        batch_size, epochs, own = whole("batch_size", batch_size), whole("epochs", epochs), callback_list(callbacks)
        x, epochs = cut_short(gan.examples(x, batch_size, labels), batch_size, epochs)
        with self.guard():
            done = self.restore(gan, x, batch_size)
            own += self.callbacks(gan, math.ceil(len(x) / batch_size))
            return gan.fit(x, batch_size, epochs, own, verbose, done)

    def restore(self, gan: GAN, x: np.ndarray, batch_size: int) -> int:
        """Bring `gan` to the state of the last good checkpoint; returns the run's steps so far, 0 for a new run.

        A checkpoint that is damaged or not this run's is named in a printed sentence, left where it is, and the one
        before it is used. Raises RunError when none is good or one cannot be read now, when the folder holds other
        files or cannot be written, or when data, networks or settings are not those of the run.
        """
        conditions = conditions_of(gan, x, batch_size)
        if self._is_new():
            self.began = int(gan.steps.numpy())
            self._begin(conditions)
            return 0
        self._compare(self.config(), conditions)
        for path in reversed(self.checkpoints()):
            if self._load(path, gan):
                done = int(gan.steps.numpy()) - self.began
                self._check_history(done // math.ceil(len(x) / batch_size))
                return done
        raise RunError(f"No checkpoint in {self.folder} can be read: begin a new run in another folder.")

    def _is_new(self) -> bool:
        """True when nothing is trained yet. Raises RunError for a folder that a run can neither begin nor go on in."""
        for name in ("checkpoints", "frames"):
            if os.path.lexists(self.folder / name) and not is_inside(self.folder, name):
                raise RunError(f"{self.folder / name} is not a folder but a link or a file: put the folder there.")
        if not os.path.lexists(self.folder / "config.json"):
            if checkpoints.find(self.folder / "checkpoints"):
                self.config()  # which says what is missing
            if others := others_files(self.folder):
                listed = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
                raise RunError(f"{self.folder} holds other files ({listed}): choose a new or an empty folder.")
            return True
        self.config()
        if self.checkpoints():
            return False
        epochs = len(self.history().get("epoch", []))
        if epochs > 1:  # one epoch is in the history a moment before its checkpoint is
            raise RunError(
                f"The checkpoints of {self.folder} are gone, but its history.csv tells of {epochs} epochs: "
                "copy them back, or begin a new run in another folder."
            )
        if checkpoints.find(self.folder / "checkpoints"):
            raise RunError(f"The checkpoints in {self.folder} are of another run: copy its own back.")
        return True

    def _load(self, path: Path, gan: GAN) -> bool:
        try:
            self.began = checkpoints.load(path, gan, self.config()["run"])
            return True
        except checkpoints.Damaged as error:
            print(f"The checkpoint {path} is damaged ({error}); using the one before it.")
        except checkpoints.Strange as error:
            print(f"The checkpoint {path} is left out, for {error}; using the one before it.")
        except (OSError, MemoryError) as error:
            raise RunError(
                f"The checkpoint {path} cannot be read now ({reason(error)}); nothing was changed. "
                "Mend that, and go on with this run."
            ) from error
        return False

    def callbacks(self, gan: GAN, steps_per_epoch: int) -> list[keras.callbacks.Callback]:
        """The callbacks that save every finished epoch and stop at an interrupt."""
        return [_Saver(self, steps_per_epoch)]

    @contextmanager
    def guard(self) -> Iterator[None]:
        """A `lock` inside which the first Ctrl-C only asks to stop after the current block; the second stops at once.

        The same for the other signals of STOPPING, but for those that this process was started to ignore, as by nohup.
        Raises Stopped at the end when one came too late for a block to end after it.
        """
        with self.lock(), self._patience():
            yield
        if self.interrupted:
            raise self.stopped(f"Stopped at the end of this training; all of it is saved in {self.folder}.")

    @contextmanager
    def _patience(self) -> Iterator[None]:
        self.interrupted, before = 0, {}

        def give_back() -> None:
            for signum, handler in before.items():
                signal.signal(signum, signal.SIG_DFL if handler is None else handler)  # None: not one of Python's

        def ask(signum: int, frame: FrameType | None) -> None:
            self.interrupted = signum
            give_back()

        if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
            yield
            return
        for signum in STOPPING:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                before[signum] = signal.signal(signum, ask)
        try:
            yield
        finally:
            give_back()

    def stopped(self, text: str) -> Stopped:
        """The exception that tells of the signal which came."""
        stop = Stopped(text)
        stop.signum = self.interrupted
        return stop

    def checkpoints(self) -> list[Path]:
        """The run's checkpoints, the oldest first; none in a folder that is no run."""
        try:
            return checkpoints.find(self.folder / "checkpoints", read_config(self.folder)["run"])
        except SettingsError:
            return []

    def saved(self) -> str:
        """What is safe, as a part of a sentence."""
        paths = self.checkpoints()
        return f"the run is saved up to {paths[-1].stem.rpartition('-')[0]}" if paths else "nothing is saved yet"

    def save(self, gan: GAN) -> None:
        """Write a checkpoint; when it is safe on the disk, delete all but the last two.

        Raises NotWritten when that fails, and Diverged rather than save weights that are not finite.
        """
        if not all(np.isfinite(weight.numpy()).all() for weight in gan.weights):
            raise Diverged(
                f"Training stopped at step {int(gan.steps.numpy())}: "
                f"a weight is no longer a finite number; {self.saved()}. "
                "The usual cause is a learning rate that is too large: begin again with a tenth of it."
            )
        run, steps = self.config()["run"], int(gan.steps.numpy()) - self.began
        path = checkpoints.path_of(self.folder / "checkpoints", run, steps)
        with self._writing(path):
            checkpoints.save(path, gan, run, self.began)
            # By their names alone: one that claims more steps than there are was not written by this training.
            older = [other for other in self.checkpoints() if checkpoints.steps_of(other) <= steps]
            for old in older[:-KEPT_CHECKPOINTS]:
                delete(old)

    def history(self) -> dict[str, list[float]]:
        """The finished epochs in the shape of Keras' `History.history`: lists epoch, steps, seconds and one per log.

        Raises RunError when history.csv is damaged.
        """
        path = self.folder / "history.csv"
        try:
            return _read_history(read_file(path, 2**28).decode("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
            raise RunError(
                f"{path} is damaged ({type(error).__name__}: {error}): mend it, or delete it to go on without it."
            ) from error

    def add_epoch(self, row: dict[str, float]) -> None:
        """Append an epoch to history.csv; epochs from its number on, left by an interrupted run, are replaced."""
        history = self.history()
        rows = [dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)]
        rows = [old for old in rows if old["epoch"] < row["epoch"]] + [row]
        names = list(dict.fromkeys([*history, *row]))  # what only some epochs have is kept too
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, names, restval="nan")
        writer.writeheader()
        writer.writerows({**old, "epoch": int(old["epoch"]), "steps": int(old["steps"])} for old in rows)
        with self._writing(self.folder / "history.csv"):
            write_file(self.folder / "history.csv", text.getvalue().encode())

    def _check_history(self, epochs: int) -> None:
        """Nothing that is missing in history.csv goes unsaid."""
        path, numbers = self.folder / "history.csv", self.history().get("epoch", [])
        missing = [epoch for epoch in range(1, epochs + 1) if epoch not in set(numbers)]
        if missing and path.exists() and (not numbers or numbers[-1] < epochs):
            raise RunError(
                f"{path} is damaged (it lacks epoch {missing[-1]} of {epochs}): mend it, or delete it to go on without."
            )
        if missing:
            print(f"{path} lacks {len(missing)} of the {epochs} epochs that are done; training goes on without them.")

    def config(self) -> dict:
        """The content of config.json: run, settings, conditions, versions. Raises RunError when there is none."""
        try:
            return read_config(self.folder)
        except SettingsError as error:
            raise RunError(str(error)) from error

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        """Turns what goes wrong while a file is written into NotWritten."""
        if self._lock and not self._lock.holds():
            raise NotWritten(
                f"{self.folder} is no longer the folder that this training began in; nothing more is written. "
                "Was it moved? Go on with it where it is now."
            )
        try:
            yield
        except OSError as error:
            raise NotWritten(
                f"{path} could not be written ({reason(error)}); {self.saved()}. "
                "Is the disk full or read-only? Make room and go on with this run."
            ) from error

    def _sweep(self) -> None:
        """Delete what was left half-written, by a killed process or for want of room."""
        for folder in [self.folder, *(self.folder / n for n in ("frames", "checkpoints") if is_inside(self.folder, n))]:
            sweep(folder)

    def _begin(self, conditions: dict) -> None:
        run = secrets.token_hex(16)
        config = {"run": run, "settings": self.settings, "conditions": conditions, "versions": _versions()}
        try:
            delete(self.folder / "history.csv")
            write_file(self.folder / "config.json", (json.dumps(config, indent=1) + "\n").encode())
            make_folder(self.folder / "checkpoints")
        except OSError as error:
            raise RunError(f"The folder {self.folder} cannot be written ({error.strerror}): choose another.") from error

    def _compare(self, config: dict, conditions: dict) -> None:
        """Raise RunError unless the conditions are the same; other versions are only told of.

        To refuse them would take the run from everybody who updates; the training stays sound, but not bit-equal.
        """
        begun = config["conditions"]
        changed = [name for name in {**conditions, **begun} if conditions.get(name) != begun.get(name)]
        if changed:
            raise RunError(
                f"The run in {self.folder} was begun with other values of {', '.join(changed)}: "
                "use the same ones to go on with it, or another folder for a new run."
            )
        then, now = config["versions"], _versions()
        other = [f"{name} {then.get(name, 'unknown')}, now {now[name]}" for name in now if then.get(name) != now[name]]
        if other:
            print(f"This run was begun with {'; '.join(other)}: it goes on, but not bit for bit as it would have.")


class _Saver(keras.callbacks.Callback):
    def __init__(self, run: Run, steps_per_epoch: int):
        super().__init__()
        self.run, self.steps_per_epoch = run, steps_per_epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self.run.interrupted and self._steps() % self.steps_per_epoch:
            self.run.save(self.model)
            self._stop()

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.perf_counter() - self.start, 2)
        measured = {name: float(value) for name, value in logs.items()}
        self.run.add_epoch({"epoch": epoch + 1, "steps": self._steps(), "seconds": seconds, **measured})
        self.run.save(self.model)
        if self.run.interrupted:
            self._stop()

    def _steps(self) -> int:
        return int(self.model.steps.numpy()) - self.run.began

    def _stop(self):
        epoch, step = divmod(self._steps(), self.steps_per_epoch)
        saved = f"all of it is saved in {self.run.folder}, and the next fit goes on."
        raise self.run.stopped(f"Stopped after {epoch} epochs and {step} steps; {saved}")


def reason(error: Exception) -> str:
    """What went wrong, in the words of the system."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _versions() -> dict[str, str]:
    return {"tensorflow": tf.__version__, "keras": keras.__version__, "numpy": np.__version__}


def _read_history(text: str) -> dict[str, list[float]]:
    """The columns of a history.csv. Raises ValueError and others when it is not one."""
    rows = list(csv.DictReader(text.splitlines(), strict=True))
    if not rows and text.strip() == "":
        raise ValueError("it is empty")
    names = dict.fromkeys(("epoch", "steps", *(rows[0] if rows else ())))
    columns = {name: [float(row[name]) for row in rows] for name in names}
    epochs = columns["epoch"]
    if not all(number == epochs[0] + place and number.is_integer() for place, number in enumerate(epochs)):
        raise ValueError("its epochs do not follow each other")
    if not all(map(math.isfinite, columns["steps"])):
        raise ValueError("its steps are not numbers")
    return columns
