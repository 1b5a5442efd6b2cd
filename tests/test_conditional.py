"""Conditional pairs: labels in `fit` and `generate`, three ways of telling D, losses of the networks' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from ganlib import models
from ganlib.feed import latents_of
from ganlib.gan import GAN
from ganlib.training.runs import Run

X = np.random.default_rng(0).integers(0, 256, (70, 28, 28), dtype=np.uint8)
Y = np.arange(70) % 10
WAYS = ("projection", "concatenation", "classifier")


def make(by="projection", seed=0, **settings):
    keras.utils.set_random_seed(seed)
    gan = GAN(*models.conditional(by), seed=seed)
    gan.compile(jit_compile=False, **settings)
    return gan


def weights(gan):
    return [variable.numpy() for variable in gan.state()]


def test_a_latent_asked_for_a_label_chooses_it_and_keeps_its_other_numbers():
    latents = np.random.default_rng(0).normal(size=(200, 12)).astype("float32")
    labels = np.arange(200) % 5
    asked = latents_of(labels, latents, 5)
    assert np.array_equal(asked[:, :5].argmax(axis=1), labels)
    assert np.array_equal(np.sort(asked, axis=1), np.sort(latents, axis=1))
    assert np.array_equal(asked[:, 5:], latents[:, 5:])
    already = latents[:, :5].argmax(axis=1)
    assert np.array_equal(latents_of(already, latents, 5), latents)


def test_asked_latents_are_distributed_like_those_that_chose_by_themselves():
    latents = np.random.default_rng(1).normal(size=(40_000, 5))
    chose = latents[latents[:, :4].argmax(axis=1) == 2]
    asked = latents_of(np.full(40_000, 2), latents, 4)
    assert np.abs(chose.mean(axis=0) - asked.mean(axis=0)).max() < 0.04
    assert np.abs(np.cov(chose.T) - np.cov(asked.T)).max() < 0.05


@pytest.mark.parametrize("by", WAYS)
def test_d_sees_the_label_that_the_latent_chooses(by):
    gan = make(by)
    latents = np.random.default_rng(0).normal(size=(9, 64)).astype("float32")
    samples = gan.samples(tf.constant(latents)).numpy()
    assert samples.shape == (9, 794)
    assert np.array_equal(samples[:, 784:].argmax(axis=1), latents[:, :10].argmax(axis=1))
    assert np.array_equal(samples[:, 784:].sum(axis=1), np.ones(9))


@pytest.mark.parametrize("by", WAYS)
def test_the_logit_has_no_slope_in_the_label_so_r1_sees_pixels_alone(by):
    x = tf.random.uniform((6, 794))
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = make(by).discriminator(x)
    slopes = tape.gradient(logits, x).numpy()
    assert np.abs(slopes[:, :784]).max() > 0 and np.abs(slopes[:, 784:]).max() == 0


@pytest.mark.parametrize("by, told", [("projection", True), ("concatenation", True), ("classifier", False)])
def test_two_ways_tell_d_the_label_and_the_third_does_not(by, told):
    d, x = make(by).discriminator, np.random.default_rng(0).random((1, 784), np.float32)
    logits = [float(d(np.concatenate([x, np.eye(10, dtype="float32")[[label]]], axis=1))[0, 0]) for label in (3, 7)]
    assert (logits[0] != logits[1]) == told


def test_projection_is_the_product_with_the_sum_of_two_vectors():
    d = make().discriminator
    images = np.random.default_rng(0).random((5, 784), np.float32)
    label = np.eye(10, dtype="float32")[[3, 1, 4, 1, 5]]
    features = d.get_layer("features")(images).numpy()
    shared, told = sorted((x for x in d.layers if isinstance(x, layers.Dense)), key=lambda layer: layer.units)
    v, b, vectors = shared.kernel.numpy(), shared.bias.numpy(), told.kernel.numpy()
    expected = features @ v + b + np.sum(features * (label @ vectors.T), axis=1, keepdims=True)
    assert np.allclose(d(np.concatenate([images, label], axis=1)), expected, atol=1e-5)


def test_labels_given_apart_or_behind_the_pixels_are_one_training():
    one, other = make(), make()
    one.fit(X, batch_size=32, labels=Y, verbose=0)
    other.fit(one.examples(X, labels=Y), batch_size=32, verbose=0)
    assert all(map(np.array_equal, weights(one), weights(other)))


def test_float_images_take_labels_too():
    one, other = make(), make()
    one.fit(X, batch_size=32, labels=Y, verbose=0)
    other.fit((X / np.float32(255)).reshape(-1, 784), batch_size=32, labels=Y.tolist(), verbose=0)
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(weights(one), weights(other), strict=True))


def test_other_labels_are_another_training():
    one, other = make(), make()
    one.fit(X, batch_size=32, labels=Y, verbose=0)
    other.fit(X, batch_size=32, labels=(Y + 1) % 10, verbose=0)
    assert not all(map(np.array_equal, weights(one), weights(other)))


def test_generate_asks_for_labels():
    gan = make()
    assert gan.generate(7, labels=3).shape == (7, 784)
    mixed = gan.generate(3, labels=[3, 0, 3])
    assert np.allclose(mixed[[0, 2]], gan.generate(3, labels=3)[[0, 2]], atol=1e-6)
    assert np.allclose(mixed[1], gan.generate(3, labels=0)[1], atol=1e-6)
    assert gan.generate(4).shape == (4, 784)


@pytest.mark.parametrize(
    "labels, sentence",
    [
        (None, "These networks learn 10 classes: pass their labels"),
        (Y[:5], "70 whole numbers are needed as labels"),
        (np.eye(10)[Y], "argmax"),
        (Y + 1, "run from 1 to 10, but must from 0 to 9"),
        (Y - 1, "run from -1 to 8"),
        (Y / 2, "whole numbers are needed"),
        (list("abc"), "whole numbers are needed"),
    ],
)
def test_unusable_labels_get_a_sentence(labels, sentence):
    with pytest.raises(ValueError, match=sentence):
        make().fit(X, batch_size=32, labels=labels, verbose=0)


def test_labels_for_networks_that_know_none_get_a_sentence():
    gan = GAN(*models.wide())
    gan.compile(jit_compile=False)
    with pytest.raises(ValueError, match="know no labels"):
        gan.fit(X, labels=Y)
    with pytest.raises(ValueError, match="know no labels"):
        gan.generate(3, labels=1)
    with pytest.raises(ValueError, match="labels=y"):
        gan.fit(X, Y)


def test_labels_as_a_column_and_as_other_whole_types_are_taken():
    wanted = make()
    wanted.fit(X, batch_size=32, labels=Y, verbose=0)
    for labels in (Y[:, None], Y.astype("uint8"), tf.constant(Y)):
        gan = make()
        gan.fit(X, batch_size=32, labels=labels, verbose=0)
        assert all(map(np.array_equal, weights(gan), weights(wanted)))


@pytest.mark.parametrize("by", WAYS)
def test_a_conditional_run_goes_on_bit_for_bit(by, tmp_path):
    whole = make(by)
    Run(tmp_path / "whole").fit(whole, X, batch_size=32, epochs=3, labels=Y, verbose=0)
    Run(tmp_path / "parts").fit(make(by), X, batch_size=32, epochs=1, labels=Y, verbose=0)
    rest = make(by, seed=0)
    rest.restart(0)
    Run(tmp_path / "parts").fit(rest, X, batch_size=32, epochs=3, labels=Y, verbose=0)
    assert all(map(np.array_equal, weights(whole), weights(rest)))


def test_a_conditional_run_with_other_labels_is_refused(tmp_path):
    Run(tmp_path / "run").fit(make(), X, batch_size=32, epochs=1, labels=Y, verbose=0)
    with pytest.raises(RuntimeError, match="data"):
        Run(tmp_path / "run").fit(make(), X, batch_size=32, epochs=2, labels=(Y + 1) % 10, verbose=0)


def test_another_way_is_refused():
    with pytest.raises(ValueError, match="not by 'magic'"):
        models.conditional("magic")


# --- losses of the networks' own ------------------------------------------------------------------------------


def small(regularizer=None, seed=0):
    keras.utils.set_random_seed(seed)
    dense = layers.Dense(1, kernel_regularizer=regularizer)
    gan = GAN(models.mlp(3, (8,), 16, "sigmoid", "generator"), keras.Sequential([keras.Input((16,)), dense]))
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), r1=0.0, jit_compile=False)
    return gan, dense


def test_a_regulariser_of_d_counts_once_in_ds_phase():
    real, latents = tf.random.uniform((5, 16), seed=1), tf.random.normal((5, 3), seed=2)
    (plain, a), (held, b) = small(), small(keras.regularizers.L2(0.3))
    before = a.kernel.numpy()
    assert np.array_equal(before, b.kernel.numpy())
    plain.discriminator_phase(real, latents)
    held.discriminator_phase(real, latents)
    # L2 adds 0.3 |w|² to the loss: its slope is 0.6 w, and the rate 0.1
    assert np.allclose(a.kernel.numpy() - b.kernel.numpy(), 0.1 * 0.6 * before, atol=1e-6)


def test_the_classifier_learns_real_and_generated_labels_as_one_batch_and_g_learns_to_be_named():
    gan = make("classifier")
    real = gan.examples(X, labels=Y)[:6].astype("float32") / 255
    latents = tf.random.normal((6, 64), seed=3)
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0), r1=0.0, jit_compile=False)
    d, fake = gan.discriminator, gan.samples(latents)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(-d(real))) + sum(d.losses) / 2
        loss += tf.reduce_mean(tf.nn.softplus(d(fake))) + sum(d.losses) / 2
    wanted = [w - g for w, g in zip(d.get_weights(), tape.gradient(loss, d.trainable_variables), strict=True)]
    gan.discriminator_phase(tf.constant(real), latents)
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(wanted, d.get_weights(), strict=True))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.softplus(-d(gan.samples(latents)))) + sum(d.losses)
    slopes = tape.gradient(loss, gan.generator.trainable_variables)
    wanted = [w - g for w, g in zip(gan.generator.get_weights(), slopes, strict=True)]
    gan.generator_phase(latents)
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(wanted, gan.generator.get_weights(), strict=True))


# --- windows ---------------------------------------------------------------------------------------------------


def test_windows_are_the_patches_of_the_padded_image():
    images = np.random.default_rng(0).random((3, 28, 28)).astype("float32")
    windows = models.Windows()(images.reshape(3, 784)).numpy()
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    for i, j in ((0, 0), (2, 3), (6, 6)):
        patch = padded[:, 4 * i : 4 * i + 8, 4 * j : 4 * j + 8].reshape(3, 64)
        assert np.array_equal(np.sort(windows[:, i, j]), np.sort(patch))


def test_an_image_moved_by_four_pixels_has_its_windows_one_place_on():
    images = np.zeros((2, 28, 28), np.float32)
    images[:, 8:16, 8:16] = np.random.default_rng(0).random((2, 8, 8))
    moved = np.roll(images, 4, axis=2)
    before, after = (models.Windows()(x.reshape(2, 784)).numpy() for x in (images, moved))
    assert np.array_equal(after[:, :, 1:], before[:, :, :-1])
