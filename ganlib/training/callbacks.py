"""Callbacks of a training: the progress bar, the film, and the Fréchet distance, at which a training can stop."""

import io
import math
import re
import sys
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from ganlib.data import load_mnist, smoke, to_images
from ganlib.evaluation.judge import load_judge
from ganlib.evaluation.metrics import frechet_distance
from ganlib.files import delete, is_inside, make_folder, read_file, write_file
from ganlib.streams import say
from ganlib.training.runs import NotWritten, reason
from ganlib.training.settings import SettingsError, read_config


class MeasureFD(keras.callbacks.Callback):
    """Adds `fd` to the logs of every epoch: the Fréchet distance of `n` generated images to the MNIST test images.

    The images come from the averaged generator, `GAN.generate(n, seed)`, each time from the same latents; training
    itself is not touched. Put it before callbacks that read the logs, such as Keras' own
    `EarlyStopping(monitor="fd", mode="min", patience=3)`. Compare distances of equal `n` only: fewer images come out
    farther. 10,000 images take about 2 seconds of CPU time an epoch, 2,000 half a second.
    With GANLIB_SMOKE=1, `n` is at most 200. Raises ValueError for an `n` below 65 and samples outside 0..1.
    """

    def __init__(self, n: int = 10_000, seed: int = 1):
        super().__init__()
        if n < 65:
            raise ValueError(f"n is {n}: the distance needs at least 65 images, one more than the judge has features")
        self.n, self.seed = min(n, 200) if smoke() else n, seed
        self.judge = self.reference = None

    def on_train_begin(self, logs=None):
        if self.judge is None:
            self.judge, (_, (x_test, _)) = load_judge(), load_mnist()
            self.reference = self.judge.features(x_test[:1000] if smoke() else x_test)

    def on_epoch_end(self, epoch, logs=None):
        features = self.judge.features(to_images(self.model.generate(self.n, self.seed)))
        logs["fd"] = frechet_distance(features, self.reference)


class StopAtFD(keras.callbacks.Callback):
    """Stops training at the end of the first epoch whose `fd` is `distance` or less; put it behind a `MeasureFD`."""

    def __init__(self, distance: float):
        super().__init__()
        self.distance = distance

    def on_epoch_end(self, epoch, logs=None):
        if logs["fd"] <= self.distance:
            self.model.stop_training = True


class Film(keras.callbacks.Callback):
    """Keeps `count` images from the same latents, before training and after every epoch.

    Writes frames/epoch-0000.npz and so on in `folder`: `images`, uint8 (count, *shape), and `run`, the name of the run
    in that folder, so that a frame of another run never enters the film. `shape` is (h, w), in colour (h, w, 3).
    """

    def __init__(self, folder: str | Path, count: int = 100, shape: tuple[int, ...] = (28, 28)):
        super().__init__()
        self.folder, self.count, self.shape = Path(folder) / "frames", count, shape
        self.run, self.begins = "", False

    def on_train_begin(self, logs=None):
        self.run, self.begins = self._name_of_run(), True

    def on_epoch_begin(self, epoch, logs=None):
        if self.begins and epoch == 0 and not (self.run and self._read(self.folder / "epoch-0000.npz") is not None):
            for path in self._paths().values():  # of an earlier training, perhaps a longer one
                if self._read(path) is not None:
                    delete(path)
            self._keep(0)
        self.begins = False

    def on_epoch_end(self, epoch, logs=None):
        self._keep(epoch + 1)

    def images(self, epochs: int | None = None) -> tuple[np.ndarray, list[int]]:
        """All frames so far (up to an epoch), uint8 (frames, count, *shape), and their epochs.

        Files that are not frames of this run are left out.
        """
        self.run = self._name_of_run()
        wanted = [(n, path) for n, path in sorted(self._paths().items()) if epochs is None or n <= epochs]
        frames = {number: frame for number, path in wanted if (frame := self._read(path)) is not None}
        return np.array(list(frames.values())).reshape(-1, self.count, *self.shape), list(frames)

    def left_out(self) -> list[str]:
        """The names of the files in frames/ that `images` leaves out."""
        names = sorted(path.name for path in self.folder.glob("*") if not path.name.startswith("."))
        good = {path.name for path in self._paths().values() if self._read(path) is not None}
        return [name for name in names if name not in good]

    def _name_of_run(self) -> str:
        try:
            return read_config(self.folder.parent)["run"]
        except SettingsError:  # a training that is not saved as a run
            return ""

    def _paths(self) -> dict[int, Path]:
        """The files with the name of a frame, by epoch."""
        found = {}
        for path in self.folder.glob("epoch-*.npz"):
            if re.fullmatch(r"epoch-(\d{4}|[1-9]\d{4,})\.npz", path.name):
                found[int(path.stem.removeprefix("epoch-"))] = path
        return found

    def _read(self, path: Path) -> np.ndarray | None:
        """The images of a frame; None where there is no good frame of this run and this size."""
        try:
            content = read_file(path, 2**16 + math.prod(self.shape) * self.count)
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                images, run, epoch = file["images"], str(file["run"][()]), int(file["epoch"])
        except Exception:  # whatever it is, it is not a frame that was written here
            return None
        good = images.shape == (self.count, *self.shape) and images.dtype == np.uint8
        return images if good and run == self.run and path.name == _frame_name(epoch) else None

    def _keep(self, epoch):
        content = io.BytesIO()
        images = to_images(self.model.generate(self.count), self.shape)
        np.savez(content, images=images, run=np.array(self.run), epoch=np.int64(epoch))
        path = self.folder / _frame_name(epoch)
        try:
            make_folder(self.folder)
            if not is_inside(self.folder.parent, "frames"):
                raise NotWritten(f"{self.folder} is a link to another place: put a folder there.")
            write_file(path, content.getbuffer())
        except OSError as error:
            raise NotWritten(f"{path} could not be written ({reason(error)}): make room and go on.") from error


def _frame_name(epoch: int) -> str:
    return f"epoch-{epoch:04d}.npz"


class Progress(keras.callbacks.Callback):
    """One progress bar for the whole run with the time left, and a line of figures after every epoch."""

    def on_train_begin(self, logs=None):
        self.bar = None

    def on_epoch_begin(self, epoch, logs=None):
        if self.bar is None:  # only now is it known at which epoch training (re)starts
            blocks, epochs = self.params["steps"], self.params["epochs"]
            layout = "{percentage:3.0f}% |{bar:30}| {elapsed} passed, {remaining} left {postfix}"
            self.bar = tqdm(total=epochs * blocks, initial=epoch * blocks, bar_format=layout, file=sys.stdout)

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        figures = {"D loss": "d_loss", "G loss": "g_loss", "D(x)": "d_real", "D(G(z))": "d_fake"}
        text = "   ".join(f"{title} {logs[name]:.2f}" for title, name in figures.items())
        if "fd" in logs:
            text += f"   Fréchet distance {logs['fd']:.2f}"
        with self.bar.external_write_mode(file=sys.stdout):  # like bar.write, for a stdout of any encoding
            say(f"epoch {epoch + 1:3d}/{self.params['epochs']}   {text}")

    def on_train_end(self, logs=None):
        if self.bar is not None:  # there was nothing left to train
            self.bar.close()
