"""The measures give the known answer where there is one."""

import math

import numpy as np
import pytest

from ganlib.metrics import class_histogram, entropy, frechet_distance


def gaussian(mean, covariance, n=400, seed=0):
    """Rows whose sample mean and sample covariance are exactly the ones asked for."""
    rows = np.random.default_rng(seed).normal(size=(n, len(mean)))
    rows -= rows.mean(axis=0)
    white = rows @ np.linalg.inv(np.linalg.cholesky(np.atleast_2d(np.cov(rows, rowvar=False)))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def random_covariance(d, seed):
    a = np.random.default_rng(seed).normal(size=(d, d))
    return a @ a.T + 0.1 * np.eye(d)


def test_a_set_has_no_distance_to_itself_or_to_its_shuffle():
    rows = gaussian(np.arange(5.0), random_covariance(5, 1))
    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-9)
    shuffled = np.random.default_rng(2).permutation(rows)
    assert frechet_distance(rows, shuffled) == pytest.approx(0, abs=1e-9)


def test_a_shift_costs_its_squared_length():
    rows = gaussian(np.zeros(5), random_covariance(5, 1))
    shift = np.array([1.0, -2.0, 0.0, 3.0, 0.5])
    assert frechet_distance(rows, rows + shift) == pytest.approx(shift @ shift)


def test_scaled_by_s_costs_the_trace_times_one_minus_s_squared():
    covariance = random_covariance(5, 1)
    rows = gaussian(np.zeros(5), covariance)
    assert frechet_distance(rows, 3 * rows) == pytest.approx(np.trace(covariance) * (1 - 3) ** 2)


def test_covariances_that_commute_differ_by_their_roots():
    a, b = np.array([1.0, 4.0, 9.0]), np.array([16.0, 1.0, 0.25])
    expected = np.sum((np.sqrt(a) - np.sqrt(b)) ** 2)
    got = frechet_distance(gaussian(np.zeros(3), np.diag(a)), gaussian(np.zeros(3), np.diag(b), seed=1))
    assert got == pytest.approx(expected)


def test_two_general_gaussians_by_another_route():
    # Tr (AB)^(1/2) from the eigenvalues of the unsymmetric product AB.
    mean_a, mean_b = np.arange(6.0), np.ones(6)
    cov_a, cov_b = random_covariance(6, 1), random_covariance(6, 2)
    overlap = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).real).sum()
    expected = np.sum((mean_a - mean_b) ** 2) + np.trace(cov_a) + np.trace(cov_b) - 2 * overlap
    a, b = gaussian(mean_a, cov_a), gaussian(mean_b, cov_b, n=90, seed=1)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected), "symmetric"


def test_a_rotation_of_both_changes_nothing():
    a, b = gaussian(np.arange(6.0), random_covariance(6, 1)), gaussian(np.ones(6), random_covariance(6, 2))
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(6, 6)))[0]
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(frechet_distance(a, b))


def test_one_feature():
    a, b = gaussian([0.0], np.eye(1)), gaussian([3.0], 4 * np.eye(1))
    assert frechet_distance(a, b) == pytest.approx(9 + (1 - 2) ** 2)


def test_a_constant_set_and_dead_features_are_no_problem():
    rows = np.hstack([gaussian(np.zeros(3), np.eye(3)), np.zeros((400, 2))])
    constant = np.full((400, 5), 2.0)
    assert frechet_distance(rows, rows) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(constant, constant) == 0
    assert frechet_distance(rows, constant) == pytest.approx(5 * 4 + 3)


def test_float32_features_are_measured_in_float64():
    rows = (gaussian(np.full(4, 1000.0), 1e-2 * np.eye(4))).astype("float32")
    shifted = rows + np.float32(0.5)
    assert frechet_distance(rows, shifted) == pytest.approx(4 * 0.25, rel=1e-3)
    assert isinstance(frechet_distance(rows, shifted), float)


@pytest.mark.parametrize(
    "a, b, message",
    [
        (np.zeros((5, 5)), np.zeros((9, 5)), "a has 5 rows of 5 features.*singular; use at least 6"),
        (np.zeros((9, 5)), np.zeros((0, 5)), "features_b has 0 rows"),
        (np.zeros((9, 5)), np.zeros((9, 4)), "features_a has 5 columns, features_b has 4"),
        (np.zeros(9), np.zeros((9, 4)), r"features_a has the shape \(9,\)"),
        (np.zeros((9, 2, 2)), np.zeros((9, 4)), r"features_a has the shape \(9, 2, 2\)"),
        (np.zeros((9, 0)), np.zeros((9, 0)), r"features_a has the shape \(9, 0\)"),
        (np.full((9, 4), np.nan), np.zeros((9, 4)), "features_a contains NaN"),
        (np.zeros((9, 4)), np.full((9, 4), np.inf), "features_b contains NaN or infinity"),
    ],
)
def test_bad_features_are_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(a, b)


def test_d_plus_one_rows_are_enough():
    assert frechet_distance(np.eye(6)[:, :5], np.eye(6)[:, :5]) == pytest.approx(0, abs=1e-9)


def test_class_histogram_counts_the_most_probable_class():
    rows = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.4, 0.35, 0.25], [1.0, 0.0, 0.0]], dtype="float32")
    assert class_histogram(rows).tolist() == [0.75, 0.0, 0.25]
    assert class_histogram(np.eye(10)).tolist() == [0.1] * 10


def test_entropy_on_known_shares():
    assert entropy(np.full(10, 0.1)) == pytest.approx(math.log(10))
    assert entropy([0.5, 0.5]) == pytest.approx(math.log(2))
    assert entropy([0.5, 0.25, 0.25]) == pytest.approx(1.5 * math.log(2))
    assert math.copysign(1, entropy([1.0, 0.0, 0.0])) == 1 and entropy([1.0, 0.0, 0.0]) == 0


@pytest.mark.parametrize(
    "rows, message",
    [
        (np.zeros(10), "shape"),
        (np.zeros((0, 10)), "shape"),
        (np.full((3, 10), 0.2), "add up to 1, not 2"),
        (np.array([[0.5, 0.5], [1.5, -0.5]]), ">= 0"),
        (np.array([[0.5, 0.5], [np.nan, 1.0]]), "NaN"),
    ],
)
def test_rows_that_are_no_probabilities_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        class_histogram(rows)


@pytest.mark.parametrize("shares", [[0.5, 0.4], [1.5, -0.5], [math.nan, 1.0], [], [[0.5, 0.5]], 1.0])
def test_shares_that_are_no_shares_are_refused(shares):
    with pytest.raises(ValueError):
        entropy(shares)
