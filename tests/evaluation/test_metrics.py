"""The measures give the known answer where there is one."""

import math

import numpy as np
import pytest

from ganlib import load_mnist
from ganlib.evaluation import metrics
from ganlib.evaluation.metrics import (
    Modes,
    class_histogram,
    entropy,
    frechet_distance,
    frechet_floor,
    frechet_spread,
    judge_score,
    memorisation,
    mode_coverage,
    nearest,
    parzen,
    prdc,
)


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


def test_the_spread_is_that_of_other_samples():
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(2000, 4))
    others = [frechet_distance(rng.normal(size=(500, 4)) + 0.5, reference) for _ in range(60)]
    assert frechet_spread(rng.normal(size=(500, 4)) + 0.5, reference, 60) == pytest.approx(np.std(others), rel=0.35)


def test_the_floor_is_the_bias_of_small_samples():
    # For n rows of N(0, I_d) against N(0, I_d): d/n from the mean and, to first order, d(d+1)/4n from the covariance.
    rng = np.random.default_rng(0)
    real, reference = rng.normal(size=(20_000, 8)), gaussian(np.zeros(8), np.eye(8), n=1000)
    mean, spread = frechet_floor(real, reference, 500, draws=40)
    assert mean == pytest.approx(8 / 500 + 8 * 9 / (4 * 500), rel=0.1)
    assert frechet_floor(real, reference, 2000, draws=5)[0] < mean / 3
    assert 0 < spread < mean


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda a: frechet_spread(a, a, rounds=1), "rounds is 1: a spread needs at least 2"),
        (lambda a: frechet_floor(a, a, 10, draws=1), "draws is 1"),
        (lambda a: frechet_floor(a, a, 41), "n is 41, but there are only 40 real rows"),
        (lambda a: frechet_floor(a, a, 4), "has 4 rows of 4 features"),
    ],
)
def test_spread_and_floor_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.random.default_rng(0).normal(size=(40, 4)))


def test_judge_score_on_known_probabilities():
    assert judge_score(np.eye(10)) == pytest.approx(10), "sure of each, all classes"
    assert judge_score(np.tile(np.eye(10)[3], (7, 1))) == pytest.approx(1), "sure of one class"
    assert judge_score(np.full((7, 10), 0.1)) == pytest.approx(1), "sure of nothing"
    half = np.array([[0.8, 0.2], [0.2, 0.8]])  # KL to (1/2, 1/2) is log 2 - H(0.2)
    assert judge_score(half) == pytest.approx(math.exp(math.log(2) - entropy([0.2, 0.8])))
    with pytest.raises(ValueError, match="add up to 1"):
        judge_score(np.full((3, 10), 0.2))


# From the package prdc 0.2, with scikit-learn 1.9:
#   rng = np.random.default_rng(0)
#   real, generated = rng.normal(size=(600, 8)), 0.8 * rng.normal(size=(500, 8)) + 0.3
#   prdc.compute_prdc(real, generated, k)
PACKAGE = {
    1: {"precision": 0.748, "recall": 0.37833333333333335, "density": 1.316, "coverage": 0.425},
    5: {"precision": 0.99, "recall": 0.725, "density": 1.2876, "coverage": 0.8733333333333333},
}


@pytest.mark.parametrize("k", [1, 5])
def test_prdc_agrees_with_the_package_prdc(k):
    rng = np.random.default_rng(0)
    real, generated = rng.normal(size=(600, 8)), 0.8 * rng.normal(size=(500, 8)) + 0.3
    assert prdc(real, generated, k)._asdict() == pytest.approx(PACKAGE[k], abs=1e-9)
    assert prdc(real + 1000, generated + 1000, k)._asdict() == pytest.approx(PACKAGE[k], abs=2e-3), "far from 0"


def test_covered_is_coverage_row_by_row(monkeypatch):
    monkeypatch.setattr(metrics, "_BLOCK", 3000)  # many blocks
    rng = np.random.default_rng(3)
    real, generated = rng.normal(size=(300, 8)), 0.8 * rng.normal(size=(250, 8)) + 0.3
    for k in (1, 5):
        among, between = (np.linalg.norm(real[:, None] - other, axis=2) for other in (real, generated))
        expected = between.min(axis=1) < np.sort(among, axis=1)[:, k]
        got = metrics.covered(real, generated, k)
        assert np.array_equal(got, expected) and got.mean() == pytest.approx(prdc(real, generated, k).coverage)


