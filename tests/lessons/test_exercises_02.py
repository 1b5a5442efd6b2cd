"""The checks of lesson 02: the solution is accepted, in place or not, and every plausible mistake is named."""

import math
from pathlib import Path

import jupytext
import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib.gan import GAN
from ganlib.lessons.exercises import lesson02

SOURCE = Path(__file__).parents[2] / "notebooks" / "source" / "02_generator_and_discriminator.py"


def verdict(name, answer, capsys) -> str:
    getattr(lesson02, name)(answer)
    return capsys.readouterr().out


def exercises() -> dict[str, tuple[str, str]]:
    """Stub and solution of every exercise, by the name of the function asked for."""
    cells = [cell for cell in jupytext.read(SOURCE).cells if "exercise" in cell.metadata.get("tags", [])]
    parts = [cell.source.split("# solution\n") for cell in cells]
    return {solution.split("def ")[1].split("(")[0]: (stub, solution) for stub, solution in parts}


NAMES = {"np": np, "tf": tf, "exercises": lesson02, "mean": tf.reduce_mean, "softplus": tf.nn.softplus}


@pytest.mark.parametrize(
    "name", ["linear_generator", "ring_modes", "best_discriminator", "count_parameters", "training_step"]
)
def test_stub_and_solution(name, capsys):
    stub, solution = exercises()[name]
    for text, mark in ((stub, "– Not answered yet"), (solution, "✓ Right")):
        names = dict(NAMES)
        exec(text, names)
        assert capsys.readouterr().out.startswith(mark)


# --- right answers, in other words and in place ------------------------------------------------------------------


def linear_in_place(z):
    z *= 2
    z += 3
    return z


def ring_by_complex_numbers(modes, radius):
    places = radius * np.exp(2j * np.pi * np.arange(modes) / modes)
    return np.column_stack([places.real, places.imag])


def ring_by_a_loop(modes, radius):
    turn = 2 * math.pi / modes
    return [[radius * math.cos(turn * k), radius * math.sin(turn * k)] for k in range(modes)]


def ring_without_the_end(modes, radius):
    angles = np.linspace(0, 2 * np.pi, modes, endpoint=False)
    angles += 0  # in place, on an array of its own
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius


def best_in_place(p, q):
    q += p
    p /= q
    return p


def best_by_the_sigmoid(p, q):
    with np.errstate(divide="ignore"):
        return 1 / (1 + np.exp(np.log(q) - np.log(p)))


def count_in_place(sizes):
    total = 0
    while len(sizes) > 1:
        inputs = sizes.pop(0)
        total += (inputs + 1) * sizes[0]
    return total


def count_by_arrays(sizes):
    return np.dot(np.array(sizes[:-1]) + 1, sizes[1:])


@pytest.mark.parametrize(
    "name, answer",
    [
        ("linear_generator", linear_in_place),
        ("linear_generator", lambda z: tf.constant(3.0) + 2 * tf.constant(z, tf.float32)),
        ("linear_generator", lambda z: np.add(3, np.multiply(z, 2))),
        ("ring_modes", ring_by_complex_numbers),
        ("ring_modes", ring_by_a_loop),
        ("ring_modes", ring_without_the_end),
        ("best_discriminator", best_in_place),
        ("best_discriminator", best_by_the_sigmoid),
        ("best_discriminator", lambda p, q: 1 - q / (p + q)),
        ("count_parameters", count_in_place),
        ("count_parameters", count_by_arrays),
        ("count_parameters", lambda s: sum(a * b for a, b in zip(s, s[1:], strict=False)) + sum(s[1:])),
    ],
)
def test_other_right_answers(name, answer, capsys):
    assert verdict(name, answer, capsys).startswith("✓")


def fresh(z):
    return 3 + 2 * np.random.default_rng().standard_normal(z.shape)


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda z: 2 + 3 * z, "the factor makes the spread"),
        (lambda z: 3 + 4 * z, "not by its square"),
        (lambda z: 3 + math.sqrt(2) * z, "2² is the variance already"),
        (lambda z: 2 * (z + 3), "The mean is now 6"),
        (lambda z: 3 + z, "still that of the noise"),
        (lambda z: 2 * z, "the mean is still 0"),
        (lambda z: 3 + 2.5 * z, "Stretch z until the spread is 2"),
        (lambda z: 3.0, "has shape ()"),
        (fresh, "not draw its own"),
    ],
)
def test_linear_generator(answer, words, capsys):
    out = verdict("linear_generator", answer, capsys)
    assert out.startswith("✗") and words in out


