"""The clinic: its networks and optimiser against Keras, its faults, and what the drills accept and refuse."""

import csv
import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ganlib import models
from ganlib.lessons import clinic, toys
from ganlib.lessons import ward as ward_module
from ganlib.lessons.clinic import Setup


def flat(network):
    return tf.constant(np.concatenate([weight.numpy().ravel() for weight in network.weights])[None])


def test_networks_are_keras_networks():
    networks = [models.mlp(2, (5, 4), 3, None, "one") for _ in range(2)]
    x = np.random.default_rng(0).standard_normal((2, 7, 2)).astype("float32")
    weights = tf.concat([flat(network) for network in networks], axis=0)
    ours = ward_module.Nets(weights, (2, 5, 4, 3), 0.2)(x)
    for network, points, ours_one in zip(networks, x, ours, strict=True):
        np.testing.assert_allclose(ours_one, network(points), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("beta_1", [0.0, 0.5, 0.9])
def test_adam_is_keras_adam(beta_1):
    gradients = np.random.default_rng(0).standard_normal((4, 1, 6)).astype("float32")
    weight = keras.Variable(np.zeros((1, 6)))
    optimizer = keras.optimizers.Adam(0.1, beta_1=beta_1, beta_2=ward_module.BETA_2)
    ours = mean = square = np.zeros((1, 6), "float32")
    for done, gradient in enumerate(gradients):
        optimizer.apply([tf.constant(gradient)], [weight])
        move, mean, square = ward_module._adam(gradient, mean, square, np.float32(beta_1), np.float32(done))
        ours = ours - 0.1 * move
    np.testing.assert_allclose(ours, weight, rtol=1e-4, atol=1e-6)


def test_cross_entropy_with_labels():
    logits = np.array([[[0.3], [-2.0]]], "float32")
    for label in (0.0, 1.0, 0.9):
        got = ward_module._cross_entropy(tf.constant([label]), logits)
        wanted = tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(logits.shape, label), logits)
        np.testing.assert_allclose(got, wanted, rtol=1e-6)


def short(*setups, **options):
    return clinic.train(setups, clinic.RING, steps=40, hidden=(16,), batch=32, **options)


def test_a_patient_does_not_depend_on_its_ward():
    alone, together = short(Setup(seed=3)), short(Setup(seed=1, rate=0.1), Setup(seed=3))
    np.testing.assert_allclose(alone.samples[0], together.samples[1], rtol=1e-3, atol=1e-4)
    assert not np.allclose(together.samples[0], together.samples[1])


def test_a_ward_has_the_shapes_it_promises():
    ward = short(Setup(), Setup(seed=1), frames=4, latents=3)
    assert ward.samples.shape == (2, 2500, 2) and ward.film.shape == (4, 2, 300, 2)
    assert set(ward.history) == set(ward_module.LOGS) and ward.history["d_loss"].shape == (4, 2)
    assert list(ward.steps) == [10, 20, 30, 40]


def test_frozen_d_does_not_move_and_standing_g_does_not_move():
    ward = short(Setup(d_trainable=False), Setup(d_ahead=40), Setup())
    assert ward.history["d_change"][:, 0].max() == 0 < ward.history["d_change"][:, 1].min()
    assert np.array_equal(ward.film[0, 1], ward.film[-1, 1])
    assert not np.array_equal(ward.film[0, 2], ward.film[-1, 2])


def test_outputs_and_noise():
    ward = short(Setup(output="sigmoid"), Setup(output="tanh"), Setup(noise=0.0))
    assert 0 <= ward.samples[0].min() and ward.samples[0].max() <= 1
    assert -1 <= ward.samples[1].min() < 0 and ward.samples[1].max() <= 1
    assert np.ptp(ward.samples[2], axis=0).max() == 0


def test_two_sigmoids_have_a_floor():
    ward = short(Setup(sigmoids=2, rate=0.05), Setup(rate=0.05))
    floor = np.log1p(np.exp(-1)) + np.log(2)
    assert ward.history["d_loss"][:, 0].min() >= floor


def test_r1_makes_d_gentle():
    ward = short(Setup(r1=100.0, rate=0.02, d_ahead=40), Setup(rate=0.02, d_ahead=40))
    assert ward.history["g_slope"][-1, 0] < ward.history["g_slope"][-1, 1] / 5


def test_train_refuses_nothing_and_uneven_steps():
    with pytest.raises(ValueError, match="needs a setup"):
        clinic.train([], clinic.RING)
    with pytest.raises(ValueError, match="equal parts"):
        clinic.train([Setup()], clinic.RING, steps=41)


def ward_of(*samples):
    return ward_module.Ward((), np.stack(samples), None, {}, None)


def test_health():
    ring = clinic.RING
    good, poor = ring.sample(2500), toys.Mixture(ring.modes[:3], ring.std).sample(2500)
    well, ill, gone = clinic.health(ward_of(good, poor, np.full_like(good, np.nan)))
    assert well.well and well.modes == 8 and well.near == pytest.approx(0.989, abs=0.01)
    assert not ill.well and ill.modes == 3 and ill.least == 0
    assert not gone.well and gone.modes == 0


def test_the_lesson_quotes_the_measured_modes():
    root = Path(__file__).parents[2]
    lesson = (root / "notebooks" / "source" / "06_failure_clinic.py").read_text(encoding="utf-8")
    rows = list(csv.DictReader((root / "benchmarks" / "modes.csv").read_text(encoding="utf-8").splitlines()))
    for task in {row["task"] for row in rows}:
        five = [row for row in rows if row["task"] == task]
        modes, near = (np.array([float(row[name]) for row in five]) for name in ("modes", "near"))
        assert len(five) == 5
        for values, unit in ((modes, ""), (100 * near, " %")):
            text = f"{values.mean():.1f} ± {values.std(ddof=1):.1f}{unit}"
            assert text in lesson, f"{task}: the lesson does not say {text}"


