"""Measures during training: callbacks that put the Fréchet distance into Keras' logs and can stop at a value of it."""

import keras

from ganlib.data import load_mnist, smoke, to_images
from ganlib.judge import load_judge
from ganlib.metrics import frechet_distance


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
