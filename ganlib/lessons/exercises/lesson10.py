"""Answer checks of lesson 10, Outlook and questions: two numbers about detectors, the checklist of an experiment."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Integral, Real
from typing import Any

import numpy as np

from ganlib.lessons.exercises import Wrong, attempt, check, compare
from ganlib.lessons.ward import G_LOSSES, OUTPUTS, Setup
from ganlib.streams import say

RUNS = ("base", "change", "rival")  # the three runs of an experiment, each for every seed
EXPECTED = {"more": 1, "less": -1}  # the sign of what a plan foretells: change against base


def right_found(real, fake, alarms):
    """The share of fakes below the score that the share `alarms` of the real ones is below (high means real)."""
    return np.mean(fake < np.quantile(real, alarms))


def right_of_flagged(found, alarms, fakes):
    """The share of fakes among all flagged pictures, when the share `fakes` of all pictures is generated."""
    return fakes * found / (fakes * found + (1 - fakes) * alarms)


@check
def found(answer):
    """`answer(real, fake, alarms)` is the share of fakes found when the share `alarms` of real images is flagged."""
    rng = np.random.default_rng(0)
    cases = [
        (rng.normal(1, 1, 101), rng.normal(0, 1, 80), 0.05),
        (rng.normal(3, 2, 201), rng.normal(1, 2, 150), 0.1),
        (rng.normal(0, 1, 51), rng.normal(-4, 1, 60), 0.02),
    ]
    mistakes = {
        "You took the limit from the fakes: the alarms are false, so the limit comes from the real images.":
            lambda r, f, a: np.mean(r < np.quantile(f, a)),
        "Your limit flags nearly all real images: only the share `alarms` of them may lie below it.":
            lambda r, f, a: np.mean(f < np.quantile(r, 1 - a)),
        "That is the share of fakes that slip through: a low score means that the detector calls it a fake.":
            lambda r, f, a: np.mean(f >= np.quantile(r, a)),
        "You counted the fakes: a share is their number divided by how many there are.":
            lambda r, f, a: np.sum(f < np.quantile(r, a)),
        "You cut at a logit of 0. Where to cut, the real images say: so that `alarms` of them are flagged.":
            lambda r, f, a: np.mean(f < 0),
        "That is the limit itself: now count the fakes below it.": lambda r, f, a: np.quantile(r, a),
        "You cut at the share itself. Cut at the score that this share of the real images lies below.":
            lambda r, f, a: np.mean(f < a),
    }  # fmt: skip
    compare(answer, cases, right_found, mistakes, "Take a quantile of the real scores, and count the fakes below it.")
    return "the real images set the limit, the fakes are counted below it."


@check
def of_flagged(answer):
    """`answer(found, alarms, fakes)` is the share of fakes among all pictures that the detector flags."""
    cases = [(0.6, 0.05, 0.01), (0.9, 0.02, 0.5), (0.11, 0.05, 0.2)]
    mistakes = {
        "You weighed real and generated pictures as if there were equally many.": lambda h, a, p: h / (h + a),
        "That is the share of fakes that are found. Asked is the share of fakes among all that are flagged.":
            lambda h, a, p: h,
        "You forgot that only the share 1 − fakes of the pictures is real.": lambda h, a, p: p * h / (p * h + a),
        "That is the share of real ones among the flagged.": lambda h, a, p: (1 - p) * a / (p * h + (1 - p) * a),
        "That is how many pictures are both fake and flagged: divide by how many are flagged.": lambda h, a, p: p * h,
        "That is how many pictures are flagged: asked is the share of fakes among them.":
            lambda h, a, p: p * h + (1 - p) * a,
        "1 − alarms is the share of real pictures that pass, and `fakes` that of generated ones: you exchanged them.":
            lambda h, a, p: (1 - p) * h / ((1 - p) * h + p * a),
    }  # fmt: skip
    compare(
        answer, cases, right_of_flagged, mistakes,
        "Of all pictures, fakes · found are flagged rightly and (1 − fakes) · alarms wrongly.",
    )  # fmt: skip
    return "a rare fake drowns in false alarms."


def right_design():
    """The course's own experiment: does a very strong R1 leash cost good samples on the ring?"""
    return {
        "claim": "an R1 penalty a thousand times as strong costs good samples",
        "base": {"r1": 0.1},
        "change": {"r1": 100.0},
        "expect": "less",
        "rival": "such a penalty only slows the game down, and any slow game does the same",
        "rival_change": {"rate": 5e-4},
        "seeds": [0, 1, 2],
    }


@check
def design(answer):
    """`answer()` is the plan of an experiment on the ring: a dictionary as `right_design` returns."""
    plan = attempt(answer)
    if not isinstance(plan, dict):
        raise Wrong("design() should return the dictionary of the template.")
    missing = [name for name in right_design() if plan.get(name, ...) is ...]
    if missing:
        raise Wrong(f"There is nothing yet under {', '.join(missing)}.")
    for problem in plan_findings(plan).values():
        if problem:
            raise Wrong(problem)
    return "one change, a rival with a run of its own, and seeds enough. Now let it run."


