"""The checks of lesson 10 accept right answers and name the mistake in wrong ones; the checklist finds each fault."""

import numpy as np
import pytest

from ganlib.lessons.exercises import lesson10


def found_by_sorting(real, fake, alarms):
    limit = np.sort(real)[round(alarms * (len(real) - 1))]
    return sum(score < limit for score in fake) / len(fake)


def by_counting(found, alarms, fakes):
    flagged = [10_000 * fakes * found, 10_000 * (1 - fakes) * alarms]
    return flagged[0] / sum(flagged)


def planned(**changes):
    plan = {**lesson10.right_design(), **changes}
    return lambda: plan


@pytest.mark.parametrize(
    "check, solution",
    [
        (lesson10.found, lesson10.right_found),
        (lesson10.found, found_by_sorting),
        (lesson10.found, lambda r, f, a: 1 - np.mean(f >= np.percentile(r, 100 * a))),
        (lesson10.of_flagged, lesson10.right_of_flagged),
        (lesson10.of_flagged, by_counting),
        (lesson10.of_flagged, lambda h, a, p: 1 / (1 + (1 - p) * a / (p * h))),
        (lesson10.design, lesson10.right_design),
        (lesson10.design, planned(change={"beta_1": 0.9}, seeds=(3, 4, 5, 6), base={})),
        (lesson10.design, planned(seeds=range(3), rival="it is slower")),
        (lesson10.design, planned(seeds=np.arange(3), change={"labels": [0.9, 0.0]}, expect="more")),
        (lesson10.design, planned(base={"r1": 1.0, "rate": 2e-3}, change={"r1": 0.0}, rival_change={"decay": True})),
    ],
)
def test_right_answers_are_accepted(check, solution, capsys):
    check(solution)
    assert capsys.readouterr().out.startswith("✓ Right: ")


@pytest.mark.parametrize(
    "check, answer, sentence",
    [
        (lesson10.found, lambda r, f, a: np.mean(r < np.quantile(f, a)), "took the limit from the fakes"),
        (lesson10.found, lambda r, f, a: np.mean(f < np.quantile(r, 1 - a)), "flags nearly all real"),
        (lesson10.found, lambda r, f, a: np.mean(f > np.quantile(r, a)), "slip through"),
        (lesson10.found, lambda r, f, a: np.sum(f < np.quantile(r, a)), "counted the fakes"),
        (lesson10.found, lambda r, f, a: np.mean(f < 0), "a logit of 0"),
        (lesson10.found, lambda r, f, a: np.quantile(r, a), "the limit itself"),
        (lesson10.found, lambda r, f, a: np.mean(f < a), "at the share itself"),
        (lesson10.found, lambda r, f, a: np.mean(f < np.quantile(r, 0.05)), "fixed in your code"),
        (lesson10.found, lambda r, f, a: f < np.quantile(r, a), "has shape (80,)"),
        (lesson10.of_flagged, lambda h, a, p: h / (h + a), "equally many"),
        (lesson10.of_flagged, lambda h, a, p: h, "share of fakes that are found"),
        (lesson10.of_flagged, lambda h, a, p: p * h / (p * h + a), "only the share 1 − fakes"),
        (lesson10.of_flagged, lambda h, a, p: 1 - p * h / (p * h + (1 - p) * a), "share of real ones"),
        (lesson10.of_flagged, lambda h, a, p: p * h, "both fake and flagged"),
        (lesson10.of_flagged, lambda h, a, p: p * h + (1 - p) * a, "how many pictures are flagged"),
        (lesson10.of_flagged, lambda h, a, p: 0.1, "is not right"),
        (lesson10.design, lambda: None, "return the dictionary"),
        (lesson10.design, planned(rival=...), "nothing yet under rival"),
        (lesson10.design, planned(change={"r1": 100.0, "rate": 0.01}), "2 settings are changed (rate, r1)"),
        (lesson10.design, planned(change={"r1": 0.1}), "Nothing is changed"),
        (lesson10.design, planned(change={"r2": 1.0}), "are dictionaries of settings of clinic.Setup"),
        (lesson10.design, planned(change={"r1": "strong"}), "are dictionaries of settings of clinic.Setup"),
        (lesson10.design, planned(change="r1"), "are dictionaries of settings of clinic.Setup"),
        (lesson10.design, planned(change={"seed": 5}), "The seed is no setting"),
        (lesson10.design, planned(rival="luck"), "Name the strongest rival in words"),
        (lesson10.design, planned(rival_change={}), "Put into rival_change one setting"),
        (lesson10.design, planned(rival_change={"r1": 100.0}), "Put into rival_change one setting"),
        (lesson10.design, planned(rival_change={"rate": 0.01, "decay": True}), "Put into rival_change one setting"),
        (lesson10.design, planned(claim=""), "Say under claim"),
        (lesson10.design, planned(claim=3), "Say under claim"),
        (lesson10.design, planned(claim=None), "Say under claim"),
        (lesson10.design, planned(expect="worse"), "Put “more” or “less” under expect"),
        (lesson10.design, planned(expect=np.array(["more"])), "Put “more” or “less” under expect"),
        (lesson10.design, planned(rival=np.array(["a", "b"])), "Name the strongest rival in words"),
        (lesson10.design, planned(rival_change={"seed": 4}), "Put into rival_change one setting"),
        (lesson10.design, planned(change={"loss": "foo"}), "with values that they can have"),
        (lesson10.design, planned(change={"rate": -1.0}), "with values that they can have"),
        (lesson10.design, planned(change={"rate": np.nan}), "with values that they can have"),
        (lesson10.design, planned(change={"labels": (1.0, 0.0, 0.5)}), "with values that they can have"),
        (lesson10.design, planned(change={"ema": 1.0}), "with values that they can have"),
        (lesson10.design, planned(change={"labels": [0.9, 0.0]}, rival_change={"labels": (0.9, 0.0)}), "not the same"),
        (lesson10.design, planned(seeds=[True, False, 2]), "at least three different seeds"),
        (lesson10.design, planned(seeds=[0, 0, 1, 2]), "at least three different seeds"),
        (lesson10.design, planned(seeds=range(100)), "at most nine"),
        (lesson10.design, planned(seeds=[0, 1]), "at least three different seeds"),
        (lesson10.design, planned(seeds=[1, 1, 1]), "at least three different seeds"),
        (lesson10.design, planned(seeds=3), "at least three different seeds"),
        (lesson10.design, {"claim": "x"}, "A function is asked for"),
    ],
)
def test_wrong_answers_get_the_sentence_of_their_mistake(check, answer, sentence, capsys):
    with np.errstate(all="ignore"):
        check(answer)
    line = capsys.readouterr().out
    assert line.startswith("✗ Not yet: ") and sentence in line and line.count("\n") == 1


