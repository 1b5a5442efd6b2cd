"""The checks of lesson 02: the solution is accepted, every plausible mistake is named."""

import math
from pathlib import Path

import jupytext
import numpy as np
import pytest

from ganlib.lessons.exercises import lesson02

SOURCE = Path(__file__).parents[2] / "notebooks" / "source" / "02_generator_and_discriminator.py"


def verdict(name, answer, capsys) -> str:
    getattr(lesson02, name)(answer)
    return capsys.readouterr().out


def exercises() -> dict[str, tuple[str, str]]:
    """Stub and solution of every exercise, by the name of the function asked for."""
    cells = [cell for cell in jupytext.read(SOURCE).cells if "exercise" in cell.metadata.get("tags", [])]
    parts = [cell.source.split("# solution\n") for cell in cells]
    return {solution.split("def ")[1].split("(")[0]: (stub, solution) for stub, solution in parts}


@pytest.mark.parametrize(
    "name", ["linear_generator", "ring_modes", "best_discriminator", "count_parameters", "generator_logits"]
)
def test_stub_and_solution(name, capsys):
    stub, solution = exercises()[name]
    for text, mark in ((stub, "– Not answered yet"), (solution, "✓ Right")):
        names = {"np": np, "exercises": lesson02}
        exec(text, names)
        assert capsys.readouterr().out.startswith(mark)


def fresh(z):
    return 3 + 2 * np.random.default_rng().standard_normal(z.shape)


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda z: 2 + 3 * z, "the factor makes the spread"),
        (lambda z: 3 + 4 * z, "not by its square"),
        (lambda z: 3 + math.sqrt(2) * z, "2² is the variance already"),
        (lambda z: 2 * (z + 3), "The mean is now 6"),
        (lambda z: 3 + z, "still that of the noise"),
        (lambda z: 2 * z, "the mean is still 0"),
        (lambda z: 3 + 2.5 * z, "Stretch z until the spread is 2"),
        (lambda z: 3.0, "has shape ()"),
        (fresh, "not draw its own"),
    ],
)
def test_linear_generator(answer, words, capsys):
    out = verdict("linear_generator", answer, capsys)
    assert out.startswith("✗") and words in out


def test_the_mirrored_generator_is_right_too(capsys):
    assert "mirror" in verdict("linear_generator", lambda z: 3 - 2 * z, capsys)


def on_circle(angles, radius):
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda k, r: on_circle(np.linspace(0, 2 * np.pi, k), r), "only 7 different ones"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(k) / k, r)[:, ::-1], "cosine comes first"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(k) / k, 1), "radius 1 whatever is asked for"),
        (lambda k, r: on_circle(360 * np.arange(k) / k, r), "in degrees"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(8) / 8, r), "has shape (8, 2), and it should have (5, 2)"),
        (lambda k, r: on_circle(2 * np.pi * np.arange(k) / k, r).T, "has shape (2, 8)"),
        (lambda k, r: on_circle(np.pi * np.arange(k) / k, r), "at the angle 2πk/modes"),
    ],
)
def test_ring_modes(answer, words, capsys):
    out = verdict("ring_modes", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda p, q: q / (p + q), "G's share"),
        (lambda p, q: p, "how p compares with q"),
        (lambda p, q: p / (p + q) / 2, "factor 2"),
        (lambda p, q: (p - q) / (p + q), "from -1 to 1"),
        (lambda p, q: np.log(np.maximum(p, 1e-9)) - np.log(np.maximum(q, 1e-9)), "through the sigmoid"),
        (lambda p, q: np.divide(p, q, where=q > 0, out=np.full_like(p, np.inf)), "holds NaN or infinite"),
        (lambda p, q: p / (p + 2 * q), "what share is real"),
        (lambda p, q: 0.5, "has shape ()"),
    ],
)
def test_best_discriminator(answer, words, capsys):
    out = verdict("best_discriminator", answer, capsys)
    assert out.startswith("✗") and words in out


def layers(sizes):
    return list(zip(sizes[:-1], sizes[1:], strict=True))


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda s: sum(a * b for a, b in layers(s)), "left out the biases"),
        (lambda s: sum(a * b for a, b in layers(s)) + sum(s), "gave the inputs biases"),
        (lambda s: sum(a * b + 1 for a, b in layers(s)), "one bias for each layer"),
        (sum, "You counted the neurons"),
        (lambda s: 130_577, "you have 130,577, and it should be 130,576"),
        (lambda s: 130_576, "For the sizes [2, 3, 1] you have 130,576, and it should be 13"),
        (lambda s: None, "is None"),
    ],
)
def test_count_parameters(answer, words, capsys):
    out = verdict("count_parameters", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda G, D, real, z: D(real), "no weight of G is in them"),
        (lambda G, D, real, z: D(z), "You gave D the noise itself"),
        (lambda G, D, real, z: G(z), "Those are the samples"),
        (lambda G, D, real, z: np.concatenate([D(real), D(G(z))]), "Real samples are in there too"),
        (lambda G, D, real, z: np.concatenate([D(G(z)), D(real)]), "Generated samples are enough"),
        (lambda G, D, real, z: 1 / (1 + np.exp(-D(G(z)))), "leave out the sigmoid"),
        (lambda G, D, real, z: G(real), "raises ValueError: G takes latents"),
        (lambda G, D, real, z: -D(G(z)), "Send the latents through G"),
        (lambda G, D, real, z: None, "is None"),
    ],
)
def test_generator_logits(answer, words, capsys):
    out = verdict("generator_logits", answer, capsys)
    assert out.startswith("✗") and words in out
