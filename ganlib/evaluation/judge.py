"""The judge: a small frozen digit classifier through which the measures look at images."""

import argparse
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from ganlib.data import DATA, Arrays, load_arrays, load_mnist, save_arrays, smoke
from ganlib.evaluation.arrays import shown
from ganlib.files import open_file

GOOD_ENOUGH = 0.993  # share of the MNIST test set that a judge must name correctly before it is saved


class Judge:
    """A frozen classifier of digits with 64 features, built from its weights: `features` and `probabilities`.

    Images are uint8 in 0..255 or floating point in 0..1, shape (n, 28, 28) or (n, 784), bright ink.
    Every method raises ValueError for any other shape or range, for NaN, and for an empty array; so does
    the constructor for weights of another network.
    """

    def __init__(self, weights: Arrays):
        self.weights = weights
        self.net = build_net()
        needed = {variable.path: tuple(variable.shape) for variable in self.net.weights}
        if needed != {name: array.shape for name, array in weights.items()}:
            raise ValueError("these weights do not fit the judge's network: train a new judge")
        for variable in self.net.weights:
            variable.assign(weights[variable.path].astype("float32"))

    def look(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return `features, probabilities`, float32 (n, 64) and (n, 10), from one pass over the images."""
        features, probabilities = self.net.predict(_pixels(images), batch_size=500, verbose=0)
        return features, probabilities

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the 64 numbers, all >= 0, from which the judge decides: float32 (n, 64)."""
        return self.look(images)[0]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the probability of each digit for each image: float32 (n, 10), rows adding up to 1."""
        return self.look(images)[1]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the most probable digit of each image: int64 (n,)."""
        return self.probabilities(images).argmax(axis=1)


def load_judge() -> Judge:
    """Return the judge shipped with the course. Raises DataError when its file is missing or damaged."""
    return Judge(load_arrays("judge.npz"))


def build_net():
    """Return the untrained network, a `keras.Model`: pixels in 0..1, (n, 28, 28) -> [(n, 64), (n, 10)]."""
    import keras
    from keras import layers

    image = keras.Input((28, 28))
    h = layers.Reshape((28, 28, 1))(image)
    shapes = [(32, 5, 2, "same"), (32, 3, 1, "same"), (64, 3, 2, "same"), (64, 3, 2, "valid")]
    for number, (filters, size, stride, padding) in enumerate(shapes, start=1):
        name = f"conv{number}"
        h = layers.Conv2D(filters, size, stride, padding, use_bias=False, name=name)(h)
        h = layers.BatchNormalization(name=f"{name}_norm")(h)
        h = layers.ReLU()(h)
    h = layers.Dropout(0.3)(layers.Flatten()(h))
    h = layers.Dense(64, use_bias=False, name="features")(h)
    h = layers.BatchNormalization(name="features_norm")(h)  # without it some features never fire
    features = layers.ReLU()(h)
    probabilities = layers.Dense(10, activation="softmax", name="probabilities")(features)
    return keras.Model(image, [features, probabilities])


def train_judge(seed: int = 0, epochs: int = 8) -> Judge:
    """Train a judge from scratch on the MNIST training set, slightly shifted and turned at random.

    Sets the global random seeds. Its weights are rounded to float16, as they are shipped.
    With GANLIB_SMOKE=1 it sees 1,000 images once: enough to see that it runs, not to learn.
    """
    import keras
    from keras import layers

    (images, labels), _ = load_mnist()
    if smoke():
        images, labels, epochs = images[:1000], labels[:1000], 1

    keras.utils.set_random_seed(seed)
    net = build_net()
    image = keras.Input((28, 28))
    h = layers.Reshape((28, 28, 1))(image)
    h = layers.RandomTranslation(0.08, 0.08, fill_mode="constant")(h)
    h = layers.RandomRotation(0.03, fill_mode="constant")(h)
    _, probabilities = net(layers.Reshape((28, 28))(h))

    batch = 128
    rate = keras.optimizers.schedules.CosineDecay(3e-3, decay_steps=epochs * -(-len(images) // batch))
    training = keras.Model(image, probabilities)
    # XLA slows small convolutions down on a CPU.
    loss = "sparse_categorical_crossentropy"
    training.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy"], jit_compile=False)
    training.fit(_pixels(images), labels, batch_size=batch, epochs=epochs, verbose=2)
    return Judge({variable.path: variable.numpy().astype("float16") for variable in net.weights})


def main(arguments: list[str] | None = None) -> None:
    """Run `train [--out FILE] [--seed N] [--epochs N]`: train a judge, test it and save it."""
    parser = argparse.ArgumentParser(prog="python -m ganlib.evaluation.judge", description=__doc__)
    train = parser.add_subparsers(dest="command", required=True).add_parser("train", help="train it anew")
    train.add_argument("--out", type=Path, default=DATA / "judge.npz", help="file to write: %(default)s")
    train.add_argument("--seed", type=_whole(0, 2**32 - 1), default=0)
    train.add_argument("--epochs", type=_whole(1, 1000), default=8)
    options = parser.parse_args(arguments)
    problem = _not_writable(options.out)
    if problem:
        parser.exit(2, f"--out {shown(options.out)} {problem}.\n")

    judge = train_judge(options.seed, options.epochs)
    _, (images, labels) = load_mnist()
    accuracy = np.mean(judge.predict(images) == labels)
    print(f"The judge names {accuracy:.2%} of the 10,000 test images correctly.")
    if accuracy < GOOD_ENOUGH:
        parser.exit(1, f"Nothing is saved: a judge needs {GOOD_ENOUGH:.1%}. Train it for more epochs.\n")
    command = f"python -m ganlib.evaluation.judge train --seed {options.seed} --epochs {options.epochs}"
    try:
        save_arrays(options.out, judge.weights, f"trained on MNIST by: {command}", "that of the course")
    except (OSError, ValueError) as error:
        parser.exit(1, f"{shown(options.out)} could not be written ({shown(error)}).\n")
    print(f"Saved as {shown(options.out)}, and listed in {shown(options.out.parent / 'manifest.json')}.")


def _whole(least: int, most: int):
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{shown(text)} is no whole number from {least} to {most}")
        return int(text)

    return number


def _not_writable(path: Path) -> str:
    """What keeps weights from being saved as `path`, so that nobody trains for nothing; "" if nothing does."""
    manifest = path.parent / "manifest.json"
    try:
        str(path).encode()  # it goes into the manifest
        if not path.parent.is_dir():
            return "lies in a folder that does not exist: make it first"
        if path.suffix != ".npz":
            return "must end in .npz"
        listed = _listed(manifest) if os.path.lexists(manifest) else {}
        if listed is None:
            return "has a manifest.json beside it that is not the course's: choose another folder"
        if path.is_symlink() or os.path.lexists(path) and (path.name not in listed or not path.is_file()):
            return "is there already, and no weights of the course: choose another name"
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.write(b"\0" * 2**20)
        path.with_name(f"{path.name}.tmp").exists()  # raises for a name that is too long
    except OSError as error:
        return f"cannot be written ({error.strerror}): choose another place"
    except ValueError:
        return "has a name that cannot be written down: choose another"
    return ""


def _listed(manifest: Path) -> dict | None:
    """The files that a manifest of ours lists; None for any other file of that name."""
    try:
        with open_file(manifest) as file:
            entries = json.loads(file.read(2**20))
    except (ValueError, RecursionError):
        return None
    ours = isinstance(entries, dict) and all(isinstance(e, dict) and "sha256" in e for e in entries.values())
    return entries if ours else None


def _pixels(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim not in (2, 3) or images.shape[1:] not in ((28, 28), (784,)):
        raise ValueError(f"images have the shape {images.shape}; the judge needs (n, 28, 28) or (n, 784)")
    if len(images) == 0:
        raise ValueError("there are no images to judge")
    images = images.reshape(-1, 28, 28)
    if images.dtype == np.uint8:
        return images.astype("float32") / 255
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images are {images.dtype}; the judge needs uint8 in 0..255 or floats in 0..1")
    low, high = images.min(), images.max()
    if np.isnan(low):  # min passes a NaN on
        raise ValueError("images contain NaN")
    if low < 0 or high > 1:
        hint = "take (images + 1) / 2" if -1 <= low < 0 and high <= 1 else "divide by 255, or clip"
        raise ValueError(f"images run from {low:.3g} to {high:.3g}; the judge needs floats in 0..1: {hint}")
    return images.astype("float32")


if __name__ == "__main__":
    main()