def plan_findings(plan: Mapping[str, Any]) -> dict[str, str]:
    """What the checklist says of a plan: {what it asks for: "", or one sentence on what is wrong}. Never raises."""
    base, change, rival = (_setup(plan, "base", part) for part in ("base", "change", "rival_change"))
    differing = _differing(base, rival) if base and rival else []
    tested = len(differing) == 1 and differing != ["seed"] and rival != change
    return {
        "a claim is made in words":
            "" if _in_words(plan.get("claim")) else "Say under claim what you expect, in a sentence.",
        "exactly one setting is changed": _one_changed(base, change),
        "the direction is foretold":
            "" if _sign(plan) else "Put “more” or “less” under expect: the change, against the base.",
        "a rival explanation is named":
            "" if _in_words(plan.get("rival")) else f"Name the strongest rival in words: “{right_design()['rival']}”.",
        "the rival has a run of its own":
            "" if tested else "Put into rival_change one setting that tests the rival, and not the same change.",
        "at least three seeds":
            "" if _seeds_fit(plan.get("seeds")) else "Take at least three different seeds, and at most nine.",
    }  # fmt: skip


def checklist(plan: Mapping[str, Any], results: Mapping[str, Sequence[float]]) -> list[str]:
    """Hold an experiment against the checklist, print a line for each point, and return those that it misses.

    `results` maps each of RUNS to one number for each seed. The mean of change must lie beyond that of base, in the
    direction that the plan expects, by more than the spread, the larger of their ranges over the seeds; and so it must
    beyond that of the rival.
    """
    found = plan_findings(plan) | _result_findings(plan, results)
    for asked, problem in found.items():
        say(f"[ ] {asked}: {problem}" if problem else f"[x] {asked}")
    return [asked for asked, problem in found.items() if problem]


def margin_and_spread(ours: Sequence[float], theirs: Sequence[float], expect: str) -> tuple[float, float]:
    """How far the mean of ours lies beyond that of theirs in the expected direction, and the larger range (max − min).

    `expect` is "more" or "less"; the margin is negative where the means differ the other way. Raises KeyError for
    another word.
    """
    return EXPECTED[expect] * float(np.mean(ours) - np.mean(theirs)), float(max(np.ptp(ours), np.ptp(theirs)))


def _result_findings(plan, results) -> dict[str, str]:
    count = np.size(plan.get("seeds"))
    lengths = {name: np.sum(np.isfinite(np.asarray(results.get(name, ()), float))) for name in RUNS}
    if set(lengths.values()) != {count}:
        given = ", ".join(f"{name} has {n}" for name, n in lengths.items())
        return {"a number for each run and seed": f"Of {count} seeds, {given}."}
    found = {"a number for each run and seed": ""}
    pairs = {"the margin is larger than the spread": "base", "the rival does not do the same": "rival"}
    for asked, other in pairs.items() if _sign(plan) else ():
        margin, spread = margin_and_spread(results["change"], results[other], plan["expect"])
        way = "as foretold" if margin >= 0 else "not as foretold"
        found[asked] = "" if margin > spread else (
            f"Change and {other} are {abs(margin):.2g} apart, {way}, and seeds differ by up to {spread:.2g}."
        )  # fmt: skip
    return found


def _sign(plan: Mapping[str, Any]) -> int:
    expect = plan.get("expect")
    return EXPECTED.get(expect, 0) if isinstance(expect, str) else 0


def _in_words(text: Any) -> bool:
    return isinstance(text, str) and len(text.split()) >= 2


def _seeds_fit(seeds: Any) -> bool:
    try:
        listed = list(seeds)
    except TypeError:
        return False
    whole = all(isinstance(seed, Integral) and not isinstance(seed, bool) for seed in listed)
    return whole and 3 <= len(listed) <= 9 and len(set(listed)) == len(listed)


def _setup(plan: Mapping[str, Any], *parts: str) -> Setup | None:
    """The settings of a run: the parts of a plan, one over the other; None if they are no settings of a game."""
    settings: dict[str, Any] = {}
    try:
        for part in parts:
            settings |= plan[part]
        settings = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
        return Setup(**settings) if all(_fits(name, value) for name, value in settings.items()) else None
    except Exception:
        return None


def _fits(name: str, value: Any) -> bool:
    """Whether a setting can have this value: a word that is known, yes or no, two labels, a number from 0 on."""
    default = getattr(Setup, name)
    if isinstance(default, str):
        return value in {"loss": G_LOSSES, "output": OUTPUTS}[name]
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, tuple):
        return isinstance(value, tuple) and len(value) == 2 and bool(np.isfinite(value).all())
    number = isinstance(value, Integral if isinstance(default, int) else Real) and not isinstance(value, bool)
    return number and 0 <= value < (1 if name in ("beta_1", "ema") else np.inf)


def _differing(a: Setup, b: Setup) -> list[str]:
    return [field.name for field in fields(Setup) if getattr(a, field.name) != getattr(b, field.name)]


def _one_changed(base: Setup | None, change: Setup | None) -> str:
    if base is None or change is None:
        known = ", ".join(field.name for field in fields(Setup) if field.name != "seed")
        return f"base and change are dictionaries of settings of clinic.Setup, with values that they can have: {known}."
    names = _differing(base, change)
    if "seed" in names:
        return "The seed is no setting: it stands under seeds."
    if not names:
        return "Nothing is changed: base and change are the same game."
    return "" if len(names) == 1 else f"{len(names)} settings are changed ({', '.join(names)}): which of them did it?"
