"""The full report on a set of generated images: what `python -m ganlib evaluate` prints and writes."""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ganlib import pictures
from ganlib.data import load_mnist, smoke, to_images
from ganlib.evaluation import metrics
from ganlib.evaluation.judge import load_judge
from ganlib.files import write_file

MOST, LEAST = 10_000, 100  # images that are measured
PROBES = 2_000  # of them, whose nearest training image is looked for


class ReportError(ValueError):
    """A file that cannot be reported on; the text is one sentence."""


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
    """All that was measured on `n` images, in `seconds` of wall time."""

    n: int
    rows: list[Row]
    pictures: list[Picture]
    seconds: float


def load_images(path: Path) -> np.ndarray:
    """Return the images of an `.npz` file, or of the `generated_images.npz` in a run's folder: uint8 (n, 28, 28).

    The file holds an array "images", or one array of any name: uint8, or floats in 0..1; (n, 28, 28) or (n, 784).
    Nothing is unpickled. Raises ReportError when there is no such file, when it holds no such array, for values that
    are no pixels, and for fewer than 100 images.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "generated_images.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            names = file.files
            name = "images" if "images" in names else names[0] if len(names) == 1 else None
            images = None if name is None else file[name]
    except FileNotFoundError as error:
        raise ReportError(f"{path} does not exist: give an .npz file of images, or the folder of a run.") from error
    except Exception as error:  # no permission, no zip, a broken zip, pickled objects, .npy: each raises its own
        raise ReportError(f"{path} cannot be read as an .npz file of images ({error}).") from error
    if images is None:
        found = ", ".join(names) or "nothing"
        raise ReportError(f'{path} holds no images: an array "images" is needed, and there is {found}.')
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise ReportError(f"{path} holds {images.dtype}: needed are uint8 in 0..255 or floats in 0..1.")
    if images.shape[1:] not in ((28, 28), (784,)):
        raise ReportError(f"{path} holds the shape {images.shape}: needed is (n, 28, 28) or (n, 784).")
    if len(images) < LEAST:
        raise ReportError(f"{path} holds {len(images)} images: the measures need at least {LEAST}, and best {MOST:,}.")
    if images.dtype == np.uint8:
        return images.reshape(-1, 28, 28)
    try:
        return to_images(images)
    except ValueError:
        low, high = images.min(), images.max()
        raise ReportError(f"{path} runs from {low:.3g} to {high:.3g}: needed are floats in 0..1, or uint8.") from None


def evaluate(images: np.ndarray, each: Callable[[Row], None] = lambda row: None) -> Report:
    """Measure the first 10,000 images, uint8 (n, 28, 28), each measure beside what as many real images have.

    Real are the MNIST test images; the real images measured beside are drawn from the first 50,000 training images.
    `each` is called with every row when it is known. With GANLIB_SMOKE=1 a few hundred images are measured.
    Raises ValueError as the measures do.
    """
    start = time.perf_counter()
    (x_train, _), (x_test, _) = load_mnist()
    validation, images, probes = x_train[50_000:51_000], images[:MOST], PROBES
    if smoke():
        x_train, x_test, validation, images, probes = x_train[:2000], x_test[:500], validation[:100], images[:300], 100
    chosen = np.random.default_rng(0).choice(min(len(x_train), 50_000), len(images), replace=False)
    judge, rows = load_judge(), []
    features, probabilities = judge.look(images)
    test, test_probabilities = judge.look(x_test)
    train = judge.features(x_train)

    def row(measure: str, value: str, real: str, meaning: str) -> None:
        rows.append(Row(measure, value, real, meaning))
        each(rows[-1])

    distance, spread = metrics.frechet_distance(features, test), metrics.frechet_spread(features, test)
    floor, floor_spread = metrics.frechet_floor(train, test, len(images))
    row("Fréchet distance", f"{distance:.2f} ± {spread:.2f}", f"{floor:.2f} ± {floor_spread:.2f}",
        "in the judge's features, to the test images; lower is better")
    row("… in floors", f"{distance / floor:.1f}", "1", "the same, divided by the distance of real images")
    row("judge score", f"{metrics.judge_score(probabilities):.2f}", f"{metrics.judge_score(test_probabilities):.2f}",
        "10 = each image clearly one digit, all digits equally often; 1 = none of it")
    shares, real_shares = metrics.class_histogram(probabilities), metrics.class_histogram(test_probabilities)
    row("share of each digit", _range(shares), _range(real_shares), "lowest to highest; 10% would be even")
    row("entropy of the shares", f"{metrics.entropy(shares):.3f}", f"{metrics.entropy(real_shares):.3f}",
        "in nats; 2.303 would be even")
    generated_prdc, real_prdc = metrics.prdc(test, features), metrics.prdc(test, train[chosen])
    for name, value, real, meaning in zip(metrics.PRDC._fields, generated_prdc, real_prdc, _PRDC, strict=True):
        row(name, f"{value:.3f}", f"{real:.3f}", meaning)
    ours = metrics.parzen(images, x_test, validation)
    theirs = metrics.parzen(x_train[chosen], x_test, validation)
    row("Parzen log-likelihood", f"{ours.log_likelihood:.0f} ± {ours.error:.0f}",
        f"{theirs.log_likelihood:.0f} ± {theirs.error:.0f}",
        f"in nats, window {ours.sigma:.3f}; Goodfellow et al. 2014 report 225 ± 2. Blurred averages score above real "
        "images, so higher is not better")
    by_pixels = metrics.memorisation(images[:probes], x_train, x_test)
    by_features = metrics.memorisation(features[:probes], train, test)
    for name, found in (("pixels", by_pixels), ("features", by_features)):
        verdict = "passed" if found.passed else f"FAILED, at least {found.copied:.0%} are copies"
        row(f"near training images, {name}", f"{found.share:.1%}", f"{found.expected:.1%}",
            f"share nearer to a training than to a test image, {found.low:.1%} to {found.high:.1%} with 95% "
            f"confidence; right: what chance gives. Memorisation test: {verdict}")
    pictures = [_samples(images), _histogram(shares, real_shares), _four(generated_prdc, real_prdc)]
    # A plain 1 is near to every set of digits; a copy is near to one set only.
    ratio = by_pixels.to_train / by_pixels.to_held_out.clip(1e-9)
    suspects = np.argsort(ratio, kind="stable")[:10]
    for heading, places, title in (
        ("Nearest training images", np.arange(10), "The first ten images, and the training images that come nearest"),
        ("Most like a copy", suspects,
         f"Ten of {len(ratio):,}, {ratio[suspects[0]]:.2f} to {ratio[suspects[-1]]:.2f} times as far from training as "
         "from test"),
    ):
        pictures.append(_neighbours(heading, title, images[places], x_train, features[places], train))
    return Report(len(images), rows, pictures, time.perf_counter() - start)


def write_html(report: Report, path: Path, name: str) -> None:
    """Write the report as one page, pictures inside, all of it or nothing; `name` says what was measured.

    Raises OSError when the file cannot be written.
    """
    table = "\n".join(
        f'<tr><th scope="row">{escape(row.measure)}</th><td class="n">{escape(row.value)}</td>'
        f'<td class="n">{escape(row.real)}</td><td>{escape(row.meaning)}</td></tr>'
        for row in report.rows
    )
    pictures = "\n".join(
        f'<h2>{escape(picture.heading)}</h2>\n<img alt="{escape(picture.alt)}" '
        f'src="data:image/png;base64,{base64.b64encode(picture.png).decode()}">'
        for picture in report.pictures
    )
    page = _PAGE.format(name=escape(name), n=f"{report.n:,}", table=table, pictures=pictures, seconds=report.seconds)
    write_file(path, page.encode())


_PRDC = (
    "share of generated images that lie among the real ones",
    "share of real images that lie among the generated ones",
    "how densely the real images lie around a generated one",
    "share of real images with a generated one close by",
)


def _range(shares: np.ndarray) -> str:
    return f"{shares.min():.1%} to {shares.max():.1%}"


def _samples(images: np.ndarray) -> Picture:
    figure = pictures.digits(images[:100], title=f"The first 100 of {len(images):,} images, not chosen")
    return Picture("Samples", pictures.to_png(figure), "100 generated digits in ten rows.")


def _histogram(shares: np.ndarray, real: np.ndarray) -> Picture:
    title = f"The judge sees {_range(shares)} of each digit"
    figure = _bars([str(digit) for digit in range(10)], 100 * shares, 100 * real, "share of the images (%)", title)
    figure.axes[0].set_xlabel("digit, as the judge names it")
    said = ", ".join(f"{digit}: {share:.1%}" for digit, share in enumerate(shares))
    return Picture("Digits", pictures.to_png(figure), f"Shares of the digits among the generated images: {said}.")


def _four(generated: metrics.PRDC, real: metrics.PRDC) -> Picture:
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


def _neighbours(
    heading: str, title: str, images: np.ndarray, x_train: np.ndarray, features: np.ndarray, train: np.ndarray
) -> Picture:
    panels = {
        "generated": images,
        "nearest real training image, by pixels": x_train[metrics.nearest(images, x_train)[1]],
        "nearest real training image, by the judge's features": x_train[metrics.nearest(features, train)[1]],
    }
    figure = pictures.side_by_side(panels, columns=10, title=title)
    return Picture(heading, pictures.to_png(figure), f"{title}: a row each, generated, by pixels, by features.")


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Report: {name}</title>
<style>
:root {{ --page: #ffffff; --ink: #222222; --soft: #5a5a5a; --line: #d8d8d8; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #16181c; --ink: #e6e6e6; --soft: #a8adb5; --line: #3a3f47; }}
}}
body {{ background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 760px; padding: 16px; }}
h1 {{ font-size: 26px; overflow-wrap: anywhere; }}
h2 {{ font-size: 19px; margin: 36px 0 8px; }}
p, .note {{ color: var(--soft); }}
table {{ border-collapse: collapse; width: 100%; font-size: 14px; }}
th, td {{ border-bottom: 1px solid var(--line); padding: 6px 8px; text-align: left; vertical-align: top; }}
th {{ font-weight: 600; }}
td.n {{ font-variant-numeric: tabular-nums; }}
@media (min-width: 560px) {{ td.n {{ white-space: nowrap; }} }}
td:last-child {{ color: var(--soft); }}
img {{ background: #ffffff; border-radius: 6px; display: block; height: auto; max-width: 100%; width: 700px; }}
</style>
</head>
<body>
<h1>How good are these images?</h1>
<p>{name}: {n} images, measured in {seconds:.0f} s. "Real" is what as many real images reach, and what a perfect
generator would reach. ± is one standard deviation.</p>
<table>
<thead><tr><th scope="col">measure</th><th scope="col">generated</th><th scope="col">real</th>
<th scope="col">how to read it</th></tr></thead>
<tbody>
{table}
</tbody>
</table>
{pictures}
</body>
</html>
"""
