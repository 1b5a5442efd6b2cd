"""The full report on a set of generated images: what `python -m ganlib evaluate` prints and writes."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ganlib import pictures
from ganlib.data import load_mnist, smoke
from ganlib.evaluation import metrics
from ganlib.evaluation.flaws import flaws, one_class
from ganlib.evaluation.images import Images, ImagesError, read_images
from ganlib.evaluation.judge import Judge, load_judge

MOST, LEAST = 10_000, 100  # images that are measured
PROBES = 2_000  # of them, whose nearest training image is looked for


class Row(NamedTuple):
    """One line of the report: a measure, its value, the value of real images, and how to read it."""

    measure: str
    value: str
    real: str
    meaning: str


class Picture(NamedTuple):
    """A figure of the report as PNG bytes, with the sentence for readers who cannot see it."""

    heading: str
    png: bytes
    alt: str


@dataclass(frozen=True)
class Report:
    """All that was measured on `n` images, in `seconds` of wall time; `notes` say what keeps it from meaning much."""

    n: int
    notes: list[str]
    rows: list[Row]
    pictures: list[Picture]
    seconds: float


@dataclass(frozen=True)
class Seen:
    """One set of images with what the judge sees in them: features (n, 64) and probabilities (n, 10)."""

    images: np.ndarray
    features: np.ndarray
    probabilities: np.ndarray

    def first(self, n: int) -> "Seen":
        return self.at(np.arange(min(n, len(self.images))))

    def at(self, places: np.ndarray) -> "Seen":
        return Seen(self.images[places], self.features[places], self.probabilities[places])


def load_images(path: str | os.PathLike, levels: str | None = None) -> Images:
    """Return up to 10,000 images to measure, of any file or folder that `read_images` takes: uint8 (n, 28, 28).

    Raises ImagesError as it does, for images that are not 28 x 28 in grey, and for fewer than 100 images.
    """
    read = read_images(path, MOST, (28, 28), levels)
    n = len(read.images)
    if n < LEAST:
        held = "1 image" if n == 1 else f"{n} images"
        raise ImagesError(f"{read.source} holds {held}: the measures need at least {LEAST}, and best {MOST:,}.")
    return read


def evaluate(
    images: np.ndarray,
    each: Callable[[Row], None] = lambda row: None,
    begin: Callable[[list[str]], None] = lambda notes: None,
) -> Report:
    """Measure the first 10,000 images, uint8 (n, 28, 28), each measure beside what as many real images have.

    Real are the MNIST test images; the real images measured beside are drawn from the first 50,000 training images.
    `begin` is called first, with what keeps the figures from meaning much; `each` with every row when it is known.
    With GANLIB_SMOKE=1 a few hundred images are measured. Raises ValueError as the measures do.
    """
    start = time.perf_counter()
    (x_train, _), (x_test, _) = load_mnist()
    validation, images, probes = x_train[50_000:51_000], images[:MOST], PROBES
    if smoke():
        x_train, x_test, validation, images, probes = x_train[:2000], x_test[:500], validation[:100], images[:300], 100
    judge, rows = load_judge(), []
    generated, train, test = (_look(judge, some) for some in (images, x_train, x_test))
    beside = train.at(np.random.default_rng(0).choice(min(len(x_train), 50_000), len(images), replace=False))
    notes = flaws(images) + one_class(metrics.class_histogram(generated.probabilities))
    begin(notes)

    def say(found: list[Row]) -> None:
        rows.extend(found)
        for row in found:
            each(row)

    say(_distances(generated, train, test))
    say(_digits(generated, test))
    shown = metrics.prdc(test.features, generated.features), metrics.prdc(test.features, beside.features)
    say(prdc_rows(*shown))
    say(_parzen(images, beside.images, x_test, validation))
    copies = _memorisation(generated.first(probes), train, test)
    say(copies_rows(copies))
    drawn = _pictures(generated, train, test, shown, copies["pixels"])
    return Report(len(images), notes, rows, drawn, time.perf_counter() - start)


def _look(judge: Judge, images: np.ndarray) -> Seen:
    return Seen(images, *judge.look(images))


def _distances(generated: Seen, train: Seen, test: Seen) -> list[Row]:
    distance = metrics.frechet_distance(generated.features, test.features)
    spread = metrics.frechet_spread(generated.features, test.features)
    floor, floor_spread = metrics.frechet_floor(train.features, test.features, len(generated.images))
    return [
        Row("Fréchet distance", f"{distance:.2f} ± {spread:.2f}", f"{floor:.2f} ± {floor_spread:.2f}",
            "in the judge's features, to the test images; lower is better"),
        Row("… in floors", f"{distance / floor:.1f}", "1", "the same, divided by the distance of real images"),
    ]


def _digits(generated: Seen, test: Seen) -> list[Row]:
    ours, theirs = generated.probabilities, test.probabilities
    shares, real = metrics.class_histogram(ours), metrics.class_histogram(theirs)
    return [
        Row("judge score", f"{metrics.judge_score(ours):.2f}", f"{metrics.judge_score(theirs):.2f}",
            "10 = each image clearly one digit, all digits equally often; 1 = none of it"),
        Row("share of each digit", _range(shares), _range(real), "lowest to highest; 10% would be even"),
        Row("entropy of the shares", f"{metrics.entropy(shares):.3f}", f"{metrics.entropy(real):.3f}",
            "in nats; 2.303 would be even"),
    ]


def prdc_rows(generated: metrics.PRDC, real: metrics.PRDC) -> list[Row]:
    """The four measures of generated images, and those of as many real ones."""
    four = zip(metrics.PRDC._fields, generated, real, _PRDC, strict=True)
    return [Row(name, f"{value:.3f}", f"{beside:.3f}", meaning) for name, value, beside, meaning in four]


def _parzen(images: np.ndarray, beside: np.ndarray, x_test: np.ndarray, validation: np.ndarray) -> list[Row]:
    ours, theirs = metrics.parzen(images, x_test, validation), metrics.parzen(beside, x_test, validation)
    meaning = (
        f"in nats, window {ours.sigma:.3f}; Goodfellow et al. 2014 report 225 ± 2. Blurred averages score above real "
        "images, so higher is not better"
    )
    values = (f"{found.log_likelihood:.0f} ± {found.error:.0f}" for found in (ours, theirs))
    return [Row("Parzen log-likelihood", *values, meaning)]


def _memorisation(probes: Seen, train: Seen, test: Seen) -> dict[str, metrics.Memorisation]:
    return {
        "pixels": metrics.memorisation(probes.images, train.images, test.images),
        "features": metrics.memorisation(probes.features, train.features, test.features),
    }


def copies_rows(tests: dict[str, metrics.Memorisation]) -> list[Row]:
    """The test of memorisation by each name of what was compared, such as "pixels"."""
    meaning = (
        "share of training images among the {0.distinct:,} real images that are nearest to a generated one, "
        "{0.low:.1%} to {0.high:.1%} with 95% confidence; right: what chance gives. Memorisation test: {0.verdict}"
    )
    return [
        Row(f"near training images, {name}", f"{found.share:.1%}", f"{found.expected:.1%}", meaning.format(found))
        for name, found in tests.items()
    ]


def _pictures(
    generated: Seen, train: Seen, test: Seen, four: tuple[metrics.PRDC, metrics.PRDC], by_pixels: metrics.Memorisation
) -> list[Picture]:
    shares = [metrics.class_histogram(seen.probabilities) for seen in (generated, test)]
    drawn = [samples_picture(generated.images), _histogram(*shares), four_picture(*four)]
    # A plain 1 is near to every set of digits; a copy is near to one set only.
    ratio = by_pixels.to_train / by_pixels.to_held_out.clip(1e-9)
    suspects = np.argsort(ratio, kind="stable")[:10]
    first = "The first ten images, and the training images that come nearest"
    drawn.append(_neighbours("Nearest training images", first, generated.first(10), train))
    most = (
        f"Ten of {len(ratio):,}, {ratio[suspects[0]]:.2f} to {ratio[suspects[-1]]:.2f} times as far from training as "
        "from test"
    )
    return [*drawn, _neighbours("Most like a copy", most, generated.at(suspects), train)]


_PRDC = (
    "share of generated images that lie among the real ones",
    "share of real images that lie among the generated ones",
    "how densely the real images lie around a generated one",
    "share of real images with a generated one close by",
)


def _range(shares: np.ndarray) -> str:
    return f"{shares.min():.1%} to {shares.max():.1%}"


def samples_picture(images: np.ndarray, what: str = "digits") -> Picture:
    """The first images, and what they are for readers who cannot see them."""
    figure = pictures.digits(images[:100], title=f"The first 100 of {len(images):,} images, not chosen")
    return Picture("Samples", pictures.to_png(figure), f"{min(len(images), 100)} generated {what} in ten rows.")


def _histogram(shares: np.ndarray, real: np.ndarray) -> Picture:
    title = f"The judge sees {_range(shares)} of each digit"
    figure = _bars([str(digit) for digit in range(10)], 100 * shares, 100 * real, "share of the images (%)", title)
    figure.axes[0].set_xlabel("digit, as the judge names it")
    said = ", ".join(f"{digit}: {share:.1%}" for digit, share in enumerate(shares))
    return Picture("Digits", pictures.to_png(figure), f"Shares of the digits among the generated images: {said}.")


def four_picture(generated: metrics.PRDC, real: metrics.PRDC) -> Picture:
    """The same as bars."""
    title = (
        f"Precision {generated.precision:.2f}, recall {generated.recall:.2f}; as many real images "
        f"have {real.precision:.2f} and {real.recall:.2f}"
    )
    names, label = list(metrics.PRDC._fields), "value (density may exceed 1)"
    figure = _bars(names, np.array(generated), np.array(real), label, title)
    figure.axes[0].axhline(1, color=pictures.NEUTRAL, linestyle=(0, (4, 3)), linewidth=1)
    values = "; ".join(f"{name} {a:.3f}, real {b:.3f}" for name, a, b in zip(names, generated, real, strict=True))
    return Picture("Precision and recall, density and coverage", pictures.to_png(figure), f"Bars: {values}.")


def _bars(names: list[str], generated: np.ndarray, real: np.ndarray, label: str, title: str):
    figure, ax = pictures.subplots(height=300)
    places = np.arange(len(names))
    with pictures.style():
        ax.bar(places - 0.2, real, 0.38, color=pictures.REAL, label="real")
        ax.bar(places + 0.2, generated, 0.38, color=pictures.GENERATED, label="generated")
        ax.set_xticks(places, names)
        ax.grid(axis="x", visible=False)
        ax.set_ylabel(label)
        ax.set_ylim(0, 1.22 * max(generated.max(), real.max(), 1e-9))
        ax.legend(loc="upper right", ncols=2)
    pictures.add_title(figure, title)
    return figure


def _neighbours(heading: str, title: str, some: Seen, train: Seen) -> Picture:
    panels = {
        "generated": some.images,
        "nearest real training image, by pixels": train.images[metrics.nearest(some.images, train.images)[1]],
        "nearest real training image, by the judge's features": train.images[
            metrics.nearest(some.features, train.features)[1]
        ],
    }
    figure = pictures.side_by_side(panels, columns=10, title=title)
    return Picture(heading, pictures.to_png(figure), f"{title}: a row each, generated, by pixels, by features.")