@pytest.mark.parametrize(
    "real, generated, k", [((9, 3), (9, 2), 5), ((5, 3), (9, 3), 5), ((9, 3), (9, 3), 0), ((9,), (9, 3), 5)]
)
def test_covered_refuses(real, generated, k):
    with pytest.raises(ValueError):
        metrics.covered(np.ones(real), np.ones(generated), k)


def test_prdc_agrees_with_the_installed_package():
    package = pytest.importorskip("prdc")
    rng = np.random.default_rng(1)
    real, generated = rng.gamma(2, size=(700, 16)), rng.gamma(2.5, size=(900, 16))
    assert prdc(real, generated)._asdict() == pytest.approx(package.compute_prdc(real, generated, 5), abs=1e-9)


def test_prdc_of_equal_distributions_is_the_closed_form(monkeypatch):
    monkeypatch.setattr(metrics, "_BLOCK", 70_000)  # many blocks, the last one smaller
    rng = np.random.default_rng(0)
    n, k = 2000, 5
    values = prdc(rng.normal(size=(n, 64)), rng.normal(size=(n, 64)), k)
    # Naeem et al. 2020, eq. 8: 1 - (n-1)…(n-k) / (2n-1)…(2n-k)
    expected = 1 - np.prod([(n - i) / (2 * n - i) for i in range(1, k + 1)])
    assert values.coverage == pytest.approx(expected, abs=0.01) and expected == pytest.approx(0.9688, abs=5e-4)
    assert values.density == pytest.approx(1, abs=0.1)
    assert 0.5 < values.precision < 0.85 and 0.5 < values.recall < 0.85, "identical sets do not score 1"


def test_prdc_tells_fidelity_from_variety():
    rng = np.random.default_rng(0)
    two = np.vstack([rng.normal(size=(500, 8)), rng.normal(size=(500, 8)) + 20])
    one_mode = prdc(two, rng.normal(size=(1000, 8)))
    assert one_mode.precision > 0.9 and one_mode.recall < 0.55 and one_mode.coverage < 0.55
    noise = np.vstack([rng.normal(size=(500, 8)), np.full((500, 8), 200.0) + rng.normal(size=(500, 8))])
    half_noise = prdc(rng.normal(size=(1000, 8)), noise)
    assert half_noise.precision == pytest.approx(0.5, abs=0.05) and half_noise.coverage > 0.8
    collapsed = prdc(two, np.zeros((1000, 8)))
    assert collapsed.recall == 0 and collapsed.coverage < 0.3


@pytest.mark.parametrize(
    "real, generated, k, message",
    [
        (np.zeros((5, 2)), np.zeros((9, 2)), 5, "5 real and 9 generated rows"),
        (np.zeros((9, 2)), np.zeros((9, 2)), 0, "at least 1"),
        (np.zeros((9, 2)), np.zeros((9, 3)), 5, "real has 2 columns, generated has 3"),
        (np.full((9, 2), np.nan), np.zeros((9, 2)), 5, "real contains NaN"),
        (np.zeros((9, 2)), np.zeros((9, 2, 2)), 5, "generated has the shape"),
        (np.zeros((0, 2)), np.zeros((9, 2)), 5, "real has the shape"),
    ],
)
def test_prdc_refuses(real, generated, k, message):
    with pytest.raises(ValueError, match=message):
        prdc(real, generated, k)


def test_parzen_on_a_case_that_can_be_written_down():
    rng = np.random.default_rng(0)
    samples, test = rng.random((3, 784)), rng.random((4, 784))
    sigma = 0.3
    squared = ((test[:, None] - samples) ** 2).sum(axis=2)
    density = np.log(np.mean(np.exp(-squared / (2 * sigma**2) + 600), axis=1)) - 600
    expected = density - 784 * math.log(sigma * math.sqrt(2 * math.pi))
    got = parzen(samples, test, test, [sigma])
    assert got.log_likelihood == pytest.approx(expected.mean(), rel=1e-5)
    assert got.error == pytest.approx(expected.std() / 2, rel=1e-3)
    assert got.sigma == sigma


