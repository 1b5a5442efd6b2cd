"""Checks of lesson 02: a ring of modes, the best discriminator, a whole training step; a linear G, weights counted."""

import functools
import math
from collections.abc import Callable

import numpy as np

from ganlib.lessons.exercises import Wrong, attempt, call, check, compare


def _on_circle(angles: np.ndarray, radius: float) -> np.ndarray:
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _turn(modes: int) -> np.ndarray:
    return 2 * math.pi * np.arange(modes) / modes


def right_modes(modes: int, radius: float) -> np.ndarray:
    """The course's own `ring_modes`."""
    return _on_circle(_turn(modes), radius)


def right_share(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """The course's own `best_discriminator`."""
    return p / (p + q)


def right_count(sizes: list[int]) -> int:
    """The course's own `count_parameters`."""
    return sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:], strict=True))


@check
def ring_modes(answer: Callable) -> str:
    """`answer(modes, radius)`: the centres of modes evenly spaced on a circle, the first at (radius, 0): (modes, 2)."""
    mistakes = {
        "Your last mode lies on your first, so one of them is missing. A circle's end is its start.": lambda k, r: (
            _on_circle(np.linspace(0, 2 * math.pi, k), r)
        ),
        "The modes turn the other way and begin at the top: cosine comes first, sine second.": lambda k, r: (
            _on_circle(_turn(k), r)[:, ::-1]
        ),
        "The modes go round clockwise: the sine has the wrong sign.": lambda k, r: _on_circle(-_turn(k), r),
        "The first mode should lie at (radius, 0): begin with the angle 0.": lambda k, r: (
            _on_circle(_turn(k) + 2 * math.pi / k, r)
        ),
        "Your circle has radius 1 whatever is asked for.": lambda k, r: _on_circle(_turn(k), 1),
        "Your angles are in degrees, but cosine and sine take radians: a full turn is 2π.": lambda k, r: (
            _on_circle(np.degrees(_turn(k)), r)
        ),
        "You went half way round: a full turn is 2π, not π.": lambda k, r: _on_circle(_turn(k) / 2, r),
    }
    cases = [(8, 1.0), (5, 2.0)]
    compare(answer, cases, right_modes, mistakes, "Mode k lies at the angle 2πk/modes.")
    return "evenly spaced, and every one different."


@check
def best_discriminator(answer: Callable) -> str:
    """`answer(p, q)`: the best D's probability of real, (n,), at points with the densities p and q of real and G's."""
    mistakes = {
        "That is q / (p + q), G's share: D should be high where real data is.": lambda p, q: q / (p + q),
        "You returned the density p: what counts is how p compares with q at the same point.": lambda p, q: p,
        "A factor 2 is too much: where p = q, D must say 1/2.": lambda p, q: 2 * p / (p + q),
        "A factor 2 is missing: where p = q, D must say 1/2.": lambda p, q: p / (p + q) / 2,
        "That is p - q: D is a probability, and yours can be negative.": lambda p, q: p - q,
        "That runs from -1 to 1: D is a probability, from 0 to 1.": lambda p, q: (p - q) / (p + q),
        "That is the best logit, log p - log q: put it through the sigmoid.": lambda p, q: np.log(p / q),
        "That is p / q, the odds, which have no upper limit: D is a probability.": lambda p, q: p / q,
        "That only says which density is larger: D should say how sure one can be.": lambda p, q: p > q,
    }
    cases = [(np.array([0.5, 0.2, 0.3]), np.array([0.5, 0.6, 0.1])), (np.array([4.0, 0.01]), np.array([1.0, 0.02]))]
    compare(answer, cases, right_share, mistakes, "Of all points seen at x, what share is real?")
    with np.errstate(all="ignore"):
        got = call(answer, np.array([0.0, 1.0]), np.array([0.7, 0.0]), shape=(2,))
    if not np.allclose(got, [0, 1], atol=1e-6):
        raise Wrong("Where only one kind of point is seen, one density is 0, and D can be certain. Yours is not.")
    return "the share of the real points among all points at x."


@check
def training_step(answer: Callable) -> str:
    """`answer(G, D, G_optimizer, D_optimizer, real, z)`: D's phase on z[0], then G's phase on z[1], in place."""
    got = [_played(answer, game) for game in _GAMES]
    begun = [_moved(after, game) for after, game in zip(got, _GAMES, strict=True)]
    if not any(moved["D"] for moved in begun):
        raise Wrong("D has not moved at all: hand D's gradients to D_optimizer, with D's list of weights.")
    if not any(moved["G"] for moved in begun):
        raise Wrong("G has not moved at all: its phase is five lines like D's, with z[1], G's loss and G's weights.")
    right = _known(_step)
    if _equal(got, right):
        return "two phases, one optimiser each."
    found = [s for s, wrong in _MISTAKES.items() if _equal(got, _known(wrong))]
    if len(found) == 1:
        raise Wrong(found[0])
    if any(_equal([one], [other]) for one, other in zip(got, right, strict=True)):
        raise Wrong("Your step is right for one size of batch and wrong for another: take means, and fix no size.")
    d, g = (_equal([{name: one[name]} for one in got], [{name: one[name]} for one in right]) for name in "DG")
    raise Wrong({
        (True, False): "D's weights are right after your step, and G's are not: look at G's phase.",
        (False, True): "G's weights are right after your step, and D's are not: look at D's phase.",
        (False, False): "Neither D's nor G's weights are right after your step: begin with D's phase, and its loss.",
    }[d, g])  # fmt: skip


