"""Callbacks of a training: the progress bar, the film, and the Fréchet distance, at which a training can stop."""

import io
import sys
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from ganlib.data import load_mnist, smoke, to_images
from ganlib.evaluation.judge import load_judge
from ganlib.evaluation.metrics import frechet_distance
from ganlib.files import write_file
from ganlib.training.runs import NotWritten, reason


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

    Writes uint8 (count, 28, 28) to frames/epoch-0000.npy and so on, in `folder`.
    """

    def __init__(self, folder: str | Path, count: int = 100):
        super().__init__()
        self.folder, self.count = Path(folder) / "frames", count

    def on_train_begin(self, logs=None):
        self.folder.mkdir(parents=True, exist_ok=True)
        if int(self.model.steps.numpy()) == 0:
            for frame in self.folder.glob("epoch-*.npy"):  # of an earlier training, perhaps a longer one
                frame.unlink()
            self._keep(0)

    def on_epoch_end(self, epoch, logs=None):
        self._keep(epoch + 1)

    def images(self) -> tuple[np.ndarray, list[int]]:
        """All frames so far, uint8 (frames, count, 28, 28), and their epochs."""
        paths = sorted(self.folder.glob("epoch-*.npy"))
        frames = [np.load(path, allow_pickle=False) for path in paths]
        return np.array(frames), [int(path.stem.removeprefix("epoch-")) for path in paths]

    def _keep(self, epoch):
        file = io.BytesIO()
        np.save(file, to_images(self.model.generate(self.count)))
        path = self.folder / f"epoch-{epoch:04d}.npy"
        try:
            write_file(path, file.getvalue())
        except OSError as error:
            raise NotWritten(f"{path} could not be written ({reason(error)}): make room and go on.") from error


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
        self.bar.write(f"epoch {epoch + 1:3d}/{self.params['epochs']}   {text}", file=sys.stdout)

    def on_train_end(self, logs=None):
        if self.bar is not None:  # there was nothing left to train
            self.bar.close()
