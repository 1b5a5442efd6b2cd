"""The latent explorer: its weights, its networks against Keras (in Node), and the page in a real browser."""

import gzip
import json
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from web.browser import browser, chromium
from web.node import run_node

from ganlib import models
from ganlib.data import load_arrays, load_mnist
from ganlib.evaluation.judge import load_judge
from ganlib.weights import named_weights
from tools import web_weights

PAGE = web_weights.EXPLORER / "index.html"
SHOWN = 40


def with_weights(network: keras.Model, weights: dict[str, np.ndarray], prefix: str) -> keras.Model:
    network.set_weights([weights[prefix + name] for name in named_weights(network)])
    return network


@pytest.fixture(scope="module")
def latents() -> np.ndarray:
    return np.random.default_rng(6).standard_normal((SHOWN, 64)).astype("float32")


def inputs(latents: np.ndarray, choices: int, weight: float) -> list[list[float]]:
    """What the page is handed for these latents: the numbers, and the choice that Keras' G makes of them."""
    shares = weight * np.eye(choices)[latents[:, :choices].argmax(1)]
    return np.concatenate([latents, shares], axis=1).tolist()


def own(latents: np.ndarray) -> dict:
    """What Keras computes with the weights of weights.js."""
    images = models.generator_with(web_weights.coarse(load_arrays("generator.npz")))(latents).numpy()
    probabilities = load_judge().probabilities(images.reshape(-1, 28, 28))
    return {"inputs": inputs(latents, 36, 2.5), "images": images.tolist(), "probabilities": probabilities.tolist()}


def asked(latents: np.ndarray) -> dict:
    """What Keras computes with the weights of asked.js: images, D's logits, and their slopes in the pixels."""
    weights, pair = web_weights.unpack_pair(load_arrays("explorer.npz")), models.conditional("projection")
    images = with_weights(pair.generator, weights, "generator/")(latents)
    digits = latents[:, :10].argmax(1)
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = with_weights(pair.discriminator, weights, "discriminator/")(
            tf.concat([images, tf.one_hot(digits, 10)], axis=1)
        )
    slopes = tape.gradient(logits, images)
    return {
        "inputs": inputs(latents, 10, 1.0), "images": images.numpy().tolist(), "digits": digits.tolist(),
        "logits": logits.numpy()[:, 0].tolist(), "slopes": slopes.numpy().tolist(),
    }  # fmt: skip


def looked_up(latents: np.ndarray) -> dict:
    """The training image that is nearest to some images, among those of images.js, to a number of digits."""
    images = models.load_generator()(latents).numpy()
    among = web_weights.levels(load_mnist()[0][0][: web_weights.IMAGES]) / web_weights.LEVELS
    apart = np.sqrt(((images[:, None].astype("float64") - among[None]) ** 2).sum(-1))
    return {"images": images.tolist(), "nearest": apart.argmin(1).tolist(), "distances": apart.min(1).tolist()}


def test_networks_in_the_page_are_those_of_keras(latents, tmp_path):
    path = tmp_path / "explorer.json"
    fixture = {"own": own(latents), "asked": asked(latents), "near": looked_up(latents[:8])}
    path.write_text(json.dumps(fixture), encoding="utf-8")
    run_node("explorer.test.mjs", GANLIB_FIXTURE=str(path))


def test_eight_bits_a_weight_hardly_change_an_image(latents):
    weights = load_arrays("generator.npz")
    draw = [models.generator_with(net)(latents).numpy() for net in (weights, web_weights.coarse(weights))]
    apart = np.abs(draw[0] - draw[1])
    assert 1e-4 < apart.mean() < 0.002 and apart.max() < 0.25  # of white; the page says so


def test_the_weights_are_those_of_the_course():
    content = web_weights.FILES["asked.js"][1]()
    text = (web_weights.EXPLORER / "asked.js").read_text(encoding="utf-8")
    layers = [*content["generator"], *content["discriminator"]]
    assert all(layer[part] in text for layer in layers for part in ("steps", "scale", "bias"))
    text = (web_weights.EXPLORER / "weights.js").read_text(encoding="utf-8")
    weights = load_arrays("generator.npz")
    for name in web_weights.LAYERS:
        assert web_weights.text(web_weights.rounded(weights[f"{name}.kernel"])[0]) in text
    assert all(web_weights.text(array) in text for array in load_judge().weights.values())


def test_the_conditional_generator_draws_what_it_is_asked_for():
    weights, pair = web_weights.unpack_pair(load_arrays("explorer.npz")), models.conditional("projection")
    latents = np.random.default_rng(7).standard_normal((1000, 64)).astype("float32")
    images = with_weights(pair.generator, weights, "generator/")(latents).numpy().reshape(-1, 28, 28)
    assert (load_judge().predict(images) == latents[:, :10].argmax(1)).mean() > 0.95


def test_a_packed_pair_keeps_its_weights_to_half_a_step():
    matrix, bias = np.random.default_rng(8).standard_normal((2, 5, 3)).astype("float32")[0], np.ones(3, "float32")
    packed = web_weights.pack_pair({"G/kernel": matrix, "G/bias": bias})
    assert packed["G/kernel"].dtype == "int8"
    back = web_weights.unpack_pair(packed)
    assert set(back) == {"G/kernel", "G/bias"} and (back["G/bias"] == bias).all()
    assert (np.abs(back["G/kernel"] - matrix) <= 0.501 * np.abs(matrix).max(0) / 127).all()


