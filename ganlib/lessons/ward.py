"""A ward of the failure clinic: small GANs on points in the plane, trained several at a time.

The networks of one `train` call, a *ward*, differ in their settings and seeds only. Their weights are stacked along a
first axis, so that one loop trains all of them: matrix products and Adam treat every patient on its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganlib.data import smoke
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


@tf.function(jit_compile=True)
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
        objective = d_loss = d_loss + _mean(_cross_entropy(knobs["labels"][:, 1], fake_logits))
        if penalty:
            slopes = slope_tape.gradient(real_logits, real)
            objective += knobs["r1"][:, 0] / 2 * _mean(tf.reduce_sum(slopes**2, axis=2, keepdims=True))
    move, d_mean, d_square = _adam(tape.gradient(objective, d), d_mean, d_square, knobs["beta_1"], done)
    move *= tf.where(knobs["d_trainable"], knobs["rate"] * knobs["d_speed"] * speed, 0.0)
    d -= move
    with tf.GradientTape() as tape:
        tape.watch(g)
        logits = _logits(Nets(d, d_sizes, leak), _generate(Nets(g, g_sizes, leak), noise[:, 1], knobs), knobs)
        g_loss = _mean(tf.where(knobs["minimax"][:, None], -tf.nn.softplus(logits), tf.nn.softplus(-logits)))
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
