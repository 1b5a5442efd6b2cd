"""The latent explorer: its weights, its networks against ganlib (in Node), and the page in a real browser."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from web.browser import browser, chromium

from ganlib.data import load_arrays
from ganlib.evaluation.judge import load_judge
from tools import web_weights

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "web" / "explorer" / "index.html"


def drawn(weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """The generator's images for its 64 latents and 36 shares, from its weights alone."""
    for name in web_weights.LAYERS:
        x = x @ weights[f"{name}.kernel"].astype("float32") + weights[f"{name}.bias"].astype("float32")
        x = 1 / (1 + np.exp(-x)) if name == web_weights.LAYERS[-1] else np.where(x < 0, 0.2 * x, x)
    return x


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    rng = np.random.default_rng(6)
    shares = 2.5 * np.eye(36)[rng.integers(36, size=40)]
    return np.concatenate([rng.standard_normal((40, 64)), shares], axis=1).astype("float32")


def test_eight_bits_a_weight_hardly_change_an_image(inputs):
    weights = load_arrays("generator.npz")
    apart = np.abs(drawn(weights, inputs) - drawn(web_weights.coarse(weights), inputs))
    assert apart.mean() < 0.01  # of white


def test_the_weights_are_those_of_the_course():
    text = web_weights.WEIGHTS.read_text(encoding="utf-8")
    weights = load_arrays("generator.npz")
    for name in web_weights.LAYERS:
        assert web_weights.text(web_weights.rounded(weights[f"{name}.kernel"])[0]) in text
    assert all(web_weights.text(array) in text for array in load_judge().weights.values())
    everything = [*PAGE.parent.iterdir(), PAGE.parent.parent / "playground" / "style.css"]
    assert sum(path.stat().st_size for path in everything) < 1.5e6


def test_networks_in_the_page_are_those_of_ganlib(inputs, tmp_path):
    node = shutil.which("node") or pytest.skip("there is no node here: the explorer's networks are not tested")
    images = drawn(web_weights.coarse(load_arrays("generator.npz")), inputs)
    probabilities = load_judge().probabilities(images.reshape(-1, 28, 28))
    parts = {"inputs": inputs, "images": images, "probabilities": probabilities}
    path = tmp_path / "explorer.json"
    path.write_text(json.dumps({name: array.tolist() for name, array in parts.items()}), encoding="utf-8")
    result = subprocess.run([node, "--test", "--test-reporter=tap", str(HERE / "explorer.test.mjs")], capture_output=True, text=True,
                            timeout=120, env={**os.environ, "GANLIB_FIXTURE": str(path)})  # fmt: skip
    assert result.returncode == 0 and re.search(r"\bskipped 0", result.stdout), result.stdout[-2000:]


@pytest.fixture(scope="module")
def page():
    chromium()
    with browser() as page:
        yield page
        assert not page.problems, page.problems


def test_the_page_draws_asks_walks_and_restores(page):
    page.open(PAGE, "seed=3&choice=5&x=0.5")
    page.until("globalThis.Explorer?.page?.sheet")
    assert page.js("Explorer.milliseconds") < 1000
    best = "Explorer.page.probabilities.indexOf(Math.max(...Explorer.page.probabilities))"
    for digit in (3, 8):
        page.js(f"[...document.querySelectorAll('#digits button')][{digit}].click()")
        assert page.js(f"explorerWeights.choices[Explorer.page.choice] === {digit} && {best} === {digit}")
    page.js("document.getElementById('plane').focus()")
    page.press("ArrowUp")
    page.js("Explorer.page.set({walk: 0.5})")
    page.until("location.hash.includes('walk=0.5')")
    state, pixels = page.js("location.hash.slice(1)"), page.js("[...Explorer.page.pixels].join()")
    assert "y=0.1" in state
    page.open(PAGE, state)
    page.until("globalThis.Explorer?.page?.sheet")
    assert page.js("[...Explorer.page.pixels].join()") == pixels
    assert not page.problems, page.problems


def test_a_phone_needs_no_sideways_scrolling(page):
    page.size(360)
    page.open(PAGE)
    page.until("globalThis.Explorer?.page?.sheet")
    assert page.sticks_out() <= 0
    page.size(1280)
