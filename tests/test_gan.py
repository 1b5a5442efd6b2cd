"""The model and its training step."""

import math
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib.feed import Diverged, to_float
from ganlib.gan import GAN
from ganlib.losses import LOSSES
from ganlib.models import build_pair, mlp

SMALL = np.random.default_rng(0).integers(0, 256, size=(70, 4, 4), dtype=np.uint8)


def make(seed=0, **settings):
    keras.utils.set_random_seed(seed)
    gan = GAN(mlp(3, (8,), 16, "sigmoid", "generator"), mlp(16, (8,), 1, None, "discriminator"), seed=seed)
    gan.compile(jit_compile=False, **settings)
    return gan


def weights(model):
    return [weight.numpy().copy() for weight in model.variables]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def batch(seed=0, n=7):
    rng = np.random.default_rng(seed)
    return tf.constant(rng.random((n, 16), np.float32)), tf.constant(rng.normal(size=(2, n, 3)).astype("float32"))


@pytest.mark.parametrize("r1", [0.0, 1.0])
def test_the_phase_of_d_changes_d_alone(r1):
    gan, (real, latents) = make(r1=r1), batch()
    generator, discriminator = weights(gan.generator), weights(gan.discriminator)
    gan.discriminator_phase(real, latents[0])
    assert same(generator, weights(gan.generator))
    assert not any(np.array_equal(a, b) for a, b in zip(discriminator, weights(gan.discriminator), strict=True))


def test_the_phase_of_g_changes_g_alone():
    gan, (_, latents) = make(), batch()
    generator, discriminator = weights(gan.generator), weights(gan.discriminator)
    gan.generator_phase(latents[1])
    assert same(discriminator, weights(gan.discriminator))
    assert not any(np.array_equal(a, b) for a, b in zip(generator, weights(gan.generator), strict=True))


