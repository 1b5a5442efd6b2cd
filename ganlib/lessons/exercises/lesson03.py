"""Answer checks of lesson 03, Losses. Losses may be written in TensorFlow or NumPy."""

import numpy as np

from ganlib.lessons.exercises import Unanswered, Wrong, call, check, compare, match

_REAL = np.array([[2.0], [-0.5], [1.3], [0.2]])
_FAKE = np.array([[-1.0], [0.7], [-2.6], [0.4], [-0.3]])
_BATCHES = [(_REAL[:2], _FAKE[:3]), (_REAL, _FAKE[2:]), (_REAL[1:], _FAKE)]
_SURE = np.array([[800.0], [-800.0], [3.0]])


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def _kl(a: np.ndarray, b: np.ndarray) -> float:
    some = a > 0
    return float(np.sum(a[some] * np.log(a[some] / b[some])))


def right_jsd(a: np.ndarray, b: np.ndarray) -> float:
    """The Jensen–Shannon divergence of two arrays of probabilities, in nats."""
    m = (a + b) / 2
    return (_kl(a, m) + _kl(b, m)) / 2


def _d_loss(real: np.ndarray, fake: np.ndarray) -> float:
    return _softplus(-real).mean() + _softplus(fake).mean()


def _g_loss(fake: np.ndarray) -> float:
    return _softplus(-fake).mean()


@check
def discriminator_loss(answer):
    """`answer(real_logits, fake_logits)` is D's loss, the sum of two means in nats, finite for every logit."""
    mistakes = {
        "That is V, which D maximises: the loss is its negative.": lambda r, f: -_d_loss(r, f),
        "That is half of what is asked for: add the two means.": lambda r, f: _d_loss(r, f) / 2,
        "That is one mean over all images: take the mean over real and over generated images, then add the two.":
            lambda r, f: np.concatenate([_softplus(-r), _softplus(f)]).mean(),
        "That is the sum over the images: take the mean of each term, then add the two.":
            lambda r, f: _softplus(-r).sum() + _softplus(f).sum(),
        "Both labels are swapped: this D learns to call real images generated.":
            lambda r, f: _softplus(r).mean() + _softplus(-f).mean(),
        "The second term is −log D of the generated images: it should be −log(1 − D), softplus(+logit).":
            lambda r, f: _softplus(-r).mean() + _softplus(-f).mean(),
        "The first term is −log(1 − D) of the real images: it should be −log D, softplus(−logit).":
            lambda r, f: _softplus(r).mean() + _softplus(f).mean(),
        "The real images are missing.": lambda r, f: _softplus(f).mean(),
        "The generated images are missing.": lambda r, f: _softplus(-r).mean(),
        "You divide both sums by the number of real images: a mean divides by its own number.":
            lambda r, f: (_softplus(-r).sum() + _softplus(f).sum()) / len(r),
    }  # fmt: skip
    compare(answer, _BATCHES, _d_loss, mistakes, "It is the mean of softplus(−real) plus the mean of softplus(fake).")
    try:
        sure = call(answer, -_SURE, _SURE[:2], shape=())
    except Wrong:
        raise Wrong("Right for small logits, but at ±800 it is not finite: softplus takes the logit itself.") from None
    match(sure, _d_loss(-_SURE, _SURE[:2]), otherwise="Right for small logits, but off at logits of ±800.")
    return "and it stays finite at a logit of 800, where log(1 − sigmoid) is not."


@check
def generator_loss(answer):
    """`answer(fake_logits)` is the non-saturating loss of G, a mean in nats."""
    mistakes = {
        "That is the saturating loss, log(1 − D): its slope vanishes where G is worst.":
            lambda f: -_softplus(f).mean(),
        "That is −log(1 − D): minimising it teaches G to be recognised.": lambda f: _softplus(f).mean(),
        "The sign is wrong: that is log D, and minimising it makes D(G(z)) small.": lambda f: -_g_loss(f),
        "That is the sum over the batch: take the mean.": lambda f: _softplus(-f).sum(),
        "That is 1 − D: the logarithm is missing.": lambda f: np.mean(1 / (1 + np.exp(f))),
        "That is minus the mean logit: the sigmoid and its logarithm are missing.": lambda f: -f.mean(),
    }  # fmt: skip
    cases = [(_FAKE[:3],), (_FAKE,)]
    compare(answer, cases, _g_loss, mistakes, "It is the mean of −log D(G(z)), and −log sigmoid(t) = softplus(−t).")
    try:
        sure = call(answer, _SURE, shape=())
    except Wrong:
        raise Wrong("Right for small logits, but at −800 it is not finite: softplus takes the logit itself.") from None
    match(sure, _g_loss(_SURE), otherwise="Right for small logits, but off at a logit of −800.")
    return "large where D is sure that the image is generated, and so is its slope."


_DIAGNOSES = {"A": "D wins", "B": "cannot tell", "C": "G wins"}
_WHY = {
    "A": "compare D's loss with 0, the loss of a D that is right and sure.",
    "B": "2 log 2 and log 2 belong to a D that says 1/2 to all. Which two quite different games have such a D?",
    "C": "compare D's loss with 2 log 2, the loss of a coin.",
}


