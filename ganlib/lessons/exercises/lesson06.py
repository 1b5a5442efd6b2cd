"""The checks of lesson 06: counting modes, how fast R1 damps, and the patients."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ganlib.evaluation import metrics
from ganlib.lessons import clinic, toys
from ganlib.lessons.exercises import Wrong, check, compare


@check
def count_modes(answer: Callable) -> str:
    """`answer(samples, modes, std)`: modes with a sample within 3 std, and the share of samples within that of one."""
    compare(
        answer,
        [_samples(toys.ring(std=0.05), 5, 0.3), _samples(toys.grid(2.0), 16, 1.6)],
        _coverage,
        {
            "You counted every mode that is the nearest of some sample: it also takes a sample within three standard "
            "deviations.": lambda s, m, d: (len(np.unique(_distances(s, m).argmin(axis=1))), _coverage(s, m, d)[1]),
            "You took one standard deviation: the rule says three.": lambda s, m, d: _coverage(s, m, d / 3),
            "You took two standard deviations: the rule says three.": lambda s, m, d: _coverage(s, m, 2 * d / 3),
            "The second number is a share of all samples, not a count.": lambda s, m, d: (
                _coverage(s, m, d)[0],
                _coverage(s, m, d)[1] * len(s),
            ),
            "You return the share first: the number of modes comes first.": lambda s, m, d: _coverage(s, m, d)[::-1],
            "The second number is the share of the samples, not of the modes.": lambda s, m, d: (
                _coverage(s, m, d)[0],
                _coverage(s, m, d)[0] / len(m),
            ),
            "The second number is the share of samples that are far from every mode.": lambda s, m, d: (
                _coverage(s, m, d)[0],
                1 - _coverage(s, m, d)[1],
            ),
        },
        "Count modes with a near sample, then near samples over all samples.",
        tolerance=1e-6,
    )
    return "so the papers count, and the poorest mode may still have a single sample."


def _samples(real: toys.Mixture, kept: int, away: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Samples of the first `kept` modes, and others at a distance of about `away` from a mode, all modes, the std."""
    rng = np.random.default_rng(6)
    few = toys.Mixture(real.modes[:kept], real.std).sample(50 * kept, rng).astype("float64")
    angles, around = rng.uniform(0, 2 * math.pi, 30 * kept), real.modes[rng.integers(len(real.modes), size=30 * kept)]
    far = around + away * rng.uniform(0.9, 1.1, (30 * kept, 1)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.concatenate([few, far]), real.modes, real.std


def _distances(samples: np.ndarray, modes: np.ndarray) -> np.ndarray:
    return np.linalg.norm(samples[:, None] - modes, axis=2)


def _coverage(samples: np.ndarray, modes: np.ndarray, std: float) -> tuple[int, float]:
    found = metrics.mode_coverage(samples, modes, std)
    return found.found, found.high_quality


@check
def damping(answer: Callable) -> str:
    """`answer(gamma)`: c, when the Dirac game with R1 of weight gamma shrinks like e^(-ct)."""
    try:
        with np.errstate(invalid="ignore"):
            compare(answer, [(0.3,), (1.0,), (3.0,), (0.0,), (1.5,)], _damping, _DAMPING_MISTAKES, tolerance=1e-6)
    except Wrong as wrong:
        if "NaN or infinite" in str(wrong):
            raise Wrong("Below γ = 1 the root is of a negative number: only the real part counts.") from None
        raise
    return "more than γ = 1 damps less: one eigenvalue nears 0."


def _root(gamma: float) -> float:
    return math.sqrt(max(0.0, gamma**2 / 4 - 1 / 4))


def _damping(gamma: float) -> float:
    return gamma / 2 - _root(gamma)


_DAMPING_MISTAKES = {
    "That holds below γ = 1 only: above, the root is real, and one eigenvalue nears 0.": lambda g: g / 2,
    "That is the fast eigenvalue: in the end the slow one decides.": lambda g: g / 2 + _root(g),
    "c is the rate of shrinking: minus the largest real part.": lambda g: -_damping(g),
    "The radius shrinks with half of γ, not with all of it.": lambda g: g - _root(g),
    "The root of a negative number has no real part: below γ = 1 only γ/2 is left.": lambda g: (
        g / 2 - math.sqrt(abs(g**2 / 4 - 1 / 4))
    ),
}


def cure(patient: clinic.Patient, answer: dict) -> None:
    """Check one treatment of a patient, a dictionary with one setting and its new value."""

    @check
    def treatment(answer: dict) -> str:
        if not isinstance(answer, dict) or not all(isinstance(name, str) for name in answer):
            raise Wrong('A treatment is a dictionary with one setting, such as {"r1": 0.1}.')
        try:
            return clinic.treat(patient, **answer)
        except clinic.Refused as refused:
            raise Wrong(str(refused)) from None

    treatment(answer)


def round_of(patients: Sequence[clinic.Patient], treatments: Mapping[int, dict]) -> None:
    """Check the treatments of several patients, by their numbers: one line for each patient."""
    if not isinstance(treatments, Mapping):
        print("✗ Not yet: treatments is a dictionary from a patient's number to a treatment.")
        return
    for number in treatments:
        if number not in {patient.number for patient in patients}:
            print(f"✗ Not yet: there is no patient {number!r}.")
    for patient in patients:
        print(f"Patient {patient.number}  ", end="")
        cure(patient, treatments.get(patient.number, ...))
