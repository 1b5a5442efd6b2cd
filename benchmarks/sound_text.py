"""Lesson 09 with more seeds and rivals: sound and text at equal CPU seconds; stored in `sound_text.csv`.

    python benchmarks/sound_text.py sound dates brackets ship

Without names it prints the table of what is stored. A row is one training of one program with one seed. All programs
of a part get about the same CPU seconds (of all threads, without compilation): what a step costs was measured
beforehand (`cost`) and sets the number of steps.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import ganlib
from benchmarks import _rows

STORED = Path(__file__).with_suffix(".csv")
COLUMNS = ("part", "program", "seed", "temperature", "steps", "cpu_s", "first", "second", "third")
SEEDS = (0, 1, 2)
BUDGET = {"sound": 14.0, "dates": 9.0, "brackets": 25.0}  # CPU seconds
# CPU milliseconds of a step of 128 examples, measured by `cost` on two busy cores
STEP_MS = {
    "sound": {"coefficients": 11.5, "D not told": 11.5, "waveform": 18.0, "convolutions": 132.0},
    "dates": {"soft": 5.8, "soft, R1": 6.2, "straight-through": 7.3,
              "straight-through, no R1": 7.3, "likelihood": 10.9},
    "brackets": {"soft": 4.6, "straight-through": 6.1, "letter by letter, straight-through": 17.0,
                 "letter by letter, REINFORCE": 20.3, "likelihood": 11.1},
}  # fmt: skip
UNIT = {"sound": 32, "dates": 42, "brackets": 32}  # steps come in whole ones; for text, in passes over the strings
TEMPERATURES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
BLOCK = 64  # batches of plucks: all blocks of a `fit` have one shape, and XLA compiles once


def adam(steps: int, rate: float):
    """Adam with a rate that falls to a tenth."""
    import keras

    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.1), 0.0, 0.99)


def waveform_pair():
    """`sound.told_pair` for the 1,024 samples themselves."""
    from ganlib.lessons import sound

    return sound.told_pair(size=sound.LENGTH)


def convolution_pair(channels: int = 16):
    """After WaveGAN (Donahue and others 2019), small: kernels of 24 samples, strides of 4, from 16 places to 1,024."""
    import keras
    from keras import layers

    from ganlib.lessons import sound
    from ganlib.models import Choice, Pair

    def lrelu():
        return layers.LeakyReLU(negative_slope=0.2)

    generator = keras.Sequential(
        [keras.Input((32,)), Choice(8, 1.0), layers.Dense(16 * 4 * channels), layers.Reshape((16, 4 * channels)),
         lrelu(), layers.Conv1DTranspose(2 * channels, 24, 4, "same"), lrelu(),
         layers.Conv1DTranspose(channels, 24, 4, "same"), lrelu(), layers.Conv1DTranspose(1, 24, 4, "same"),
         layers.Flatten()], name="generator")  # fmt: skip
    seen = keras.Input((sound.LENGTH + 8,))
    x = layers.Reshape((sound.LENGTH, 1))(seen[:, : sound.LENGTH])
    for width in (channels, 2 * channels, 4 * channels):
        x = lrelu()(layers.Conv1D(width, 24, 4, "same")(x))
    x, note = layers.Flatten()(x), keras.ops.cast(seen[:, sound.LENGTH :] > 0.5, "float32")
    logit = layers.Dense(1)(x) + keras.ops.sum(layers.Dense(8, use_bias=False)(x) * note, -1, True)
    return Pair(generator, keras.Model(seen, logit, name="discriminator"))


class Sound:
    """One program of the part "sound": data, networks, and the measures right, notes, harmonic-to-noise ratio."""

    def __init__(self, program: str, steps: int):
        from ganlib import GAN
        from ganlib.lessons import sound

        self.waves = sound.plucks(BLOCK * 128)
        self.spectral = program in ("coefficients", "D not told")
        self.rows = sound.coefficients(self.waves.waves) if self.spectral else self.waves.waves
        pairs = {"waveform": waveform_pair, "convolutions": convolution_pair}
        pair = pairs[program]() if program in pairs else sound.told_pair(told=program == "coefficients")
        self.gan = GAN(*pair)
        self.gan.compile(adam(steps, 2e-3), adam(steps, 2e-3), r1=1.0, jit_compile=program != "convolutions")

    def restart(self, seed: int) -> None:
        self.gan.restart(seed)

    def train(self, steps: int) -> None:
        while steps > 0:
            part = slice(None, min(steps, BLOCK) * 128)
            self.gan.fit(self.rows[part], labels=self.waves.notes[part], verbose=0)
            steps -= BLOCK

    def scores(self) -> Iterator[tuple]:
        import numpy as np

        from ganlib.lessons import sound

        asked = np.arange(4000) % 8
        made = self.gan.generate(len(asked), labels=asked)
        yield 1.0, *sound.tuning(sound.to_waves(made) if self.spectral else made, asked)


class Text:
    """One program of a part about strings: data, networks, and the shares valid, cover, new."""

    def __init__(self, part: str, program: str, steps: int):
        from ganlib import GAN
        from ganlib.lessons import text, writers

        self.language = getattr(text, part)()
        self.seen = self.language.some(128 * UNIT[part])  # just under half
        self.rows = self.language.rows(self.seen)
        self.likelihood = program == "likelihood"
        self.letters = self.likelihood or program.startswith("letter")
        build = writers.letter_pair if self.letters else writers.soft_pair
        hard = program.startswith("straight-through")
        pair = (writers.gumbel_pair if hard else build)(self.language)
        self.gan = (writers.Reinforced if program.endswith("REINFORCE") else GAN)(*pair)
        free = program in ("soft", "straight-through, no R1")
        self.gan.compile(adam(steps, 1e-3), adam(steps, 1e-3), r1=0.0 if free else 0.1)
        self.seed = 0

    def restart(self, seed: int) -> None:
        self.seed = seed
        self.gan.restart(seed)

    def train(self, steps: int) -> None:
        from ganlib.lessons import writers

        if self.likelihood:
            writers.fit_likelihood(self.gan.generator, self.rows, steps, self.seed)
        else:
            self.gan.fit(self.rows, epochs=steps * 128 // len(self.rows), verbose=0)

    def scores(self) -> Iterator[tuple]:
        from ganlib.lessons import text, writers

        for temperature in TEMPERATURES if self.letters else (1.0,):
            if self.letters:
                model = self.gan.generator if self.likelihood else self.gan.average
                rows = writers.write(model, 10_000, temperature=temperature)
            else:
                rows = self.gan.generate(10_000)
            yield temperature, *text.string_scores(self.language.read(rows), self.language.valid, self.seen)


def steps_of(part: str, program: str) -> int:
    """The steps of a program's training, in whole units."""
    return max(1, round(BUDGET[part] * 1000 / STEP_MS[part][program] / UNIT[part])) * UNIT[part]


