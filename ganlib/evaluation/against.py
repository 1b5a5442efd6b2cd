"""The report beside images of one's own: measures on pixels, or on what a small net sees that learned their labels.

The judge of the other report knows digits only.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganlib import pictures
from ganlib.evaluation import metrics
from ganlib.evaluation.eye import Eye, learn_eye
from ganlib.evaluation.flaws import flaws
from ganlib.evaluation.report import (
    MOST,
    PROBES,
    Picture,
    Report,
    Row,
    copies_rows,
    four_picture,
    prdc_rows,
    samples_picture,
)

HELD_OUT = 500  # images not trained on that are enough to measure against them alone
_NUMBERS = 20_000_000  # held at a time of one set: rows times pixels
LEFT_OUT = (
    "Left out: Fréchet distance, judge score and shares of the digits, for their judge knows MNIST's digits only; and "
    "the Parzen log-likelihood, whose figures compare with those for MNIST only."
)


class Reference(NamedTuple):
    """Real images, uint8 (n, h, w) or (n, h, w, 3), n at least 100, with `labels`, int64 (n,), where they have any.

    `trained`, bool (n,), says which of them the generator was trained on; None where nobody knows.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    trained: np.ndarray | None = None


def evaluate_against(
    images: np.ndarray,
    reference: Reference,
    each: Callable[[Row], None] = lambda row: None,
    begin: Callable[[list[str]], None] = lambda notes: None,
) -> Report:
    """Measure the first 10,000 images, uint8 of the reference's shape and at least 100, beside real ones.

    Where the reference has labels, a small net learns them, and the measures take its features if it learned them
    well; else pixels. `begin` and `each` as in `report.evaluate`. Raises ValueError as the measures do.
    """
    start, generated = time.perf_counter(), images[:MOST]
    eye, said = _eye(reference)
    real, beside, how = _two_sets(reference, len(generated), eye)
    notes = _flaws(generated) + [said, how, LEFT_OUT]
    begin(notes)
    seen = [eye.look(some) for some in (real, generated[: len(beside)], beside)]
    four = metrics.prdc(seen[0], seen[1]), metrics.prdc(seen[0], seen[2])
    rows = prdc_rows(*four)
    for row in rows:
        each(row)
    copies = _copies(generated[:PROBES], reference, real, beside, eye)
    for row in copies:
        each(row)
    drawn = [samples_picture(generated, "images"), four_picture(*four), _neighbours(generated[:10], reference, eye)]
    return Report(len(generated), notes, rows + copies, drawn, time.perf_counter() - start)


def _eye(reference: Reference) -> tuple[Eye, str]:
    """What the measures compare, and a sentence that says so."""
    if reference.labels is None:
        return Eye(), "The measures compare pixels, for the reference has no labels."
    eye, accuracy, needed = learn_eye(reference.images, reference.labels)
    named = f"a small net that learned the labels names {accuracy:.0%} of images that it has not seen"
    if accuracy < needed:
        return Eye(), f"The measures compare pixels: {named}, and {needed:.0%} are needed to trust its features."
    return eye, f"The measures compare features: {named}."


def _two_sets(reference: Reference, n: int, eye: Eye) -> tuple[np.ndarray, np.ndarray, str]:
    """Two sets of as many real images: one to measure against, one to measure beside; and a sentence about them."""
    images, trained, rng = reference.images, reference.trained, np.random.default_rng(0)
    if trained is not None and np.count_nonzero(~trained) >= HELD_OUT:
        first, second = (rng.permutation(np.flatnonzero(part)) for part in (~trained, trained))
        what = "images that were not trained on"
    else:
        order = rng.permutation(len(images))
        first, second = order[: len(order) // 2], order[len(order) // 2 :]
        what = "images, one half of the reference; the real ones beside are the other half"
    size = min(len(first), len(second), n, _NUMBERS // eye.width(images))
    how = f"Measured: {size:,} generated images against {size:,} real {what}."
    return images[np.sort(first[:size])], images[np.sort(second[:size])], how


def _flaws(images: np.ndarray) -> list[str]:
    grey = images if images.ndim == 3 else images.mean(axis=3).astype(np.uint8)
    return [sentence for sentence in flaws(grey) if "MNIST" not in sentence]  # that black on white is odd


def _copies(
    probes: np.ndarray, reference: Reference, real: np.ndarray, beside: np.ndarray, eye: Eye
) -> list[Row]:
    """The test of memorisation where it is known what was trained on, else how near the nearest real images are."""
    trained = reference.trained
    if trained is None or trained.all():
        return [_near(probes, real, beside)]
    most = 5 * _NUMBERS // Eye().width(reference.images)
    sets = probes, reference.images[trained][:most], reference.images[~trained][:most]
    tests = {"pixels": metrics.memorisation(*sets)}
    if eye.net is not None:
        tests["features"] = metrics.memorisation(*map(eye.look, sets))
    return copies_rows(tests)


def _near(probes: np.ndarray, real: np.ndarray, beside: np.ndarray) -> Row:
    ours, theirs = metrics.nearest(probes, real)[0], metrics.nearest(beside, real)[0]
    near = np.quantile(theirs, 0.01, method="lower")
    values = (f"{np.mean(distances <= near):.1%}" for distances in (ours, theirs))
    meaning = (
        "share of images as near to a real one as the nearest 1% of real images are to others; far more are copies, or "
        "blurred. Memorisation test: no verdict, for it needs real images that were kept from the training"
    )
    return Row("near copies, pixels", *values, meaning)


def _neighbours(some: np.ndarray, reference: Reference, eye: Eye) -> Picture:
    images = reference.images[: 5 * _NUMBERS // Eye().width(reference.images)]
    panels = {"generated": some, "nearest real image, by pixels": images[metrics.nearest(some, images)[1]]}
    if eye.net is not None:
        panels["nearest real image, by features"] = images[metrics.nearest(eye.look(some), eye.look(images))[1]]
    title = "The first ten images, and the real images that come nearest"
    figure = pictures.side_by_side(panels, columns=10, title=title)
    return Picture("Nearest real images", pictures.to_png(figure), f"{title}: {', '.join(panels)}, a row each.")