def test_parzen_of_an_exact_hit_is_the_height_of_the_window():
    image = np.full((1, 28, 28), 255, np.uint8)
    height = -784 * math.log(0.1 * math.sqrt(2 * math.pi))
    assert parzen(image, np.repeat(image, 2, axis=0), image).log_likelihood == pytest.approx(height)
    assert parzen(image / 255, np.repeat(image, 2, axis=0), image).sigma == pytest.approx(0.1), "the narrowest is best"


def test_parzen_chooses_the_width_that_validation_likes_best():
    rng = np.random.default_rng(0)
    centres = rng.random((1, 784)) * 0.2 + 0.4
    near = (centres + 0.16 * rng.normal(size=(50, 784))).clip(0, 1)  # the closest of the ten widths is 0.1668
    assert parzen(centres, near, near).sigma == pytest.approx(0.1668, abs=1e-4)


def test_parzen_of_real_images_is_the_known_value():
    """242.5 by Goodfellow's code; 10,000 other real images move it by about 1."""
    (x, _), (x_test, _) = load_mnist()
    got = parzen(x[:10_000], x_test[::5], x[50_000:51_000], [metrics.SIGMAS[2]])
    assert got.sigma == pytest.approx(0.1668, abs=1e-4)
    assert got.log_likelihood == pytest.approx(242.5, abs=3 * got.error)


IMAGE = np.zeros((2, 28, 28), np.float32)


@pytest.mark.parametrize(
    "samples, test, sigmas, message",
    [
        (IMAGE - 1, IMAGE, [0.1], r"samples runs from -1 to -1; .* take \(x \+ 1\) / 2"),
        (IMAGE, IMAGE + 255, [0.1], "test runs from 255 to 255; .* divide by 255"),
        (IMAGE.astype(int), IMAGE, [0.1], "samples is int64"),
        (IMAGE * np.nan, IMAGE, [0.1], "samples contains NaN"),
        (IMAGE[:, :14], IMAGE, [0.1], "samples has the shape"),
        (IMAGE, IMAGE[:1], [0.1], "test has 1 image"),
        (IMAGE[:0], IMAGE, [0.1], "samples has the shape"),
        (IMAGE, IMAGE, [0.1, 0.0], "greater than 0"),
        (IMAGE, IMAGE, [], "greater than 0"),
    ],
)
def test_parzen_refuses(samples, test, sigmas, message):
    with pytest.raises(ValueError, match=message):
        parzen(samples, test, IMAGE, sigmas)


def test_modes_and_high_quality_share():
    modes = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    samples = np.array([[0.0, 0.29], [0.31, 0.0], [2.0, 0.0], [1.0, 0.0]])  # 2.9 and 3.1 sigma, a hit, between two
    assert mode_coverage(samples, modes, 0.1) == Modes(found=2, high_quality=0.5)
    assert mode_coverage(samples + 50, modes, 0.1) == Modes(0, 0.0)
    exact = modes[np.random.default_rng(0).integers(3, size=2500)]
    exact = exact + 0.1 * np.random.default_rng(1).normal(size=exact.shape)
    found, share = mode_coverage(exact, modes, 0.1)
    assert found == 3 and share == pytest.approx(1 - math.exp(-4.5), abs=0.005), "the plane's three-sigma share"


@pytest.mark.parametrize(
    "samples, sigma, message",
    [
        (np.zeros((1, 2)), 0.1, "1 samples cannot find 2 modes"),
        (np.zeros((9, 3)), 0.1, "samples has 3 columns, modes has 2"),
        (np.full((9, 2), np.inf), 0.1, "samples contains NaN or infinity"),
        (np.zeros((9, 2)), 0.0, "sigma is 0.0"),
        (np.zeros((9, 2)), math.nan, "sigma is nan"),
    ],
)
def test_mode_coverage_refuses(samples, sigma, message):
    with pytest.raises(ValueError, match=message):
        mode_coverage(samples, np.array([[0.0, 0.0], [1.0, 0.0]]), sigma)