def test_a_step_is_algorithm_1_written_out():
    """The same weights as plain gradient descent with gradients taken one at a time."""
    gan, (real, latents) = make(r1=2.0, ema=0.5), batch()
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), r1=2.0, ema=0.5, jit_compile=False)
    copy = make()
    generator, discriminator = copy.generator, copy.discriminator
    old_average = weights(gan.average)

    with tf.GradientTape() as tape:
        with tf.GradientTape() as inner:
            inner.watch(real)
            real_logits = discriminator(real)
        slopes = inner.gradient(real_logits, real)
        fake_logits = discriminator(generator(latents[0]))
        loss = -tf.reduce_mean(tf.math.log_sigmoid(real_logits)) - tf.reduce_mean(tf.math.log_sigmoid(-fake_logits))
        loss += 2.0 / 2 * tf.reduce_mean(tf.reduce_sum(slopes**2, axis=1))
    for weight, slope in zip(discriminator.weights, tape.gradient(loss, discriminator.weights), strict=True):
        weight.assign_sub(0.1 * slope)
    with tf.GradientTape() as tape:
        loss = -tf.reduce_mean(tf.math.log_sigmoid(discriminator(generator(latents[1]))))
    for weight, slope in zip(generator.weights, tape.gradient(loss, generator.weights), strict=True):
        weight.assign_sub(0.1 * slope)

    gan.step(real, latents)
    for ours, theirs in ((gan.generator, generator), (gan.discriminator, discriminator)):
        for a, b in zip(weights(ours), weights(theirs), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    # Step 0 keeps (1 + 0) / (10 + 0) of the old average, less than ema = 0.5.
    for mean, old, new in zip(weights(gan.average), old_average, weights(generator), strict=True):
        np.testing.assert_allclose(mean, 0.1 * old + 0.9 * new, atol=1e-6)


@pytest.mark.parametrize(("loss", "jit"), [*((loss, False) for loss in LOSSES), ("relativistic", True)])
def test_every_pair_trains(loss, jit):
    gan = make(loss=loss)
    gan.compile(loss=loss, jit_compile=jit)
    history = gan.fit(SMALL, batch_size=16, epochs=2, verbose=0).history
    assert int(gan.steps) == 10 and all(np.isfinite(w).all() for w in weights(gan))
    assert np.isfinite(history["g_loss"]).all()


def test_a_relativistic_step_compares_g_with_the_updated_d_on_real_samples():
    gan, (real, latents), rate = make(), batch(), 0.1
    gan.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate), loss="relativistic", r1=0.0, jit_compile=False)
    copy = make()
    gan.step(real, latents)
    copy.discriminator.set_weights(weights(gan.discriminator))
    with tf.GradientTape() as tape:
        difference = copy.discriminator(copy.generator(latents[1])) - copy.discriminator(real)
        loss = -tf.reduce_mean(tf.math.log_sigmoid(difference))
    variables = copy.generator.trainable_variables
    for weight, slope in zip(variables, tape.gradient(loss, variables), strict=True):
        weight.assign_sub(rate * slope)
    for a, b in zip(weights(gan.generator), weights(copy.generator), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    with pytest.raises(ValueError, match="real"):
        gan.generator_phase(latents[1])


def test_only_a_relativistic_pair_shows_d_real_samples_in_the_phase_of_g():
    real, latents = batch()
    for loss in LOSSES:
        gan, seen = make(loss=loss), []
        call = gan.discriminator.call
        gan.discriminator.call = lambda *a, call=call, seen=seen, **k: seen.append(1) or call(*a, **k)
        gan.generator_phase(latents[1], real=real)
        assert len(seen) == (2 if loss == "relativistic" else 1)


def test_a_penalty_at_every_third_step_is_three_times_as_strong_there_and_absent_between():
    (real, latents), rate = batch(), 0.1
    lazy, strong, none = make(), make(), make()
    lazy.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate), r1=2.0, r1_every=3, jit_compile=False)
    strong.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate), r1=6.0, jit_compile=False)
    none.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate), r1=0.0, jit_compile=False)
    for step in range(7):
        other = strong if step % 3 == 0 else none
        for network in ("generator", "discriminator"):
            getattr(other, network).set_weights(getattr(lazy, network).get_weights())
        lazy.step(real, latents)
        other.step(real, latents)
        for a, b in zip(weights(lazy.discriminator), weights(other.discriminator), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    assert not same(weights(strong.discriminator), weights(none.discriminator))


@pytest.mark.parametrize("jit", [False, True])
def test_a_lazy_penalty_trains_in_the_compiled_loop(jit):
    gan = make()
    gan.compile(r1_every=4, jit_compile=jit)
    gan.fit(SMALL, batch_size=16, epochs=2, verbose=0)
    assert int(gan.steps) == 10 and all(np.isfinite(w).all() for w in weights(gan))


def test_the_average_keeps_ema_in_the_long_run():
    gan = make(ema=0.75)
    gan.steps.assign(1000)
    old, new = weights(gan.average), [w + 1 for w in weights(gan.generator)]
    gan.generator.set_weights(new)
    gan.update_average()
    for mean, a, b in zip(weights(gan.average), old, new, strict=True):
        np.testing.assert_allclose(mean, 0.75 * a + 0.25 * b, atol=1e-6)


@pytest.mark.parametrize("jit", [False, True])
def test_the_same_seed_gives_the_same_weights_twice(jit):
    runs = []
    for _ in range(2):
        gan = make(seed=3)
        gan.compile(jit_compile=jit)
        gan.fit(SMALL, batch_size=16, epochs=2, verbose=0)
        runs.append(weights(gan))
    assert same(*runs)
    other = make(seed=4)
    other.fit(SMALL, batch_size=16, epochs=2, verbose=0)
    assert not same(runs[0], weights(other))


def test_compiled_and_uncompiled_training_agree():
    results = []
    for jit in (False, True):
        gan = make()
        gan.compile(jit_compile=jit)
        gan.fit(SMALL, batch_size=16, epochs=1, verbose=0)
        results.append(weights(gan.generator))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_an_epoch_is_one_pass_and_the_last_batch_counts():
    gan = make()
    history = gan.fit(SMALL, batch_size=16, epochs=3, verbose=0).history
    assert int(gan.steps) == 3 * 5  # 70 = 4 * 16 + 6
    assert float(gan.totals[0]) == 70  # images seen in the last epoch
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(
        ("d_loss", "g_loss", "d_real", "d_fake"), 3
    )


def test_epochs_are_not_traced_anew():
    gan = make()
    gan.fit(SMALL, batch_size=16, epochs=1, verbose=0)
    loop, traces = gan.loop, gan.loop.experimental_get_tracing_count()
    gan.fit(SMALL, batch_size=16, epochs=3, verbose=0)
    assert traces > 0 and gan.loop is loop and loop.experimental_get_tracing_count() == traces


def test_training_goes_on_where_fit_stopped():
    """Two calls of one epoch are one call of two: orders and latents follow the step, not the call."""
    once, twice = make(), make()
    once.fit(SMALL, batch_size=16, epochs=2, verbose=0)
    twice.fit(SMALL, batch_size=16, epochs=1, verbose=0)
    twice.fit(SMALL, batch_size=16, epochs=1, verbose=0)
    assert same(weights(once), weights(twice))


class KeepStates(keras.callbacks.Callback):
    """The state after every block, by the number of steps."""

    def on_train_begin(self, logs=None):
        self.states = {}

    def on_train_batch_end(self, batch, logs=None):
        self.states[int(self.model.steps)] = [variable.numpy() for variable in self.model.state()]


def test_training_resumes_inside_an_epoch_bit_for_bit_under_xla():
    x = np.random.default_rng(0).integers(0, 256, size=(201, 4, 4), dtype=np.uint8)
    whole, again, kept = make(), make(seed=1), KeepStates()
    again.seed = whole.seed
    for gan in (whole, again):
        gan.compile()
    logs = whole.fit(x, 2, epochs=2, callbacks=[kept], verbose=0).history
    assert list(kept.states) == [25, 50, 75, 100, 101, 126, 151, 176, 201, 202]  # four blocks, and a batch of 1
    for steps, state in kept.states.items():
        for variable, value in zip(again.state(), state, strict=True):
            variable.assign(value)
        history = again.fit(x, 2, epochs=2, verbose=0, done=steps).history
        assert same(weights(again), weights(whole))
        assert all(history[name][-1:] == logs[name][-1:] for name in logs if steps < 202)


def test_training_resumes_inside_a_block_too():
    x = np.random.default_rng(0).integers(0, 256, size=(201, 4, 4), dtype=np.uint8)
    whole, part, rest = make(), make(), make()
    for gan in (whole, part, rest):
        gan.compile()
    whole.fit(x, 2, verbose=0)
    for images, latents, _ in part.feed(x, 2, 0).blocks():
        for number in range(len(images)):
            if int(part.steps) < 60:
                part.step(images[number], latents[number])
    for variable, value in zip(rest.state(), part.state(), strict=True):
        variable.assign(value)
    rest.fit(x, 2, verbose=0, done=60)
    assert int(rest.steps) == 101
    for a, b in zip(weights(whole), weights(rest), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)  # outside the loop, XLA rounds otherwise


def test_logs_are_the_means_over_the_epoch():
    gan = make()
    still = keras.optimizers.SGD(0.0)
    gan.compile(still, keras.optimizers.SGD(0.0), jit_compile=False)
    history = gan.fit(SMALL, batch_size=16, epochs=1, verbose=0).history
    logits = gan.discriminator.predict(SMALL.reshape(-1, 16) / np.float32(255), verbose=0)
    assert history["d_real"][0] == pytest.approx(np.mean(1 / (1 + np.exp(-logits))), abs=1e-5)


def test_generate_is_repeatable_and_uses_the_average():
    gan = make()
    first, second = gan.generate(5, seed=1), gan.generate(5, seed=1)
    assert first.shape == (5, 16) and first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, gan.generate(5, seed=2))
    gan.average.set_weights([0 * w for w in gan.average.get_weights()])
    np.testing.assert_allclose(gan.generate(5), 0.5)


