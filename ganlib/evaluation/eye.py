"""What measures see of images when there is no judge: their pixels, or the features of a small net made on the spot."""

from typing import NamedTuple

import numpy as np

FEATURES = 64
_FEWEST = 100  # labelled images, below which no net is trained
_MOST = 100_000_000  # numbers in the images that it is trained on
_EXAMPLES = 40_000  # that it sees in all, in 5 epochs or more


class Eye(NamedTuple):
    """Looks at images, uint8 (n, h, w) or (n, h, w, 3): through `net`, a keras.Model, or as they are."""

    net: object = None

    def look(self, images: np.ndarray) -> np.ndarray:
        """Float32 (n, d): the net's 64 features, or all pixels in 0..1."""
        pixels = images.reshape(len(images), -1)
        if self.net is None:
            return pixels.astype("float32") / np.float32(255)
        parts = (pixels[start : start + 1000].astype("float32") / 255 for start in range(0, len(pixels), 1000))
        return np.concatenate([np.asarray(self.net(part)) for part in parts])

    def width(self, images: np.ndarray) -> int:
        """How many numbers `look` gives for an image."""
        return FEATURES if self.net is not None else int(np.prod(images.shape[1:]))


def learn_eye(images: np.ndarray, labels: np.ndarray) -> tuple[Eye, float, float]:
    """Train a net with two hidden layers on four fifths of the images, uint8, and their labels, int64 (n,).

    Returns it up to its second hidden layer, the share of the last fifth that it names rightly, and the share it
    should, to be of use: half of the way from always naming the most frequent class to naming all.
    With too few images or one class, the share is 0. Nothing of Keras' random state is touched.
    """
    count = min(len(images), _MOST // int(np.prod(images.shape[1:])))
    order = np.random.default_rng(0).permutation(len(images))[:count]
    test, train = np.split(order, [count // 5])
    needed = (1 + np.bincount(labels[test]).max() / len(test)) / 2 if len(test) else 1.0
    if count < _FEWEST or len(np.unique(labels[train])) < 2:
        return Eye(), 0.0, needed
    net, features = _nets(int(np.prod(images.shape[1:])), int(labels.max()) + 1)
    x = images[train].reshape(len(train), -1).astype("float32") / 255
    epochs = int(np.clip(_EXAMPLES // len(train), 5, 40))
    net.fit(x, labels[train], batch_size=64, epochs=epochs, shuffle=False, verbose=0)  # the order is random already
    x = images[test].reshape(len(test), -1).astype("float32") / 255
    right = np.mean(net.predict(x, verbose=0).argmax(axis=1) == labels[test])
    return Eye(features), float(right), float(needed)


def _nets(pixels: int, classes: int):
    import keras
    from keras import layers

    def dense(units: int, seed: int, activation: str | None = "relu"):
        start = keras.initializers.GlorotUniform(seed=seed)
        return layers.Dense(units, activation=activation, kernel_initializer=start)

    image = keras.Input((pixels,))
    seen = dense(FEATURES, 1)(dense(256, 0)(image))
    net = keras.Model(image, dense(classes, 2, None)(seen))
    net.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return net, keras.Model(image, seen)