def test_dividing_the_grid_by_four_rounds_nothing():
    grid, quarter = toys.grid(), toys.grid(0.25)
    assert np.array_equal(grid.sample(1000), 4 * quarter.sample(1000))
    d = ward_module.Nets(tf.constant(np.random.default_rng(0).standard_normal((1, 33)), tf.float32), (2, 8, 1), 0.0)
    assert np.array_equal(d(grid.sample(9)[None] / 4), d(quarter.sample(9)[None]))


# --- the drills -----------------------------------------------------------------------------------------------


def patient_with(setting):
    patients = [clinic.patient(n) for n in range(1, len(clinic.FAULTS) + 1)]
    return next(each for each in patients if each._fault.setting == setting)


def test_every_fault_has_its_patient_and_is_hidden():
    settings = {clinic.patient(n)._fault.setting for n in range(1, 8)}
    assert settings == {fault.setting for fault in clinic.FAULTS} and len(settings) == 7
    assert not any(setting in repr(clinic.patient(n)) for n in range(1, 8) for setting in settings if setting != "rate")
    with pytest.raises(ValueError, match="no patient 8"):
        clinic.patient(8)


CURES = {
    "labels": (1.0, 0.0), "d_trainable": True, "sigmoids": 1, "rate": 1e-3, "output": "linear", "d_speed": 1.0,
    "noise": 1.0,
}  # fmt: skip


@pytest.mark.parametrize("setting", list(CURES))
def test_the_right_cure_is_accepted(setting):
    assert setting in clinic.treat(patient_with(setting), **{setting: CURES[setting]})


@pytest.mark.parametrize(
    "setting, value", [("rate", 5e-3), ("rate", 3e-3), ("rate", 5e-4), ("d_speed", 0.5), ("labels", [0.9, 0.1])]
)
def test_other_values_that_make_well_are_accepted(setting, value):
    assert setting in clinic.treat(patient_with(setting), **{setting: value})


@pytest.mark.parametrize(
    "setting, change, words",
    [
        ("sigmoids", {"ema": 0.9}, "treated the symptom"),  # looks well with or without
        ("sigmoids", {"beta_1": 0.4}, "treated the symptom"),
        ("d_trainable", {"rate": 1e-6}, "Not cured.*And still D's weights do not move"),  # G runs away more slowly
        ("labels", {"labels": (0.1, 0.9)}, "does not cure.*And still D rates"),  # smoothed, and still swapped
        ("labels", {"d_trainable": False}, "Not cured"),
        ("rate", {"ema": 0.99}, "And still D's weights take steps"),  # the average hides the jumps
        ("rate", {"decay": True}, "And still D's weights take steps"),
        ("noise", {"noise": 1e-4}, "does not cure.*And still all"),
        ("noise", {"rate": 5e-4}, "Not cured.*And still all"),
        ("d_speed", {"ema": 0.999}, "And still D's weights move less"),  # the average hides the wandering
        ("d_speed", {"rate": 5e-2}, "The sign is gone .it was: D's weights move less"),  # G is faster still
        ("output", {"noise": 3.0}, "Not cured.*And still no generated coordinate"),
        ("output", {"output": "tanh"}, "right setting, and 'tanh' does not cure.*And still no"),  # modes lie at 1
    ],
)
def test_hiding_the_symptom_is_refused(setting, change, words):
    with pytest.raises(clinic.Refused, match=words):
        clinic.treat(patient_with(setting), **change)


@pytest.mark.parametrize(
    "change, words",
    [
        ({"labels": (1.0, 0.0), "rate": 1e-3}, "changed 2 settings"),
        ({}, "changed 0 settings"),
        ({"lables": (1.0, 0.0)}, "no setting 'lables'"),
        ({"seed": 3}, "no setting 'seed'"),
        ({"labels": (0.0, 1.0)}, "already"),
        ({"labels": [0, 1]}, "already"),
        ({"labels": 1.0}, "labels cannot be 1.0: it is two numbers"),
        ({"labels": (1.0, 0.0, 0.0)}, "it is two numbers"),
        ({"labels": ("1", "0")}, "it is two numbers"),
        ({"output": "relu"}, "output cannot be 'relu': it is one of 'linear', 'sigmoid', 'tanh'"),
        ({"loss": "non saturating"}, "loss cannot be 'non saturating': it is one of 'non-saturating', 'minimax'"),
        ({"d_trainable": "yes"}, "True or False"),
        ({"adam": 1}, "True or False"),
        ({"sigmoids": 0}, "1 or 2"),
        ({"sigmoids": True}, "1 or 2"),
        ({"rate": "1e-3"}, "a number above 0"),
        ({"rate": -1e-3}, "a number above 0"),
        ({"rate": float("nan")}, "a number above 0"),
        ({"beta_1": 1.0}, "less than 1"),
        ({"d_ahead": 2.5}, "a whole number"),
        ({"noise": None}, "noise cannot be None: it is a number"),
    ],
)
def test_senseless_treatments_are_refused_at_once(change, words, monkeypatch):
    monkeypatch.setattr(clinic, "train", None)
    with pytest.raises(clinic.Refused, match=words):
        clinic.treat(patient_with("labels"), **change)


def test_every_setting_has_possible_values():
    assert set(clinic.POSSIBLE) == {field.name for field in dataclasses.fields(Setup)} - {"seed"}
    for name, (possible, _) in clinic.POSSIBLE.items():
        assert possible(getattr(Setup(), name))
