"""The failure clinic: small GANs with faults, trained several at a time, and the drills of lesson 06.

The networks of one `train` call, a *ward*, differ in their settings and seeds only. Their weights are stacked along a
first axis, so that one loop trains all of them: matrix products and Adam treat every patient on its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganlib.data import smoke
from ganlib.evaluation import metrics
from ganlib.lessons import toys

SCORED = 2500  # samples of a finished generator, as many as VEEGAN's rule takes
BETA_2, EPSILON = 0.99, 1e-7
OUTPUTS = ("linear", "sigmoid", "tanh")
G_LOSSES = ("non-saturating", "minimax")


@dataclass(frozen=True)
class Setup:
    """How one GAN on points in the plane is trained. The defaults are healthy; nearly every field can hold a fault.

    G maps `latents` normal numbers, times `noise`, to points, D points to a logit; both have leaky ReLU layers.
    `rate` is the learning rate of both networks; D's is `d_speed` times that. `beta_1` is Adam's momentum; `adam` =
    False is plain gradient descent for G. `labels` are what D is told of real and of generated points. `sigmoids` = 2
    puts one behind D and another one in the loss. `d_trainable` = False leaves D as it is. `output` is G's last
    activation: "linear", "sigmoid" (0..1) or "tanh" (-1..1). `loss` is G's: "non-saturating" or "minimax". `r1` is the
    penalty's weight gamma. `decay` lowers the rate to 0 along a cosine. In the first `d_ahead` steps G stands still.
    `ema` is what the averaged G, which draws the samples, keeps of itself at each step.
    """

    rate: float = 1e-3
    d_speed: float = 1.0
    beta_1: float = 0.5
    adam: bool = True
    labels: tuple[float, float] = (1.0, 0.0)
    sigmoids: int = 1
    d_trainable: bool = True
    output: str = "linear"
    noise: float = 1.0
    loss: str = "non-saturating"
    r1: float = 0.0
    decay: bool = False
    d_ahead: int = 0
    ema: float = 0.0
    seed: int = 0


class Ward(NamedTuple):
    """What came of training p setups.

    `samples` (p, 2500, 2) are drawn at the end, `film` (frames, p, 300, 2) during training from latents that stay the
    same; `history` maps "d_loss", "g_loss", "d_real", "d_fake" (means of D), "g_slope" (length of the gradient
    that G gets) and "d_change" (how far D's weights moved) to means (frames, p); `steps` (frames,) ends each.
    """

    setups: tuple[Setup, ...]
    samples: np.ndarray
    film: np.ndarray
    history: dict[str, np.ndarray]
    steps: np.ndarray


class Nets(NamedTuple):
    """Networks of equal sizes with their weights in one tensor (p, numbers), called together on (p, n, inputs)."""

    weights: tf.Tensor
    sizes: tuple[int, ...]
    leak: float

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """The linear outputs (p, n, outputs) of networks with leaky ReLU, of slope `leak`, between their layers."""
        layers = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        parts = tf.split(self.weights, [n for a, b in layers for n in (a * b, b)], axis=1)
        for i, (a, b) in enumerate(layers):
            if i:
                x = tf.nn.leaky_relu(x, self.leak)
            x = x @ tf.reshape(parts[2 * i], [-1, a, b]) + parts[2 * i + 1][:, None]
        return x


def train(
    setups: Sequence[Setup],
    real: toys.Mixture,
    steps: int = 2000,
    hidden: tuple[int, ...] = (64, 64),
    batch: int = 128,
    latents: int = 2,
    frames: int = 20,
    leak: float = 0.2,
) -> Ward:
    """Train one GAN for each setup on samples of `real`, all together, one step of D and one of G at a time.

    `leak` is the slope of the networks' leaky ReLU below 0: 0 makes it a ReLU, with sharper corners.
    Equal seeds have equal first weights, samples and latents, whatever the other setups of the ward are.
    Raises ValueError for no setups and for `steps` that are no multiple of `frames`.
    """
    if not setups or steps % frames:
        raise ValueError(f"train() needs a setup, and steps in {frames} equal parts: got {len(setups)} and {steps}.")
    steps = 2 * frames if smoke() else steps
    randoms = [np.random.default_rng(setup.seed) for setup in setups]
    sizes = (latents, *hidden, 2), (2, *hidden, 1)
    g, d = (tf.constant([_first_weights(size, rng) for rng in randoms]) for size in sizes)
    state = [g, tf.zeros_like(g), tf.zeros_like(g), d, tf.zeros_like(d), tf.zeros_like(d), g]
    knobs, fixed_for_all = _knobs(setups), (*sizes, leak, any(setup.r1 for setup in setups))
    fixed = np.stack([rng.standard_normal((300, latents), "float32") for rng in randoms])
    film, rows = [], []
    for k in range(frames):
        blocks = [_draw(real, rng, steps // frames, batch, latents) for rng in randoms]
        points, noise = (np.stack(part, axis=1) for part in zip(*blocks, strict=True))
        when = tf.constant([k * steps // frames, steps], tf.float32)
        state, row = _train_block(state, knobs, points, noise, when, *fixed_for_all)
        rows.append(row.numpy())
        film.append(_generate(Nets(state[-1], sizes[0], leak), fixed, knobs).numpy())
    noise = np.stack([rng.standard_normal((SCORED, latents), "float32") for rng in randoms])
    return Ward(
        tuple(setups),
        _generate(Nets(state[-1], sizes[0], leak), noise, knobs).numpy(),
        np.stack(film),
        dict(zip(LOGS, np.moveaxis(np.stack(rows), 1, 0), strict=True)),
        (1 + np.arange(frames)) * (steps // frames),
    )


LOGS = ("d_loss", "g_loss", "d_real", "d_fake", "g_slope", "d_change")


@tf.function(reduce_retracing=True)
def _train_block(state, knobs, points, noise, when, g_sizes, d_sizes, leak, penalty):
    """The steps from when[0] on, of when[1] in all: the new state and the means of LOGS (6, p).

    `points` are (k, p, batch, 2), `noise` is (k, p, 2, batch, latents).
    """
    total = tf.zeros([len(LOGS), tf.shape(state[0])[0]])
    for i in tf.range(tf.shape(points)[0]):
        done = when[0] + tf.cast(i, tf.float32)
        state, row = _step(state, knobs, points[i], noise[i], done, when[1], g_sizes, d_sizes, leak, penalty)
        total += row
    return state, total / tf.cast(tf.shape(points)[0], tf.float32)


def _step(state, knobs, real, noise, done, steps, g_sizes, d_sizes, leak, penalty):
    """One step of D, then one of G (Goodfellow et al. 2014, Algorithm 1), for every patient at once."""
    g, g_mean, g_square, d, d_mean, d_square, average = state
    speed = tf.where(knobs["decay"], (1 + tf.cos(np.pi * done / steps)) / 2, 1.0)
    fake = _generate(Nets(g, g_sizes, leak), noise[:, 0], knobs)
    with tf.GradientTape() as tape:
        tape.watch(d)
        with tf.GradientTape() as slope_tape:
            slope_tape.watch(real)
            real_logits = _logits(Nets(d, d_sizes, leak), real, knobs)
        fake_logits = _logits(Nets(d, d_sizes, leak), fake, knobs)
        d_loss = _mean(_cross_entropy(knobs["labels"][:, 0], real_logits))
        d_loss += _mean(_cross_entropy(knobs["labels"][:, 1], fake_logits))
        objective = d_loss
        if penalty:
            slopes = slope_tape.gradient(real_logits, real)
            objective += knobs["r1"][:, 0] / 2 * _mean(tf.reduce_sum(slopes**2, axis=2, keepdims=True))
    gradient = tape.gradient(objective, d)
    move, d_mean, d_square = _adam(gradient, d_mean, d_square, knobs["beta_1"], done)
    move *= tf.where(knobs["d_trainable"], knobs["rate"] * knobs["d_speed"] * speed, 0.0)
    d -= move
    with tf.GradientTape() as tape:
        tape.watch(g)
        logits = _logits(Nets(d, d_sizes, leak), _generate(Nets(g, g_sizes, leak), noise[:, 1], knobs), knobs)
        g_losses = tf.where(knobs["minimax"][:, None], -tf.nn.softplus(logits), tf.nn.softplus(-logits))
        g_loss = _mean(g_losses)
    gradient = tape.gradient(g_loss, g)
    adam, g_mean, g_square = _adam(gradient, g_mean, g_square, knobs["beta_1"], done)
    rate = tf.where(done < knobs["d_ahead"], 0.0, knobs["rate"] * speed)
    g -= rate * tf.where(knobs["adam"], adam, gradient)
    keep = tf.minimum(knobs["ema"], (1 + done) / (10 + done))
    average = keep * average + (1 - keep) * g
    row = [d_loss, g_loss, _mean(tf.sigmoid(real_logits)), _mean(tf.sigmoid(fake_logits))]
    row += [tf.norm(gradient, axis=1), tf.norm(move, axis=1)]
    return [g, g_mean, g_square, d, d_mean, d_square, average], tf.stack(row)


def _adam(gradient, mean, square, beta_1, done):
    """The direction that Adam goes, and its two running means (Kingma and Ba 2015, end of section 2)."""
    mean = beta_1 * mean + (1 - beta_1) * gradient
    square = BETA_2 * square + (1 - BETA_2) * gradient**2
    correction = tf.sqrt(1 - BETA_2 ** (done + 1)) / (1 - beta_1 ** (done + 1))
    return correction * mean / (tf.sqrt(square) + EPSILON), mean, square


def _cross_entropy(label, logits):
    return tf.nn.softplus(logits) - label[:, None, None] * logits


def _logits(d, x, knobs):
    logits = d(x)
    return tf.where(knobs["sigmoids"][:, None] > 1, tf.sigmoid(logits), logits)


def _generate(g, noise, knobs):
    x, output = g(noise * knobs["noise"][:, None]), knobs["output"][:, None]
    return tf.where(output == 1, tf.sigmoid(x), tf.where(output == 2, tf.tanh(x), x))


def _mean(values):
    return tf.reduce_mean(values, axis=[1, 2])


def _knobs(setups):
    """The settings of all patients as tensors (p, 1), labels (p, 2): so one compiled loop serves every ward."""
    knobs = {f.name: [getattr(setup, f.name) for setup in setups] for f in fields(Setup)}
    knobs["minimax"] = [name == "minimax" for name in knobs.pop("loss")]
    knobs["output"] = [OUTPUTS.index(name) for name in knobs["output"]]
    yes_or_no = ("adam", "d_trainable", "decay", "minimax")
    knobs = {name: tf.constant(values, tf.bool if name in yes_or_no else tf.float32) for name, values in knobs.items()}
    return {name: tf.reshape(values, [len(setups), -1]) for name, values in knobs.items()}


def _first_weights(sizes, rng):
    """Keras' own: Glorot's uniform weights, biases 0; float32, one after the other."""
    parts = []
    for a, b in zip(sizes[:-1], sizes[1:], strict=True):
        limit = np.sqrt(6 / (a + b))
        parts += [rng.uniform(-limit, limit, a * b), np.zeros(b)]
    return np.concatenate(parts).astype("float32")


def _draw(real, rng, steps, batch, latents):
    points = real.sample(steps * batch, rng).reshape(steps, batch, -1)
    return points, rng.standard_normal((steps, 2, batch, latents), "float32")


# --- signs of illness, each one measurement -------------------------------------------------------------------

RING = toys.ring(std=0.05)  # what the clinic's patients should learn: the papers' ring, five times as wide


class Health(NamedTuple):
    """Of 2,500 samples: `modes` found, `near` = the share near a mode, `least` = the share that the poorest mode gets.

    A healthy mode of the ring gets 1/8 = 0.125.
    """

    modes: int
    near: float
    least: float

    @property
    def well(self) -> bool:
        """All eight modes, none of them with less than a quarter of its share, and 40 % of the samples near one."""
        return self.modes == 8 and self.near > 0.4 and self.least > 0.03


def health(ward: Ward, real: toys.Mixture = RING) -> list[Health]:
    """How well every generator of a ward does, by VEEGAN's rule (3 standard deviations); 0 if it has diverged."""
    results = []
    for samples in ward.samples:
        if not np.isfinite(samples).all():
            results.append(Health(0, 0.0, 0.0))
            continue
        found = metrics.mode_coverage(samples, real.modes, real.std)
        nearest = np.linalg.norm(samples[:, None] - real.modes, axis=2).argmin(axis=1)
        shares = np.bincount(nearest, minlength=len(real.modes)) / len(samples)
        results.append(Health(found.found, found.high_quality, float(shares.min())))
    return results


# --- the drills -----------------------------------------------------------------------------------------------


class Refused(ValueError):
    """A treatment that does not cure; the text is one sentence for the learner."""


class Fault(NamedTuple):
    """One fault: the setting that holds it, its value, how its sign reads, and what finds the sign in a ward."""

    setting: str
    value: object
    sign: str
    there: Callable[[Ward], bool]  # of a ward whose last patient is healthy, all others treated


def _steps_of_d(ward: Ward) -> np.ndarray:
    """How far D's weights move in a step, in units of the healthy patient, which is the last of the ward."""
    moved = ward.history["d_change"].mean(axis=0)
    return moved[:-1] / moved[-1]


def _at_end(ward: Ward, name: str) -> np.ndarray:
    return ward.history[name][-1, :-1]


def _in_sigmoids_range(ward: Ward) -> bool:
    opinions = np.stack([ward.history[name][:, :-1] for name in ("d_real", "d_fake")])
    return bool(((opinions >= 0.5) & (opinions <= 0.7311)).all(axis=(0, 1)).any())


FAULTS = (
    Fault("labels", (0.0, 1.0), "D rates generated points higher than real ones",
          lambda ward: bool((_at_end(ward, "d_fake") > _at_end(ward, "d_real")).any())),
    Fault("d_trainable", False, "D's weights do not move at all", lambda ward: bool((_steps_of_d(ward) == 0).any())),
    Fault("sigmoids", 2, "all of D's mean opinions lie between 0.5 and 0.731, the range of a sigmoid of a sigmoid",
          _in_sigmoids_range),
    Fault("rate", 5e-2, "D's weights take steps more than ten times as long as in a healthy game",
          lambda ward: bool((_steps_of_d(ward) > 10).any())),
    Fault("output", "sigmoid", "no generated coordinate is above 1, and every eighth real point has such a one",
          lambda ward: bool((ward.samples[:-1].max(axis=(1, 2)) <= 1).any())),
    Fault("d_speed", 0.02, "D's weights move less than a tenth as far in a step as in a healthy game",
          lambda ward: bool((_steps_of_d(ward) < 0.1).any())),
    Fault("noise", 0.0, "all generated points lie within 0.05 of each other",
          lambda ward: bool((np.ptp(ward.samples[:-1], axis=1).max(axis=1) < 0.05).any())),
)  # fmt: skip


def _number(value: object, least: float = -np.inf, below: float = np.inf) -> bool:
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return real and bool(np.isfinite(value)) and least <= value < below


def _pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(_number(v, 0) and v <= 1 for v in value)


def _yes_or_no(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


POSSIBLE: dict[str, tuple[Callable[[object], bool], str]] = {
    "rate": (lambda v: _number(v, 0) and v > 0, "a number above 0"),
    "d_speed": (lambda v: _number(v, 0), "a number, 0 or more"),
    "beta_1": (lambda v: _number(v, 0, 1), "a number from 0 to less than 1"),
    "adam": (_yes_or_no, "True or False"),
    "labels": (_pair, "two numbers from 0 to 1, for real and for generated points"),
    "sigmoids": (lambda v: _number(v) and v in (1, 2), "1 or 2"),
    "d_trainable": (_yes_or_no, "True or False"),
    "output": (lambda v: isinstance(v, str) and v in OUTPUTS, f"one of {', '.join(map(repr, OUTPUTS))}"),
    "noise": (_number, "a number"),
    "loss": (lambda v: isinstance(v, str) and v in G_LOSSES, f"one of {', '.join(map(repr, G_LOSSES))}"),
    "r1": (lambda v: _number(v, 0), "a number, 0 or more"),
    "decay": (_yes_or_no, "True or False"),
    "d_ahead": (lambda v: _number(v, 0) and v == int(v), "a whole number, 0 or more"),
    "ema": (lambda v: _number(v, 0, 1), "a number from 0 to less than 1"),
}  # all settings of a Setup that a treatment may change, and their values in words


class Patient:
    """A training set-up with one hidden fault. `clinic.examine` trains it, `treat` gives it one treatment."""

    def __init__(self, number: int, fault: Fault, seed: int):
        self.number, self._fault, self.seed = number, fault, seed

    def __repr__(self) -> str:
        return f"Patient {self.number}: one setting is wrong. clinic.examine shows the signs."

    def setup(self, **changes) -> Setup:
        """The patient's set-up with some settings changed."""
        return replace(Setup(seed=self.seed), **{self._fault.setting: self._fault.value, **changes})


def patient(n: int, seed: int = 0) -> Patient:
    """Patient `n`, from 1 to 7: a set-up with one hidden fault, for every n of a seed another.

    Raises ValueError for another n.
    """
    if not 1 <= n <= len(FAULTS):
        raise ValueError(f"There is no patient {n}: n goes from 1 to {len(FAULTS)}.")
    order = np.random.default_rng([seed, 6]).permutation(len(FAULTS))
    return Patient(n, FAULTS[order[n - 1]], seed)


def examine(patients: Sequence[Patient], steps: int = 2000, **changes) -> Ward:
    """Train patients as they are; `changes` are settings for a test, such as steps=600, d_ahead=600: D alone."""
    return train([each.setup(**changes) for each in patients], RING, steps)


def treat(patient: Patient, **change) -> str:
    """Train a patient with one setting changed, from two seeds, beside a healthy one; return what has become of it.

    Raises Refused, with a sentence, for more than one change, a change of nothing, an impossible value, a patient who
    is not well afterwards, and a patient who looks well while the sign of the fault can still be measured.
    """
    name, value = _one_change(patient, change)
    treated = patient.setup(**{name: value})
    setups = [replace(treated, seed=seed) for seed in (patient.seed, patient.seed + 100)]
    ward = train([*setups, Setup(seed=patient.seed)], RING)
    found, fault = health(ward)[:2], patient._fault
    well, right = all(result.well for result in found), name == fault.setting
    if smoke() and right:  # a few steps make nobody well
        well, there = True, False
    else:
        there = fault.there(ward)
    if well and not there:
        how = f"it was {fault.setting}." if right else f"the fault is in another setting, but {name} makes up for it."
        return f"{how} {_report(found)}"
    sign = f"And still {fault.sign}." if there else f"It is no longer so that {fault.sign}."
    if right:
        raise Refused(f"That is the right setting, and {value!r} does not cure: {_report(found)} {sign}")
    if well:
        raise Refused(f"It looks well now, but you treated the symptom. {sign}")
    raise Refused(f"Not cured: {_report(found)} {sign}")


def _one_change(patient: Patient, change: dict) -> tuple[str, object]:
    """The one setting that a treatment changes, and its value; Refused for everything else."""
    for name in change:
        if name not in POSSIBLE:
            raise Refused(f"There is no setting {name!r}: choose one of {', '.join(POSSIBLE)}.")
    if len(change) != 1:
        raise Refused(f"You changed {len(change)} settings: change one, or nobody will know what helped.")
    ((name, value),) = change.items()
    possible, words = POSSIBLE[name]
    if not possible(value):
        raise Refused(f"{name} cannot be {value!r:.60}: it is {words}.")
    value = tuple(value) if name == "labels" else value
    if value == getattr(patient.setup(), name):
        raise Refused(f"{name} is {value!r} already: nothing has changed.")
    return name, value


def _report(found: list[Health]) -> str:
    return " ".join(f"Training {i}: {r.modes} of 8 modes, {r.near:.0%} near one." for i, r in enumerate(found, start=1))
