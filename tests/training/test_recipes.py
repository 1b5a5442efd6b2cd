"""The benchmark of recipes: published programs of the published sizes, and times read off a curve."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="module")
def recipes():
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "recipes.py"
    spec = importlib.util.spec_from_file_location("recipes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "generator", "discriminator"),
    [
        ("cs231n", 97 * 1024 + 1025 * 1024 + 1025 * 784, 267_009),  # the latter is a test of the assignment itself
        ("keras-gan", 1_493_520, 533_505),
        ("dcgan", 2_330_944, 212_865),
    ],
)
def test_published_programs_have_their_published_sizes(recipes, name, generator, discriminator):
    gan = recipes.RECIPES[name].build(0)
    assert (gan.generator.count_params(), gan.discriminator.count_params()) == (generator, discriminator)
    images = gan.generate(3)
    assert images.shape == (3, 784) and 0 <= images.min() < images.max() <= 1


def test_the_default_is_that_of_the_command_line(recipes):
    from ganlib.training.settings import Settings

    recipe = recipes.RECIPES["default"]
    assert (recipe.epochs, recipe.batch) == (Settings().epochs, Settings().batch_size)
    assert recipe.build(0).r1 == Settings().r1


def test_the_search_changes_one_thing_at_a_time(recipes):
    from ganlib.training.recipe import build_gan
    from ganlib.training.settings import Settings

    default, unchanged = build_gan(Settings(architecture="mixture"), 469), recipes.ours("", Settings().epochs).build(0)
    assert (unchanged.loss_name, unchanged.r1, unchanged.r1_every, unchanged.ema) == (
        default.loss_name, default.r1, default.r1_every, default.ema)  # fmt: skip
    mine, its = (gan.discriminator_optimizer.get_config() | {"name": "adam"} for gan in (unchanged, default))
    assert mine == its
    for weight, expected in zip(unchanged.variables, default.variables, strict=True):
        np.testing.assert_array_equal(weight, expected)
    for net, expected in zip(recipes.changed(), (default.generator, default.discriminator), strict=True):
        assert [weight.shape for weight in net.weights] == [weight.shape for weight in expected.weights]


def test_when_a_curve_comes_down_to_a_distance(recipes):
    curve = [(10.0, 8.0), (40.0, 2.0), (50.0, 3.0)]
    assert recipes.seconds_until(curve, 4.0) == pytest.approx(20.0)
    assert recipes.seconds_until(curve, 8.0) == 10.0
    assert recipes.seconds_until(curve, 1.0) == math.inf


def test_a_table_survives_its_file(recipes, tmp_path):
    rows = [dict.fromkeys(recipes.COLUMNS, "1"), dict.fromkeys(recipes.COLUMNS, "2")]
    recipes.store(tmp_path / "table.csv", rows)
    assert recipes.load(tmp_path / "table.csv") == rows
