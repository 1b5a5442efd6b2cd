"""The playground: its engine against ganlib and finite differences (in Node), and the page in a real browser.

Without node or chromium the tests that need them are skipped, and say so.
"""

import gzip
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from web.browser import browser, chromium
from web.node import run_node

from ganlib import GAN, models
from ganlib.evaluation.metrics import mode_coverage
from ganlib.lessons import toys
from ganlib.losses import LOSSES, mix, r1_penalty, r2_penalty, wgan_gp_penalty

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "web" / "playground" / "index.html"
WIDTH, BATCH = 16, 24
PENALTIES = ({}, {"r1": 0.7}, {"r2": 0.5}, {"wgan_gp": 10.0}, {"r1": 1.0, "r2": 0.3, "wgan_gp": 2.0})
KILOBYTES = 45  # over the wire, each file compressed on its own


class Looking(GAN):
    """A GAN whose updates only keep the gradients, flat."""

    def update(self, optimizer, gradients, network):
        self.gradient = np.concatenate([np.ravel(part) for part in gradients])


def flat(network: keras.Model) -> list[float]:
    return np.concatenate([np.ravel(weight) for weight in network.get_weights()]).tolist()


def slopes(network: keras.Model, x: tf.Tensor) -> tf.Tensor:
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = network(x)
    return tape.gradient(logits, x)


def losses_and_gradients() -> dict:
    """A pair of networks, a batch, and what ganlib makes of them with every loss and every penalty."""
    keras.utils.set_random_seed(3)
    G = models.mlp(2, (WIDTH, WIDTH), 2, None, "generator")
    D = models.mlp(2, (WIDTH, WIDTH), 1, None, "discriminator")
    rng = np.random.default_rng(4)
    for network in (G, D):  # biases that are not 0, logits on both sides of the hinge
        network.set_weights([weight + 0.3 * rng.standard_normal(weight.shape) for weight in network.get_weights()])
    real = tf.constant(rng.standard_normal((BATCH, 2)), "float32")
    latents = tf.constant(rng.standard_normal((2, BATCH, 2)), "float32")
    shares = tf.random.stateless_uniform([BATCH], [0, 0])  # those of a GAN with seed 0 in its first step
    fake = G(latents[0])
    gan, cases = Looking(G, D, seed=0), []
    for loss in LOSSES:
        for penalty in PENALTIES:
            weights = {"r1": 0.0, "r2": 0.0, "wgan_gp": 0.0, **penalty}
            gan.compile(loss=loss, jit_compile=False, **weights)
            d_loss = gan.discriminator_phase(real, latents[0])[0]
            d_gradient, between = gan.gradient, mix(real, fake, shares)
            price = weights["r1"] / 2 * r1_penalty(slopes(D, real)) + weights["r2"] / 2 * r2_penalty(slopes(D, fake))
            price += weights["wgan_gp"] * wgan_gp_penalty(slopes(D, between))
            g_loss = gan.generator_phase(latents[1], real)
            cases.append({
                "loss": loss, "r1": weights["r1"], "r2": weights["r2"], "gp": weights["wgan_gp"], "d": float(d_loss),
                "penalty": float(price), "gradientD": d_gradient.tolist(), "g": float(g_loss),
                "gradientG": gan.gradient.tolist(),
            })  # fmt: skip
    return {
        "width": WIDTH, "batch": BATCH, "real": np.ravel(real).tolist(), "shares": shares.numpy().tolist(),
        "latents": [np.ravel(part).tolist() for part in latents], "G": flat(G), "D": flat(D), "cases": cases,
    }  # fmt: skip


def adam() -> dict:
    rng = np.random.default_rng(5)
    start, gradients = rng.standard_normal(6), rng.standard_normal((4, 6))
    weight, ends = keras.Variable(start, dtype="float64"), []
    optimizer = keras.optimizers.Adam(1e-2, beta_1=0.5, beta_2=0.99)
    for gradient in gradients:
        optimizer.apply([tf.constant(gradient)], [weight])
        ends.append(weight.numpy().tolist())
    settings = {"rate": 1e-2, "beta1": 0.5, "beta2": 0.99}
    return {"start": start.tolist(), "gradients": gradients.tolist(), "ends": ends, **settings}


