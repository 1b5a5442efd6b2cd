"""The answer checks of lesson 03: they accept right answers and name plausible mistakes."""

import numpy as np
import pytest
from scipy.special import xlogy

from ganlib.lessons.exercises import lesson03

softplus = lambda x: np.logaddexp(0, x)  # noqa: E731
sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731


def verdict(check, answer, capsys):
    with np.errstate(all="ignore"):
        check(answer)
    return capsys.readouterr().out


def kl(a, b):
    return np.sum(xlogy(a, a) - xlogy(a, b))


def careless_kl(a, b):
    return np.sum(a * np.log(a / b))


def jsd(a, b, kl=kl):
    m = (a + b) / 2
    return (kl(a, m) + kl(b, m)) / 2


def penalty(g):
    return np.mean((np.linalg.norm(g, axis=1) - 1) ** 2)


RIGHT = [
    (lesson03.best_discriminator, lambda p, q: p / (p + q)),
    (lesson03.best_discriminator, lambda p, q: sigmoid(np.log(p) - np.log(q))),
    (lesson03.jensen_shannon, jsd),
    (lesson03.generator_loss, lambda f: softplus(-f).mean()),
    (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(-r)) + np.mean(softplus(f))),
    (lesson03.gradient_penalty, penalty),
    (lesson03.read_the_losses, {"A": "D wins", "B": "cannot tell", "C": "G wins"}),
]
CHECKS = list(dict.fromkeys(check for check, _ in RIGHT))


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answers_pass(check, answer, capsys):
    assert verdict(check, answer, capsys).startswith("✓ Right: ")


@pytest.mark.parametrize("check", CHECKS)
def test_the_stub_is_not_answered_yet(check, capsys):
    stub = dict.fromkeys("ABC", ...) if check is lesson03.read_the_losses else lambda *_: ...
    assert verdict(check, stub, capsys).startswith("– Not answered yet")
    assert verdict(check, ..., capsys).startswith("– Not answered yet")


@pytest.mark.parametrize(
    ("check", "answer", "sentence"),
    [
        (lesson03.best_discriminator, lambda p, q: q / (p + q), "share of generated"),
        (lesson03.best_discriminator, lambda p, q: p / q, "no upper limit"),
        (lesson03.best_discriminator, lambda p, q: p, "p alone"),
        (lesson03.best_discriminator, lambda p, q: np.log(p) - np.log(q), "That is the logit"),
        (lesson03.best_discriminator, lambda p, q: (p > q) * 1.0, "which density is larger"),
        (lesson03.jensen_shannon, kl, "KL(a‖b): compare"),
        (lesson03.jensen_shannon, lambda a, b: (kl(a, b) + kl(b, a)) / 2, "mean of KL(a‖b) and KL(b‖a)"),
        (lesson03.jensen_shannon, lambda a, b: 2 * jsd(a, b), "twice"),
        (lesson03.jensen_shannon, lambda a, b: jsd(a, b) / np.log(2), "in bits"),
        (lesson03.jensen_shannon, lambda a, b: jsd(a, b) ** 0.5, "square root"),
        (lesson03.jensen_shannon, lambda a, b: jsd(a, b, careless_kl), "0 · log 0"),
        (lesson03.generator_loss, lambda f: -softplus(f).mean(), "saturating loss"),
        (lesson03.generator_loss, lambda f: softplus(f).mean(), "to be recognised"),
        (lesson03.generator_loss, lambda f: -softplus(-f).mean(), "sign is wrong"),
        (lesson03.generator_loss, lambda f: softplus(-f).sum(), "sum over the batch"),
        (lesson03.generator_loss, lambda f: -np.log(sigmoid(f)).mean(), "at −800 it overflows"),
        (lesson03.discriminator_loss, lambda r, f: -np.mean(softplus(-r)) - np.mean(softplus(f)), "D maximises"),
        (lesson03.discriminator_loss, lambda r, f: (np.mean(softplus(-r)) + np.mean(softplus(f))) / 2, "half"),
        (lesson03.discriminator_loss, lambda r, f: np.sum(softplus(-r)) + np.sum(softplus(f)), "sum over the batch"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(r)) + np.mean(softplus(-f)), "labels are swapped"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(-r)) + np.mean(softplus(-f)), "second term"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(f)), "real images are missing"),
        (
            lesson03.discriminator_loss,
            lambda r, f: -np.mean(np.log(sigmoid(r))) - np.mean(np.log(1 - sigmoid(f))),
            "at ±800 it is not finite",
        ),
        (lesson03.gradient_penalty, lambda g: (np.linalg.norm(g, axis=1).mean() - 1) ** 2, "averaged before squaring"),
        (lesson03.gradient_penalty, lambda g: (np.linalg.norm(g.mean(axis=0)) - 1) ** 2, "averaged before squaring"),
        (lesson03.gradient_penalty, lambda g: np.mean(np.sum(g**2, axis=1)), "R1 penalty"),
        (lesson03.gradient_penalty, lambda g: np.mean((np.sum(g**2, axis=1) - 1) ** 2), "root is missing"),
        (lesson03.gradient_penalty, lambda g: np.mean(np.abs(np.linalg.norm(g, axis=1) - 1)), "square it"),
        (lesson03.gradient_penalty, lambda g: (np.linalg.norm(g) - 1) ** 2, "one norm of the whole batch"),
        (lesson03.gradient_penalty, lambda g: 10 * penalty(g), "contains λ"),
        (lesson03.read_the_losses, {"A": "G wins", "B": "cannot tell", "C": "G wins"}, "Look at A again"),
        (lesson03.read_the_losses, {"A": "D wins", "B": "G wins", "C": "G wins"}, "Look at B again"),
        (lesson03.read_the_losses, {"A": "D wins", "B": "cannot tell", "C": "cannot tell"}, "Look at C again"),
        (lesson03.read_the_losses, {"A": "d wins", "B": ..., "C": ...}, "A is 'd wins'"),
        (lesson03.read_the_losses, {"A": "D wins"}, "A dictionary is asked for"),
    ],
)
def test_plausible_mistakes_are_named(check, answer, sentence, capsys):
    line = verdict(check, answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line


@pytest.mark.parametrize("check", [check for check in CHECKS if check is not lesson03.read_the_losses])
def test_what_is_no_answer_gets_a_sentence(check, capsys):
    for answer in (lambda *_: None, lambda *_: np.nan, lambda *_: 1 / 0, lambda *_: np.ones((9, 9)), 3):
        assert verdict(check, answer, capsys).startswith("✗ Not yet: ")
