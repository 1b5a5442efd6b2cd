"""The answer checks of lesson 03: they accept right answers, in NumPy and TensorFlow, and name plausible mistakes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.spatial.distance import jensenshannon
from scipy.special import xlogy

from ganlib import losses
from ganlib.lessons.exercises import lesson03
from ganlib.lessons.exercises.tensors import use_in_training

softplus = lambda x: np.logaddexp(0, x)  # noqa: E731
sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
entropy = keras.losses.BinaryCrossentropy(from_logits=True)


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


def jsd_in_place(a, b):
    m = a.copy()
    m += b
    m /= 2
    a[:] = xlogy(a, a) - xlogy(a, m)
    b[:] = xlogy(b, b) - xlogy(b, m)
    a += b
    return a.sum() / 2


def penalty(g):
    return np.mean((np.linalg.norm(g, axis=1) - 1) ** 2)


def penalty_in_place(g):
    g **= 2
    lengths = np.sqrt(g.sum(axis=1))
    lengths -= 1
    lengths *= lengths
    return lengths.mean()


def d_loss_in_place(real, fake):
    real *= -1
    return np.logaddexp(0, real, out=real).mean() + np.logaddexp(0, fake, out=fake).mean()


def g_loss_in_place(fake):
    np.negative(fake, out=fake)
    return np.logaddexp(0, fake, out=fake).mean()


RIGHT = [
    (lesson03.discriminator_loss, losses.discriminator_loss),
    (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(-r)) + np.mean(softplus(f))),
    (lesson03.discriminator_loss, lambda r, f: entropy(tf.ones_like(r), r) + entropy(tf.zeros_like(f), f)),
    (lesson03.discriminator_loss, lambda r, f: -tf.reduce_mean(tf.math.log_sigmoid(r)) + softplus(f).sum() / len(f)),
    (lesson03.discriminator_loss, d_loss_in_place),
    (lesson03.generator_loss, losses.non_saturating_generator_loss),
    (lesson03.generator_loss, lambda f: softplus(-f).mean()),
    (lesson03.generator_loss, lambda f: entropy(tf.ones_like(f), f)),
    (lesson03.generator_loss, g_loss_in_place),
    (lesson03.jensen_shannon, jsd),
    (lesson03.jensen_shannon, lambda a, b: jensenshannon(a, b) ** 2),
    (lesson03.jensen_shannon, lambda a, b: (xlogy(a, a) + xlogy(b, b) - xlogy(a + b, (a + b) / 2)).sum() / 2),
    (lesson03.jensen_shannon, jsd_in_place),
    (lesson03.gradient_penalty, penalty),
    (lesson03.gradient_penalty, losses.wgan_gp_penalty),
    (lesson03.gradient_penalty, lambda g: sum((np.sqrt(row @ row) - 1) ** 2 for row in g) / len(g)),
    (lesson03.gradient_penalty, penalty_in_place),
    (lesson03.read_the_losses, {"A": "D wins", "B": "cannot tell", "C": "G wins"}),
]
CHECKS = list(dict.fromkeys(check for check, _ in RIGHT))
FUNCTIONS = [check for check in CHECKS if check is not lesson03.read_the_losses]


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
        (lesson03.discriminator_loss, lambda r, f: -np.mean(softplus(-r)) - np.mean(softplus(f)), "D maximises"),
        (lesson03.discriminator_loss, lambda r, f: (np.mean(softplus(-r)) + np.mean(softplus(f))) / 2, "half"),
        (lesson03.discriminator_loss, lambda r, f: np.mean([*softplus(-r), *softplus(f)]), "one mean over all images"),
        (lesson03.discriminator_loss, lambda r, f: np.sum(softplus(-r)) + np.sum(softplus(f)), "sum over the images"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(r)) + np.mean(softplus(-f)), "labels are swapped"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(-r)) + np.mean(softplus(-f)), "second term"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(r)) + np.mean(softplus(f)), "first term"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(f)), "real images are missing"),
        (lesson03.discriminator_loss, lambda r, f: np.mean(softplus(-r)), "generated images are missing"),
        (
            lesson03.discriminator_loss,
            lambda r, f: (softplus(-r).sum() + softplus(f).sum()) / len(r),
            "number of real images",
        ),
        (
            lesson03.discriminator_loss,
            lambda r, f: -np.mean(np.log(sigmoid(r))) - np.mean(np.log(1 - sigmoid(f))),
            "at ±800 it is not finite",
        ),
        (lesson03.generator_loss, lambda f: -softplus(f).mean(), "saturating loss"),
        (lesson03.generator_loss, lambda f: softplus(f).mean(), "to be recognised"),
        (lesson03.generator_loss, lambda f: -softplus(-f).mean(), "sign is wrong"),
        (lesson03.generator_loss, lambda f: softplus(-f).sum(), "sum over the batch"),
        (lesson03.generator_loss, lambda f: (1 - sigmoid(f)).mean(), "logarithm is missing"),
        (lesson03.generator_loss, lambda f: -f.mean(), "minus the mean logit"),
        (lesson03.generator_loss, lambda f: -np.log(sigmoid(f)).mean(), "at −800 it is not finite"),
        (lesson03.generator_loss, lambda f: softplus(-f).sum() / 3, "is a size or a value fixed"),
        (lesson03.jensen_shannon, kl, "KL(a‖b): compare"),
        (lesson03.jensen_shannon, lambda a, b: kl(b, a), "KL(b‖a): compare"),
        (lesson03.jensen_shannon, lambda a, b: (kl(a, b) + kl(b, a)) / 2, "mean of KL(a‖b) and KL(b‖a)"),
        (lesson03.jensen_shannon, lambda a, b: 2 * jsd(a, b), "twice"),
        (lesson03.jensen_shannon, lambda a, b: kl(a, (a + b) / 2), "KL(a‖m) alone"),
        (lesson03.jensen_shannon, lambda a, b: jsd(a, b) / np.log(2), "in bits"),
        (lesson03.jensen_shannon, lambda a, b: jsd(a, b) ** 0.5, "square root"),
        (lesson03.jensen_shannon, lambda a, b: jsd(a, b, careless_kl), "0 · log 0"),
        (lesson03.gradient_penalty, lambda g: (np.linalg.norm(g, axis=1).mean() - 1) ** 2, "slopes before squaring"),
        (lesson03.gradient_penalty, lambda g: (np.linalg.norm(g.mean(axis=0)) - 1) ** 2, "norm of the mean gradient"),
        (lesson03.gradient_penalty, lambda g: np.mean(np.sum(g**2, axis=1)), "R1 penalty"),
        (lesson03.gradient_penalty, lambda g: np.mean((np.sum(g**2, axis=1) - 1) ** 2), "root is missing"),
        (lesson03.gradient_penalty, lambda g: np.mean(np.abs(np.linalg.norm(g, axis=1) - 1)), "square it"),
        (lesson03.gradient_penalty, lambda g: (np.linalg.norm(g) - 1) ** 2, "one norm of the whole batch"),
        (lesson03.gradient_penalty, lambda g: 10 * penalty(g), "contains λ"),
        (lesson03.gradient_penalty, lambda g: penalty(g) * len(g), "sum over the batch"),
        (lesson03.gradient_penalty, lambda g: penalty(g) * len(g) / 4, "is a size or a value fixed"),
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


@pytest.mark.parametrize("check", FUNCTIONS)
def test_what_is_no_answer_gets_a_sentence(check, capsys):
    for answer in (lambda *_: None, lambda *_: np.nan, lambda *_: 1 / 0, lambda *_: np.ones((9, 9)), 3):
        assert verdict(check, answer, capsys).startswith("✗ Not yet: ")


@pytest.mark.parametrize("check", FUNCTIONS)
def test_a_wrong_number_is_not_told_the_right_one(check, capsys):
    line = verdict(check, lambda *_: 0.123, capsys)
    assert "0.123" in line and "should be" not in line


def test_a_training_takes_the_answer_only_if_it_is_right_and_has_a_gradient(capsys):
    ours, logits = losses.non_saturating_generator_loss, np.array([[1.0], [-2.0]])

    def chosen(answer):
        return use_in_training(lesson03.generator_loss, answer, ours, logits)

    right = lambda f: tf.reduce_mean(tf.nn.softplus(-f))  # noqa: E731
    assert chosen(right) is right
    assert chosen(lambda f: ...) is ours
    assert chosen(lambda f: tf.reduce_mean(tf.nn.softplus(f))) is ours
    capsys.readouterr()
    for without in (lambda f: np.logaddexp(0, -f).mean(), lambda f: tf.reduce_mean(tf.nn.softplus(-np.asarray(f)))):
        assert chosen(without) is ours
        assert "no gradient" in capsys.readouterr().out