def modes() -> list[dict]:
    found = []
    for name, real in {"ring": toys.ring(std=0.05), "grid": toys.Mixture(0.35 * toys.grid().modes, 0.05)}.items():
        points = real.sample(300, seed=1)[:60] + np.float32(0.09) * (real.sample(60, seed=2) > 0)
        count = mode_coverage(points, real.modes, real.std)
        found.append({"data": name, "points": np.ravel(points).tolist(), "found": count.found,
                      "near": count.high_quality})  # fmt: skip
    return found


def dirac() -> list[dict]:
    games = []
    for loss in toys.DIRAC_LOSSES:
        for order in toys.DIRAC_ORDERS:
            for r1 in (0.0, 0.3, 2.0):
                path = toys.dirac_path(60, (1.0, -0.7), 0.2, loss, r1, order)
                values = [[value.real, value.imag] for value in toys.dirac_eigenvalues(r1)]
                games.append({
                    "settings": {"loss": loss, "order": order, "rate": 0.2, "r1": r1}, "start": [1.0, -0.7],
                    "path": path.tolist(), "eigenvalues": None if loss == "wasserstein" else values,
                })  # fmt: skip
    return games


def test_the_engine_computes_what_ganlib_computes(tmp_path):
    balance = {name: dict(pair.balance) for name, pair in LOSSES.items()}
    fixture = {**losses_and_gradients(), "balance": balance, "adam": adam(), "modes": modes(), "dirac": dirac()}
    path = tmp_path / "ganlib.json"
    path.write_text(json.dumps(fixture), encoding="utf-8")
    run_node("ganlib.test.mjs", GANLIB_FIXTURE=str(path))


def test_slopes_by_hand_are_those_of_finite_differences():
    run_node("gradients.test.mjs")


def test_games_addresses_and_experiments():
    run_node("game.test.mjs")


def test_the_page_needs_nothing_but_its_own_small_files():
    text = PAGE.read_text(encoding="utf-8")
    named = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', text)
    files = [PAGE.parent / name for name in named]
    assert all(path.is_file() for path in files)
    known = {path for path in PAGE.parent.rglob("*") if path.is_file() and path.suffix != ".md"}
    assert known == {PAGE, *files}
    assert sum(len(gzip.compress(path.read_bytes())) for path in known) < KILOBYTES * 1000
    for path in known:
        assert not re.search(r"https?://|//cdn|\bfetch\(|XMLHttpRequest", path.read_text(encoding="utf-8")), path


# --- in a browser ---------------------------------------------------------------------------------------------

PAUSED, FIGURES = "Page.app.mode === 'paused'", "(Page.app.last?.figures ?? {})"


@pytest.fixture(scope="module")
def page():
    chromium()
    with browser() as page:
        yield page
        assert not page.problems, page.problems


def opened(page, state: str = "", seconds: float = 40):
    page.open(PAGE, state)
    page.until(f"globalThis.Page?.app?.last && {PAUSED}", seconds)
    return page.js(FIGURES)


def test_the_default_game_finds_all_eight_modes_and_its_address_restores_it_bit_for_bit(page):
    assert opened(page)["step"] == 0
    page.js("document.getElementById('run').click()")
    page.until(f"{FIGURES}.step > 200")
    page.js("document.querySelector('[data-setting=r1] input').value = 4")
    page.js("document.querySelector('[data-setting=r1] input').dispatchEvent(new Event('change'))")
    page.until(f"{FIGURES}.modes.found === 8 && {FIGURES}.modes.near > 0.4", 40)
    page.js("document.getElementById('run').click()")
    page.until(PAUSED)
    page.js("document.getElementById('phase').click()")
    page.until(f"{FIGURES}.done === 1")
    state, end = page.js("location.hash.slice(1)"), page.js(FIGURES)
    assert re.fullmatch(r"then=\d+:r1:0\.3&step=\d+&done=1", state)
    assert "8 of 8 modes" in page.js("document.getElementById('spoken').textContent")
    assert opened(page, state) == end
    assert page.js("location.hash.slice(1)") == state
    assert not page.problems, page.problems


