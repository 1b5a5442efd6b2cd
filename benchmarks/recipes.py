"""Recipes: Fréchet distance over training seconds, for the default, changes of `mixture`, and published programs.

Without names it prints the tables of what is stored in `recipes.csv` and draws `docs/time_to_quality.png` from it.
With names it trains these recipes first and adds what it measured; what is stored already is not trained again:

    python benchmarks/recipes.py default dcgan --seeds 0 1 2 --seconds 340
    python benchmarks/recipes.py --list

The clock counts the CPU seconds (of all threads) and the wall seconds of training alone, compilation included; it
stands still while the judge measures 10,000 images against the 10,000 test images. On a machine that others use too,
only CPU seconds can be compared, best with `--cores 1`.

The published programs are ours, written from their settings, and run in the engine of the course: that can only make
them faster than they were. They have no schedule, so they go on until the time is up.
"""

import argparse
import csv
import io
import math
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf
from keras import layers

import ganlib
from ganlib.evaluation.judge import load_judge
from ganlib.evaluation.metrics import class_histogram, frechet_distance, frechet_floor, prdc
from ganlib.gan import GAN
from ganlib.models import CHOICES, Choice, Pair, Spread, conditional, mixture, patches, spread
from ganlib.training.recipe import build_gan
from ganlib.training.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
STORED = Path(__file__).with_suffix(".csv")
FIGURE = ROOT / "docs" / "time_to_quality.png"
COLUMNS = ("recipe", "seed", "limit", "cores", "step", "cpu_s", "wall_s", "frechet", "smallest", "largest", "final",
           "recall")  # fmt: skip
IMAGES = 60_000
REAL = "real images"


class Recipe(NamedTuple):
    """One way to train: what it is, its batch, its epochs (None for no schedule), and how to build it for a seed."""

    about: str
    batch: int
    epochs: int | None
    build: Callable[[int], GAN]


# --- the default, and changes of `mixture` ----------------------------------------------------------------------------


def ours(about: str, epochs: int, nets: Callable[[], Pair] | None = None, beta_1: float = 0.0, end: float = 0.3,
         ema: float = 0.998, jit_compile: bool = True, r2: float = 0.0, **changes) -> Recipe:  # fmt: skip
    """The default training of `mixture` with some settings changed; the rates fall to the share `end`."""
    settings = replace(Settings(), epochs=epochs, **changes)

    def build(seed: int) -> GAN:
        keras.utils.set_random_seed(seed)
        gan = GAN(*(nets or mixture)(), seed=seed)
        steps = settings.epochs * math.ceil(IMAGES / settings.batch_size)
        rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps, alpha=end)
        optimizers = [keras.optimizers.Adam(rate, beta_1=beta_1, beta_2=0.99) for _ in range(2)]
        penalty = {"r1": settings.r1, "r1_every": settings.r1_every, "r2": r2}
        gan.compile(*optimizers, loss=settings.loss, ema=ema, jit_compile=jit_compile, **penalty)
        return gan

    return Recipe(about, settings.batch_size, settings.epochs, build)


def default_recipe() -> Recipe:
    """`python -m ganlib train` as it is, built by its own code."""
    settings = Settings()
    steps = math.ceil(IMAGES / settings.batch_size)

    def build(seed: int) -> GAN:
        return build_gan(replace(settings, seed=seed), steps)

    return Recipe("python -m ganlib train", settings.batch_size, settings.epochs, build)


def changed(hidden: tuple[int, ...] = (512, 512), d_hidden: tuple[int, ...] = (512, 256), choices: int = CHOICES,
            batch_norm: bool = False, deviation: bool = False, unit: bool = False,
            filters: tuple[int, ...] = ()) -> Pair:  # fmt: skip
    """The networks of `mixture`, changed; `filters` puts convolutions (5 x 5, stride 2) before D's last two layers."""
    stack = [keras.Input((64,))] + ([Choice(choices)] if choices else [])
    for units in hidden:
        stack += [layers.Dense(units)] + ([layers.BatchNormalization(momentum=0.9)] if batch_norm else [])
        stack += [layers.LeakyReLU(negative_slope=0.2)]
    generator = keras.Sequential([*stack, layers.Dense(784, activation="sigmoid")], name="generator")
    stack = [keras.Input((784,))] + ([from_unit()] if unit else [])
    stack += [layers.Reshape((28, 28, 1))] if filters else []
    for count in filters:
        stack += [layers.Conv2D(count, 5, 2, "same"), layers.LeakyReLU(negative_slope=0.2)]
    stack += [layers.Flatten()] if filters else []
    for units in d_hidden[-1:] if filters else d_hidden:
        stack += [layers.Dense(units), layers.LeakyReLU(negative_slope=0.2)]
    stack += [Spread()] if deviation else []
    return Pair(generator, keras.Sequential([*stack, layers.Dense(1)], name="discriminator"))