def library_step(G, D, G_optimizer, D_optimizer, real, z) -> None:
    """The training step that lesson 02 asks for: what `ganlib.gan` does, without penalty and average."""
    _step(G, D, G_optimizer, D_optimizer, real, z)


def _d_loss(real_logits, fake_logits):
    return _mean(_softplus(-real_logits)) + _mean(_softplus(fake_logits))


def _g_loss(fake_logits):
    return _mean(_softplus(-fake_logits))


def _mean(values):
    import tensorflow as tf

    return tf.reduce_mean(values)


def _softplus(values):
    import tensorflow as tf

    return tf.nn.softplus(values)


def _step(G, D, G_optimizer, D_optimizer, real, z, d_loss=_d_loss, g_loss=_g_loss) -> None:
    """One step; the two losses may be others, to make a mistake on purpose."""
    _phase(D, D_optimizer, lambda: d_loss(D(real), D(G(z[0]))))
    _phase(G, G_optimizer, lambda: g_loss(D(G(z[1]))))


def _phase(network, optimizer, loss) -> None:
    import tensorflow as tf

    weights = network.trainable_variables
    with tf.GradientTape() as tape:
        value = loss()
    optimizer.apply(tape.gradient(value, weights), weights)


def _at_once(G, D, G_optimizer, D_optimizer, real, z) -> None:
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as tape:
        losses = _d_loss(D(real), D(G(z[0]))), _g_loss(D(G(z[1])))
    moves = [(o, tape.gradient(loss, n.trainable_variables), n)
             for o, loss, n in zip((D_optimizer, G_optimizer), losses, (D, G), strict=True)]  # fmt: skip
    for optimizer, gradients, network in moves:
        optimizer.apply(gradients, network.trainable_variables)


def _with(**losses) -> Callable:
    return lambda *arguments: _step(*arguments, **losses)


def _g_first(G, D, G_optimizer, D_optimizer, real, z) -> None:
    _phase(G, G_optimizer, lambda: _g_loss(D(G(z[1]))))
    _phase(D, D_optimizer, lambda: _d_loss(D(real), D(G(z[0]))))


_MISTAKES = {
    "The labels are swapped in D's loss: this D learns to call real samples generated.": _with(
        d_loss=lambda real, fake: _d_loss(-real, -fake)
    ),
    "D's loss leaves out the real samples: D never sees what it should say yes to.": _with(
        d_loss=lambda real, fake: _mean(_softplus(fake))
    ),
    "D's loss leaves out the generated samples: D never sees what it should say no to.": _with(
        d_loss=lambda real, fake: _mean(_softplus(-real))
    ),
    "In D's loss the second term pushes the logits of G(z[0]) up: it should be softplus(+logit).": _with(
        d_loss=lambda real, fake: _d_loss(real, -fake)
    ),
    "D's loss is half of what it should be: add the two means.": _with(d_loss=lambda *logits: _d_loss(*logits) / 2),
    "The sign of G's loss is wrong: softplus(+logit) teaches G to be recognised. Take softplus(-logit).": _with(
        g_loss=lambda fake: _mean(_softplus(fake))
    ),
    "That is the saturating loss of G, -softplus(logit), which lesson 03 looks at: take softplus(-logit).": _with(
        g_loss=lambda fake: -_mean(_softplus(fake))
    ),
    "G's loss is made of logits without softplus.": _with(g_loss=lambda fake: -_mean(fake)),
    "Both gradients were taken before either step: G should answer the D that has just learned.": _at_once,
    "G's phase comes first in your step: D's phase should.": _g_first,
    "G's phase uses the latents of D's phase: take z[1].": lambda G, D, g, d, real, z: (
        _step(G, D, g, d, real, [z[0], z[0]])
    ),
    "D's phase uses the latents of G's phase: take z[0].": lambda G, D, g, d, real, z: (
        _step(G, D, g, d, real, [z[1], z[1]])
    ),
    "The latents of the two phases are exchanged: z[0] is for D's phase.": lambda G, D, g, d, real, z: (
        _step(G, D, g, d, real, [z[1], z[0]])
    ),
}