def test_an_experiment_by_keyboard(page):
    opened(page, "experiment=12")
    page.js("document.querySelector('#guide input').focus()")
    page.press("ArrowDown")
    page.press("Tab")
    assert page.js("document.activeElement.textContent") == "Run this experiment"
    page.press("Enter", "\r")
    page.until("!document.querySelector('.outcome').hidden")
    assert "As you predicted" in page.js("document.getElementById('spoken').textContent")
    assert page.js("document.querySelector('[role=tab][aria-selected=true]').id") == "tab-dirac"
    assert page.js("location.hash") == "#tab=dirac&step=120&experiment=12"


def test_the_diagram_lights_up_what_a_phase_uses(page):
    opened(page)
    lit = "[...document.querySelectorAll('#model g.lit text')].map((text) => text.textContent).join(' ')"
    used = {"sample": "z real", "lossD": "z G generated real D D’s loss", "updateD": "D",
            "lossG": "z G generated D G’s loss", "updateG": "G"}  # fmt: skip
    assert page.js(lit) == ""
    for phase, parts in used.items():
        page.js("document.getElementById('phase').click()")
        page.until(f"{FIGURES}.phase === '{phase}'")
        page.until(f"{lit} === '{parts}'")
        assert "lights up" not in page.js("document.getElementById('phase-said').textContent")
    page.js("document.getElementById('run').click()")
    page.until(f"{FIGURES}.step > 20")
    page.until(f"{lit} === ''")


def test_the_curve_of_the_distance_grows_with_the_steps_and_stays_short(page):
    opened(page)
    assert page.js("Page.app.apart.length") == 1
    page.js("document.getElementById('run').click()")
    page.until("Page.app.apart.length > 10 && Page.app.apart.at(-1)[0] > 200")
    page.js("document.getElementById('run').click()")
    page.until(PAUSED)
    steps = page.js("Page.app.apart.map(([step]) => step)")
    assert steps == sorted(set(steps)) and steps[-1] == page.js(f"{FIGURES}.step")
    assert page.js("Page.app.apart[0][1] > Page.app.apart.at(-1)[1]")


def test_own_data_drawn_by_keyboard_is_in_the_address(page):
    opened(page, "data=drawn&width=8&batch=16")
    page.js("document.getElementById('map').focus()")
    for key in ("ArrowLeft", "ArrowUp", " "):
        page.press(key, " " if key == " " else "")
    page.until("location.hash.includes('points=')")
    state = page.js("location.hash.slice(1)")
    assert opened(page, state)["step"] == 0
    assert page.js("Page.app.state.points.length") == 1


def test_reduced_motion_draws_seldom(page):
    page.prefers(reduced_motion="reduce")
    opened(page, "tab=dirac")
    page.js("document.getElementById('dirac-run').click()")
    assert page.js("Page.app.dirac.path.length") == 121  # at once, without a film
    page.prefers(reduced_motion="no-preference")


@pytest.mark.parametrize("tab", ["plane", "dirac"])
def test_a_phone_needs_no_sideways_scrolling(page, tab):
    page.size(360)
    opened(page, f"tab={tab}&experiment=1" if tab == "plane" else "tab=dirac")
    assert page.sticks_out() <= 0
    page.size(1280)


def test_every_control_has_a_name_and_every_canvas_a_description(page):
    opened(page)
    nameless = "[...document.querySelectorAll('input,select')].filter(e => !e.labels?.length).length"
    assert page.js(nameless) == 0
    assert page.js("[...document.querySelectorAll('canvas')].filter(e => !e.getAttribute('aria-label')).length") == 0
    assert page.js("document.querySelector('[aria-live]').id") == "spoken"


def test_nonsense_in_the_address_is_named(page):
    opened(page, "loss=foo&width=9999&r1=2")
    assert "loss, width" in page.js("document.getElementById('trouble').textContent")
    assert page.js("Page.app.settings.r1") == 2


def test_a_game_that_diverges_stops_and_says_so(page):
    opened(page, "loss=wasserstein&optimizer=descent&rateD=10&rateG=10&r1=0")
    page.js("document.getElementById('run').click()")
    page.until(f"{FIGURES}.step > 0 && {PAUSED}")
    assert page.js("document.getElementById('trouble').textContent").startswith("The game has diverged")
    page.js("document.getElementById('reset').click()")
    page.until(f"{FIGURES}.step === 0 && document.getElementById('trouble').hidden")