# --- three published programs ---------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("recipes")
class Uniform(layers.Layer):
    """Turns latents from N(0, 1) into latents that are uniform in [-1, 1]."""

    def call(self, latents):
        return tf.math.erf(latents / math.sqrt(2))


def to_unit() -> layers.Layer:
    """tanh's range [-1, 1] to the range [0, 1] of our images."""
    return layers.Rescaling(0.5, 0.5)


def from_unit() -> layers.Layer:
    """Images in [0, 1] to [-1, 1], as these programs show them to D."""
    return layers.Rescaling(2.0, -1.0)


def cs231n(seed: int) -> GAN:
    """The vanilla GAN of Stanford's CS231n, assignment 3: 1024-1024 against 256-256, Adam 1e-3 with beta_1 = 0.5."""
    keras.utils.set_random_seed(seed)
    generator = [keras.Input((96,)), Uniform()]
    for _ in range(2):
        generator += [layers.Dense(1024), layers.ReLU()]
    generator += [layers.Dense(784, activation="tanh"), to_unit()]
    discriminator = [keras.Input((784,)), from_unit()]
    for _ in range(2):
        discriminator += [layers.Dense(256), layers.LeakyReLU(0.01)]
    gan = GAN(keras.Sequential(generator), keras.Sequential([*discriminator, layers.Dense(1)]), seed=seed)
    gan.compile(*(keras.optimizers.Adam(1e-3, beta_1=0.5) for _ in range(2)), r1=0.0, ema=0.0)
    return gan


class KerasGAN(GAN):
    """Updates D twice per step, on a real and then on a generated batch, made in G's inference mode."""

    def discriminator_phase(self, real, latents, share=None):
        fake = self.generator(latents, training=False)
        real_logits, real_loss = self._update(real, -1.0)
        fake_logits, fake_loss = self._update(fake, 1.0)
        return (real_loss + fake_loss) / 2, real_logits, fake_logits

    def _update(self, samples, sign: float):
        weights = [weight.value for weight in self.discriminator.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            logits = self.discriminator(samples, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(sign * logits))
        self.discriminator_optimizer.apply(tape.gradient(loss, weights), self.discriminator.trainable_variables)
        return logits, loss


def keras_gan(seed: int) -> GAN:
    """gan.py of the collection Keras-GAN: 256-512-1024 with batch norm against 512-256, Adam 2e-4, beta_1 = 0.5."""
    keras.utils.set_random_seed(seed)
    generator = [keras.Input((100,))]
    for units in (256, 512, 1024):
        generator += [layers.Dense(units), layers.LeakyReLU(0.2), layers.BatchNormalization(momentum=0.8)]
    generator += [layers.Dense(784, activation="tanh"), to_unit()]
    discriminator = [keras.Input((784,)), from_unit()]
    for units in (512, 256):
        discriminator += [layers.Dense(units), layers.LeakyReLU(0.2)]
    gan = KerasGAN(keras.Sequential(generator), keras.Sequential([*discriminator, layers.Dense(1)]), seed=seed)
    gan.compile(*(keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)), r1=0.0, ema=0.0)
    return gan


class Tutorial(GAN):
    """Updates both networks at once, from one pass over one batch of generated images."""

    def phases(self, real, latents, share=None):
        real = tf.cast(tf.reshape(real, [-1, 784]), tf.float32) / 255
        g_weights = [weight.value for weight in self.generator.trainable_variables]
        d_weights = [weight.value for weight in self.discriminator.trainable_variables]
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = self.generator(latents[0], training=True)
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            g_loss = self.pair.generator(fake_logits)
            d_loss = self.pair.discriminator(real_logits, fake_logits)
        g_gradients, d_gradients = g_tape.gradient(g_loss, g_weights), d_tape.gradient(d_loss, d_weights)
        self.generator_optimizer.apply(g_gradients, self.generator.trainable_variables)
        self.discriminator_optimizer.apply(d_gradients, self.discriminator.trainable_variables)
        d_real, d_fake = tf.reduce_mean(tf.sigmoid(real_logits)), tf.reduce_mean(tf.sigmoid(fake_logits))
        images = tf.cast(tf.shape(real)[0], tf.float32)
        self.totals.value.assign_add(images * tf.stack([1.0, d_loss, g_loss, d_real, d_fake]))


