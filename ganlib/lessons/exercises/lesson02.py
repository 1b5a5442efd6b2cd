"""The checks of lesson 02."""

import math

import numpy as np

from ganlib.lessons.exercises import Wrong, call, check, match


@check
def linear_generator(answer):
    z = np.random.default_rng(1).standard_normal((1000, 1))
    got = call(answer, z, shape=z.shape)
    if not np.array_equal(got, call(answer, z, shape=z.shape)):
        raise Wrong("Your G gives another answer for the same z: it must use the noise it is given, not draw its own.")
    if np.allclose(got, 3 - 2 * z, rtol=0, atol=1e-4):
        return "3 - 2z mirrors the noise, and the normal distribution is its own mirror image."
    match(
        got,
        3 + 2 * z,
        {
            "That is N(2, 3²): the factor makes the spread, and what you add makes the mean.": 2 + 3 * z,
            "The spread is now 4: multiply by the standard deviation, not by its square.": 3 + 4 * z,
            "The spread is now √2: 2² is the variance already, so 2 is the standard deviation.": 3 + math.sqrt(2) * z,
            "The mean is now 6: you shifted before you stretched, and the shift was stretched too.": 2 * (z + 3),
            "The mean is 3, but the spread is still that of the noise.": 3 + z,
            "The spread is 2, but the mean is still 0.": 2 * z,
            "That is the way back, from N(3, 2²) to noise: multiply first, then add.": (z - 3) / 2,
        },
        "Stretch z until the spread is 2, then shift it until the mean is 3.",
    )
    return "stretch by 2, shift by 3. Two weights, and noise becomes N(3, 2²)."


@check
def ring_modes(answer):
    for modes, radius in ((8, 1.0), (5, 2.0)):
        got = call(answer, modes, radius, shape=(modes, 2))
        angle = 2 * math.pi * np.arange(modes) / modes
        right = (radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)).round(12) + 0.0  # 0, not 6e-17
        closed = np.linspace(0, 2 * math.pi, modes)
        degrees = 360 * np.arange(modes) / modes
        match(
            got,
            right,
            {
                f"Your last mode lies on your first: you have only {modes - 1} different ones. A circle's end is its "
                "start.": radius * np.stack([np.cos(closed), np.sin(closed)], axis=1),
                "The modes turn the other way and begin at the top: cosine comes first, sine second.": right[:, ::-1],
                "The modes go round clockwise: the sine has the wrong sign.": right * [1, -1],
                "The first mode should lie at (radius, 0): begin with the angle 0.": np.roll(right, -1, axis=0),
                "Your circle has radius 1 whatever is asked for.": right / radius,
                "Your angles are in degrees, but cosine and sine take radians: a full turn is 2π.": radius
                * np.stack([np.cos(degrees), np.sin(degrees)], axis=1),
            },
            "Mode k lies at the angle 2πk/modes.",
        )
    return "evenly spaced, and every one different."


@check
def best_discriminator(answer):
    p, q = np.array([0.5, 0.2, 0.3]), np.array([0.5, 0.6, 0.1])
    got = call(answer, p, q, shape=p.shape)
    if np.allclose(got, q / (p + q)):
        raise Wrong("That is q / (p + q), G's share: D should be high where real data is.")
    if np.allclose(got, p):
        raise Wrong("You returned the density p: what counts is how p compares with q at the same point.")
    if np.allclose(got, p / (p + q) / 2) or np.allclose(got, 2 * p / (p + q)):
        raise Wrong("A factor 2 is wrong: where p = q, D must say 1/2.")
    if np.allclose(got, p - q) or np.allclose(got, (p - q) / (p + q)):
        raise Wrong("D is a probability, but your answer goes from -1 to 1.")
    if np.allclose(got, np.log(p) - np.log(q)):
        raise Wrong("That is the best logit, log p - log q: put it through the sigmoid.")
    if np.allclose(got, p / q):
        raise Wrong("That is p / q, which holds NaN or infinite numbers where q is 0: D is a probability.")
    if np.allclose(got, p > q) or np.allclose(got, p >= q):
        raise Wrong("That only says which density is larger: D should say how sure one can be.")
    match(got, p / (p + q), {}, "Of all points seen at x, what share is real?")
    with np.errstate(divide="ignore"):
        got = call(answer, np.array([0.0, 1.0]), np.array([0.7, 0.0]), shape=(2,))
    match(got, [0, 1], {}, "Where only one kind of point is seen, D can be certain.")
    return "the share of the real points among all points at x."


@check
def count_parameters(answer):
    for sizes in ([100, 128, 128, 784], [2, 3, 1]):
        got = call(answer, sizes, shape=())
        pairs = list(zip(sizes[:-1], sizes[1:], strict=True))
        weights, biases = sum(a * b for a, b in pairs), sum(sizes[1:])
        mistakes = {
            weights: "You left out the biases: every neuron adds one number of its own.",
            weights + sum(sizes): "You gave the inputs biases too: they are numbers that come in, not neurons.",
            weights + sum(sizes[:-1]): "You counted a bias for each input of a layer: it is one for each output.",
            weights + sum(sizes[1:-1]): "The last layer has biases too.",
            weights + len(pairs): "You counted one bias for each layer: it is one for each neuron.",
            sum(sizes): "You counted the neurons: between two layers there is a weight for every pair.",
        }
        if got != weights + biases:
            figures = f"For the sizes {sizes} you have {got:,.10g}, and it should be {weights + biases:,}."
            raise Wrong(mistakes.get(float(got), figures))
    return "inputs times outputs plus one bias for each output, layer by layer."


@check
def generator_logits(answer):
    rng = np.random.default_rng(2)
    mix, weigh = rng.standard_normal((2, 3)), rng.standard_normal((3, 1))

    def G(z):
        return _apply(z, mix, "G takes latents of shape (n, 2)")

    def D(x):
        return _apply(x, weigh, "D takes samples of shape (n, 3)")

    real, latents = rng.standard_normal((5, 3)), rng.standard_normal((4, 2))
    try:
        got = np.asarray(call(answer, G, D, real, latents))
    except Wrong as wrong:
        if "D takes samples" in str(wrong):
            raise Wrong("You gave D the noise itself: G must turn it into samples first.") from None
        raise
    fake, right = G(latents), D(G(latents))
    for sentence, mistake in {
        "Those are D's logits for real samples: no weight of G is in them, so G could learn nothing.": D(real),
        "Those are the samples; G's loss needs what D says about them.": fake,
        "Real samples are in there too: they add a number that G cannot change.": np.concatenate([D(real), right]),
        "Generated samples are enough: G cannot change what D says about real ones.": np.concatenate([right, D(real)]),
        "That is D's probability: the loss takes logits, so leave out the sigmoid.": 1 / (1 + np.exp(-right)),
    }.items():
        if got.shape == mistake.shape and np.allclose(got, mistake):
            raise Wrong(sentence)
    match(got, right, {}, "Send the latents through G and the result through D.")
    return "noise through G, through D. The real samples are not needed in this phase."


def _apply(x, weights, sentence):
    x = np.asarray(x)
    if x.ndim != 2 or x.shape[1] != len(weights):
        raise ValueError(f"{sentence}, not {x.shape}")
    return x @ weights