def test_a_float_data_set_of_another_shape_trains():
    points = np.random.default_rng(0).normal(size=(50, 2)).astype("float32")
    gan = GAN(mlp(2, (8,), 2, None, "generator"), mlp(2, (8,), 1, None, "discriminator"))
    gan.compile(jit_compile=False)
    gan.fit(points, batch_size=20, epochs=1, verbose=0)
    assert gan.generate(3).shape == (3, 2)


def test_uint8_images_are_scaled_and_floats_are_not():
    np.testing.assert_allclose(to_float(tf.constant([0, 255], tf.uint8)), [0, 1])
    np.testing.assert_allclose(to_float(tf.constant([-1.0, 3.0])), [-1, 3])


def test_nan_stops_the_training_with_a_sentence():
    gan = make()
    gan.compile(keras.optimizers.SGD(math.inf), jit_compile=False)
    with pytest.raises(Diverged, match="no longer a finite number.*learning rate"):
        gan.fit(SMALL, batch_size=16, epochs=2, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 71}, "only 70 examples"),
        ({"x": SMALL[:0]}, "shape"),
        ({"x": SMALL[:, :3]}, r"shape \(70, 3, 4\)"),
        ({"x": np.full((70, 16), np.nan, np.float32)}, "NaN"),
    ],
)
def test_bad_input_gets_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        make().fit(**{"x": SMALL, "batch_size": 16, "verbose": 0, **arguments})


