"""The networks: shapes, ranges, and weights that survive a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib import models
from ganlib import weights as weights_file


@pytest.mark.parametrize("architecture", models.ARCHITECTURES)
def test_a_pair_fits_together(architecture):
    generator, discriminator = models.build_pair(architecture)
    samples = generator.predict(np.random.default_rng(0).normal(size=(3, generator.input_shape[1])), verbose=0)
    assert samples.shape == (3, 784)
    assert samples.min() >= 0 and samples.max() <= 1
    labels = np.zeros((3, discriminator.input_shape[1] - 784))  # of the conditional pair
    assert discriminator.predict(np.hstack([samples, labels]), verbose=0).shape == (3, 1)


@pytest.mark.parametrize("architecture", [name for name in models.ARCHITECTURES if name != "patches"])
def test_a_pair_for_images_of_another_size(architecture):
    generator, discriminator = models.build_pair(architecture, pixels=16 * 24 * 3, classes=3)
    assert generator.output_shape == (None, 1152)
    assert discriminator.input_shape == (None, 1155 if architecture == "conditional" else 1152)
    rebuilt = models.generator_with(weights_file.named_weights(generator))
    assert rebuilt.output_shape == (None, 1152) and rebuilt.input_shape == generator.input_shape


def test_patches_are_cut_from_28_x_28_pixels_only():
    with pytest.raises(ValueError, match="patches cuts up 28 x 28 grey pixels"):
        models.build_pair("patches", pixels=1024)


def test_the_articles_nets_have_the_articles_sizes():
    generator, discriminator = models.article()
    assert generator.count_params() == 101 * 128 + 129 * 128 + 129 * 784
    assert discriminator.count_params() == 785 * 128 + 129 * 128 + 129


def test_the_discriminator_ends_in_a_logit():
    discriminator = models.article().discriminator
    discriminator.layers[-1].bias.assign([-50.0])
    assert discriminator.predict(np.zeros((1, 784)), verbose=0)[0, 0] < -1


def test_an_unknown_architecture_is_named():
    with pytest.raises(ValueError, match="no architecture 'big'.*article, wide"):
        models.build_pair("big")


def test_weights_survive_a_file(tmp_path):
    first, second = models.article().generator, models.article().generator
    weights_file.save_weights(tmp_path / "g.npz", first)
    weights_file.load_weights(tmp_path / "g.npz", second)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [path.name for path in tmp_path.iterdir()] == ["g.npz"]


def test_weights_of_another_net_are_refused(tmp_path):
    generator, discriminator = models.article()
    before = discriminator.get_weights()
    weights_file.save_weights(tmp_path / "g.npz", generator)
    with pytest.raises(ValueError, match="build the same network first"):
        weights_file.load_weights(tmp_path / "g.npz", discriminator)
    for a, b in zip(before, discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("damage", ["truncated", "flipped", "pickled", "text"])
def test_a_damaged_weights_file_is_refused(tmp_path, damage):
    path, generator = tmp_path / "g.npz", models.article().generator
    weights_file.save_weights(path, generator)
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    elif damage == "pickled":
        np.savez(path, weights=np.array([{}], dtype=object))
        content = path.read_bytes()
    else:
        content = b"not a zip file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a readable weights file"):
        weights_file.load_weights(path, generator)


def test_the_shipped_generator_draws_digits():
    generator = models.load_generator()
    latents = np.random.default_rng(0).standard_normal((200, generator.input_shape[1]))
    samples = generator.predict(latents, verbose=0)
    assert samples.shape == (200, 784) and samples.min() >= 0 and samples.max() <= 1
    assert 0.05 < np.mean(samples > 0.5) < 0.25  # as much ink as a digit, neither fog nor black
    assert samples.std(axis=0).mean() > 0.1  # and not always the same


@pytest.mark.parametrize("architecture", models.ARCHITECTURES)
def test_a_generator_is_rebuilt_from_its_weights(architecture):
    generator = models.build_pair(architecture).generator
    weights = {name: value.astype("float16") for name, value in weights_file.named_weights(generator).items()}
    rebuilt = models.generator_with(weights)
    for value, expected in zip(rebuilt.get_weights(), weights.values(), strict=True):
        np.testing.assert_array_equal(value, expected.astype("float32"))
    weights.popitem()
    with pytest.raises(ValueError, match="fit none of the generators"):
        models.generator_with(weights)


def test_the_choice_is_the_largest_of_the_first_latents():
    latents = np.random.default_rng(0).standard_normal((50, 8)).astype("float32")
    latents[:, 5:] += 10  # larger, but not among the first five
    mixed = np.array(models.Choice(5)(latents))
    np.testing.assert_array_equal(mixed[:, :8], latents)
    np.testing.assert_array_equal(mixed[:, 8:], 2.5 * np.eye(5)[latents[:, :5].argmax(axis=1)])


def test_the_mixture_jumps_where_its_choice_changes():
    generator, latents = models.mixture().generator, np.zeros((3, 64), "float32")
    latents[:, 0] = 1
    latents[:, 1] = 1 - 1e-5, 1 + 1e-5, 1 - 2e-5
    other, jumped, same = generator.predict(latents, verbose=0)
    assert np.abs(other - same).max() < 1e-4 < 1e-2 < np.abs(other - jumped).max()


def test_the_spread_is_the_mean_deviation_of_the_features_over_the_batch():
    features = np.random.default_rng(0).normal(size=(7, 5)).astype("float32")
    seen = np.array(models.Spread()(features))
    np.testing.assert_array_equal(seen[:, :5], features)
    np.testing.assert_allclose(seen[:, 5], np.full(7, features.std(axis=0).mean()), rtol=1e-5)


def test_a_batch_of_equal_samples_has_no_spread_and_a_finite_slope():
    same = tf.ones((4, 5))
    with tf.GradientTape() as tape:
        tape.watch(same)
        spread = models.Spread()(same)[:, 5]
    np.testing.assert_allclose(spread, 1e-4, rtol=1e-3)
    assert np.isfinite(tape.gradient(spread, same)).all()


def test_what_the_discriminator_of_spread_says_depends_on_the_batch():
    discriminator, images = models.spread().discriminator, np.random.default_rng(0).random((8, 784), "float32")
    among_others, alone = discriminator(images)[:1], discriminator(np.repeat(images[:1], 8, axis=0))[:1]
    assert abs(among_others - alone) > 1e-4
    others = models.mixture().discriminator
    np.testing.assert_allclose(others(images)[:1], others(np.repeat(images[:1], 8, axis=0))[:1], atol=1e-5)


def test_spectral_normalisation_bounds_the_slope():
    keras.utils.set_random_seed(0)
    network = models.mlp(20, (30, 10), 1, None, "critic", spectral=True)
    matrices = [weight for weight in network.trainable_variables if len(weight.shape) == 2]
    for matrix in matrices:
        matrix.assign(5 * np.random.default_rng(0).standard_normal(matrix.shape))
    x = np.random.default_rng(1).standard_normal((2, 64, 20)).astype("float32")
    for _ in range(300):  # the power iteration finds the largest singular value
        network(x[0], training=True)
    for matrix in matrices:
        assert np.linalg.norm(matrix.numpy(), 2) == pytest.approx(1, abs=1e-3)
    step = np.linalg.norm(x[0] - x[1], axis=1)
    assert (np.abs(network(x[0]) - network(x[1]))[:, 0] <= 1.01 * step).all()  # Lipschitz: 1 * 1 * 1


def _nets():
    layers, attend = keras.layers, keras.Input((4, 6))
    inner = keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.Dense(5)])
    yield keras.Sequential(
        [keras.Input((6,)), inner, layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(1)]
    )
    yield keras.Model(attend, layers.MultiHeadAttention(2, 3)(attend, attend))
    yield keras.Sequential([attend, layers.Bidirectional(layers.LSTM(3))])
    yield keras.Sequential([keras.Input((6,)), layers.Dense(3, dtype="bfloat16"), layers.Dense(2, dtype="float16")])
    shared = layers.Dense(6)
    x = keras.Input((6,))
    yield keras.Model(x, shared(shared(x)))


@pytest.mark.parametrize("number", range(5))
def test_every_weight_of_any_network_survives_a_file(tmp_path, number):
    first, second = list(_nets())[number], list(_nets())[number]
    weights_file.save_weights(tmp_path / "w.npz", first)
    weights_file.load_weights(tmp_path / "w.npz", second)
    assert len(weights_file.named_weights(first)) == len(first.variables)
    for a, b in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(a).astype("float32"), np.asarray(b).astype("float32"))


@pytest.mark.parametrize("odd", ["text", "complex", "object", "nan", "1e300", "structured", "shape", "int"])
def test_one_odd_array_leaves_the_model_as_it_was(tmp_path, odd):
    network = models.mlp(3, (4,), 2, None, "net")
    arrays, before = weights_file.named_weights(network), network.get_weights()
    last = list(arrays)[-1]
    arrays = {name: array + 1 for name, array in arrays.items()}
    shape = arrays[last].shape
    arrays[last] = {
        "text": np.full(shape, "a"),
        "complex": np.full(shape, 1j),
        "object": np.full(shape, None),
        "nan": np.full(shape, np.nan, "float32"),
        "1e300": np.full(shape, 1e300),
        "structured": np.zeros(shape, [("a", "f4")]),
        "shape": np.zeros(10**6),
        "int": np.zeros(shape, int),
    }[odd]
    np.savez_compressed(tmp_path / "w.npz", **arrays)
    with pytest.raises(ValueError, match="w.npz"):
        weights_file.load_weights(tmp_path / "w.npz", network)
    for a, b in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_no_file_is_refused(tmp_path):
    network = models.mlp(3, (), 2, None, "net")
    for path in (tmp_path, tmp_path / "missing.npz"):
        with pytest.raises(ValueError, match="no file"):
            weights_file.load_weights(path, network)
