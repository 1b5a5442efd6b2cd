"""The VAE: its two prices on known answers, its step, its bound, resume bit for bit, and what it refuses."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib import vae
from ganlib.models import mlp
from ganlib.training.runs import Run, RunError
from ganlib.vae import VAE

RNG = np.random.default_rng(0)
IMAGES = (RNG.random((40, 6)) < 0.5).astype("float32")


def small(latents=2, pixels=6, seed=0):
    keras.utils.set_random_seed(1)
    return VAE(mlp(pixels, (8,), 2 * latents, None, "encoder"), mlp(latents, (8,), pixels, None, "decoder"), seed)


def trained(epochs=1, **settings):
    model = small()
    model.compile(keras.optimizers.Adam(1e-2), **settings)
    model.fit(IMAGES, batch_size=10, epochs=epochs, verbose=0)
    return model


@pytest.mark.parametrize(
    "mean, log_variance, nats",
    [([0.0, 0.0], [0.0, 0.0], 0.0), ([1.0, -2.0], [0.0, 0.0], 2.5), ([0.0], [math.log(4)], 1.5 - math.log(2))],
)
def test_divergence_of_known_gaussians(mean, log_variance, nats):
    assert vae.divergence(tf.constant([mean]), tf.constant([log_variance])).numpy() == pytest.approx([nats], abs=1e-6)


def test_divergence_agrees_with_an_average_over_draws():
    mean, log_variance = np.array([0.5, -1.0]), np.array([-1.0, 0.4])
    z = vae.reparameterise(mean, log_variance, RNG.standard_normal((200_000, 2))).numpy()
    log_ratio = (z**2 - (z - mean) ** 2 / np.exp(log_variance) - log_variance).sum(axis=1) / 2
    assert float(vae.divergence(mean, log_variance)) == pytest.approx(log_ratio.mean(), abs=0.01)


def test_reparameterised_latents_have_the_mean_and_the_variance():
    z = vae.reparameterise(2.0, math.log(9.0), RNG.standard_normal(100_000)).numpy()
    assert z.mean() == pytest.approx(2, abs=0.05) and z.std() == pytest.approx(3, abs=0.05)


def test_reconstruction_is_the_log_probability_of_the_coins():
    images, logits = tf.constant([[1.0, 0.0, 1.0]]), tf.constant([[0.0, 0.0, math.log(3)]])
    assert vae.reconstruction(images, logits).numpy() == pytest.approx([2 * math.log(2) - math.log(0.75)], abs=1e-6)


def test_a_step_is_gradient_descent_on_pixels_plus_beta_times_clouds():
    model = small()
    model.compile(keras.optimizers.SGD(0.1), beta=3.0)
    images, noise = IMAGES[:5], RNG.standard_normal((5, 2)).astype("float32")
    with tf.GradientTape() as tape:
        mean, log_variance = model.encode(images)
        logits = model.decoder(mean + tf.exp(log_variance / 2) * noise)
        pixels = tf.reduce_sum(keras.ops.binary_crossentropy(images, logits, from_logits=True), axis=1)
        clouds = tf.reduce_sum(tf.exp(log_variance) + mean**2 - 1 - log_variance, axis=1) / 2
        loss = tf.reduce_mean(pixels + 3 * clouds)
    variables = model.trainable_variables
    slopes = tape.gradient(loss, [variable.value for variable in variables])
    wanted = [variable.numpy() - 0.1 * slope.numpy() for variable, slope in zip(variables, slopes, strict=True)]
    model.step(images, noise)
    for variable, value in zip(variables, wanted, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, atol=1e-6)


def test_the_logs_are_means_over_the_epoch_in_nats():
    model = small()
    model.compile(keras.optimizers.SGD(0.0), beta=2.0)
    logs = model.fit(IMAGES, batch_size=16, verbose=0).history  # 16, 16 and 8 images
    assert logs["loss"][0] == pytest.approx(logs["reconstruction"][0] + 2 * logs["divergence"][0], rel=1e-5)
    clouds = vae.divergence(*model.encode(IMAGES)).numpy().mean()
    assert logs["divergence"][0] == pytest.approx(clouds, rel=1e-4)


def test_training_lowers_the_loss():
    model = small()
    model.compile(keras.optimizers.Adam(1e-2))
    loss = model.fit(np.tile(IMAGES[:4], (20, 1)), batch_size=10, epochs=30, verbose=0).history["loss"]
    assert loss[-1] < 0.8 * loss[0]


def test_compiling_again_takes_effect():
    model = trained(beta=1.0)
    model.compile(keras.optimizers.SGD(0.0), beta=5.0)
    before = model.decoder.get_weights()
    logs = model.fit(IMAGES, batch_size=10, verbose=0).history
    assert logs["loss"][0] == pytest.approx(logs["reconstruction"][0] + 5 * logs["divergence"][0], rel=1e-5)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.decoder.get_weights(), strict=True))


def test_the_bound_of_a_model_that_can_be_solved():
    """p(x|z) does not depend on z: then log p(x) is that of the coins, and many points come near it."""
    model = small()
    for layer in model.decoder.layers:
        for weight in layer.weights:
            weight.assign(tf.zeros_like(weight))
    exact = -6 * math.log(2)
    one, many = model.bound(IMAGES, samples=1).mean(), model.bound(IMAGES, samples=2000).mean()
    assert one < many == pytest.approx(exact, abs=0.02)
    clouds = vae.divergence(*model.encode(IMAGES)).numpy().mean()
    ones = np.mean([model.bound(IMAGES, seed=seed).mean() for seed in range(50)])
    assert ones == pytest.approx(exact - clouds, abs=0.1)


def test_more_points_give_a_higher_bound_for_any_number_of_images():
    model = small()  # its clouds are far from what its decoder makes of them
    model.decoder.set_weights([4 * weight for weight in model.decoder.get_weights()])
    bounds = [np.mean([model.bound(IMAGES, k, seed).mean() for seed in range(5)]) for k in (1, 10, 100)]
    assert bounds[0] < bounds[1] < bounds[2]
    assert model.bound(IMAGES[:1], 3000).shape == (1,) and model.bound(IMAGES, 7).shape == (40,)


def test_uint8_images_are_scaled():
    model = trained()
    assert np.array_equal(model.bound(IMAGES), model.bound((255 * IMAGES).astype("uint8")))


def test_generate_gives_probabilities_and_the_same_for_the_same_seed():
    model = trained()
    images = model.generate(7, seed=3)
    assert images.shape == (7, 6) and images.dtype == np.float32 and 0 <= images.min() <= images.max() <= 1
    assert np.array_equal(images, model.generate(7, seed=3)) and not np.array_equal(images, model.generate(7, seed=4))
    assert model.generate(1001).shape == (1001, 6)


@pytest.mark.parametrize("compiled", [True, False])
def test_the_same_seed_gives_the_same_weights(compiled):
    model = small()
    model.compile(keras.optimizers.Adam(1e-2), jit_compile=compiled)
    found = []
    for seed in (0, 0, 1):
        model.restart(seed)
        model.fit(IMAGES, batch_size=10, epochs=2, verbose=0)
        found.append(np.concatenate([weight.ravel() for weight in model.get_weights()]))
    assert np.array_equal(found[0], found[1]) and not np.array_equal(found[0], found[2])


def test_a_run_goes_on_bit_for_bit_in_another_model(tmp_path):
    whole = small()
    whole.compile(keras.optimizers.Adam(1e-2))
    Run(tmp_path / "whole").fit(whole, IMAGES, batch_size=10, epochs=3, verbose=0)
    for epochs in (1, 3):
        model = small()
        model.compile(keras.optimizers.Adam(1e-2))
        Run(tmp_path / "parts").fit(model, IMAGES, batch_size=10, epochs=epochs, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(whole.get_weights(), model.get_weights(), strict=True))
    assert Run(tmp_path / "parts").history()["epoch"] == [1, 2, 3]
    model.compile(keras.optimizers.Adam(1e-2), beta=2.0)
    with pytest.raises(RunError, match="other values of beta"):
        Run(tmp_path / "parts").fit(model, IMAGES, batch_size=10, epochs=4, verbose=0)


def test_the_default_networks_and_data_train_under_xla():
    model = VAE(*vae.networks())
    model.compile()
    images = RNG.integers(0, 256, (64, 28, 28), dtype="uint8")
    assert math.isfinite(model.fit(images, batch_size=32, verbose=0).history["loss"][0])


@pytest.mark.parametrize(
    "encoder, decoder, sentence",
    [
        (mlp(6, (), 3, None, "e"), mlp(2, (), 6, None, "d"), "3 numbers for 2 latents"),
        (mlp(5, (), 4, None, "e"), mlp(2, (), 6, None, "d"), "make the two equal"),
        (mlp(6, (), 4, None, "e"), mlp(2, (), 6, "sigmoid", "d"), "leave it out"),
    ],
)
def test_networks_that_make_no_vae_get_a_sentence(encoder, decoder, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        VAE(encoder, decoder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "call, sentence",
    [
        (lambda m: m.compile(beta=-1.0), "beta is -1"),
        (lambda m: m.compile(beta=math.nan), "beta is nan"),
        (lambda m: m.compile(beta="1"), "beta is 1"),
        (lambda m: m.compile(beta=None), "beta is None"),
        (lambda m: m.fit(IMAGES * 255, batch_size=10, verbose=0), "divide by 255"),
        (lambda m: m.fit(IMAGES[:, :4], batch_size=10, verbose=0), "takes examples of shape"),
        (lambda m: m.fit(IMAGES, batch_size=50, verbose=0), "batch_size is 50"),
        (lambda m: m.examples(IMAGES, labels=np.zeros(40, int)), "know no labels"),
        (lambda m: m.bound(IMAGES, samples=0), "samples is 0"),
        (lambda m: m.restart(-1), "seed is -1"),
    ],
)
def test_senseless_settings_get_a_sentence(call, sentence):
    model = small()
    model.compile()
    with pytest.raises(ValueError, match=sentence):
        call(model)
