"""The checks of lesson 06."""

import math

import numpy as np

from ganlib.lessons import clinic, toys
from ganlib.lessons.exercises import Wrong, call, check, match


@check
def coverage(answer):
    rng = np.random.default_rng(6)
    ring = toys.ring(std=0.05)
    angles = rng.uniform(0, 2 * math.pi, 400)
    between = rng.uniform(0.5, 0.7, (400, 1)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    few = ring.sample(600, 6).astype("float64")
    few = few[np.linalg.norm(few[:, None] - ring.modes[:5], axis=2).min(axis=1) < 0.5]  # five modes of eight
    samples = np.concatenate([few, between])
    got = call(answer, samples, ring.modes, ring.std, shape=(2,))
    distances = np.linalg.norm(samples[:, None] - ring.modes, axis=2)
    least, place = distances.min(axis=1), distances.argmin(axis=1)
    near = least <= 3 * ring.std
    modes, share = len(np.unique(place[near])), near.mean()
    one = least <= ring.std
    match(
        got,
        [modes, share],
        {
            "You counted every mode that is the nearest of some sample: it also takes a sample within three standard "
            "deviations.": [len(np.unique(place)), share],
            "You took one standard deviation: the rule says three.": [len(np.unique(place[one])), one.mean()],
            "The second number is a share of all samples, not a count.": [modes, near.sum()],
            "You return the share first: the number of modes comes first.": [share, modes],
            "The second number is the share of the samples, not of the modes.": [modes, modes / len(ring.modes)],
            "Those are the samples that are far from every mode.": [modes, 1 - share],
        },
        "Count modes with a near sample, then near samples over all samples.",
        tolerance=1e-6,
    )
    return "so the papers count, and the poorest mode may still have a single sample."


@check
def damping(answer):
    for gamma in (0.3, 1.0, 3.0, 0.0):
        root = math.sqrt(max(0.0, gamma**2 / 4 - 1 / 4))
        match(
            call(answer, gamma, shape=()),
            gamma / 2 - root,
            {
                "That holds below γ = 1 only: above, the root is real, and one eigenvalue nears 0.": gamma / 2,
                "That is the fast eigenvalue: in the end the slow one decides.": gamma / 2 + root,
                "c is the rate of shrinking: minus the largest real part.": -gamma / 2 + root,
                "The radius shrinks with half of γ, not with all of it.": gamma - root,
                "The root of a negative number has no real part: below γ = 1 only γ/2 is left.": gamma / 2
                - math.sqrt(abs(gamma**2 / 4 - 1 / 4)),
            },
            f"For γ = {gamma}:",
            tolerance=1e-6,
        )
    return "more than γ = 1 damps less: a D without slope teaches nothing."


@check
def lowest(answer):
    real, fake = math.log(1 + math.exp(-1)), math.log(2)
    match(
        call(lambda: answer, shape=()),
        (real + fake) / 2,
        {
            "That is the floor of the sum: the mean is half of it.": real + fake,
            "That is half of the loss on real points: generated ones count too.": real / 2,
            "That is the loss on real points only.": real,
            "That is what a D that says 1/2 to everything pays: with two sigmoids D can do a little better.": fake,
            "That is σ(1), the highest probability; take the loss there.": 1 / (1 + math.exp(-1)),
            "A correct loss can go to 0; this one cannot.": 0.0,
        },
        "Half of the floor of the sum:",
        tolerance=1e-3,
    )
    return "a mean that stops at 0.503 is the same fault as a sum that stops at 1.006."


def cure(patient: clinic.Patient, answer: dict) -> None:
    """Check one treatment of a patient, a dictionary with one setting and its new value."""

    @check
    def treatment(answer):
        if not isinstance(answer, dict) or not all(isinstance(name, str) for name in answer):
            raise Wrong('A treatment is a dictionary with one setting, such as {"r1": 0.1}.')
        try:
            return clinic.treat(patient, **answer)
        except clinic.Refused as refused:
            raise Wrong(str(refused)) from None

    treatment(answer)
