"""The callbacks that measure during training."""

import pickle

import keras
import numpy as np
import pytest

from ganlib import load_mnist, to_images
from ganlib.evaluation.judge import load_judge
from ganlib.evaluation.metrics import frechet_distance
from ganlib.gan import GAN
from ganlib.models import article
from ganlib.training.callbacks import MeasureFD, StopAtFD


@pytest.fixture
def x(monkeypatch):
    monkeypatch.delenv("GANLIB_SMOKE", raising=False)
    return load_mnist()[0][0][:512]


@pytest.fixture(scope="module")
def measure():
    """One for all: it loads the judge at its first training."""
    return MeasureFD(100, seed=7)


def trained(x, epochs, *callbacks):
    keras.utils.set_random_seed(0)
    gan = GAN(*article(), seed=0)
    gan.compile()
    return gan, gan.fit(x, 128, epochs, callbacks, verbose=0).history


def test_fd_is_that_of_the_generated_images_and_training_stays_bit_equal(x, measure):
    plain, without = trained(x, 2)
    gan, history = trained(x, 2, measure)
    _, (x_test, _) = load_mnist()
    judge = load_judge()
    features = judge.features(to_images(gan.generate(100, seed=7)))
    assert history["fd"][-1] == pytest.approx(frechet_distance(features, judge.features(x_test)), rel=1e-6)
    assert {name: values for name, values in history.items() if name != "fd"} == without
    for a, b in zip(gan.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_keras_own_early_stopping_sees_it(x, measure):
    stopping = keras.callbacks.EarlyStopping(monitor="fd", mode="min", min_delta=1e9, patience=1)
    _, history = trained(x, 5, measure, stopping)
    assert len(history["fd"]) == 2


def test_stopping_at_a_distance(x, measure):
    _, history = trained(x, 4, measure, StopAtFD(1e9))
    assert len(history["fd"]) == 1
    _, history = trained(x, 2, measure, StopAtFD(0))
    assert len(history["fd"]) == 2


def test_it_can_be_pickled_and_refuses_too_few_images():
    assert pickle.loads(pickle.dumps(MeasureFD(500, 3))).seed == 3
    with pytest.raises(ValueError, match="n is 64: the distance needs at least 65"):
        MeasureFD(64)