def dcgan(seed: int) -> GAN:
    """The DCGAN tutorial of tensorflow.org: convolutions, batch norm in G, dropout 0.3 in D, Adam 1e-4."""
    keras.utils.set_random_seed(seed)
    generator = [keras.Input((100,)), layers.Dense(7 * 7 * 256, use_bias=False), layers.BatchNormalization()]
    generator += [layers.LeakyReLU(0.3), layers.Reshape((7, 7, 256))]
    for filters, stride in ((128, 1), (64, 2)):
        generator += [layers.Conv2DTranspose(filters, 5, stride, "same", use_bias=False), layers.BatchNormalization()]
        generator += [layers.LeakyReLU(0.3)]
    generator += [layers.Conv2DTranspose(1, 5, 2, "same", use_bias=False, activation="tanh"), layers.Flatten()]
    discriminator = [keras.Input((784,)), from_unit(), layers.Reshape((28, 28, 1))]
    for filters in (64, 128):
        discriminator += [layers.Conv2D(filters, 5, 2, "same"), layers.LeakyReLU(0.3), layers.Dropout(0.3)]
    discriminator += [layers.Flatten(), layers.Dense(1)]
    gan = Tutorial(keras.Sequential([*generator, to_unit()]), keras.Sequential(discriminator), seed=seed)
    # XLA slows convolutions down on a CPU: without it a step takes 1.1 CPU seconds, with it 24 did not end in 240.
    gan.compile(keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4), r1=0.0, ema=0.0, jit_compile=False)
    return gan


