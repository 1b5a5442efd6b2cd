"""Answer checks of lesson 09, Sound and text."""

import numpy as np

from ganlib.lessons.exercises import check, compare
from ganlib.lessons.text import string_scores


def right_likeness(wave, lag):
    """How much a wave is like itself `lag` samples later: 1 for an exact repetition, whatever its loudness."""
    early, late = wave[:-lag], wave[lag:]
    return np.sum(early * late) / np.sqrt(np.sum(early**2) * np.sum(late**2))


def right_estimates(drawn, reward, p):
    """The REINFORCE estimate of the gradient in the logits for each draw, shape (draws, letters)."""
    return reward[:, None] * (drawn - p)


def right_shares(sample, valid, seen):
    """The shares valid, cover and new of a sample of strings."""
    return string_scores(sample, valid, seen)


@check
def likeness(answer):
    """`answer(wave, lag)` is the autocorrelation of a wave at a lag, divided by the energies of both stretches."""
    rng = np.random.default_rng(0)
    cases = [
        (np.sin(np.arange(90) / 3) * np.exp(-np.arange(90) / 30), 19),
        (rng.normal(size=40) + 0.3, 7),
        (3 * rng.normal(size=64), 40),
    ]
    mistakes = {
        "You did not divide: a louder sound must not be more like itself.": lambda w, k: np.sum(w[:-k] * w[k:]),
        "You averaged the products: divide by the energies, so that loudness drops out.":
            lambda w, k: np.mean(w[:-k] * w[k:]),
        "You divided by the energy of the whole wave. Each of the two stretches is shorter, and has its own.":
            lambda w, k: np.sum(w[:-k] * w[k:]) / np.sum(w**2),
        "The root is missing: the product of two energies is a square.":
            lambda w, k: np.sum(w[:-k] * w[k:]) / (np.sum(w[:-k] ** 2) * np.sum(w[k:] ** 2)),
        "You divided by the energy of the early stretch alone: a sound that dies away then seems unlike itself.":
            lambda w, k: np.sum(w[:-k] * w[k:]) / np.sum(w[:-k] ** 2),
        "You divided by the energy of the late stretch alone.":
            lambda w, k: np.sum(w[:-k] * w[k:]) / np.sum(w[k:] ** 2),
        "np.roll brings the end of the wave round to its beginning: cut the wave instead.":
            lambda w, k: np.sum(w * np.roll(w, -k)) / np.sum(w**2),
        "You took the means away first (np.corrcoef does). A wave swings about 0 already: multiply it as it is.":
            lambda w, k: np.corrcoef(w[:-k], w[k:])[0, 1],
    }  # fmt: skip
    otherwise = "Sum the products of early and late stretch; divide by the root of the product of their energies."
    compare(answer, cases, right_likeness, mistakes, otherwise)
    return "1 means that the sound repeats itself after that lag, however loud it is and however it dies away."


@check
def estimates(answer):
    """`answer(drawn, reward, p)` is one estimate of the gradient for each draw, shape (draws, letters)."""
    rng = np.random.default_rng(0)

    def case(draws, letters):
        p = rng.dirichlet(np.ones(letters))
        return np.eye(letters)[rng.integers(letters, size=draws)], rng.normal(size=draws), p

    mistakes = {
        "The reward does not come in: a letter that D likes must pull harder.": lambda d, r, p: d - p,
        "The slope of log p is missing its second part: raising one logit lowers all other probabilities.":
            lambda d, r, p: r[:, None] * d,
        "The sign is the other way round: the reward is to grow.": lambda d, r, p: r[:, None] * (p - d),
        "You averaged: return one estimate for each draw, for their spread counts, too.":
            lambda d, r, p: np.tile((r[:, None] * (d - p)).mean(axis=0), (len(d), 1)),
        "You divided by p: that is the slope of log p in the probability, and the logits are asked for.":
            lambda d, r, p: r[:, None] * d / p,
        "You multiplied by p once more: draws with a small p are rare already.":
            lambda d, r, p: r[:, None] * p * (d - p),
        "You took the mean reward away. That helps, and comes later; here the plain estimate is asked for.":
            lambda d, r, p: (r - r.mean())[:, None] * (d - p),
    }  # fmt: skip
    sizes = ((6, 4), (9, 3))
    shape_free = _either_shape(answer, sizes)
    compare(
        shape_free, [case(*size) for size in sizes], right_estimates, mistakes,
        "For each draw, the reward times the slope of log p of the drawn letter: its one-hot row less p.",
    )  # fmt: skip
    return "right on average, whatever D's answer looks like; how far off each one is comes next."


def _either_shape(answer, sizes):
    """An answer of a mean (letters,) is repeated for every draw, so that it gets the sentence of its mistake."""
    if not callable(answer):
        return answer

    def repeated(drawn, reward, p):
        value = answer(drawn, reward, p)
        shape = np.shape(value)
        return np.tile(value, (len(drawn), 1)) if shape == (drawn.shape[1],) else value

    repeated.__name__ = getattr(answer, "__name__", "your function")
    return repeated


def _change(place, value):
    def mistaken(sample, valid, seen):
        found = list(string_scores(sample, valid, seen))
        found[place] = value(sample, valid, seen)
        return found

    return mistaken


MISTAKEN_SHARES = {
    "valid: you counted each string once. Of two equal strings both count.":
        _change(0, lambda s, v, t: len(set(s) & v) / len(s)),
    "valid: it is a share of the sample, not of the language.":
        _change(0, lambda s, v, t: sum(x in v for x in s) / len(v)),
    "cover: you counted repetitions. The same string twice covers no more than once.":
        _change(1, lambda s, v, t: sum(x in v for x in s) / len(v)),
    "cover: you divided by the size of the sample. It is a share of the language.":
        _change(1, lambda s, v, t: len(set(s) & v) / len(s)),
    "cover: strings that are not valid cover nothing.": _change(1, lambda s, v, t: len(set(s)) / len(v)),
    "new: a string that is not valid is no news.": _change(2, lambda s, v, t: sum(x not in t for x in s) / len(s)),
    "new: it is a share of the whole sample, not of its valid strings.":
        _change(2, lambda s, v, t: sum(x in v and x not in t for x in s) / max(1, sum(x in v for x in s))),
    "new: you counted the strings that were seen.":
        _change(2, lambda s, v, t: sum(x in v and x in t for x in s) / len(s)),
    "new: you counted each string once. Of two equal strings both count.":
        _change(2, lambda s, v, t: len((set(s) & v) - t) / len(s)),
}  # fmt: skip


@check
def shares(answer):
    """`answer(sample, valid, seen)` is the shares valid, cover and new of a sample of strings."""
    cases = [
        (["ab", "ab", "ba", "cc", "bb"], {"ab", "ba", "bb", "aa"}, {"ab", "aa"}),
        (["x", "y", "z", "z", "q", "q", "x", "y"], {"x", "y", "z"}, {"z"}),
        (["()", ")("], {"()", "[]", "{}", "<>", "::"}, {"[]", "{}"}),
    ]

    otherwise = "valid and new are shares of the sample, cover is one of all valid strings; return them in that order."
    compare(_as_sets(answer), cases, right_shares, MISTAKEN_SHARES, otherwise)
    return "a sample is worth what all three say together."


def _as_sets(answer):
    """The answer, which gets the language and the training strings as new sets, so that it may change them."""
    if not callable(answer):
        return answer

    def fresh(sample, valid, seen):
        return answer(sample, set(valid), set(seen))

    fresh.__name__ = getattr(answer, "__name__", "your function")
    return fresh