def build(part: str, program: str, steps: int):
    """A program that can train: `restart`, `train`, `scores`."""
    return Sound(program, steps) if part == "sound" else Text(part, program, steps)


def measure_costs() -> None:
    """Print the CPU milliseconds of a step of each program, for STEP_MS; on a quiet machine."""
    for part, programs in STEP_MS.items():
        for program in programs:
            steps = 2 * UNIT[part]
            trial = build(part, program, steps)
            trial.train(steps)  # compiles
            began = time.process_time()
            trial.train(steps)
            print(f"{part:9} {program:36} {(time.process_time() - began) / steps * 1000:.1f}", flush=True)


def run(part: str, program: str, seeds: tuple[int, ...]) -> Iterator[dict]:
    """Train one program once for each seed; yields the rows of the table."""
    steps = steps_of(part, program)
    trial = build(part, program, steps)
    trial.train(min(steps, 2 * UNIT[part]))  # compiles
    for seed in seeds:
        trial.restart(seed)
        began = time.process_time()
        trial.train(steps)
        seconds = round(time.process_time() - began, 1)
        for temperature, *found in trial.scores():
            figures = (part, program, seed, temperature, steps, seconds, *(round(float(value), 4) for value in found))
            yield dict(zip(COLUMNS, figures, strict=True))


def stored() -> list[dict]:
    """The rows of `sound_text.csv`."""
    return _rows.stored(STORED, COLUMNS[:2])


def table(rows: list[dict]) -> Iterator[str]:
    """The lines of the table: means over the seeds at temperature 1, and their ranges."""
    for part, programs in STEP_MS.items():
        for program in programs:
            found = [row for row in rows if (row["part"], row["program"], row["temperature"]) == (part, program, 1.0)]
            if found:
                figures = "  ".join(
                    f"{statistics.mean(column):7.3f} ({min(column):.3f} to {max(column):.3f})"
                    for column in ([row[key] for row in found] for key in COLUMNS[6:])
                )
                cpu = statistics.mean(row["cpu_s"] for row in found)
                yield f"{part:9} {program:36} {found[0]['steps']:5.0f} steps {cpu:5.1f} CPU s  {figures}"


def ship(rows: list[dict]) -> None:
    """Write the three measures, (3, seeds, temperatures) for "part: program", to data/lesson09.npz."""
    import numpy as np

    from ganlib.data import DATA, save_arrays

    arrays = {}
    for part, programs in STEP_MS.items():
        for program in programs:
            found = [row for row in rows if (row["part"], row["program"]) == (part, program)]
            figures = np.array([[row[key] for row in found] for key in COLUMNS[6:]], "float32")
            arrays[f"{part}: {program}"] = figures.reshape(3, len(SEEDS), -1)
    save_arrays(DATA / "lesson09.npz", arrays, "python benchmarks/sound_text.py sound dates brackets ship", "CC BY 4.0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = ("cost", *BUDGET, "ship")
    parser.add_argument("parts", nargs="*", choices=(*parts, []), help="what to do; nothing: show the table")
    arguments = parser.parse_args()
    ganlib.start()
    if "cost" in arguments.parts:
        measure_costs()
    for part in (part for part in arguments.parts if part in BUDGET):
        for program in STEP_MS[part]:
            done = {row["seed"] for row in stored() if (row["part"], row["program"]) == (part, program)}
            for row in run(part, program, tuple(seed for seed in SEEDS if seed not in done)) if len(done) < 3 else ():
                _rows.add(STORED, COLUMNS, row)
                print(row, flush=True)
    if "ship" in arguments.parts:
        ship(stored())
    print("\n".join(table(stored())))


if __name__ == "__main__":
    main()
