"""Ask for a digit: three ways to tell D the label at the same cost, three seeds, stored in `asked.csv`.

    python benchmarks/asked.py projection concatenation classifier unconditional --seeds 0 1 2
    python benchmarks/asked.py projection --seeds 0 --save pair.npz

Without names it prints the table of what is stored. Every training is 22 passes over MNIST with the settings of the
default training, but for the rate, which falls to a tenth. `unconditional` is the pair `mixture`, trained the same way.
A row holds the share of asked digits that the judge reads as asked (all, and the digit that comes least often), the
distance of 10,000 images to the 10,000 test images, recall, and the coverage of the test images of each class (mean
and least, 5,000 images). `--save` keeps the averaged G and the D of the last training, for the page `web/explorer`.
"""

import argparse
import math
import statistics
import time
from pathlib import Path

import keras
import numpy as np

import ganlib
from benchmarks import _rows
from ganlib import GAN, models, to_images
from ganlib.evaluation import metrics
from ganlib.evaluation.judge import load_judge
from ganlib.training.settings import Settings
from ganlib.weights import named_weights

STORED = Path(__file__).with_suffix(".csv")
COLUMNS = ("way", "seed", "cpu_s", "right", "least_right", "frechet", "recall", "coverage", "least_coverage")
WAYS = ("projection", "concatenation", "classifier", "unconditional")
EPOCHS, N = 22, 10_000


def train(way: str, seed: int) -> tuple[GAN, float]:
    """A trained GAN and the CPU seconds that it took, compilation included."""
    (images, labels), _ = ganlib.load_mnist()
    settings = Settings()
    keras.utils.set_random_seed(seed)
    told = way != "unconditional"
    steps = EPOCHS * math.ceil(len(images) / settings.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps, alpha=0.1)
    gan = GAN(*(models.conditional(way) if told else models.mixture()), seed=seed)
    gan.compile(*(keras.optimizers.Adam(rate, 0.0, 0.99) for _ in range(2)), r1=settings.r1)
    start = time.process_time()
    gan.fit(images, settings.batch_size, EPOCHS, labels=labels if told else None, verbose=0)
    return gan, time.process_time() - start


def measure(gan: GAN) -> dict[str, float]:
    """The figures of a row; none of asked digits for a generator that cannot be asked."""
    judge = load_judge()
    _, (test, test_labels) = ganlib.load_mnist()
    asked = np.arange(N) % 10 if gan.classes else None
    images = to_images(gan.generate(N, labels=asked))
    real, features = judge.features(test), judge.features(images)
    covered = metrics.covered(real[:5000], features[:5000])
    by_class = [covered[test_labels[:5000] == digit].mean() for digit in range(10)]
    row = {
        "frechet": metrics.frechet_distance(features, real),
        "recall": metrics.prdc(real[:5000], features[:5000]).recall,
        "coverage": np.mean(by_class),
        "least_coverage": min(by_class),
    }
    if gan.classes:
        right = judge.predict(images) == asked
        row |= {"right": right.mean(), "least_right": min(right[asked == digit].mean() for digit in range(10))}
    return row


def save(gan: GAN, path: Path) -> None:
    """Write the averaged G and D, float32, their names beginning with `generator/` and `discriminator/`."""
    nets = {"generator": gan.average, "discriminator": gan.discriminator}
    np.savez(path, **{f"{net}/{name}": w for net, model in nets.items() for name, w in named_weights(model).items()})


def print_table(rows: list[dict]) -> None:
    """Mean and range over the seeds."""
    print("| D is told by | seeds | CPU s | asked digit | least often | distance | recall | coverage | least covered |")
    print("|---|---|---|---|---|---|---|---|---|")
    for way in WAYS:
        found = [row for row in rows if row["way"] == way]
        cells = []
        for key, spec in zip(COLUMNS[2:], (".0f", ".1%", ".1%", ".2f", ".2f", ".2f", ".2f"), strict=True):
            values = [row[key] for row in found if row[key] != ""]
            low, middle, high = (format(f(values), spec) for f in (min, statistics.mean, max)) if values else "–––"
            cells.append(f"{middle} ({low} to {high})" if values else "–")
        print(f"| {way} | {len(found)} | {' | '.join(cells)} |")


def main() -> None:
    """Train and measure what is asked for and not stored yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"of {', '.join(WAYS)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="default: 0 1 2")
    parser.add_argument("--save", type=Path, help="where the last pair is kept; trains even what is stored")
    options = parser.parse_args()
    if unknown := set(options.ways) - set(WAYS):
        parser.error(f"there is no way {min(unknown)!r}; there are: {', '.join(WAYS)}")
    ganlib.start()
    for way in options.ways:
        for seed in options.seeds:
            stored = any((row["way"], row["seed"]) == (way, seed) for row in _rows.stored(STORED, {"way"}))
            if stored and not options.save:
                continue
            gan, cpu = train(way, seed)
            row = {"way": way, "seed": seed, "cpu_s": f"{cpu:.1f}"}
            row |= {name: f"{value:.4f}" for name, value in measure(gan).items()}
            print(row, flush=True)
            if not stored:
                _rows.add(STORED, COLUMNS, row)
            if options.save:
                save(gan, options.save)
    print_table(_rows.stored(STORED, {"way"}))


if __name__ == "__main__":
    main()
