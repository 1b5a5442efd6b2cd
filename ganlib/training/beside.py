"""Which real images a report measures beside: those that a run was trained on, or others that are named."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganlib.data import smoke
from ganlib.evaluation.against import Reference
from ganlib.evaluation.arrays import ImagesError, Wanted, shown
from ganlib.evaluation.images import Images, read_images
from ganlib.evaluation.report import LEAST, MOST
from ganlib.training.settings import SIDES, Settings, SettingsError, read_config
from ganlib.training.source import Source, load_source


class Beside(NamedTuple):
    """Generated images, uint8 (n, h, w) or (n, h, w, 3), real ones of this shape, and what both are, in safe text."""

    generated: np.ndarray
    reference: Reference
    source: str


def load_beside(images: Path, against: Path | None, size: int | None, levels: str | None) -> Beside | None:
    """The images to measure, and those beside which: `against`, or what the run `images` was trained on.

    None where neither is: then it is MNIST. Raises ImagesError, one sentence, for images that cannot be used.
    """
    settings = _settings(images)
    if against is None and settings is None:
        return None
    if against is None and not os.path.lexists(settings.data):
        where = f"The images that {shown(images)} was trained on are not at {shown(settings.data)}"
        raise ImagesError(f"{where}: say where they are with --against PATH.")
    generated = read_images(images, MOST, None, levels, Wanted(sides=SIDES, side=size))
    real, trained = _real(images, settings, against, size, levels)
    for read in (generated, real):
        if len(read.images) < LEAST:
            raise ImagesError(f"{read.source} holds {len(read.images)} images: the measures need at least {LEAST}.")
    found, other = generated.images.shape[1:3], real.images.shape[1:3]
    if found != other:
        raise ImagesError(
            f"{generated.source} holds images of {found[0]} x {found[1]} pixels, and {real.source} of {other[0]} x "
            f"{other[1]}: add --size {max(found)}, which scales and cuts both to one size."
        )
    pair = generated.images, real.images
    if pair[0].ndim != pair[1].ndim:  # one in grey, one in colour
        pair = [x if x.ndim == 4 else np.repeat(x[..., None], 3, axis=3) for x in pair]
    said = f"{generated.source}, beside {real.source}"
    return Beside(pair[0], Reference(pair[1], real.labels, trained), said)


def _settings(run: Path) -> Settings | None:
    """The settings of a run that was trained on images of the user's own; None for anything else."""
    try:
        settings = Settings.of(read_config(run)["settings"])
    except SettingsError:
        return None
    return settings if settings.data is not None else None


def _real(
    run: Path, settings: Settings | None, against: Path | None, size: int | None, levels: str | None
) -> tuple[Images, np.ndarray | None]:
    """The real images, and which of them the run was trained on, None where that is not known."""
    if settings is not None:
        place = os.path.abspath(settings.data if against is None else against)
        try:
            source = load_source(replace(settings, data=place))
        except ImagesError:
            if against is None:
                raise
        else:
            if _trained_on(run, settings, source):
                return _whole(source, place), np.arange(len(source.train) + len(source.held_out)) < len(source.train)
            if against is None:
                raise ImagesError(
                    f"The images in {shown(place)} are no longer those that {shown(run)} was trained on: bring them "
                    "back, or name others with --against PATH."
                )
    wanted = Wanted(sides=SIDES, side=size)
    try:
        return read_images(against, None, None, None, wanted), None
    except ImagesError:
        if levels is None:
            raise
        return read_images(against, None, None, levels, wanted), None


def _whole(source: Source, place: str) -> Images:
    labels = None if source.labels is None else np.concatenate([source.labels, source.held_out_labels])
    images = np.concatenate([source.train, source.held_out])
    return Images(images, labels, source.names, shown(Path(place).name))


def _trained_on(run: Path, settings: Settings, source: Source) -> bool:
    """Whether a run was begun with these images, as its config.json tells."""
    x, data = source.train, read_config(run)["conditions"].get("data")
    if settings.architecture == "conditional":  # as guards.labelled does it, without TensorFlow
        one_hot = np.uint8(255) * np.eye(len(source.names), dtype=np.uint8)[source.labels]
        x = np.concatenate([x.reshape(len(x), -1), one_hot], axis=1)
    try:
        (n, *_), _, digest = data
        seen = x[:n] if smoke() else x  # a smoke test trains on the first images only
    except (TypeError, ValueError):  # somebody has edited it
        return False
    return hashlib.sha256(np.ascontiguousarray(seen)).hexdigest() == digest
