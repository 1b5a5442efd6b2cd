"""The models without a neural network: what they get right by design, and what they must not do."""

import numpy as np
import pytest

from ganlib.lessons import baselines

RNG = np.random.default_rng(0)
IMAGES = np.zeros((400, 28, 28), np.uint8)
IMAGES[:, 10:18, 10:18] = RNG.integers(0, 256, (400, 1, 1)) // 2 + RNG.integers(0, 128, (400, 8, 8))  # bright or dark
IMAGES[:, 0, 0] = 200
ALL = (baselines.MeanImage, baselines.IndependentPixels, baselines.Gaussian, baselines.NeighbourAverage)


@pytest.mark.parametrize("model", ALL)
def test_samples_are_images_and_follow_the_seed(model):
    fitted = model(IMAGES)
    images = fitted.sample(7, seed=3)
    assert images.shape == (7, 28, 28) and images.dtype == np.uint8
    np.testing.assert_array_equal(images, fitted.sample(7, seed=3))
    assert model is baselines.MeanImage or (images != fitted.sample(7, seed=4)).any()
    assert (images[:, 0, 0] == 200).all() and (images[:, 20, 20] == 0).all()  # what never changes stays


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("images", [IMAGES / 255, IMAGES.reshape(-1, 784), IMAGES[:1]])
def test_other_arrays_are_refused(model, images):
    with pytest.raises(ValueError, match=r"needed is uint8 \(n, 28, 28\)"):
        model(images)


def test_independent_pixels_keep_each_pixel_and_no_pair():
    images = baselines.IndependentPixels(IMAGES).sample(5000)
    assert abs(images[:, 12, 12].mean() - IMAGES[:, 12, 12].mean()) < 6
    assert set(np.unique(images[:, 12, 12])) <= set(np.unique(IMAGES[:, 12, 12]))
    assert np.corrcoef(IMAGES[:, 12, 12], IMAGES[:, 12, 13])[0, 1] > 0.4
    assert abs(np.corrcoef(images[:, 12, 12], images[:, 12, 13])[0, 1]) < 0.05


def test_the_gaussian_has_mean_and_covariance():
    model = baselines.Gaussian(IMAGES)
    flat = IMAGES.reshape(-1, 784).astype(float)
    covariance = np.cov(flat, rowvar=False)
    np.testing.assert_allclose(model.covariance, covariance, atol=1e-4 * covariance.max())
    np.testing.assert_allclose(model.root @ model.root.T, covariance, atol=1e-3 * covariance.max())
    drawn = model.draw(20_000)
    np.testing.assert_allclose(drawn.mean(axis=0), flat.mean(axis=0), atol=2)
    assert np.linalg.norm(np.cov(drawn.T) - covariance) < 0.1 * np.linalg.norm(covariance)


def test_the_gaussian_is_cut_at_black_and_white():
    drawn, images = baselines.Gaussian(IMAGES).draw(50), baselines.Gaussian(IMAGES).sample(50)
    assert drawn.min() < 0
    np.testing.assert_array_equal(images.reshape(50, 784), np.rint(drawn.clip(0, 255)))


def test_nearest_agrees_with_all_distances_one_by_one():
    points = RNG.integers(0, 256, (700, 30), dtype=np.uint8)
    chosen = RNG.integers(0, 700, 600)  # more than one block
    distances = ((points[chosen].astype(float)[:, None] - points[None]) ** 2).sum(axis=2)
    distances[np.arange(600), chosen] = np.inf
    right = np.sort(np.argsort(distances, axis=1)[:, :5], axis=1)
    np.testing.assert_array_equal(np.sort(baselines.nearest(points, chosen, 5), axis=1), right)


def test_an_image_is_not_its_own_neighbour_but_its_twin_is():
    images = np.zeros((6, 28, 28), np.uint8)
    images[:2, :, :14] = 255  # twins
    images[2:, :, 14:] = 255
    for i in range(20):
        image = baselines.NeighbourAverage(images, k=1).sample(1, seed=i)[0]
        assert any((image == other).all() for other in images)
    pair = np.stack([np.zeros((28, 28)), np.full((28, 28), 100)]).astype(np.uint8)
    chosen = np.random.default_rng(0).integers(2, size=8)
    drawn = baselines.NeighbourAverage(pair, k=1).sample(8)[:, 0, 0]
    np.testing.assert_array_equal(drawn, np.where(chosen == 0, 100, 0))  # always the other one


@pytest.mark.parametrize("k", [0, 400])
def test_a_wrong_number_of_neighbours_is_named(k):
    with pytest.raises(ValueError, match=f"k is {k}; it must be from 1 to 399"):
        baselines.NeighbourAverage(IMAGES, k)
