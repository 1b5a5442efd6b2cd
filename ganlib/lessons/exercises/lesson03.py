"""Answer checks of lesson 03, Losses."""

import numpy as np

from ganlib.lessons.exercises import Unanswered, Wrong, call, check, match

_REAL = np.array([2.0, -0.5, 800.0, 0.3])
_FAKE = np.array([-1.0, 0.7, -3.0, -800.0])


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


def _kl(a: np.ndarray, b: np.ndarray) -> float:
    some = a > 0
    return float(np.sum(a[some] * np.log(a[some] / b[some])))


@check
def best_discriminator(answer):
    """`answer(p, q)` is the best D's probability of "real" where real and generated data have densities p and q."""
    p, q = np.array([0.1, 0.3, 0.4, 0.02]), np.array([0.3, 0.1, 0.4, 0.2])
    got = call(answer, p, q, shape=p.shape)
    mistakes = {
        "That is q / (p + q), the share of generated data: D should be high where the data is real.": q / (p + q),
        "That is the ratio p / q: it has no upper limit, and D is a probability.": p / q,
        "A factor 2 is too much: where p = q, D should say 1/2.": 2 * p / (p + q),
        "That is p alone: how rare a point is says nothing until you compare with q.": p,
        "That is the logit, log p − log q: the probability is its sigmoid.": np.log(p / q),
        "That only says which density is larger: D should say how sure it may be.": np.where(p > q, 1.0, 0.0),
    }
    match(got, p / (p + q), mistakes, "The best D is the share of real data among all data at a point.")
    return "the share of real data among all data at that point. No D can do better."


@check
def jensen_shannon(answer):
    """`answer(a, b)` is the Jensen–Shannon divergence, in nats, of two arrays of probabilities."""
    a, b = np.array([0.5, 0.3, 0.2]), np.array([0.1, 0.3, 0.6])
    m = (a + b) / 2
    right = (_kl(a, m) + _kl(b, m)) / 2
    got = call(answer, a, b, shape=())
    mistakes = {
        "That is KL(a‖b): compare each of the two with their mean.": _kl(a, b),
        "That is KL(b‖a): compare each of the two with their mean.": _kl(b, a),
        "That is the mean of KL(a‖b) and KL(b‖a): compare each of the two with their mean instead.":
            (_kl(a, b) + _kl(b, a)) / 2,
        "That is twice the divergence: take the mean of the two KL terms, not the sum.": 2 * right,
        "That is in bits: use the natural logarithm.": right / np.log(2),
        "That is the square root, the Jensen–Shannon *distance* (SciPy's jensenshannon returns it).": right**0.5,
        "That has the wrong sign: a divergence is never negative.": -right,
    }  # fmt: skip
    match(got, right, mistakes, "It is the mean of KL(a‖m) and KL(b‖m), where m = (a + b) / 2.")
    try:
        apart = call(answer, np.array([1.0, 0.0]), np.array([0.0, 1.0]), shape=())
    except Wrong:
        raise Wrong("It works, but not where a probability is 0: there 0 · log 0 counts as 0. See `xlogy`.") from None
    match(apart, np.log(2), otherwise="Two distributions without overlap should be log 2 apart.")
    return "zero for equals, and log 2 where nothing overlaps."


@check
def generator_loss(answer):
    """`answer(fake_logits)` is the non-saturating loss of G, a mean in nats."""
    got = call(answer, _FAKE[:3], shape=())
    right = _softplus(-_FAKE[:3]).mean()
    saturating = -_softplus(_FAKE[:3]).mean()
    mistakes = {
        "That is the saturating loss, log(1 − D): its slope vanishes where G is worst.": saturating,
        "That is −log(1 − D): minimising it teaches G to be recognised.": -saturating,
        "The sign is wrong: that is log D, and minimising it makes D(G(z)) small.": -right,
        "That is the sum over the batch: take the mean.": 3 * right,
        "That is 1 − D: right idea, but without the logarithm.": np.mean(1 / (1 + np.exp(_FAKE[:3]))),
    }
    match(got, right, mistakes, "The loss is the mean of −log D(G(z)), and −log sigmoid(x) = softplus(−x).")
    try:
        certain = call(answer, _FAKE, shape=())
    except Wrong:
        raise Wrong("Right for small logits, but at −800 it overflows: use np.logaddexp, no exp.") from None
    match(certain, _softplus(-_FAKE).mean(), otherwise="At a logit of −800 the loss should be about 800.")
    return "large where D is sure that the image is generated, and so is its slope."