RECIPES: dict[str, Recipe] = {
    "default": default_recipe(),
    "cs231n": Recipe("CS231n's vanilla GAN", 128, None, cs231n),
    "keras-gan": Recipe("Keras-GAN's gan.py", 32, None, keras_gan),
    "dcgan": Recipe("TensorFlow's DCGAN tutorial", 256, None, dcgan),
}
# The search: one change at a time, in trainings of about the same computing (that of `mixture` in five epochs).
RECIPES |= {
    "short": ours("`mixture`, in five epochs", 5),
    "no-choice": ours("no choice in the latents", 5, lambda: changed(choices=0)),
    "half-choices": ours("half as many choices", 5, lambda: changed(choices=CHOICES // 2)),
    "half-width": ours("both nets half as wide", 11, lambda: changed((256, 256), (256, 128))),
    "double-width": ours("both nets twice as wide", 2, lambda: changed((1024, 1024), (1024, 512))),
    "batch-norm": ours("batch norm in G", 5, lambda: changed(batch_norm=True)),
    "deviation": ours("D sees the deviation over the batch", 5, lambda: changed(deviation=True)),
    "unit-range": ours("D sees pixels in [-1, 1]", 5, lambda: changed(unit=True)),
    "convolutions": ours("D with 16 and 32 filters", 2, lambda: changed(filters=(16, 32)), jit_compile=False),
    "r1-1": ours("R1 with γ = 1", 5, r1=1.0),
    "r1-0.3": ours("R1 with γ = 0.3", 5, r1=0.3),
    "r1-0.03": ours("R1 with γ = 0.03", 5, r1=0.03),
    "r1-every-4": ours("R1 at every fourth step, four times as strong", 6, r1_every=4),
    "beta-0.5": ours("Adam with β₁ = 0.5", 5, beta_1=0.5),
    "rate-1e-3": ours("half the rate", 5, learning_rate=1e-3),
    "rate-4e-3": ours("twice the rate", 5, learning_rate=4e-3),
    "to-2-percent": ours("the rate falls to 2 %", 5, end=0.02),
    "constant-rate": ours("the rate does not fall", 5, end=1.0),
    "batch-64": ours("batches of 64", 3, batch_size=64),
    "batch-256": ours("batches of 256", 8, batch_size=256),
    "no-average": ours("the latest weights instead of their average", 5, ema=0.0),
}
# The next round: one change at a time over the full clock. The epochs are as many as cost what 32 of `mixture` do: a
# step costs 1.35, 0.99, 1.00, 0.52 and 1.51 times as much (medians of three rounds, in turn, on one core).
RECIPES |= {
    "windows": ours("D sees overlapping windows", 24, lambda: Pair(mixture().generator, patches().discriminator)),
    "told": ours("both nets are told the digit", 32, conditional),
    "normed": ours("batch norm in G", 32, lambda: changed(batch_norm=True)),
    "narrow": ours("both nets half as wide", 62, lambda: changed((256, 256), (256, 128))),
    "r1-and-r2": ours("relativistic, R1 and R2", 21, r2=0.1, loss="relativistic"),
    "falls-further": ours("the rate falls to 3 %", 32, end=0.03),
    "long-average": ours("an average over four times as many steps", 32, ema=0.9995),
    "both": ours("both of these", 32, end=0.03, ema=0.9995),
    # What came of it: D sees the spread of a batch. Three tell its part from that of more choices.
    "mixture": ours("the default until 2026-11-27: a choice of 36, D sees single examples", 32),
    "mixture-64": ours("a choice of 64", 32, lambda: mixture(choices=64)),
    "spread-36": ours("a choice of 36, D sees the spread", 32, lambda: changed(deviation=True)),
    "spread-32": ours("the default of today in 32 epochs: a choice of 64, D sees the spread", 32, spread),
    "lazy": ours("the default of today in 40 epochs, R1 at every fourth step", 40, spread, r1_every=4),
}


# --- the clock ------------------------------------------------------------------------------------------------


class Clock(keras.callbacks.Callback):
    """Stops the time of training, calls `measure(step, cpu_s, wall_s)` when due, and ends the training in time."""

    def __init__(self, measure: Callable[[int, float, float], None], seconds: float, every: float):
        super().__init__()
        self.measure, self.seconds = measure, seconds
        self.due = _moments(every)
        self.next = next(self.due)

    def on_train_begin(self, logs=None):
        self.start, self.spent = _now(), (0.0, 0.0)

    def elapsed(self) -> tuple[float, float]:
        """CPU and wall seconds of training so far."""
        cpu, wall = (now - start - spent for now, start, spent in zip(_now(), self.start, self.spent, strict=True))
        return cpu, wall

    def on_train_batch_end(self, batch, logs=None):
        cpu, wall = self.elapsed()
        if cpu >= self.seconds:
            self.model.stop_training = True
        elif cpu >= self.next:
            self.look(cpu, wall)

    def look(self, cpu: float, wall: float) -> None:
        """Measure with the clock stopped."""
        before = _now()
        self.measure(int(self.model.steps.numpy()), cpu, wall)
        self.spent = tuple(s + now - b for s, now, b in zip(self.spent, _now(), before, strict=True))
        while self.next <= cpu:
            self.next = next(self.due)


def _now() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def _moments(every: float) -> Iterator[float]:
    """When to look: at every/4, every/2, and then every `every` seconds."""
    yield from (every / 4, every / 2)
    moment = every
    while True:
        yield moment
        moment += every


def measure_recipe(name: str, seed: int, limit: str, cores: int, every: float, path: Path) -> None:
    """Train one recipe once, and add its measurements to the CSV when it has ended."""
    recipe = RECIPES[name]
    seconds, epochs = _limit(limit, recipe)
    judge = load_judge()
    (x_train, labels), (x_test, _) = ganlib.load_mnist()
    test, rows = judge.features(x_test), []

    def measure(step: int, cpu: float, wall: float, final: int = 0) -> None:
        features, probabilities = judge.look(ganlib.to_images(gan.generate(10_000, seed=seed + 1)))
        shares, distance = class_histogram(probabilities), frechet_distance(features, test)
        figures = f"{cpu:.1f}", f"{wall:.1f}", f"{distance:.3f}", f"{shares.min():.4f}", f"{shares.max():.4f}"
        recall = f"{prdc(test[:5000], features[:5000]).recall:.4f}" if final else ""
        rows.append((name, seed, limit, cores, step, *figures, final, recall))
        print(f"{name}, seed {seed}: {cpu:6.1f} CPU s, {wall:6.1f} s, distance {distance:7.3f}", flush=True)

    keras.backend.clear_session()
    gan = recipe.build(seed)
    clock = Clock(measure, seconds, every)
    told = {"labels": labels} if gan.classes else {}
    gan.fit(x_train, recipe.batch, epochs, callbacks=[clock], verbose=0, **told)
    measure(int(gan.steps.numpy()), *clock.elapsed(), final=1)
    store(path, load(path) + [dict(zip(COLUMNS, map(str, row), strict=True)) for row in rows])


def _limit(limit: str, recipe: Recipe) -> tuple[float, int]:
    """CPU seconds and epochs after which a training ends; a recipe with a schedule always trains to its end."""
    if recipe.epochs:
        return math.inf, recipe.epochs
    number, unit = limit.split()
    return (float(number), 100_000) if unit == "s" else (math.inf, int(number))


def measure_real(cores: int, path: Path) -> None:
    """Add the floor: the distance of 10,000 training images, mean of five draws."""
    judge = load_judge()
    (x_train, _), (x_test, _) = ganlib.load_mnist()
    floor, _ = frechet_floor(judge.features(x_train), judge.features(x_test), 10_000)
    row = (REAL, 0, "", cores, 0, 0, 0, f"{floor:.4f}", "", "", 1, "")
    store(path, load(path) + [dict(zip(COLUMNS, map(str, row), strict=True))])


# --- the table and the figure ---------------------------------------------------------------------------------


def load(path: Path) -> list[dict[str, str]]:
    """The stored measurements, none when there is no file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def store(path: Path, rows: list[dict[str, str]]) -> None:
    """Write all measurements."""
    content = io.StringIO(newline="")
    table = csv.DictWriter(content, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    ganlib.data.write_file(path, content.getvalue().encode())


def runs(rows: list[dict[str, str]]) -> dict[tuple[str, str], list[list[tuple[float, float]]]]:
    """For every recipe and limit, the curves of its seeds: (CPU seconds, distance) pairs."""
    found: dict[tuple[str, str], dict[str, list[tuple[float, float]]]] = {}
    for row in rows:
        if row["recipe"] != REAL:
            curves = found.setdefault((row["recipe"], row["limit"]), {})
            curves.setdefault(row["seed"], []).append((float(row["cpu_s"]), float(row["frechet"])))
    return {key: list(curves.values()) for key, curves in found.items()}


def seconds_until(curve: list[tuple[float, float]], distance: float) -> float:
    """When a curve first comes down to a distance: by straight lines between measurements, on logarithmic scales."""
    for (t0, d0), (t1, d1) in zip([(0.0, math.inf), *curve], curve, strict=False):
        if d1 <= distance:
            if math.isinf(d0):
                return t1
            share = math.log(d0 / distance) / math.log(d0 / d1)
            return math.exp(math.log(t0) + share * math.log(t1 / t0))
    return math.inf


def floor_of(rows: list[dict[str, str]]) -> float:
    """The stored floor. Raises SystemExit when nothing is stored."""
    found = [float(row["frechet"]) for row in rows if row["recipe"] == REAL]
    if not found:
        raise SystemExit("Nothing is measured yet: name some recipes (--list shows them).")
    return found[0]


def print_tables(rows: list[dict[str, str]]) -> None:
    """Where each recipe ends, and when it passes 20, 10, 5 and 4 times the floor."""
    floor = floor_of(rows)
    print(f"Floor: 10,000 real images have the distance {floor:.3f}. Medians over the seeds (smallest to largest).\n")
    head = "recipe | what it is | after | seeds | Fréchet distance | × floor | each digit | recall | CPU s | wall s"
    print(f"| {head} |")
    print("|---" * 10 + "|")
    for (name, limit), _ in runs(rows).items():
        last = [row for row in rows if (row["recipe"], row["limit"], row["final"]) == (name, limit, "1")]
        distances, cpu, wall = ([float(row[key]) for row in last] for key in ("frechet", "cpu_s", "wall_s"))
        recall = [float(row["recall"]) for row in last if row.get("recall")]
        recalled = f"{statistics.median(recall):.2f}" if recall else "–"
        low, high = min(float(row["smallest"]) for row in last), max(float(row["largest"]) for row in last)
        middle, cpu, wall = (statistics.median(values) for values in (distances, cpu, wall))
        spread = f" ({min(distances):.2f} to {max(distances):.2f})" if len(last) > 1 else ""
        print(f"| {name} | {RECIPES[name].about} | {limit} | {len(last)} | {middle:.2f}{spread} | {middle / floor:.1f} "
              f"| {low:.1%} to {high:.1%} | {recalled} | {cpu:.0f} | {wall:.0f} |")  # fmt: skip
    print("\nCPU seconds of training until the distance is\n")
    print("| recipe | seeds | 20 × floor | 10 × floor | 5 × floor | 4 × floor |\n|---|---|---|---|---|---|")
    for (name, limit), curves in runs(rows).items():
        if name in (*SHOWN, "default"):
            times = [statistics.median(seconds_until(curve, n * floor) for curve in curves) for n in (20, 10, 5, 4)]
            cells = " | ".join("not reached" if math.isinf(t) else f"{t:.0f}" for t in times)
            print(f"| {name}, {limit} | {len(curves)} | {cells} |")


SHOWN = {
    "mixture": ("#D55E00", "-", "ours: train --architecture mixture"),  # on the machine of the others
    "cs231n": ("#0072B2", (0, (5, 2)), "CS231n's vanilla GAN"),
    "keras-gan": ("#009E73", (0, (1, 1.2)), "Keras-GAN's MLP"),
    "dcgan": ("#AA4499", (0, (5, 1.5, 1, 1.5)), "TensorFlow tutorial's DCGAN"),
}


def draw(rows: list[dict[str, str]], path: Path) -> None:
    """Draw the distance over CPU seconds: `mixture` and the published programs, a line for every seed."""
    from ganlib import pictures

    floor, everything = floor_of(rows), runs(rows)
    with pictures.style():
        figure, ax = pictures.subplots(height=430)
        for name, (colour, dashes, label) in SHOWN.items():
            lines = [curve for (recipe, _), curves in everything.items() if recipe == name for curve in curves]
            for i, line in enumerate(lines):
                ax.plot(*zip(*line, strict=True), color=colour, linestyle=dashes, marker="o", markersize=3,
                        label=None if i else label)  # fmt: skip
        for factor, text in ((1, "floor: real images"), (5, "5 ×"), (20, "20 ×")):
            ax.axhline(factor * floor, color=pictures.NEUTRAL, linewidth=0.9, linestyle=":")
            ax.annotate(text, (1, factor * floor), xycoords=("axes fraction", "data"), xytext=(-3, 3),
                        textcoords="offset points", ha="right", color=pictures.NEUTRAL)  # fmt: skip
        ax.set(xscale="log", yscale="log", xlabel="CPU seconds of training (log scale)",
               ylabel="Fréchet distance to the test images (log scale)")  # fmt: skip
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:g}")
            axis.set_minor_formatter(lambda *_: "")
        figure.legend(loc="outside lower center", ncols=2, handlelength=3.2)
    pictures.add_title(figure, "How good after how much computing: 10,000 generated digits, seen by the course's judge")
    pictures.save_png(figure, path)


def main() -> None:
    """Measure what is asked for, then print the tables and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="recipes to train; --list shows them")
    parser.add_argument("--list", action="store_true", help="list the recipes and stop")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="seeds to train with (default: 0)")
    parser.add_argument("--seconds", type=int, default=340, help="CPU seconds for recipes without a schedule")
    parser.add_argument("--every", type=float, default=40, help="CPU seconds between two measurements")
    parser.add_argument("--cores", type=int, default=0, help="threads that TensorFlow may use (default: all)")
    parser.add_argument("--csv", type=Path, default=STORED, help="where measurements are stored: %(default)s")
    parser.add_argument("--figure", type=Path, default=FIGURE, help="where the figure goes: %(default)s")
    options = parser.parse_args()
    if options.list:
        print("\n".join(f"{name:<20} {recipe.about}" for name, recipe in RECIPES.items()))
        return
    if unknown := [name for name in options.names if name not in RECIPES]:
        parser.error(f"there is no recipe {unknown[0]!r}; there are: {', '.join(RECIPES)}")
    if options.cores:
        tf.config.threading.set_intra_op_parallelism_threads(options.cores)
        tf.config.threading.set_inter_op_parallelism_threads(options.cores)
    ganlib.start()
    if options.names and not any(row["recipe"] == REAL for row in load(options.csv)):
        measure_real(options.cores, options.csv)
    for seed in options.seeds:
        for name in options.names:
            epochs = RECIPES[name].epochs
            limit = f"{epochs} epochs" if epochs else f"{options.seconds} s"
            stored = {(row["recipe"], row["seed"], row["limit"]) for row in load(options.csv)}
            if (name, str(seed), limit) not in stored:
                measure_recipe(name, seed, limit, options.cores, options.every, options.csv)
    rows = load(options.csv)
    print_tables(rows)
    if any(row["recipe"] in SHOWN for row in rows):
        draw(rows, options.figure)


if __name__ == "__main__":
    main()