class _Game:
    """Two small networks with first weights, and the data of one step; every play begins anew."""

    def __init__(self, seed: int, batch: int, latent_dim: int, dim: int):
        self.rng, self.sizes = np.random.default_rng(seed), (latent_dim, dim)
        self.real = self.rng.normal(1, 1, (batch, dim)).astype("float32")
        self.z = self.rng.normal(size=(2, batch, latent_dim)).astype("float32")

    @functools.cached_property
    def networks(self):
        import keras

        latent_dim, dim = self.sizes
        G = keras.Sequential([keras.Input((latent_dim,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(dim)])
        D = keras.Sequential([keras.Input((dim,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
        return G, D

    @functools.cached_property
    def first(self):
        return [[self.rng.normal(size=w.shape) for w in net.get_weights()] for net in self.networks]


_GAMES = [_Game(0, 5, 2, 3), _Game(1, 8, 3, 2)]


@functools.cache
def _known(step: Callable) -> list[dict[str, np.ndarray]]:
    """What one of our own steps, right or wrong, makes of the two games."""
    return [_played(step, game) for game in _GAMES]


def _played(step: Callable, game: _Game) -> dict[str, np.ndarray]:
    """All weights of G and of D after one step."""
    import keras
    import tensorflow as tf

    optimizers = [keras.optimizers.SGD(rate) for rate in (0.5, 0.3)]
    for network, weights, optimizer in zip(game.networks, game.first, optimizers, strict=True):
        network.set_weights(weights)
        optimizer.build(network.trainable_variables)
    try:
        attempt(step, *game.networks, *optimizers, tf.constant(game.real), tf.constant(game.z))
    except Wrong as wrong:
        if "Unknown variable" in str(wrong):
            raise Wrong("An optimiser got a list with weights of the other network: each has one of its own.") from None
        raise
    return {name: np.concatenate([w.ravel() for w in net.get_weights()])
            for name, net in zip("GD", game.networks, strict=True)}  # fmt: skip


def _moved(after: dict[str, np.ndarray], game: _Game) -> dict[str, bool]:
    before = {name: np.concatenate([np.float32(w).ravel() for w in weights])
              for name, weights in zip("GD", game.first, strict=True)}  # fmt: skip
    return {name: not np.allclose(after[name], before[name], rtol=0, atol=1e-7) for name in before}


def _equal(some: list[dict], others: list[dict]) -> bool:
    return all(np.allclose(one[name], other[name], rtol=0, atol=2e-6)
               for one, other in zip(some, others, strict=True) for name in one)  # fmt: skip


@check
def linear_generator(answer: Callable) -> str:
    """`answer(z)`: noise (n, 1) from N(0, 1) turned into numbers from N(3, 2²)."""
    cases = [(np.random.default_rng(seed).standard_normal((n, 1)),) for seed, n in ((1, 1000), (2, 7))]
    got = [call(answer, *case, shape=case[0].shape) for case in cases]
    if not all(np.array_equal(one, call(answer, *case)) for one, case in zip(got, cases, strict=True)):
        raise Wrong("Your G gives another answer for the same z: it must use the noise it is given, not draw its own.")
    if all(np.allclose(one, 3 - 2 * z, rtol=0, atol=1e-4) for one, (z,) in zip(got, cases, strict=True)):
        return "3 - 2z mirrors the noise, and the normal distribution is its own mirror image."
    mistakes = {
        "That is N(2, 3²): the factor makes the spread, and what you add makes the mean.": lambda z: 2 + 3 * z,
        "The spread is now 4: multiply by the standard deviation, not by its square.": lambda z: 3 + 4 * z,
        "The spread is now √2: 2² is the variance already, so 2 is the standard deviation.": lambda z: (
            3 + math.sqrt(2) * z
        ),
        "The mean is now 6: you shifted before you stretched, and the shift was stretched too.": lambda z: 2 * (z + 3),
        "The mean is 3, but the spread is still that of the noise.": lambda z: 3 + z,
        "The spread is 2, but the mean is still 0.": lambda z: 2 * z,
        "That is the way back, from N(3, 2²) to noise: multiply first, then add.": lambda z: (z - 3) / 2,
    }
    words = "Stretch z until the spread is 2, then shift it until the mean is 3."
    compare(answer, cases, lambda z: 3 + 2 * z, mistakes, words)
    return "stretch by 2, shift by 3. Two weights, and noise becomes N(3, 2²)."


@check
def count_parameters(answer: Callable) -> str:
    """`answer(sizes)`: the number of weights and biases of a network whose layers have these sizes."""

    def weights(sizes):
        return sum(a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True))

    mistakes = {
        "You left out the biases: every neuron adds one number of its own.": weights,
        "You gave the inputs biases too: they are numbers that come in, not neurons.": lambda s: weights(s) + sum(s),
        "You counted a bias for each input of a layer: it is one for each output.": lambda s: weights(s) + sum(s[:-1]),
        "The last layer has biases too.": lambda s: weights(s) + sum(s[1:-1]),
        "You counted one bias for each layer: it is one for each neuron.": lambda s: weights(s) + len(s) - 1,
        "You counted the neurons: between two layers there is a weight for every pair.": sum,
    }
    cases = [([100, 128, 128, 784],), ([2, 3, 1],)]
    words = "Inputs times outputs, and a bias for each output."
    compare(answer, cases, right_count, mistakes, words, tolerance=1e-9)
    return "inputs times outputs plus one bias for each output, layer by layer."
