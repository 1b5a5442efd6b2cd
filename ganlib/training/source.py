"""The images that a training learns from: MNIST, or the user's own, a tenth of which is kept for `evaluate`."""

from typing import NamedTuple

import numpy as np

from ganlib import data
from ganlib.evaluation.arrays import ImagesError, Wanted, shown
from ganlib.evaluation.images import read_images
from ganlib.training.settings import SIDES, Settings

CLASSES = 64  # at most: as many as the conditional generator has latents
ENOUGH = 200  # images of which a tenth is kept for `evaluate`; of fewer, none


class Source(NamedTuple):
    """Images to train on, uint8 (n, h, w) or (n, h, w, 3), and others of the same source, (m, …), m perhaps 0.

    `labels`, whole numbers (n,) and (m,), and the classes' `names`, where the images have labels. `said` tells in safe
    text what was read, and what it is used for.
    """

    train: np.ndarray
    held_out: np.ndarray
    labels: np.ndarray | None
    held_out_labels: np.ndarray | None
    names: tuple[str, ...]
    said: str


def load_source(settings: Settings) -> Source:
    """The images that these settings ask for. Raises DataError for MNIST, ImagesError for others: a sentence each."""
    if settings.data is None:
        (x_train, y_train), (x_test, y_test) = data.load_mnist()
        return Source(x_train, x_test, y_train, y_test, tuple("0123456789"), "")
    wanted = Wanted(sides=SIDES, side=settings.size, labels=settings.labels)
    read = read_images(settings.data, None, None, settings.levels, wanted)
    _check(read, settings)
    n = len(read.images)
    order = np.random.default_rng(0).permutation(n)
    kept, learned = (np.sort(part) for part in np.split(order, [n // 10 if n >= ENOUGH else 0]))
    labels, others = (None, None) if read.labels is None else (read.labels[learned], read.labels[kept])
    colour = "in colour" if read.images.ndim == 4 else "in grey"
    said = f"Images: {read.source}, {n:,} of {read.images.shape[1]} x {read.images.shape[2]} pixels {colour}"
    if len(kept):
        said += f"; {len(learned):,} to train on, {len(kept):,} kept for evaluate"
    said += _of_labels(read.names, settings)
    return Source(read.images[learned], read.images[kept], labels, others, read.names, said)


def _check(read, settings: Settings) -> None:
    """Raise ImagesError for images that nothing can be learned from as asked."""
    where, n = shown(settings.data), len(read.images)
    if n < 2:
        raise ImagesError(f"{where} holds 1 image: a GAN learns from many, best from some thousands.")
    if read.images.max() <= 1 or read.images.min() == read.images.max():
        raise ImagesError(f"{where} holds images that are all of one grey: there is nothing to learn.")
    if settings.architecture == "conditional":
        if read.labels is None:
            raise ImagesError(
                f"{where} has no labels, which --architecture conditional needs: put the pictures into one sub-folder "
                "for each class, or add an array of labels to the .npz, and name it with --labels."
            )
        if not 2 <= len(read.names) <= CLASSES:
            found = "1 class" if len(read.names) == 1 else f"{len(read.names)} classes"
            raise ImagesError(f"{where} has {found}, but --architecture conditional takes 2 to {CLASSES}.")


def _of_labels(names: tuple[str, ...], settings: Settings) -> str:
    if not names:
        return "."
    listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    if settings.architecture == "conditional":
        if names == tuple(map(str, range(len(names)))):
            return f".\nClasses: 0 to {len(names) - 1}."
        numbered = ", ".join(f"{number} {name}" for number, name in enumerate(names[:10]))
        return f".\nClasses: {numbered}{' …' if len(names) > 10 else ''}."
    return f".\nLabels: {len(names)} ({listed}), not used: --architecture conditional trains with them."