def test_nearest_finds_copies_and_exact_distances(monkeypatch):
    monkeypatch.setattr(metrics, "_BLOCK", 3000)
    (x, _), _ = load_mnist()
    rows = x[:2000]
    places = np.random.default_rng(0).choice(2000, 50, replace=False)
    assert (nearest(rows[places], rows)[1] == places).all() and (nearest(rows[places], rows)[0] == 0).all()
    one_pixel = rows[places].copy()
    one_pixel[:, 0, 0] = 255  # always background
    distances, found = nearest(one_pixel, rows.reshape(-1, 784))
    assert (found == places).all() and distances == pytest.approx(1)
    distances, found = nearest(one_pixel / 255, rows)
    assert (found == places).all() and distances == pytest.approx(1)
    features = np.random.default_rng(1).normal(size=(300, 64))
    distances, found = nearest(features[:5] + 0.01, features)
    assert found.tolist() == [0, 1, 2, 3, 4] and distances == pytest.approx(0.08, rel=1e-3)


@pytest.mark.parametrize(
    "queries, rows, message",
    [
        (IMAGE, np.zeros((2, 64)), "queries has 784 columns, rows has 64"),
        (IMAGE + 255, IMAGE.astype(np.uint8), "queries runs from 255 to 255; .* divide by 255"),
        (IMAGE.astype(np.uint8), IMAGE - 1, r"rows runs from -1 to -1; .*take \(x \+ 1\) / 2"),
        (IMAGE[:0], IMAGE, "queries has the shape"),
        (IMAGE * np.nan, IMAGE, "queries contains NaN"),
        (IMAGE.astype(int), IMAGE, "queries is int64"),
    ],
)
def test_nearest_refuses(queries, rows, message):
    with pytest.raises(ValueError, match=message):
        nearest(queries, rows)


def test_memorisation_finds_copies_and_passes_the_honest():
    (x, _), (x_test, _) = load_mnist()
    rng = np.random.default_rng(0)
    order = rng.permutation(60_000)
    train, unseen = x[order[:8000]], x[order[8000:8500]]
    held_out, other = x_test[:4000], x_test[4000:4500]

    def noisy(images, sigma):
        return (images / 255 + rng.normal(scale=sigma, size=images.shape)).clip(0, 1)

    for honest in (unseen, other, noisy(other, 0.1)):
        test = memorisation(honest, train, held_out)
        assert test.passed and test.expected == pytest.approx(2 / 3) and test.low < test.share < test.high
    copies = memorisation(train[:500], train, held_out)
    assert copies.share == 1 and copies.copied > 0.95 and not copies.passed
    assert memorisation(noisy(train[:500], 0.1), train, held_out).copied > 0.9
    half = memorisation(np.concatenate([train[:250], unseen[:250]]), train, held_out)
    assert 0.3 < half.copied < 0.6 and not half.passed
    assert memorisation(held_out[:500], train, held_out).share == 0


def test_memorisation_counts_ties_half_and_bounds_the_share():
    rows = np.eye(100)
    test = memorisation(rows, rows, rows)
    assert test.share == test.expected == 0.5 and test.copied == 0 and test.distinct == 100
    assert (test.low, test.high) == (pytest.approx(0.4038, abs=1e-3), pytest.approx(0.5962, abs=1e-3))  # Wilson 1927
    with pytest.raises(ValueError, match="generated has 99 images: the test needs at least 100"):
        memorisation(rows[:99], rows, rows)


def bars():
    for place in range(4, 20):
        bar = np.zeros((28, 28), "uint8")
        bar[4:24, place : place + 3] = 255
        yield bar


def test_collapse_is_not_read_as_copying():
    (x, _), (x_test, _) = load_mnist()
    train, held_out = x[:6000], x_test[:1000]
    rng = np.random.default_rng(0)
    for bar in [*bars(), np.zeros((28, 28), "uint8"), np.full((28, 28), 255, "uint8"), x[3]]:
        test = memorisation(bar[None].repeat(300, axis=0), train, held_out)
        assert not test.decided and not test.passed and test.copied == 0 and "no verdict" in test.verdict
    noisy = (next(bars()) / 255 + 0.1 * rng.normal(size=(300, 28, 28))).clip(0, 1)  # no two alike
    assert not memorisation(noisy, train, held_out).decided
    two = np.stack([x[3], x[4]]).repeat(150, axis=0)
    assert not memorisation(two, train, held_out).decided
    copies = memorisation(train[:200].repeat(3, axis=0), train, held_out)  # copying goes on beside collapse
    assert copies.decided and not copies.passed and "FAILED" in copies.verdict and copies.distinct == 200
