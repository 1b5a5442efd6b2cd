"""The checks of lesson 04 accept the solutions and name the mistake in wrong answers."""

import numpy as np
import pytest

from ganlib.lessons.exercises import lesson04


@pytest.mark.parametrize(
    "check, solution",
    [
        (lesson04.steps_in_an_epoch, lambda images, batch: -(-images // batch)),
        (lesson04.steps_in_an_epoch, lambda images, batch: int(np.ceil(images / batch))),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes**2).sum(axis=1).mean()),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * np.mean(np.linalg.norm(slopes, axis=1) ** 2)),
        (lesson04.running_average, lambda average, weights, keep: keep * average + (1 - keep) * weights),
        (lesson04.running_average, lambda average, weights, keep: average + (1 - keep) * (weights - average)),
    ],
)
def test_solutions_are_accepted(check, solution, capsys):
    check(solution)
    assert capsys.readouterr().out.startswith("✓ Right: ")


@pytest.mark.parametrize(
    "check, answer, sentence",
    [
        (lesson04.steps_in_an_epoch, lambda images, batch: images // batch, "You dropped it"),
        (lesson04.steps_in_an_epoch, lambda images, batch: images // batch + 1, "one step too many"),
        (lesson04.steps_in_an_epoch, lambda images, batch: images / batch, "round up"),
        (lesson04.steps_in_an_epoch, lambda images, batch: images, "number of images"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes.mean(axis=0) ** 2).sum(), "before squaring"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes**2).mean(), "over the pixels too"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * np.linalg.norm(slopes, axis=1).mean(), "not its square"),
        (lesson04.r1, lambda slopes, gamma: gamma * (slopes**2).sum(axis=1).mean(), "yours is γ"),
        (lesson04.r1, lambda slopes, gamma: (slopes**2).sum(axis=1).mean(), "γ/2 is missing"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * np.linalg.norm(slopes, axis=1).mean() ** 2, "mean of the sq"),
        (lesson04.r1, lambda slopes, gamma: gamma / 2 * (slopes**2).sum(), "mean over images"),
        (lesson04.running_average, lambda a, w, keep: (1 - keep) * a + keep * w, "forget nearly everything"),
        (lesson04.running_average, lambda a, w, keep: keep * a + w, "add up to 1"),
        (lesson04.running_average, lambda a, w, keep: (a + w) / 2, "mean of both"),
        (lesson04.running_average, lambda a, w, keep: w, "forgot the old"),
    ],
)
def test_wrong_answers_get_the_sentence_of_their_mistake(check, answer, sentence, capsys):
    check(answer)
    printed = capsys.readouterr().out
    assert printed.startswith("✗ Not yet: ") and sentence in printed