@check
def read_the_losses(answer):
    """`answer` maps "A", "B", "C" to "D wins", "G wins" or "cannot tell"."""
    if not isinstance(answer, dict) or set(answer) != set(_DIAGNOSES):
        raise Wrong('A dictionary is asked for: {"A": "…", "B": "…", "C": "…"}.')
    if all(value is ... for value in answer.values()):
        raise Unanswered
    for name, right in _DIAGNOSES.items():
        if answer[name] is ...:
            raise Wrong(f"{name} is not answered yet.")
        if answer[name] not in _DIAGNOSES.values():
            raise Wrong(f'{name} is {answer[name]!r}: write "D wins", "G wins" or "cannot tell".')
        if answer[name] != right:
            raise Wrong(f"Look at {name} again: {_WHY[name]}")
    return "and B is the one to remember: the same two numbers mean perfect or blind."


@check
def jensen_shannon(answer):
    """`answer(a, b)` is the Jensen–Shannon divergence, in nats, of two arrays of probabilities."""
    cases = [
        (np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])),
        (np.array([0.1, 0.2, 0.3, 0.35, 0.05]), np.array([0.3, 0.1, 0.1, 0.1, 0.4])),
    ]
    mistakes = {
        "That is KL(a‖b): compare each of the two with their mean.": _kl,
        "That is KL(b‖a): compare each of the two with their mean.": lambda a, b: _kl(b, a),
        "That is the mean of KL(a‖b) and KL(b‖a): compare each of the two with their mean instead.":
            lambda a, b: (_kl(a, b) + _kl(b, a)) / 2,
        "That is twice the divergence: take the mean of the two KL terms, not the sum.":
            lambda a, b: 2 * right_jsd(a, b),
        "That is KL(a‖m) alone: add KL(b‖m), and take the mean.": lambda a, b: _kl(a, (a + b) / 2),
        "That compares the mean with the two, KL(m‖a) and KL(m‖b): it goes the other way round.":
            lambda a, b: (_kl((a + b) / 2, a) + _kl((a + b) / 2, b)) / 2,
        "That is in bits: use the natural logarithm.": lambda a, b: right_jsd(a, b) / np.log(2),
        "That is the square root, the Jensen–Shannon *distance* (SciPy's jensenshannon returns it).":
            lambda a, b: right_jsd(a, b) ** 0.5,
        "That has the wrong sign: a divergence is never negative.": lambda a, b: -right_jsd(a, b),
        "You averaged over the entries: a KL divergence is a sum over them.": lambda a, b: right_jsd(a, b) / len(a),
    }  # fmt: skip
    compare(answer, cases, right_jsd, mistakes, "It is the mean of KL(a‖m) and KL(b‖m), where m = (a + b) / 2.")
    apart = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    try:
        got = call(answer, *apart, shape=())
    except Wrong:
        raise Wrong("It works, but not where a probability is 0: there 0 · log 0 counts as 0. See `xlogy`.") from None
    match(got, right_jsd(*apart), otherwise="It works, but not where a probability is 0.")
    return "zero for equals, and log 2 where nothing overlaps."


def _norms(gradients: np.ndarray) -> np.ndarray:
    return np.linalg.norm(gradients, axis=1)


@check
def gradient_penalty(answer):
    """`answer(gradients)` is the WGAN-GP penalty without λ; gradients have shape (batch, pixels)."""
    cases = [
        (np.array([[0.2, 0.0], [3.0, 4.0], [0.6, 0.8], [0.0, -2.0]]),),
        (np.array([[0.1, -0.2, 0.3, 0.1, 0.0], [1.0, 2.0, -1.0, 0.5, 0.2], [0.0, 0.0, 1.5, 0.0, 0.1]]),),
    ]

    def penalty(g):
        return np.mean((_norms(g) - 1) ** 2)

    mistakes = {
        "You averaged the slopes before squaring: deviations of opposite sign cancel.":
            lambda g: (_norms(g).mean() - 1) ** 2,
        "You took the norm of the mean gradient: take one norm per example.":
            lambda g: (np.linalg.norm(g.mean(axis=0)) - 1) ** 2,
        "You took one norm of the whole batch: take one per example (axis=1).": lambda g: (np.linalg.norm(g) - 1) ** 2,
        "You took norms down the columns: examples are rows (axis=1).":
            lambda g: np.mean((np.linalg.norm(g, axis=0) - 1) ** 2),
        "That is the R1 penalty, the mean of squared norms: WGAN-GP pulls the norm to 1, not to 0.":
            lambda g: np.mean(_norms(g) ** 2),
        "The root is missing: that compares the *squared* norm with 1.": lambda g: np.mean((_norms(g) ** 2 - 1) ** 2),
        "That is the mean of |norm − 1|: square it before you average.": lambda g: np.mean(np.abs(_norms(g) - 1)),
        "That is one-sided: slopes below 1 have a price too.": lambda g: np.mean(np.maximum(0, _norms(g) - 1) ** 2),
        "You compared every entry with 1: first take the norm of each row.": lambda g: np.mean((g - 1) ** 2),
        "That is the sum over the batch: take the mean.": lambda g: np.sum((_norms(g) - 1) ** 2),
        "That contains λ = 10: leave the factor out here.": lambda g: 10 * penalty(g),
    }  # fmt: skip
    compare(answer, cases, penalty, mistakes, "It is the mean over examples of (norm − 1)².")
    return "one norm per example, minus 1, squared, and only then averaged."
