"""Quality of the default training: `python -m ganlib train` over several seeds, beside the program as printed.

Every run is a process of its own, as a user starts it. The judge of the course measures 10,000 images of each: the
Fréchet distance to the test images, and the share of every digit. Arguments behind `--` go to `train`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import ganlib

ROOT = Path(__file__).resolve().parent.parent


def train(seed: int, folder: Path, options: list[str]) -> tuple[np.ndarray, float, float, float]:
    """One run: its images, wall seconds, CPU seconds and peak memory in GB."""
    import resource

    command = [sys.executable, "-m", "ganlib", "train", "--seed", str(seed), "--out", str(folder), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    images = np.load(folder / "generated_images.npz", allow_pickle=False)["images"]
    return images, time.perf_counter() - start, cpu, after.ru_maxrss / 2**20


def as_printed(seed: int, epochs: int) -> np.ndarray:
    """10,000 images of the article's program: its nets, Adam 2e-4, no penalty, no average."""
    import keras

    from ganlib.gan import GAN
    from ganlib.models import article

    (x, _), _ = ganlib.load_mnist()
    keras.utils.set_random_seed(seed)
    gan = GAN(*article(), seed=seed)
    gan.compile(keras.optimizers.Adam(2e-4), keras.optimizers.Adam(2e-4), r1=0.0, ema=0.0)
    gan.fit(x, epochs=epochs, verbose=0)
    return ganlib.to_images(gan.generate(10_000))


def main() -> None:
    """Train, measure, and print the table."""
    from ganlib.evaluation.judge import load_judge
    from ganlib.evaluation.metrics import class_histogram, frechet_distance

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--printed-epochs", type=int, default=5, help="of the article's program; 0 leaves it out")
    parser.add_argument("options", nargs="*", help="options of train, after --")
    options = parser.parse_args()

    judge = load_judge()
    (x_train, _), (x_test, _) = ganlib.load_mnist()
    test = judge.features(x_test)

    def row(name: str, images: np.ndarray, cost: str = "| |") -> None:
        features, probabilities = judge.look(images)
        shares = class_histogram(probabilities)
        distance = frechet_distance(features, test)
        print(f"| {name} | {distance:.2f} | {shares.min():.1%} to {shares.max():.1%} {cost}", flush=True)

    print("| images | Fréchet distance | share of each digit | wall s, CPU s | peak memory |")
    print("|---|---|---|---|---|")
    row("real (10,000 of train)", np.random.default_rng(0).choice(x_train, 10_000, replace=False), "| | |")
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            images, wall, cpu, memory = train(seed, Path(folder) / "run", options.options)
        row(f"train, seed {seed}", images, f"| {wall:.0f}, {cpu:.0f} | {memory:.2f} GiB |")
    for seed in range(options.seeds) if options.printed_epochs else ():
        row(f"article as printed, seed {seed}", as_printed(seed, options.printed_epochs), "| | |")


if __name__ == "__main__":
    main()
