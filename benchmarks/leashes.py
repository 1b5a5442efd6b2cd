"""Six leashes for D on equal terms: the same networks, images and CPU seconds, three seeds; stored in `leashes.csv`.

Every leash has a strength, and a strength that suits one network does not suit another. So each is first tried in
four or five strengths with a seed of its own, at the full cost (`tune`); the best of them runs the race (`race`), from
three other seeds:

    python benchmarks/leashes.py tune race ship

Without names it prints the tables of what is stored. Every training has the same CPU seconds (of all threads, without
compilation): what a step of each leash costs was measured beforehand (`cost`) and sets its number of steps. The rate
falls over the steps.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import ganlib
from benchmarks import _rows

STORED = Path(__file__).with_suffix(".csv")
COLUMNS = (
    "part",
    "leash",
    "strength",
    "seed",
    "budget",
    "steps",
    "cpu_s",
    "frechet",
    "precision",
    "recall",
    "coverage",
)
TUNING_SEED, SEEDS = 9, (0, 1, 2)
BUDGET = {"tune": 15.0, "race": 15.0}  # CPU seconds


class Leash(NamedTuple):
    """One way to hold D: what it is, the strengths to try, and the settings that one of them means."""

    about: str
    strengths: tuple[float, ...]
    settings: dict[str, float | str | bool]  # "*": here stands the strength


LEASHES = {
    "none": Leash("non-saturating, no penalty; the strength is the rate of both", (0.0005, 0.001, 0.002, 0.004, 0.008),
                  {"rate_g": "*", "rate_d": "*"}),
    "R1": Leash("non-saturating, R1 with gamma", (0.3, 1.0, 3.0, 10.0, 30.0), {"r1": "*"}),
    "R1 + R2": Leash("relativistic, R1 and R2 with gamma each (R3GAN)", (0.3, 1.0, 3.0, 10.0, 30.0),
                     {"r1": "*", "r2": "*", "loss": "relativistic"}),
    "relativistic": Leash("relativistic, R1 with gamma", (0.3, 1.0, 3.0, 10.0, 30.0),
                          {"r1": "*", "loss": "relativistic"}),
    "WGAN-GP": Leash("Wasserstein, penalty with lambda, one step of D", (0.1, 0.3, 1.0, 3.0, 10.0),
                     {"wgan_gp": "*", "loss": "wasserstein"}),
    "spectral": Leash("hinge, spectral normalisation; the strength is D's rate", (0.00025, 0.0005, 0.001, 0.002),
                      {"rate_d": "*", "loss": "hinge", "spectral": True}),
    "two time scales": Leash("non-saturating, no penalty; the strength is D's rate over G's", (0.5, 2.0, 4.0, 8.0),
                             {"rate_d": "*"}),
}  # fmt: skip
# CPU milliseconds of a step, measured by `cost` on a machine of two cores (2026-11-28); that of WGAN-GP is read off its
# tunings, which took longer than `cost` (6.3) had said
STEP_MS = {
    "none": 5.0, "R1": 6.1, "R1 + R2": 7.1, "relativistic": 5.9, "WGAN-GP": 8.5, "spectral": 5.2,
    "two time scales": 5.0,
}  # fmt: skip
RATE = 2e-3
PART, BLOCK = 156, 26  # steps in a third of the data, whose parts all come in blocks of 26: one compilation


def settings_of(name: str, strength: float) -> dict:
    """What `build` takes for a leash of some strength."""
    found = {key: strength if value == "*" else value for key, value in LEASHES[name].settings.items()}
    if name == "two time scales":
        found["rate_d"] = RATE * strength
    return found


def build(steps: int, rate_g: float = RATE, rate_d: float = RATE, spectral: bool = False, r1: float = 0.0, **settings):
    """The two small networks of lesson 07, section 7, held by one leash, with rates that fall over `steps`."""
    import keras

    from ganlib.gan import GAN
    from ganlib.models import mlp

    def adam(rate: float):
        return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.1), 0.0, 0.99)

    gan = GAN(
        mlp(64, (256, 256), 784, "sigmoid", "generator"),
        mlp(784, (256, 128), 1, None, "discriminator", spectral=spectral),
    )
    gan.compile(adam(rate_g), adam(rate_d), r1=r1, **settings)
    return gan


def measure_costs() -> None:
    """Print the CPU milliseconds of a step of each leash, median of five, for STEP_MS; on a quiet machine."""
    for name, leash in LEASHES.items():
        gan, x = build(PART, **settings_of(name, leash.strengths[1])), thirds()[0]
        gan.fit(x, verbose=0)  # compiles
        costs = []
        for _ in range(5):
            began = time.process_time()
            gan.fit(x, verbose=0)
            costs.append((time.process_time() - began) / PART * 1000)
        print(f"{name:16} {statistics.median(costs):.1f}", flush=True)


def thirds():
    """The training images in three parts of PART batches."""
    from ganlib import load_mnist

    x = load_mnist()[0][0]
    return [x[k * PART * 128 : (k + 1) * PART * 128] for k in range(3)]


def train(part: str, name: str, strength: float, seeds: tuple[int, ...]) -> Iterator[dict]:
    """Train one leash for the CPU seconds of a part, once for each seed; yields the rows of the table."""
    steps = round(BUDGET[part] * 1000 / STEP_MS[name] / BLOCK) * BLOCK
    gan, x = build(steps, **settings_of(name, strength)), thirds()
    gan.fit(x[0], verbose=0)  # compiles
    for seed in seeds:
        gan.restart(seed)
        began = time.process_time()
        for k in range(steps // PART):
            gan.fit(x[k % 3], verbose=0)
        if rest := steps % PART:
            gan.fit(x[0][: rest * 128], verbose=0)
        seconds = round(time.process_time() - began, 1)
        row = dict(zip(COLUMNS, (part, name, strength, seed, BUDGET[part], steps, seconds), strict=False))
        yield row | measured(gan)


def measured(gan) -> dict:
    """Fréchet distance, precision, recall and coverage of 10,000 images."""
    from ganlib import load_mnist, to_images
    from ganlib.evaluation.judge import load_judge
    from ganlib.evaluation.metrics import frechet_distance, prdc

    judge = load_judge()
    test, made = judge.features(load_mnist()[1][0]), judge.features(to_images(gan.generate(10_000)))
    found = prdc(test, made)
    figures = (frechet_distance(made, test), found.precision, found.recall, found.coverage)
    return dict(zip(COLUMNS[7:], (round(figure, 4) for figure in figures), strict=True))


def stored() -> list[dict]:
    """The rows of `leashes.csv`."""
    return _rows.stored(STORED, COLUMNS[:2])


def best_strength(rows: list[dict], name: str) -> float:
    """The strength with the smallest distance in the tuning."""
    tried = [row for row in rows if row["part"] == "tune" and row["leash"] == name]
    return min(tried, key=lambda row: row["frechet"])["strength"]


def wanted(part: str, rows: list[dict]) -> Iterator[tuple[str, float, tuple[int, ...]]]:
    """The trainings of a part that are not stored yet: leash, strength, seeds."""
    done = {(row["part"], row["leash"], row["strength"], row["seed"]) for row in rows}
    for name, leash in LEASHES.items():
        for strength in leash.strengths if part == "tune" else (best_strength(rows, name),):
            seeds = (TUNING_SEED,) if part == "tune" else SEEDS
            if missing := tuple(seed for seed in seeds if (part, name, strength, seed) not in done):
                yield name, strength, missing


def table(rows: list[dict]) -> Iterator[str]:
    """The lines of the tables: distances of the tuning, and of the race with its other measures."""
    for name in LEASHES:
        tuned = [row for row in rows if row["part"] == "tune" and row["leash"] == name]
        if tuned:
            yield f"tune  {name:16}" + "".join(f"  {row['strength']:g}: {row['frechet']:.2f}" for row in tuned)
    for name, leash in LEASHES.items():
        raced = [row for row in rows if row["part"] == "race" and row["leash"] == name]
        if raced:
            fd = sorted(row["frechet"] for row in raced)
            others = "  ".join(f"{key} {statistics.mean(row[key] for row in raced):.2f}" for key in COLUMNS[8:])
            cpu = statistics.mean(row["cpu_s"] for row in raced)
            yield (f"race  {name:16}  at {raced[0]['strength']:g}  steps {raced[0]['steps']:.0f}  {cpu:.0f} CPU s  "
                   f"distance {' '.join(f'{value:.2f}' for value in fd)}  {others}  ({leash.about})")  # fmt: skip


def ship(rows: list[dict]) -> None:
    """Write distances and coverages of the race, (2, 3) for each leash, to data/lesson07.npz: lesson 07 reads them."""
    import numpy as np

    from ganlib.data import DATA, save_arrays

    raced = {name: [row for row in rows if (row["part"], row["leash"]) == ("race", name)] for name in LEASHES}
    arrays = {
        name: np.array([[row[key] for row in found] for key in ("frechet", "coverage")], "float32")
        for name, found in raced.items()
    }
    save_arrays(DATA / "lesson07.npz", arrays, "python benchmarks/leashes.py tune race ship", "CC BY 4.0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = ("cost", *BUDGET, "ship")
    parser.add_argument("parts", nargs="*", choices=(*parts, []), help="what to do; nothing: show the tables")
    arguments = parser.parse_args()
    ganlib.start()
    if "cost" in arguments.parts:
        measure_costs()
    for part in (part for part in arguments.parts if part in BUDGET):
        for name, strength, seeds in wanted(part, stored()):
            for row in train(part, name, strength, seeds):
                _rows.add(STORED, COLUMNS, row)
                print(row, flush=True)
    if "ship" in arguments.parts:
        ship(stored())
    print("\n".join(table(stored())))


if __name__ == "__main__":
    main()
