"""Small distributions and games whose answers are known exactly."""

import cmath
import math
from typing import NamedTuple

import numpy as np


class Mixture(NamedTuple):
    """Normal distributions of one width, round each of `modes` (k, d), all equally likely."""

    modes: np.ndarray
    std: float

    def sample(self, n: int, seed: int | np.random.Generator = 0) -> np.ndarray:
        """Return `n` independent points, float32 (n, d); the same seed gives the same points."""
        rng = np.random.default_rng(seed)
        k, d = self.modes.shape
        centres = self.modes[rng.integers(k, size=n)]
        return (centres + self.std * rng.standard_normal((n, d))).astype("float32")

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the probability density at the points `x` (n, d), float64 (n,).

        Raises ValueError for another shape.
        """
        x = np.asarray(x, dtype="float64")
        k, d = self.modes.shape
        if x.ndim != 2 or x.shape[1] != d:
            raise ValueError(f"density() expects points of shape (n, {d}), not {x.shape}.")
        squares = sum((x[:, None, i] - self.modes[None, :, i]) ** 2 for i in range(d)) / self.std**2
        return np.exp(-squares / 2).sum(axis=1) / (k * (self.std * math.sqrt(2 * math.pi)) ** d)


def gaussian(mean: float = 0.0, std: float = 1.0) -> Mixture:
    """The normal distribution on the line: a mixture with one mode, d = 1."""
    return Mixture(np.array([[float(mean)]]), _positive(std, "std"))


def ring(modes: int = 8, radius: float = 1.0, std: float = 0.01) -> Mixture:
    """Modes at equal angles on a circle round the origin, d = 2; the first lies at (radius, 0).

    Source: Metz et al. 2017; radius and width as in Srivastava et al. 2017 (VEEGAN).
    """
    angles = 2 * math.pi * np.arange(modes) / modes  # linspace(0, 2 pi, 8) would put the last on the first
    return Mixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), _positive(std, "std"))


def grid(scale: float = 1.0, std: float = 0.05) -> Mixture:
    """The 25 modes {-4, -2, 0, 2, 4}², d = 2. `scale` shrinks or stretches everything, the width `std` too.

    Source: Srivastava et al. 2017 (VEEGAN).
    """
    line = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
    modes = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
    return Mixture(_positive(scale, "scale") * modes, scale * _positive(std, "std"))


# --- the Dirac game: one real point, one generated point ------------------------------------------------------

DIRAC_LOSSES = ("minimax", "non-saturating", "wasserstein")
DIRAC_ORDERS = ("together", "D then G", "G then D")


def dirac_field(theta: float, psi: float, loss: str = "minimax", r1: float = 0.0) -> tuple[float, float]:
    """The directions in which G moves `theta` and D moves `psi` in the Dirac game, where both step downhill.

    All real data lies at 0 and all generated data at `theta`; D's logit is psi * x, high for real, as
    everywhere in this course (the paper's D is high for generated data: its psi is our -psi). Equilibrium: (0, 0).
    `loss` is one of `DIRAC_LOSSES`; `r1` is the weight gamma of the R1 penalty, here gamma / 2 * psi².
    Raises ValueError for another loss. Source: Mescheder, Geiger, Nowozin 2018, definition 2.1.
    """
    logit = psi * theta
    if loss == "minimax":
        slope_g, slope_d = _sigmoid(logit), _sigmoid(logit)
    elif loss == "non-saturating":
        slope_g, slope_d = _sigmoid(-logit), _sigmoid(logit)
    elif loss == "wasserstein":
        slope_g, slope_d = 1.0, 1.0
    else:
        raise ValueError(f"There is no Dirac game with the loss {loss!r}: choose one of {', '.join(DIRAC_LOSSES)}.")
    return psi * slope_g, -theta * slope_d - r1 * psi


def dirac_step(
    theta: float, psi: float, rate: float = 0.2, loss: str = "minimax", r1: float = 0.0, order: str = "together"
) -> tuple[float, float]:
    """One step of gradient descent by both players of the Dirac game; returns the new (theta, psi).

    `order` is one of `DIRAC_ORDERS`: both move at once from the same place, or the second sees where the first went.
    Raises ValueError for another order, and as `dirac_field` does.
    """
    if order not in DIRAC_ORDERS:
        raise ValueError(f"There is no order {order!r}: choose one of {', '.join(DIRAC_ORDERS)}.")
    if order == "D then G":
        psi += rate * dirac_field(theta, psi, loss, r1)[1]
        return theta + rate * dirac_field(theta, psi, loss, r1)[0], psi
    if order == "G then D":
        theta += rate * dirac_field(theta, psi, loss, r1)[0]
        return theta, psi + rate * dirac_field(theta, psi, loss, r1)[1]
    move_g, move_d = dirac_field(theta, psi, loss, r1)
    return theta + rate * move_g, psi + rate * move_d


def dirac_path(
    steps: int = 500,
    start: tuple[float, float] = (1.0, -1.0),
    rate: float = 0.2,
    loss: str = "minimax",
    r1: float = 0.0,
    order: str = "together",
) -> np.ndarray:
    """The places (theta, psi) of the Dirac game, float64 (steps + 1, 2), the start first; arguments as above.

    The default start is a generated point at 1 and a D that is right about it.
    """
    places = [start]
    for _ in range(steps):
        places.append(dirac_step(*places[-1], rate, loss, r1, order))
    return np.array(places, dtype="float64")


def dirac_eigenvalues(r1: float = 0.0) -> tuple[complex, complex]:
    """The eigenvalues of the Dirac game's field at equilibrium, -r1/2 ± sqrt(r1²/4 - 1/4), larger real part first.

    They hold for the minimax and the non-saturating loss. Without the penalty they are ± i/2: the field turns and
    neither draws in nor drives out; r1 = 1 is critical damping.
    Source: Mescheder, Geiger, Nowozin 2018, with their f'(0) = 1/2.
    """
    root = cmath.sqrt(r1**2 / 4 - 1 / 4)
    return -r1 / 2 + root, -r1 / 2 - root


# --- two parallel lines ---------------------------------------------------------------------------------------


def parallel_lines(n: int, theta: float, seed: int | np.random.Generator = 0) -> tuple[np.ndarray, np.ndarray]:
    """`n` real points (0, u) and `n` generated points (theta, u), u uniform on [0, 1]: two float32 arrays (n, 2).

    Source: Arjovsky, Chintala, Bottou 2017, example 1.
    """
    rng = np.random.default_rng(seed)
    real = np.stack([np.zeros(n), rng.random(n)], axis=1)
    generated = np.stack([np.full(n, theta), rng.random(n)], axis=1)
    return real.astype("float32"), generated.astype("float32")


class LineDistances(NamedTuple):
    """How far apart two parallel lines are, by three measures: W in units of x, JSD and KL in nats."""

    wasserstein: float
    jensen_shannon: float
    kullback_leibler: float


def parallel_lines_distances(theta: float) -> LineDistances:
    """The exact distances of two parallel lines: |theta|, and log 2 and infinity unless theta is 0.

    Source: Arjovsky, Chintala, Bottou 2017, example 1.
    """
    apart = theta != 0
    return LineDistances(abs(theta), math.log(2) if apart else 0.0, math.inf if apart else 0.0)


def _sigmoid(logit: float) -> float:
    return 0.5 * (1 + math.tanh(logit / 2))  # never overflows


def _positive(value: float, name: str) -> float:
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} is {value}: it must be a positive number.")
    return float(value)
