"""Four ways to draw a digit without a neural network: what a GAN must beat.

Each is fitted to uint8 images (n, 28, 28) when it is made, and `sample` draws uint8 images from it.
"""

from __future__ import annotations

import numpy as np


class MeanImage:
    """The mean of all images, the same for every sample."""

    def __init__(self, images: np.ndarray):
        self.mean = _flat(images).mean(axis=0)  # (784,), 0 to 255

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Return uint8 (n, 28, 28); nothing is random here."""
        return _images(np.broadcast_to(self.mean, (n, 784)))


class IndependentPixels:
    """Every pixel is drawn from its own distribution in the data, without a look at its neighbours."""

    def __init__(self, images: np.ndarray):
        self.pixels = _flat(images)

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Return uint8 (n, 28, 28): each pixel copied from an image drawn for that pixel alone."""
        chosen = np.random.default_rng(seed).integers(len(self.pixels), size=(n, 784))
        return _images(self.pixels[chosen, np.arange(784)])


class Gaussian:
    """A normal distribution with the mean and the full covariance, 784 by 784, of the images."""

    def __init__(self, images: np.ndarray):
        pixels = _flat(images)
        self.mean = pixels.mean(axis=0)
        centred = (pixels - self.mean).astype("float32")  # half the time of float64, and exact to five digits
        self.covariance = (centred.T @ centred).astype("float64") / (len(pixels) - 1)
        # No Cholesky: pixels that are always 0 make the covariance singular.
        values, vectors = np.linalg.eigh(self.covariance)
        self.root = vectors * np.sqrt(values.clip(min=0))  # root @ root.T is the covariance

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Return uint8 (n, 28, 28): `draw`, with what lies below 0 or above 255 cut off."""
        return _images(self.draw(n, seed))

    def draw(self, n: int, seed: int = 0) -> np.ndarray:
        """Return float64 (n, 784) from the normal distribution itself, which knows no limits of grey."""
        return self.mean + np.random.default_rng(seed).standard_normal((n, 784)) @ self.root.T


class NeighbourAverage:
    """The mean of an image's `k` nearest other images, for an image drawn at random."""

    def __init__(self, images: np.ndarray, k: int = 16):
        self.pixels = _flat(images)
        if not 1 <= k < len(self.pixels):
            raise ValueError(f"k is {k}; it must be from 1 to {len(self.pixels) - 1}, one less than there are images.")
        self.k = k

    def sample(self, n: int, seed: int = 0) -> np.ndarray:
        """Return uint8 (n, 28, 28)."""
        chosen = np.random.default_rng(seed).integers(len(self.pixels), size=n)
        return _images(self.pixels[nearest(self.pixels, chosen, self.k)].mean(axis=1))


def nearest(pixels: np.ndarray, chosen: np.ndarray, k: int) -> np.ndarray:
    """Return the rows of the `k` nearest others of each chosen row: (len(chosen), k), in no order.

    `pixels` is (n, d); distances are Euclidean. A row is not its own neighbour, an equal row is.
    """
    points = pixels.astype("float32")
    half = (points**2).sum(axis=1) / 2
    rows = np.empty((len(chosen), k), np.int64)
    for start in range(0, len(chosen), 500):  # 500 rows against 60,000 take 120 MB
        part = chosen[start : start + 500]
        order = half - points[part] @ points.T  # half the squared distance, less a constant of the row
        order[np.arange(len(part)), part] = np.inf
        rows[start : start + 500] = np.argpartition(order, k - 1, axis=1)[:, :k]
    return rows


def _flat(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or len(images) < 2:
        raise ValueError(f"images are {images.dtype} {images.shape}; needed is uint8 (n, 28, 28), n from 2 up.")
    return images.reshape(-1, 784)


def _images(pixels: np.ndarray) -> np.ndarray:
    return np.rint(pixels).clip(0, 255).astype(np.uint8).reshape(-1, 28, 28)