@pytest.mark.parametrize("settings", [{"loss": "best"}, {"r1": -1}, {"r1": math.nan}, {"r1_every": 0}, {"ema": 1.0}])
def test_bad_settings_get_a_sentence(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        make(**settings)


def test_networks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="make the two shapes equal"):
        GAN(mlp(3, (), 16, None, "generator"), mlp(15, (), 1, None, "discriminator"))


def test_smoke_mode_cuts_data_and_epochs(monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    gan = make()
    gan.fit(SMALL, batch_size=16, epochs=50, verbose=0)
    assert int(gan.steps) == 4


def test_a_restart_forgets_everything_and_keeps_what_is_compiled():
    def fresh(seed):
        schedule = keras.optimizers.schedules.CosineDecay(1e-2, 10)
        return make(
            seed,
            generator_optimizer=keras.optimizers.Adam(schedule),
            discriminator_optimizer=keras.optimizers.SGD(1e-2, momentum=0.9),
        )

    gan, wanted = fresh(1), fresh(2)
    gan.fit(SMALL, 16, epochs=2, verbose=0)
    compiled = gan.train_function
    gan.restart(2)
    for model in (gan, wanted):
        model.fit(SMALL, 16, verbose=0)
    assert gan.train_function is compiled
    assert same(weights(gan), weights(wanted))
    assert same(weights(gan.generator_optimizer), weights(wanted.generator_optimizer))
    assert same(weights(gan.discriminator_optimizer), weights(wanted.discriminator_optimizer))


def test_whole_numbers_are_accepted_as_settings():
    gan = make(r1=1, ema=0)
    gan.fit(SMALL, 16, verbose=0)
    assert same(weights(gan.average), weights(gan.generator))


def test_mixed_precision_computes_with_16_bits_and_keeps_32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = make()
    finally:
        keras.config.set_dtype_policy("float32")
    before = weights(gan.generator)
    gan.fit(SMALL, 16, verbose=0)
    assert gan.generator.layers[0].compute_dtype == "bfloat16"
    assert {weight.dtype for weight in gan.weights if "steps" not in weight.path} == {"float32"}
    assert gan.generate(3).dtype == np.float32
    assert not same(before, weights(gan.generator))


FAULTS = """
import resource
import ganlib
ganlib.start()
from ganlib import GAN, load_mnist, models
(x, _), _ = load_mnist()
gan = GAN(*models.article())
gan.compile(r1=0.0)
counts = []
for _ in range(3):
    gan.fit(x[: 64 * 128], verbose=0)
    counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
print((counts[-1] - counts[-2]) / 64)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the setting is for glibc")
def test_a_step_asks_the_system_for_hardly_any_memory():
    found = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 300  # page faults a step; 1,100 when `ganlib.start` does not set glibc's memory


@pytest.mark.parametrize("settings", [{"loss": "hinge"}, {"r1": 0.0}, {"r2": 3.0}, {"wgan_gp": 1.0}, {"ema": 0.1}])
def test_compiling_again_takes_effect(settings):
    """A fit, another compile, a fit: as if the second had been the only one."""
    first, wanted = make(), make()
    first.compile()
    first.fit(SMALL, 16, verbose=0)
    for gan in (first, wanted):
        gan.compile(**settings)
    for variable, value in zip(wanted.variables, first.variables, strict=True):
        variable.assign(value)
    for gan in (first, wanted):
        gan.fit(SMALL, 16, verbose=0)
    assert same(weights(first), weights(wanted))


def test_what_is_frozen_or_changed_between_fits_is_so():
    gan = make()
    gan.compile()
    gan.fit(SMALL, 16, verbose=0)
    gan.generator.trainable = False
    before = weights(gan.generator)
    gan.fit(SMALL, 16, verbose=0)
    assert same(before, weights(gan.generator))
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    before = weights(gan.discriminator)
    gan.fit(SMALL, 16, verbose=0)
    assert same(before, weights(gan.discriminator))


def test_random_layers_restart_and_resume_bit_for_bit():
    def noisy():
        layers = keras.layers
        g = keras.Sequential([keras.Input((3,)), layers.Dense(8), layers.Dropout(0.3), layers.Dense(16, "sigmoid")])
        d = keras.Sequential([keras.Input((16,)), layers.GaussianNoise(0.1), layers.Dense(8, "relu"), layers.Dense(1)])
        gan = GAN(g, d)
        gan.compile()
        return gan

    gan, ends = noisy(), []
    for _ in range(2):
        gan.restart(3)
        gan.fit(SMALL, 16, verbose=0)
        ends.append(weights(gan))
    assert same(*ends)
    other = noisy()
    for variable, value in zip(other.state(), gan.state(), strict=True):
        variable.assign(value)
    for each in (gan, other):
        each.seed = 3
        each.fit(SMALL, 16, verbose=0)
    assert same(weights(gan), weights(other))


FLOATS = SMALL / np.float32(255)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (SMALL.astype("float32"), "divide by 255"),
        (SMALL // 128, "multiply it by 255"),
        (2 * FLOATS - 1, r"\(x \+ 1\) / 2"),
        (SMALL > 3, "bool"),
        (FLOATS.astype(complex), "complex"),
        (SMALL.astype(object), "object"),
        (SMALL.astype(str), "U"),
        (np.full((70, 16), 7, np.uint8), "nothing to learn"),
        (SMALL.astype("int64") - 300, "runs from"),
        (SMALL.astype("uint16") * 257, "divide by"),
    ],
)
def test_data_of_another_range_or_type_gets_a_sentence(x, sentence):
    with pytest.raises(ValueError, match=sentence):
        make().fit(x, 16, verbose=0)


@pytest.mark.parametrize(
    "x",
    [
        SMALL.astype("int64"),
        SMALL.astype("uint16"),
        SMALL.tolist(),
        tf.constant(SMALL),
        tf.data.Dataset.from_tensor_slices(SMALL).batch(16),
    ],
)
def test_data_as_keras_users_hand_it_over_trains_alike(x):
    gan, wanted = make(), make()
    gan.fit(x, np.int64(16), np.int32(1), callbacks=None, verbose=0)
    wanted.fit(SMALL, 16, callbacks=keras.callbacks.Callback(), verbose=0)
    assert same(weights(gan), weights(wanted))


def test_uint8_images_become_what_a_tanh_generator_makes():
    gan = GAN(mlp(3, (8,), 16, "tanh", "generator"), mlp(16, (8,), 1, None, "discriminator"), seed=np.int64(3))
    assert gan.bounds == (-1, 1)
    np.testing.assert_allclose(to_float(tf.constant([0, 255], tf.uint8), gan.bounds[0]), [-1, 1])
    with pytest.raises(ValueError, match="127.5"):
        gan.examples(SMALL.astype("float32"))


@pytest.mark.parametrize(
    ("outputs", "activation"), [(1, "sigmoid"), (2, "softmax"), (1, "tanh"), (1, "relu"), (3, None)]
)
def test_a_discriminator_without_a_logit_is_refused(outputs, activation):
    with pytest.raises(ValueError, match="logit"):
        GAN(mlp(3, (), 16, "sigmoid", "generator"), mlp(16, (), outputs, activation, "discriminator"))


def test_habits_of_keras_work_or_get_a_sentence():
    gan = make()
    gan.compile("adam", {"class_name": "SGD", "config": {"learning_rate": 0.1}}, r1=np.float32(1), jit_compile=False)
    gan.fit(SMALL, 16, verbose=0)
    one = keras.optimizers.Adam()
    for refused in (
        lambda: gan.compile(one, one),
        lambda: gan.fit(SMALL, np.zeros(70)),
        lambda: gan.fit(SMALL, 16, callbacks=[keras.callbacks.ReduceLROnPlateau()]),
        lambda: gan.fit(SMALL, 16, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 1.0)]),
        lambda: GAN(keras.Sequential([keras.layers.Dense(16)]), gan.discriminator),
        lambda: make(seed=0).restart(-1),
    ):
        with pytest.raises(ValueError, match=":|alone|at least"):
            refused()


def test_a_generator_with_lambda_nested_model_and_batch_norm_trains():
    inner = keras.Sequential([keras.Input((8,)), keras.layers.Lambda(lambda x: 2 * x), keras.layers.Dense(16, "tanh")])
    g = keras.Sequential([keras.Input((3,)), keras.layers.Dense(8), keras.layers.BatchNormalization(), inner])
    gan = GAN(g, mlp(16, (8,), 1, None, "discriminator"))
    gan.compile()
    gan.fit(SMALL, 16, verbose=0)
    assert gan.bounds == (-1, 1) and np.isfinite(gan.generate(4)).all()


def test_a_training_cut_short_says_so(monkeypatch, capsys):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    make().fit(SMALL, 16, epochs=50, verbose=0)
    assert capsys.readouterr().out.count("GANLIB_SMOKE=1") == 1


@pytest.mark.parametrize("name", ["save", "export"])
def test_a_whole_gan_is_not_saved_and_no_file_is_made(name, tmp_path):
    with pytest.raises(ValueError, match="gan.average.save"):
        getattr(make(), name)(tmp_path / "gan.keras")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("architecture", ["mixture", "spread", "conditional"])
def test_the_averaged_generator_is_saved_as_keras_saves_and_loads(architecture, tmp_path):
    gan = GAN(*build_pair(architecture))
    gan.average.save(tmp_path / "generator.keras")
    latents = np.random.default_rng(0).standard_normal((3, 64), dtype="float32")
    loaded = keras.saving.load_model(tmp_path / "generator.keras")
    assert np.array_equal(loaded(latents), gan.generate(3))


def test_all_weights_travel_by_keras_own_file(tmp_path):
    gan, other = make(seed=0), make(seed=1)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other.load_weights(tmp_path / "gan.weights.h5")
    assert same(weights(gan), weights(other))