@check
def discriminator_loss(answer):
    """`answer(real_logits, fake_logits)` is D's loss, the sum of two means in nats, finite for every logit."""
    real, fake = _REAL[:2], _FAKE[:2]
    got = call(answer, real, fake, shape=())
    right = _softplus(-real).mean() + _softplus(fake).mean()
    mistakes = {
        "That is V, which D maximises: the loss is its negative.": -right,
        "That is the mean of the two terms, half of what is asked for: add them.": right / 2,
        "That is the sum over the batch: take the mean of each term, then add the two.": 2 * right,
        "The labels are swapped: this D learns to call real images generated.":
            _softplus(real).mean() + _softplus(-fake).mean(),
        "The second term is −log D of the generated images: it should be −log(1 − D), softplus(+logit).":
            _softplus(-real).mean() + _softplus(-fake).mean(),
        "The first term is −log(1 − D) of the real images: it should be −log D, softplus(−logit).":
            _softplus(real).mean() + _softplus(fake).mean(),
        "The real images are missing.": _softplus(fake).mean(),
        "The generated images are missing.": _softplus(-real).mean(),
    }  # fmt: skip
    match(got, right, mistakes, "It is the mean of softplus(−real) plus the mean of softplus(fake).")
    try:
        certain = call(answer, -_REAL, -_FAKE, shape=())
    except Wrong:
        raise Wrong("Right for small logits, but at ±800 it is not finite: use np.logaddexp, no exp.") from None
    match(certain, _softplus(_REAL).mean() + _softplus(-_FAKE).mean(), otherwise="At logits of ±800 it is off.")
    return "and it stays finite at a logit of 800, where log(1 − sigmoid) is not."


@check
def gradient_penalty(answer):
    """`answer(gradients)` is the WGAN-GP penalty without λ; gradients have shape (batch, pixels)."""
    gradients = np.array([[0.0, 0.0], [3.0, 4.0], [0.6, 0.8], [0.0, -2.0]])
    norms = np.linalg.norm(gradients, axis=1)
    right = np.mean((norms - 1) ** 2)
    got = call(answer, np.array([[2.0, 0.0], [0.0, 0.0]]), shape=())
    if abs(got) < 1e-4:
        raise Wrong("For slopes of 2 and 0 your penalty is 0: you averaged before squaring, so they cancel.")
    got = call(answer, gradients, shape=())
    mistakes = {
        "You averaged before squaring: deviations of opposite sign cancel.": (norms.mean() - 1) ** 2,
        "You took the norm of the mean gradient: take one norm per example.":
            (np.linalg.norm(gradients.mean(axis=0)) - 1) ** 2,
        "You took one norm of the whole batch: take one per example (axis=1).": (np.linalg.norm(gradients) - 1) ** 2,
        "You took norms down the columns: examples are rows (axis=1).":
            np.mean((np.linalg.norm(gradients, axis=0) - 1) ** 2),
        "That is the R1 penalty, the mean of squared norms: WGAN-GP pulls the norm to 1, not to 0.": np.mean(norms**2),
        "The root is missing: that compares the *squared* norm with 1.": np.mean((norms**2 - 1) ** 2),
        "That is the mean of |norm − 1|: square it before you average.": np.mean(np.abs(norms - 1)),
        "That is one-sided: slopes below 1 have a price too.": np.mean(np.maximum(0, norms - 1) ** 2),
        "You compared every entry with 1: first take the norm of each row.": np.mean((gradients - 1) ** 2),
        "That is the sum over the batch: take the mean.": 4 * right,
        "That contains λ = 10: leave the factor out here.": 10 * right,
    }  # fmt: skip
    match(got, right, mistakes, "It is the mean over examples of (norm − 1)².")
    return "one norm per example, minus 1, squared, and only then averaged."


_DIAGNOSES = {"A": "D wins", "B": "cannot tell", "C": "G wins"}
_WHY = {
    "A": "D's loss is almost 0: it is right and sure. G's is large: none of its images passes.",
    "B": "these are 2 log 2 and log 2, a D that says 1/2 to all: a perfect G, or a blind D. Losses do not say which.",
    "C": "D's loss is far above 2 log 2, worse than a coin; G's is almost 0: D takes its images for real.",
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
