"""What makes a set of images no sample to judge: named before any verdict."""

import numpy as np

FEWEST = 65  # different images: one more than the judge has features


def flaws(images: np.ndarray) -> list[str]:
    """Return what is wrong with a set of grey images, uint8 (n, h, w), a sentence each; nothing for a sound set.

    A sentence that begins with "No verdict" says that figures for quality or copying would mean nothing.
    """
    images = images.reshape(len(images), *images.shape[-2:])
    low, high = images.min(axis=(1, 2)), images.max(axis=(1, 2))
    if (low == high).all():
        return [f"No verdict: {_flat(low, high)}; nothing is drawn."]
    found = [_few(images), _noise(images), _dark(images), _inverted(images)]
    return [sentence for sentence in found if sentence]


def one_class(shares: np.ndarray) -> list[str]:
    """Return a sentence when the judge takes nearly all images for one digit; `shares` are those of the digits."""
    if shares.max() < 0.8:
        return []
    return [f"Note: the judge takes {shares.max():.0%} of the images for a {shares.argmax()}: one mode, not ten."]


def _flat(low: np.ndarray, high: np.ndarray) -> str:
    if high.max() == 0:
        return f"all {len(low):,} images are black"
    if low.min() == 255:
        return f"all {len(low):,} images are white"
    return f"each of the {len(low):,} images is one even grey"


def _few(images: np.ndarray) -> str:
    n, distinct = len(images), len({image.tobytes() for image in images})
    if distinct == 1:
        return f"No verdict: all {n:,} images are one and the same, which is collapse."
    if distinct < FEWEST:
        return f"No verdict: only {distinct} of the {n:,} images are different, which is collapse or too small a set."
    return f"Note: only {distinct:,} of the {n:,} images are different." if distinct < 0.9 * n else ""


def _noise(images: np.ndarray) -> str:
    """Neighbouring pixels of a picture resemble each other; those of noise do not."""
    some = images[:1000].astype("float32")
    some = some - some.mean(axis=(1, 2), keepdims=True)
    variance = np.square(some).mean()
    across = (some[:, :, 1:] * some[:, :, :-1]).mean()
    down = (some[:, 1:] * some[:, :-1]).mean()
    if (across + down) / 2 >= 0.25 * variance:
        return ""
    return "No verdict: the images are noise, in which neighbouring pixels have nothing in common."


def _dark(images: np.ndarray) -> str:
    brightest = int(images.max())
    if brightest > 32:
        return ""
    return f"Note: the brightest pixel is {brightest} of 255, nearly black: were the images scaled to another range?"


def _inverted(images: np.ndarray) -> str:
    edges = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    if np.median(edges) < 128 or np.median(images) < 128:
        return ""
    return "Note: this looks like black ink on white; MNIST is white ink on black, so use 255 - images."
