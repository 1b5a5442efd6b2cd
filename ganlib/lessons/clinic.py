"""The failure clinic of lesson 06: signs of illness, and patients with one hidden fault each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ganlib.data import smoke
from ganlib.evaluation import metrics
from ganlib.lessons import toys
from ganlib.lessons.ward import G_LOSSES, OUTPUTS, Setup, Ward, train

# --- signs of illness, each one measurement -------------------------------------------------------------------

RING = toys.ring(std=0.05)  # what the clinic's patients should learn: the papers' ring, five times as wide


class Health(NamedTuple):
    """Of 2,500 samples: `modes` found, `near` = the share near a mode, `least` = the share that the poorest mode gets.

    A healthy mode of the ring gets 1/8 = 0.125.
    """

    modes: int
    near: float
    least: float

    @property
    def well(self) -> bool:
        """All eight modes, none of them with less than a quarter of its share, and 40 % of the samples near one."""
        return self.modes == 8 and self.near > 0.4 and self.least > 0.03


def health(ward: Ward, real: toys.Mixture = RING) -> list[Health]:
    """How well every generator of a ward does, by VEEGAN's rule (3 standard deviations); 0 if it has diverged."""
    results = []
    for samples in ward.samples:
        if not np.isfinite(samples).all():
            results.append(Health(0, 0.0, 0.0))
            continue
        found = metrics.mode_coverage(samples, real.modes, real.std)
        nearest = np.linalg.norm(samples[:, None] - real.modes, axis=2).argmin(axis=1)
        shares = np.bincount(nearest, minlength=len(real.modes)) / len(samples)
        results.append(Health(found.found, found.high_quality, float(shares.min())))
    return results


# --- the drills -----------------------------------------------------------------------------------------------


class Refused(ValueError):
    """A treatment that does not cure; the text is one sentence for the learner."""


class Fault(NamedTuple):
    """One fault: the setting that holds it, its value, how its sign reads, and what finds the sign in a ward."""

    setting: str
    value: object
    sign: str
    there: Callable[[Ward], bool]  # of a ward whose last patient is healthy, all others treated


def _steps_of_d(ward: Ward) -> np.ndarray:
    """How far D's weights move in a step, in units of the healthy patient, which is the last of the ward."""
    moved = ward.history["d_change"].mean(axis=0)
    return moved[:-1] / moved[-1]


def _at_end(ward: Ward, name: str) -> np.ndarray:
    return ward.history[name][-1, :-1]


def _in_sigmoids_range(ward: Ward) -> bool:
    opinions = np.stack([ward.history[name][:, :-1] for name in ("d_real", "d_fake")])
    return bool(((opinions >= 0.5) & (opinions <= 0.7311)).all(axis=(0, 1)).any())


FAULTS = (
    Fault("labels", (0.0, 1.0), "D rates generated points higher than real ones",
          lambda ward: bool((_at_end(ward, "d_fake") > _at_end(ward, "d_real")).any())),
    Fault("d_trainable", False, "D's weights do not move at all", lambda ward: bool((_steps_of_d(ward) == 0).any())),
    Fault("sigmoids", 2, "all of D's mean opinions lie between 0.5 and 0.731, the range of a sigmoid of a sigmoid",
          _in_sigmoids_range),
    Fault("rate", 5e-2, "D's weights take steps more than ten times as long as in a healthy game",
          lambda ward: bool((_steps_of_d(ward) > 10).any())),
    Fault("output", "sigmoid", "no generated coordinate is above 1, and one real point in eight has such a one",
          lambda ward: bool((ward.samples[:-1].max(axis=(1, 2)) <= 1).any())),
    Fault("d_speed", 0.02, "D's weights move less than a tenth as far in a step as in a healthy game",
          lambda ward: bool((_steps_of_d(ward) < 0.1).any())),
    Fault("noise", 0.0, "all generated points lie within 0.05 of each other",
          lambda ward: bool((np.ptp(ward.samples[:-1], axis=1).max(axis=1) < 0.05).any())),
)  # fmt: skip


def _number(value: object, least: float = -np.inf, below: float = np.inf) -> bool:
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return real and bool(np.isfinite(value)) and least <= value < below


def _pair(value: object) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(_number(v, 0) and v <= 1 for v in value)


def _yes_or_no(value: object) -> bool:
    return isinstance(value, bool | np.bool_)