GOOD = {"base": [0.80, 0.79, 0.81], "change": [0.50, 0.53, 0.49], "rival": [0.78, 0.77, 0.76]}


def test_a_good_experiment_passes_every_point(capsys):
    assert lesson10.checklist(lesson10.right_design(), GOOD) == []
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 9 and all(line.startswith("[x] ") for line in lines)


@pytest.mark.parametrize(
    "changes, results, missed",
    [
        ({}, {**GOOD, "change": [0.75, 0.95, 0.60]}, ["the margin is larger than the spread"]),
        ({}, {**GOOD, "rival": [0.52, 0.50, 0.51]}, ["the rival does not do the same"]),
        ({"expect": "more"}, GOOD, ["the margin is larger than the spread", "the rival does not do the same"]),
        ({}, {**GOOD, "rival": [0.11, 0.10, 0.12]}, ["the rival does not do the same"]),
        ({"expect": ""}, GOOD, ["the direction is foretold"]),
        ({}, {**GOOD, "rival": [0.5]}, ["a number for each run and seed"]),
        ({}, {**GOOD, "base": [0.8, np.nan, 0.8]}, ["a number for each run and seed"]),
        ({}, {}, ["a number for each run and seed"]),
        ({"seeds": [0]}, {name: row[:1] for name, row in GOOD.items()}, ["at least three seeds"]),
        ({"seeds": 3}, GOOD, ["at least three seeds", "a number for each run and seed"]),
        ({"rival": ""}, GOOD, ["a rival explanation is named"]),
        ({"change": {"r1": 1.0, "ema": 0.9}}, GOOD, ["exactly one setting is changed"]),
    ],
)
def test_the_checklist_finds_what_is_missing(changes, results, missed, capsys):
    found = lesson10.checklist({**lesson10.right_design(), **changes}, results)
    assert [point for point in missed if point not in found] == []
    lines = capsys.readouterr().out.splitlines()
    assert [line[4:].split(":")[0] for line in lines if line.startswith("[ ] ")] == found


def test_one_seed_never_has_a_spread_and_so_fails_by_the_seeds():
    plan = {**lesson10.right_design(), "seeds": [0]}
    assert lesson10.plan_findings(plan)["at least three seeds"]


def test_a_false_belief_is_refused_and_told_which_way_it_went(capsys):
    results = {"base": [0.80] * 3, "change": [0.51] * 3, "rival": [0.79] * 3}
    missed = lesson10.checklist({**lesson10.right_design(), "expect": "more"}, results)
    assert missed == ["the margin is larger than the spread", "the rival does not do the same"]
    assert "Change and base are 0.29 apart, not as foretold" in capsys.readouterr().out


def test_margin_is_signed_by_what_is_expected_and_spread_is_the_larger_range():
    assert lesson10.margin_and_spread([1, 2, 3], [10, 10, 16], "less") == (10.0, 6.0)
    assert lesson10.margin_and_spread([1, 2, 3], [10, 10, 16], "more") == (-10.0, 6.0)
    with pytest.raises(KeyError):
        lesson10.margin_and_spread([1], [2], "other")