def test_the_mirrored_generator_is_right_too(capsys):
    assert "mirror" in verdict("linear_generator", lambda z: 3 - 2 * z, capsys)


def on_circle(angles, radius):
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda k, r: on_circle(np.linspace(0, 2 * np.pi, k), r), "one of them is missing"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(k) / k, r)[:, ::-1], "cosine comes first"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(k) / k, 1), "radius 1 whatever is asked for"),
        (lambda k, r: on_circle(360 * np.arange(k) / k, r), "in degrees"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(8) / 8, r), "has shape (8, 2), and it should have (5, 2)"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(k) / k, r).T, "has shape (2, 8)"),
        (lambda k, r: on_circle(np.pi * np.arange(k) / k, r), "half way round"),
        (lambda k, r: on_circle(-2 * np.pi * np.arange(k) / k, r), "clockwise"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(1, k + 1) / k, r), "begin with the angle 0"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(k) / k, r + 0.1), "at the angle 2πk/modes"),
    ],
)
def test_ring_modes(answer, words, capsys):
    out = verdict("ring_modes", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda p, q: q / (p + q), "G's share"),
        (lambda p, q: p, "how p compares with q"),
        (lambda p, q: p / (p + q) / 2, "A factor 2 is missing"),
        (lambda p, q: 2 * p / (p + q), "A factor 2 is too much"),
        (lambda p, q: p / q, "no upper limit"),
        (lambda p, q: p > q, "how sure one can be"),
        (lambda p, q: p / (p + q + 1e-2), "what share is real"),
        (lambda p, q: (p - q) / (p + q), "from -1 to 1"),
        (lambda p, q: np.log(np.maximum(p, 1e-9)) - np.log(np.maximum(q, 1e-9)), "through the sigmoid"),
        (lambda p, q: np.where(q > 0, p / (p + q), np.inf), "holds NaN or infinite"),
        (lambda p, q: np.clip(p / (p + q), 0.1, 0.9), "D can be certain"),
        (lambda p, q: p / (p + 2 * q), "what share is real"),
        (lambda p, q: 0.5, "has shape ()"),
    ],
)
def test_best_discriminator(answer, words, capsys):
    out = verdict("best_discriminator", answer, capsys)
    assert out.startswith("✗") and words in out


def layers(sizes):
    return list(zip(sizes[:-1], sizes[1:], strict=True))


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda s: sum(a * b for a, b in layers(s)), "left out the biases"),
        (lambda s: sum(a * b for a, b in layers(s)) + sum(s), "gave the inputs biases"),
        (lambda s: sum(a * b + 1 for a, b in layers(s)), "one bias for each layer"),
        (sum, "You counted the neurons"),
        (lambda s: sum(a * b for a, b in layers(s)) + sum(s[1:-1]), "The last layer has biases too"),
        (lambda s: sum(a * b for a, b in layers(s)) + sum(s[:-1]), "one for each output"),
        (lambda s: 130_577, "For [100, 128, 128, 784] you have 1.3058e+05, which is not right"),
        (lambda s: 130_576, "is a size or a value fixed in your code? For [2, 3, 1] you have 1.3058e+05"),
        (lambda s: None, "is None"),
    ],
)
def test_count_parameters(answer, words, capsys):
    out = verdict("count_parameters", answer, capsys)
    assert out.startswith("✗") and words in out


# --- the training step -------------------------------------------------------------------------------------------

mean, softplus = tf.reduce_mean, tf.nn.softplus


def phases(G, D, g, d, real, z, real_sign=-1, fake_sign=1, g_sign=-1, zd=0, zg=1, d_weights="D", g_weights="G",
           order="DG", average=mean, factor=1.0, outer=1.0):  # fmt: skip
    """A training step in the learner's way, with one thing wrong in it if asked for."""
    nets = {"D": D, "G": G}
    for phase in order:
        with tf.GradientTape() as tape:
            if phase == "D":
                terms = [average(softplus(real_sign * D(real)))] * bool(real_sign)
                terms += [average(softplus(fake_sign * D(G(z[zd]))))] * bool(fake_sign)
                loss, net, optimizer = factor * sum(terms), nets[d_weights], d
            else:
                loss, net, optimizer = outer * average(softplus(g_sign * D(G(z[zg])))), nets[g_weights], g
        optimizer.apply(tape.gradient(loss, net.trainable_variables), net.trainable_variables)


def wrong(**mistake):
    return lambda *arguments: phases(*arguments, **mistake)


