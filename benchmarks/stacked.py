"""Stacked MNIST with a generator that is trained on stacks: modes and divergence of 26,000 images, in `stacked.csv`.

    python benchmarks/stacked.py --seeds 0 1 2

Three training digits, one in each colour channel, make a stack (Srivastava et al. 2017, VEEGAN): 1,000 combinations.
The networks are those of `wide`, three times as many pixels: nothing in them knows that a stack has three parts. The
judge names each channel. A row holds how many of the 1,000 combinations occur among 26,000 generated stacks, the
divergence of their shares from equal ones in nats (Lin et al. 2018, PacGAN, section 4.2), and the same of 26,000 real
stacks: the floor. Without `--seeds` it prints what is stored.
"""

import argparse
import math
import time
from pathlib import Path

import keras
import numpy as np

import ganlib
from benchmarks import _rows
from ganlib import GAN, models
from ganlib.evaluation.judge import load_judge

STORED = Path(__file__).with_suffix(".csv")
COLUMNS = ("seed", "steps", "cpu_s", "modes", "divergence", "real_modes", "real_divergence")
N, SAMPLES, CLASSES = 60_000, 26_000, 1000


def stacks(images: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` stacks of three random digits each: uint8 (n, 2352), channel after channel."""
    return images.reshape(-1, 784)[rng.integers(len(images), size=(n, 3))].reshape(n, 3 * 784)


def train(seed: int, epochs: int, r1: float) -> tuple[GAN, float]:
    """A trained GAN and the CPU seconds that it took, compilation included."""
    (images, _), _ = ganlib.load_mnist()
    real = stacks(images, N, np.random.default_rng(seed))
    keras.utils.set_random_seed(seed)
    gan = GAN(*models.wide(3 * 784), seed=seed)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * math.ceil(N / 128), alpha=0.05)
    gan.compile(*(keras.optimizers.Adam(rate, 0.0, 0.99) for _ in range(2)), r1=r1)
    start = time.process_time()
    gan.fit(real, 128, epochs, verbose=0)
    return gan, time.process_time() - start


def modes(samples: np.ndarray) -> tuple[int, float]:
    """How many combinations occur in stacks, float32 or uint8 (n, 2352), and the divergence from equal shares, nats."""
    judge, named = load_judge(), 0
    for channel in np.split(samples, 3, axis=1):
        images = channel if channel.dtype == np.uint8 else np.rint(255 * channel).astype("uint8")
        named = 10 * named + judge.predict(images.reshape(-1, 28, 28))
    shares = np.bincount(named, minlength=CLASSES) / len(named)
    found = shares[shares > 0]
    return len(found), float(np.sum(found * np.log(found * CLASSES)))


def measure(seed: int, epochs: int, r1: float) -> dict:
    """A row of the table."""
    gan, cpu = train(seed, epochs, r1)
    found, divergence = modes(gan.generate(SAMPLES))
    _, (test, _) = ganlib.load_mnist()
    real_modes, real_divergence = modes(stacks(test, SAMPLES, np.random.default_rng(seed)))
    figures = (found, f"{divergence:.4f}", real_modes, f"{real_divergence:.4f}")
    return dict(zip(COLUMNS, (seed, int(gan.steps.numpy()), f"{cpu:.0f}", *figures), strict=True))


def main() -> None:
    """Train the seeds that are asked for, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--epochs", type=int, default=84, help="passes over 60,000 stacks (default: %(default)s)")
    parser.add_argument("--r1", type=float, default=0.3, help="weight of the R1 penalty (default: %(default)s)")
    parser.add_argument("--csv", type=Path, default=STORED, help="where measurements are stored: %(default)s")
    options = parser.parse_args()
    ganlib.start()
    for seed in options.seeds:
        _rows.add(options.csv, COLUMNS, measure(seed, options.epochs, options.r1))
    print("| seed | steps | CPU s | modes of 1,000 | divergence | real stacks: modes | divergence |")
    print("|---" * 7 + "|")
    for row in _rows.stored(options.csv, ()):
        whole = [f"{row[key]:.0f}" for key in COLUMNS[:4]]
        tail = f"{row['real_modes']:.0f} | {row['real_divergence']:.3f}"
        print(f"| {' | '.join(whole)} | {row['divergence']:.3f} | {tail} |")


if __name__ == "__main__":
    main()