def test_what_the_page_loads_at_first_is_small_and_the_rest_as_large_as_it_says():
    page = PAGE.read_text(encoding="utf-8")
    names = re.findall(r'(?:src|href)="([\w./]+\.(?:js|css))"', page)
    first = [PAGE, *((PAGE.parent / name).resolve() for name in names)]
    assert all(path.is_file() for path in first) and len(first) > 6
    assert sum(path.stat().st_size for path in first) < 1.5e6
    named = {"asked.js": "Turn to .* \\(([\\d.]+) MB\\)", "images.js": "Look among .* \\(([\\d.]+) MB\\)"}
    late = {path.name for path in PAGE.parent.iterdir()} - {path.name for path in first}
    assert late == set(named)
    for name, sentence in named.items():
        size = len(gzip.compress((PAGE.parent / name).read_bytes())) / 1e6
        assert abs(size - float(re.search(sentence, page)[1])) < 0.06, (name, size)


# --- in a browser ---------------------------------------------------------------------------------------------

READY = "globalThis.Explorer?.page?.sheet"
BEST = "Explorer.page.probabilities.indexOf(Math.max(...Explorer.page.probabilities))"


@pytest.fixture(scope="module")
def page():
    chromium()
    with browser() as page:
        yield page
        assert not page.problems, page.problems


def scripts(page) -> list[str]:
    """The files of scripts that the page has loaded."""
    return page.js("[...document.scripts].map(({src}) => src.split('/').at(-1))")


def press(page, id_: str) -> None:
    page.js(f"document.getElementById('{id_}').click()")


def test_the_page_draws_asks_walks_and_restores(page):
    page.open(PAGE, "seed=3&choice=5&x=0.5")
    page.until(READY)
    assert page.js("Explorer.milliseconds") < 1000
    for digit in (3, 8):
        page.js(f"[...document.querySelectorAll('#digits button')][{digit}].click()")
        assert page.js(f"explorerWeights.choices[Explorer.page.choice] === {digit} && {BEST} === {digit}")
    page.js("document.getElementById('plane').focus()")
    page.press("ArrowUp")
    page.js("Explorer.page.set({walk: 0.5})")
    page.until("location.hash.includes('walk=0.5')")
    state, pixels = page.js("location.hash.slice(1)"), page.js("[...Explorer.page.pixels].join()")
    assert "y=0.1" in state
    page.open(PAGE, state)
    page.until(READY)
    assert page.js("[...Explorer.page.pixels].join()") == pixels
    assert not {"asked.js", "images.js"} & {*scripts(page)}
    assert not page.problems, page.problems


def test_a_digit_is_asked_for_and_d_says_what_it_would_change(page):
    page.open(PAGE, "seed=3")
    page.until(READY)
    press(page, "find-slope")
    page.until("Explorer.page.net === 'asked'")
    assert "asked.js" in scripts(page)
    right = 0
    for digit in range(10):
        page.js(f"[...document.querySelectorAll('#digits button')][{digit}].click()")
        right += page.js(BEST) == digit
    assert right >= 8  # of all images it is 98 in a hundred
    assert "told that it is a 9" in page.js("document.getElementById('slope-text').textContent")
    page.until("document.getElementById('slope').getAttribute('aria-label').includes('a 9')")
    page.until("location.hash.includes('net=asked')")
    state, pixels = page.js("location.hash.slice(1)"), page.js("[...Explorer.page.pixels].join()")
    page.open(PAGE, state)
    page.until(READY)
    assert page.js("[...Explorer.page.pixels].join()") == pixels
    page.js("Explorer.page.turnTo('own')")
    page.until("Explorer.page.net === 'own' && Explorer.page.sheet")
    assert page.js("explorerWeights.choices[Explorer.page.choice]") == 9
    assert page.js("document.getElementById('slope').hidden")


def test_the_nearest_training_image_is_shown(page):
    page.open(PAGE, "seed=3")
    page.until(READY)
    press(page, "find-near")
    page.until("Explorer.page.closer.near")
    page.until("!document.getElementById('near').hidden")
    said = page.js("document.getElementById('near-text').textContent")
    assert re.match(r"A \d, number \d+: the nearest of the first 5,000 training images", said)
    page.until("location.hash.includes('near=1')")
    page.open(PAGE, "near=1")
    page.until("Explorer.page.closer.near")


def test_a_file_that_is_not_there_is_named(page, tmp_path):
    for name in ("playground", "explorer"):
        (tmp_path / name).mkdir()
        for path in (PAGE.parent.parent / name).iterdir():
            if path.is_file() and path.name not in ("asked.js", "images.js"):
                (tmp_path / name / path.name).write_bytes(path.read_bytes())
    page.open(tmp_path / "explorer" / "index.html", "net=asked&near=1")
    page.until(READY)
    assert page.js("Explorer.page.net") == "own"
    for name, text in {"asked.js": "slope-text", "images.js": "near-text"}.items():
        page.until(f"document.getElementById('{text}').textContent.startsWith('{name} could not be loaded')")
    page.problems.clear()  # those two files


def test_a_phone_needs_no_sideways_scrolling(page):
    page.size(360)
    page.open(PAGE, "net=asked&near=1")
    page.until(f"{READY} && Explorer.page.closer.near")
    assert page.sticks_out() <= 0
    page.size(1280)
