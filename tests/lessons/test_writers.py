"""Generators of letters: what they draw, its probabilities, and the slopes they learn by."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib import GAN
from ganlib.lessons import text, writers

SMALL = text.brackets(1)  # two letters long, four letters: 16 strings
EVERY = SMALL.rows(["".join(letters) for letters in itertools.product("()[]", repeat=2)])


def normals(n: int, size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, size), dtype="float32")


def test_gumbel_noise_has_its_mean_and_variance():
    noise = writers.gumbel(normals(200_000, 1)).numpy()
    assert noise.mean() == pytest.approx(0.57722, abs=0.01)
    assert noise.var() == pytest.approx(np.pi**2 / 6, abs=0.03)


def test_hard_letters_come_with_the_probabilities_of_the_softmax():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], "float32"))
    letters = writers.straight_through(np.tile(logits, (100_000, 1)), normals(100_000, 4)).numpy()
    assert np.allclose(np.sort(letters, axis=1), [0, 0, 0, 1], atol=1e-6)
    assert letters.mean(axis=0) == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.006)


def test_the_slope_of_hard_letters_is_that_of_the_soft_ones():
    logits, noise, weights = tf.constant(normals(3, 4)), normals(3, 4, 1), normals(3, 4, 2)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        hard = tf.reduce_sum(weights * writers.straight_through(logits, noise))
        soft = tf.reduce_sum(weights * tf.nn.softmax(logits + writers.gumbel(noise)))
    assert np.allclose(tape.gradient(hard, logits), tape.gradient(soft, logits), atol=1e-6)


@pytest.mark.parametrize("pair", [writers.soft_pair, writers.gumbel_pair, writers.letter_pair])
def test_every_pair_plays_and_writes_rows_that_can_be_read(pair):
    keras.utils.set_random_seed(0)
    gan = GAN(*pair(SMALL))
    gan.compile(r1=0.1, jit_compile=False)
    before = [weight.numpy() for weight in gan.generator.trainable_variables]
    gan.fit(np.tile(SMALL.rows(SMALL.valid), (8, 1)), batch_size=8, verbose=0)
    assert all((a != b.numpy()).any() for a, b in zip(before, gan.generator.trainable_variables, strict=True))
    rows = gan.generate(50)
    assert rows.shape == (50, 8)
    assert np.allclose(rows.reshape(50, 2, 4).sum(axis=2), 1, atol=1e-5)
    assert all(len(string) == 2 for string in SMALL.read(rows))


def letter_model(seed: int = 0) -> keras.Model:
    keras.utils.set_random_seed(seed)
    generator = writers.letter_pair(SMALL).generator
    for weight in generator.trainable_variables:
        weight.assign(2 * weight)
    return generator


def test_the_probabilities_of_all_strings_add_up_to_one():
    writer = letter_model().layers[-1]
    assert np.exp(writer.log_probability(EVERY)).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_strings_are_drawn_as_often_as_their_probabilities_say(temperature):
    generator = letter_model()
    writer = generator.layers[-1]
    drawn = writers.write(generator, 20_000, temperature=temperature)
    counts = (drawn @ EVERY.T > 1.5).mean(axis=0)
    assert writer.temperature == 1.0
    writer.temperature = temperature
    assert counts == pytest.approx(np.exp(writer.log_probability(EVERY)), abs=0.015)


def test_a_letter_depends_on_all_before_it_and_on_none_behind():
    keras.utils.set_random_seed(0)
    language = text.brackets(3)
    writer = writers.letter_pair(language).generator.layers[-1]
    rows = language.rows(["()[]()", "()[](]", "[)[]()"]).reshape(3, 6, 4)
    added = np.einsum("btl,tlu->btu", rows, writer.first)
    logits = writer.logits(np.cumsum(added, axis=1) - added).numpy()
    assert np.allclose(logits[0], logits[1], atol=1e-6)  # they differ in the last letter, which nothing follows
    assert np.allclose(logits[0, 0], logits[2, 0]) and not np.allclose(logits[0, 5], logits[2, 5])


def test_reinforce_makes_likelier_what_d_prefers():
    keras.utils.set_random_seed(0)
    gan = writers.Reinforced(*writers.letter_pair(SMALL))
    gan.compile(jit_compile=False)
    first = np.arange(8) == 0  # the first letter is "("
    for weight in gan.discriminator.trainable_variables:
        weight.assign(tf.zeros_like(weight))
    kernels = [weight for weight in gan.discriminator.trainable_variables if len(weight.shape) == 2]
    kernels[0].assign(np.outer(first, np.eye(256)[0]))
    kernels[1].assign(np.outer(np.eye(256)[0], np.eye(256)[0]))
    kernels[2].assign(np.eye(256)[:, :1])
    for step in range(60):
        gan.generator_phase(normals(64, 8, step))
    assert np.mean(gan.generator(normals(500, 8, 99)).numpy()[:, 0]) > 0.9


def test_the_likelihood_model_learns_a_small_language():
    keras.utils.set_random_seed(0)
    generator = writers.letter_pair(SMALL).generator
    before = generator.layers[-1].log_probability(SMALL.rows(SMALL.valid)).numpy()
    loss = writers.fit_likelihood(generator, SMALL.rows(SMALL.valid), steps=320)
    assert loss == pytest.approx(np.log(2) / 2, abs=0.03)  # two strings, equally likely, of two letters
    assert (generator.layers[-1].log_probability(SMALL.rows(SMALL.valid)).numpy() > before).all()
    assert text.string_scores(SMALL.read(writers.write(generator, 500)), SMALL.valid, []).valid > 0.95


def test_a_writer_can_be_made_again_from_its_config():
    layer = writers.LetterByLetter(3, 5, units=7, temperature=0.5)
    again = writers.LetterByLetter.from_config(layer.get_config())
    assert (again.length, again.letters, again.units, again.temperature) == (3, 5, 7, 0.5)