POSSIBLE: dict[str, tuple[Callable[[object], bool], str]] = {
    "rate": (lambda v: _number(v, 0) and v > 0, "a number above 0"),
    "d_speed": (lambda v: _number(v, 0), "a number, 0 or more"),
    "beta_1": (lambda v: _number(v, 0, 1), "a number from 0 to less than 1"),
    "adam": (_yes_or_no, "True or False"),
    "labels": (_pair, "two numbers from 0 to 1, for real and for generated points"),
    "sigmoids": (lambda v: _number(v) and v in (1, 2), "1 or 2"),
    "d_trainable": (_yes_or_no, "True or False"),
    "output": (lambda v: isinstance(v, str) and v in OUTPUTS, f"one of {', '.join(map(repr, OUTPUTS))}"),
    "noise": (_number, "a number"),
    "loss": (lambda v: isinstance(v, str) and v in G_LOSSES, f"one of {', '.join(map(repr, G_LOSSES))}"),
    "r1": (lambda v: _number(v, 0), "a number, 0 or more"),
    "decay": (_yes_or_no, "True or False"),
    "d_ahead": (lambda v: _number(v, 0) and v == int(v), "a whole number, 0 or more"),
    "ema": (lambda v: _number(v, 0, 1), "a number from 0 to less than 1"),
}  # all settings of a Setup that a treatment may change, and their values in words


class Patient:
    """A training set-up with one hidden fault. `clinic.examine` trains it, `treat` gives it one treatment."""

    def __init__(self, number: int, fault: Fault, seed: int):
        self.number, self._fault, self.seed = number, fault, seed

    def __repr__(self) -> str:
        return f"Patient {self.number}: one setting is wrong. clinic.examine shows the signs."

    def setup(self, **changes) -> Setup:
        """The patient's set-up with some settings changed."""
        return replace(Setup(seed=self.seed), **{self._fault.setting: self._fault.value, **changes})


def patient(n: int, seed: int = 0) -> Patient:
    """Patient `n`, from 1 to 7: a set-up with one hidden fault, for every n of a seed another.

    Raises ValueError for another n.
    """
    if not 1 <= n <= len(FAULTS):
        raise ValueError(f"There is no patient {n}: n goes from 1 to {len(FAULTS)}.")
    order = np.random.default_rng([seed, 6]).permutation(len(FAULTS))
    return Patient(n, FAULTS[order[n - 1]], seed)


def examine(patients: Sequence[Patient], steps: int = 2000, **changes) -> Ward:
    """Train patients as they are; `changes` are settings for a test, such as steps=600, d_ahead=600: D alone."""
    return train([each.setup(**changes) for each in patients], RING, steps)


def treat(patient: Patient, **change) -> str:
    """Train a patient with one setting changed, from two seeds, beside a healthy one; return what has become of it.

    Raises Refused, with a sentence, for more than one change, a change of nothing, an impossible value, a patient who
    is not well afterwards, and a patient who looks well while the sign of the fault can still be measured.
    """
    name, value = _one_change(patient, change)
    treated = patient.setup(**{name: value})
    setups = [replace(treated, seed=seed) for seed in (patient.seed, patient.seed + 100)]
    ward = train([*setups, Setup(seed=patient.seed)], RING)
    found, fault = health(ward)[:2], patient._fault
    well, right = all(result.well for result in found), name == fault.setting
    if smoke() and right:  # a few steps make nobody well
        well, there = True, False
    else:
        there = fault.there(ward)
    if well and not there:
        how = f"it was {fault.setting}." if right else f"the fault is in another setting, but {name} makes up for it."
        return f"{how} {_report(found)}"
    gone = f"The sign is gone (it was: {fault.sign}), and the patient is not well."
    sign = f"And still {fault.sign}." if there else gone
    if right:
        raise Refused(f"That is the right setting, and {value!r} does not cure: {_report(found)} {sign}")
    if well:
        raise Refused(f"It looks well now, but you treated the symptom. {sign}")
    raise Refused(f"Not cured: {_report(found)} {sign}")


def _one_change(patient: Patient, change: dict) -> tuple[str, object]:
    """The one setting that a treatment changes, and its value; Refused for everything else."""
    for name in change:
        if name not in POSSIBLE:
            raise Refused(f"There is no setting {name!r}: choose one of {', '.join(POSSIBLE)}.")
    if len(change) != 1:
        raise Refused(f"You changed {len(change)} settings: change one, or nobody will know what helped.")
    ((name, value),) = change.items()
    possible, words = POSSIBLE[name]
    if not possible(value):
        raise Refused(f"{name} cannot be {value!r:.60}: it is {words}.")
    value = tuple(value) if name == "labels" else value
    if value == getattr(patient.setup(), name):
        raise Refused(f"{name} is {value!r} already: nothing has changed.")
    return name, value


def _report(found: list[Health]) -> str:
    rows = enumerate(found, start=1)
    return " ".join(f"Training {i}: {r.modes} of 8 modes, {r.near:.0%} near a mode." for i, r in rows)
