"""The toys, against their closed forms."""

import math
import subprocess
import sys

import numpy as np
import pytest

from ganlib.lessons import toys


def test_a_gaussian_has_its_mean_spread_and_density():
    toy = toys.gaussian(3, 2)
    x = toy.sample(100_000, seed=1)
    assert x.shape == (100_000, 1) and x.dtype == np.float32
    assert abs(x.mean() - 3) < 0.03 and abs(x.std() - 2) < 0.03
    at = np.array([[3.0], [5.0]])
    assert toy.density(at) == pytest.approx([1 / (2 * math.sqrt(2 * math.pi)), 0.12098536225957168])


def test_a_ring_has_eight_different_modes_at_equal_distances():
    modes = toys.ring().modes
    assert modes.shape == (8, 2) and len(np.unique(modes.round(6), axis=0)) == 8
    assert np.linalg.norm(modes, axis=1) == pytest.approx(np.ones(8))
    gaps = np.linalg.norm(modes - np.roll(modes, 1, axis=0), axis=1)
    assert gaps == pytest.approx(np.full(8, 2 * math.sin(math.pi / 8)))


def test_a_grid_has_25_modes_and_scales_as_a_whole():
    toy, quarter = toys.grid(), toys.grid(scale=0.25)
    assert {tuple(mode) for mode in toy.modes} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}
    assert np.array_equal(quarter.modes, toy.modes / 4) and quarter.std == toy.std / 4
    assert np.allclose(quarter.sample(50, seed=3), toy.sample(50, seed=3) / 4, atol=1e-6)


@pytest.mark.parametrize("toy", [toys.ring(), toys.grid()])
def test_a_mixture_visits_every_mode_equally_and_stays_near(toy):
    x = toy.sample(20_000, seed=0)
    distances = np.linalg.norm(x[:, None] - toy.modes, axis=2)
    counts = np.bincount(distances.argmin(axis=1), minlength=len(toy.modes))
    expected = len(x) / len(toy.modes)
    assert (abs(counts - expected) < 5 * math.sqrt(expected)).all()
    # In two dimensions the share within 3 standard deviations is 1 - exp(-9/2) = 0.98889.
    assert (distances.min(axis=1) < 3 * toy.std).mean() == pytest.approx(1 - math.exp(-4.5), abs=0.004)


@pytest.mark.parametrize("toy, reach", [(toys.ring(modes=5, radius=0.5, std=0.2), 2), (toys.grid(0.25, 0.8), 3)])
def test_a_density_adds_up_to_one(toy, reach):
    line, step = np.linspace(-reach, reach, 301, retstep=True)
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    assert toy.density(points).sum() * step**2 == pytest.approx(1, abs=1e-6)


def test_the_same_seed_gives_the_same_points():
    toy = toys.ring()
    assert np.array_equal(toy.sample(9, seed=4), toy.sample(9, seed=4))
    assert not np.array_equal(toy.sample(9, seed=4), toy.sample(9, seed=5))
    rng = np.random.default_rng(0)
    assert not np.array_equal(toy.sample(9, rng), toy.sample(9, rng))  # a generator goes on


@pytest.mark.parametrize("make", [lambda: toys.gaussian(0, 0), lambda: toys.ring(std=-1), lambda: toys.grid(scale=0)])
def test_a_width_must_be_positive(make):
    with pytest.raises(ValueError, match="must be a positive number"):
        make()


def test_density_wants_points():
    with pytest.raises(ValueError, match=r"shape \(n, 2\), not \(5,\)"):
        toys.ring().density(np.zeros(5))


# Mescheder et al. 2018; radius after 500 steps of 0.2. Their start (1, 1) is our (1, -1); G moves first.
@pytest.mark.parametrize(
    "radius, settings",
    [
        (3.097, {}),
        (1.421, {"order": "G then D"}),
        (0.640, {"loss": "non-saturating"}),
        (0.284, {"loss": "non-saturating", "order": "G then D"}),
        (2.56e4, {"loss": "wasserstein"}),
        (2.64e-6, {"r1": 0.3}),
    ],
)
def test_the_dirac_game_ends_where_it_should(radius, settings):
    path = toys.dirac_path(500, **settings)
    assert path.shape == (501, 2) and np.array_equal(path[0], [1, -1])
    assert np.linalg.norm(path[-1]) == pytest.approx(radius, rel=2e-3)


@pytest.mark.parametrize("loss", ["minimax", "non-saturating"])
@pytest.mark.parametrize("r1", [0.0, 0.3, 1.0, 2.0])
def test_eigenvalues_are_those_of_the_field(loss, r1):
    h = 1e-5
    columns = [
        (np.array(toys.dirac_field(*(h * unit), loss, r1)) - toys.dirac_field(*(-h * unit), loss, r1)) / (2 * h)
        for unit in np.eye(2)
    ]
    found = sorted(np.linalg.eigvals(np.stack(columns, axis=1)), key=lambda z: (-z.real, -z.imag))
    assert found == pytest.approx(toys.dirac_eigenvalues(r1), abs=1e-4)
    if r1 == 0:
        assert toys.dirac_eigenvalues() == (0.5j, -0.5j)
    if r1 == 1:
        assert toys.dirac_eigenvalues(1) == (-0.5, -0.5)


def test_the_field_is_the_gradient_of_the_losses():
    theta, psi, r1, h = 0.7, -1.3, 0.4, 1e-6

    def d_loss(psi):  # real data at 0 costs log 2 whatever psi is
        return math.log1p(math.exp(psi * theta)) + r1 / 2 * psi**2

    def g_loss(theta, sign):  # sign 1: minimax, log(1 - D); sign -1: non-saturating, -log D
        return -sign * math.log1p(math.exp(sign * psi * theta))

    for loss, sign in (("minimax", 1), ("non-saturating", -1)):
        down_g = -(g_loss(theta + h, sign) - g_loss(theta - h, sign)) / (2 * h)
        down_d = -(d_loss(psi + h) - d_loss(psi - h)) / (2 * h)
        assert toys.dirac_field(theta, psi, loss, r1) == pytest.approx((down_g, down_d), abs=1e-8)


def test_orders_differ_in_what_the_second_player_sees():
    together = toys.dirac_step(1, -1)
    d_first, g_first = toys.dirac_step(1, -1, order="D then G"), toys.dirac_step(1, -1, order="G then D")
    assert d_first[1] == together[1] and d_first[0] != together[0]
    assert g_first[0] == together[0] and g_first[1] != together[1]


def test_dirac_says_what_is_wrong():
    with pytest.raises(ValueError, match="no Dirac game with the loss 'hinge'"):
        toys.dirac_field(1, 1, "hinge")
    with pytest.raises(ValueError, match="no order 'both'"):
        toys.dirac_step(1, 1, order="both")


def test_parallel_lines_and_their_distances():
    real, generated = toys.parallel_lines(2000, -0.5)
    assert real.shape == generated.shape == (2000, 2)
    assert (real[:, 0] == 0).all() and (generated[:, 0] == -0.5).all()
    assert real[:, 1].min() >= 0 and real[:, 1].max() <= 1 and abs(real[:, 1].mean() - 0.5) < 0.03
    assert not np.array_equal(real[:, 1], generated[:, 1])
    assert toys.parallel_lines_distances(-0.5) == (0.5, math.log(2), math.inf)
    assert toys.parallel_lines_distances(0) == (0, 0, 0)


def test_toys_load_nothing_heavy():
    heavy = "tensorflow", "keras", "matplotlib", "scipy"
    code = f"import sys, ganlib.lessons.toys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