def with_cross_entropy(G, D, g, d, real, z):
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        a, b = D(real), D(G(z[0]))
        value = loss(tf.ones_like(a), a) + loss(tf.zeros_like(b), b)
    d.apply_gradients(zip(tape.gradient(value, D.trainable_weights), D.trainable_weights, strict=True))
    with tf.GradientTape() as tape:
        b = D(G(z[1]))
        value = loss(tf.ones_like(b), b)
    g.apply_gradients(zip(tape.gradient(value, G.trainable_weights), G.trainable_weights, strict=True))


def with_a_stopped_gradient(G, D, g, d, real, z):
    with tf.GradientTape() as tape:
        fake = tf.stop_gradient(G(z[0]))
        loss = -mean(tf.math.log_sigmoid(D(real))) - mean(tf.math.log_sigmoid(-D(fake)))
    d.apply(tape.gradient(loss, D.trainable_variables), D.trainable_variables)
    with tf.GradientTape() as tape:
        loss = -mean(tf.math.log_sigmoid(D(G(z[1]))))
    g.apply(tape.gradient(loss, G.trainable_variables), G.trainable_variables)


def in_place(G, D, g, d, real, z):  # plain gradient descent, as the check's optimisers do it
    for net, rate, terms in ((D, d.learning_rate, lambda: (softplus(-D(real)), softplus(D(G(z[0]))))),
                             (G, g.learning_rate, lambda: (softplus(-D(G(z[1]))),))):  # fmt: skip
        with tf.GradientTape() as tape:
            loss = sum(mean(term) for term in terms())
        for weight, slope in zip(net.trainable_variables, tape.gradient(loss, net.trainable_variables), strict=True):
            weight.assign_sub(rate * slope)


def by_the_library(G, D, g, d, real, z):
    gan = GAN(G, D)
    gan.compile(g, d, r1=0.0)
    gan.discriminator_phase(real, z[0])
    gan.generator_phase(z[1])


@pytest.mark.parametrize(
    "answer",
    [phases, with_cross_entropy, with_a_stopped_gradient, in_place, by_the_library, tf.function(phases),
     lesson02.library_step],
)  # fmt: skip
def test_right_training_steps(answer, capsys):
    assert verdict("training_step", answer, capsys).startswith("✓")


def at_once(G, D, g, d, real, z):
    with tf.GradientTape(persistent=True) as tape:
        fake = D(G(z[0]))
        loss_d, loss_g = mean(softplus(-D(real))) + mean(softplus(fake)), mean(softplus(-D(G(z[1]))))
    into_g = tape.gradient(loss_g, G.trainable_variables)
    d.apply(tape.gradient(loss_d, D.trainable_variables), D.trainable_variables)
    g.apply(into_g, G.trainable_variables)


@pytest.mark.parametrize(
    "answer, words",
    [
        (wrong(real_sign=1, fake_sign=-1), "The labels are swapped"),
        (wrong(real_sign=0), "leaves out the real samples"),
        (wrong(fake_sign=0), "leaves out the generated samples"),
        (wrong(fake_sign=-1), "pushes the logits of G(z[0]) up"),
        (wrong(factor=0.5), "half of what it should be"),
        (wrong(g_sign=1), "teaches G to be recognised"),
        (wrong(g_sign=1, outer=-1.0), "saturating"),
        (wrong(order="GD"), "G's phase comes first"),
        (wrong(zg=0), "take z[1]"),
        (wrong(zd=1), "take z[0]"),
        (wrong(zd=1, zg=0), "are exchanged: z[0]"),
        (at_once, "before either step"),
        (lambda G, D, g, d, real, z: phases(G, D, d, g, real, z), "weights of the other network"),
        (wrong(order="D"), "G has not moved at all"),
        (wrong(order="G"), "D has not moved at all"),
        (lambda *a: None, "D has not moved at all"),
        (wrong(order="DDG"), "Neither D's nor G's weights are right"),
        (wrong(order="DGG"), "D's weights are right after your step, and G's are not"),
        (wrong(average=lambda x: tf.reduce_sum(x) / 5), "right for one size of batch and wrong for another"),
        (wrong(average=tf.reduce_sum), "Neither D's nor G's weights are right"),
        (wrong(d_weights="G"), "weights of the other network"),
        (lambda G, D, g, d, real, z: D(z[0]), "raises"),
        (7, "A function is asked for"),
    ],
)
def test_wrong_training_steps(answer, words, capsys):
    out = verdict("training_step", answer, capsys)
    assert out.startswith("✗") and words in out
