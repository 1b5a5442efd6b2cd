"""tools/probe.py on made-up lessons: a claim that nothing can break is found, one that can be false is not."""

import ast

import numpy as np
import pytest

from ganlib import claim
from tools.probe import Probe

START = """
import math
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(3, 1, 1000)
losses = ["one", "two", "three"]
table = {"real": 0.9, "fake": 0.2}
scores = {"real": x.mean(), "fake": x.mean() / 10}
def half(v):
    return v / 2
small = np.mean(x < 1.5)
ok = bool(x.mean() > 2)
def net(z):
    return z * 0 + 5
"""


def report(cell):
    probe, names = Probe(), {"claim": claim}
    names["__probe__"] = probe
    for text in (START, cell):
        exec(compile(probe.visit(ast.parse(text)), "<cell>", "exec"), names)
        probe.lap(len(probe.statements))
    return probe.report()


@pytest.mark.parametrize(
    "cell",
    [
        'claim("three losses", len(losses), equals=3)',
        'claim("log 2 and log 2", 2 * math.log(2), equals=np.log(4), within=1e-6)',
        'claim("a constant", table["real"] > table["fake"])',
        'claim("true", True)',
        'claim("it is a number", isinstance(x.mean(), float))',
        'claim("far too loose", x.mean(), below=100)',
        'claim("a list", [len(losses), 1] == [3, 1])',
        'n = len(x[:10])\nclaim("loose", n, above=-1000, below=1000)',
        'for word in losses:\n    claim(word, len(word), above=2)',
        'claim("within anything", x.mean(), equals=3, within=100)',
        'k = 5\nk += 1\nclaim("six", k, equals=6)',
        'claim("the longest", max(len(word) for word in losses), equals=5)',
        'claim("a shape", np.zeros((3, 4)).shape == (3, 4))',
    ],
)
def test_a_claim_that_nothing_breaks_is_found(cell):
    assert [row for row in report(cell) if not row["broken_by"]], report(cell)


@pytest.mark.parametrize(
    ("cell", "broken_by"),
    [
        (
            "found = {}\ndef fill(name):\n    found[name] = x.mean()\nfill('a')\n"
            'claim("filled by a function", found["a"], above=2.5, below=3.5)',
            "twice",
        ),
        (
            "found = {'a': []}\nfound['a'].append(x.mean()), found['a'].append(1)\n"
            'claim("filled inside a dictionary", found["a"][0], above=2.5, below=3.5)',
            "twice",
        ),
        ('claim("mean", x.mean(), equals=3, within=0.2)', "twice"),
        ('claim("positive", x.mean(), above=0)', "minus"),
        ('claim("few are small", small, below=0.2)', "one minus small"),
        ('claim("real is larger", scores["real"] > scores["fake"])', "scores"),
        ('claim("ratio", scores["fake"] / scores["real"], below=0.3)', "scores"),
        ('claim("half of 4", half(4), equals=2)', "twice half(4)"),
        ('claim("mean is above 2", np.mean(x) > 2)', "half"),
        ('claim("ok", x.mean() > 2 and x.std() > 0.5)', "half"),
        ('claim("all above", all(v > -5 for v in x))', "v"),
        ('found = []\nfor v in x[:3]:\n    found.append(v)\nclaim("three", len(found), equals=3)', "twice len(found)"),
        ('claim("no gradient", float((x * 0).sum()), equals=0)', "one minus"),
        ('def check(v):\n    claim("inside", v, above=2, below=4)\ncheck(x.mean())', "twice v"),
        ('a = {"G": False, "D": bool(x[0])}\nclaim("only D", a == {"G": False, "D": True})', "minus a"),
        ('y = x + 1\nz = y.mean() > 3\nclaim("a bool made of numbers", bool(z))', ""),
    ],
)
def test_a_claim_that_can_be_false_is_not(cell, broken_by):
    rows = report(cell)
    assert rows and all(row["broken_by"] and broken_by in row["broken_by"] for row in rows), rows


def test_an_untrained_net_breaks_a_claim_about_a_trained_one():
    import keras

    names = {"claim": claim, "keras": keras}
    probe = names["__probe__"] = Probe()
    text = (
        "import keras\nimport numpy as np\n"
        "net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "net.set_weights([np.ones((2, 1)), np.ones(1)])\n"
        "out = net(np.ones((4, 2)))\nshare = np.mean(np.abs(out - 3) < 0.5)\nloose = 1 - share\n"
        'claim("nothing is off", loose, below=0.4)'
    )
    exec(compile(probe.visit(ast.parse(text)), "<cell>", "exec"), names)
    probe.lap(len(probe.statements))
    (row,) = probe.report()
    assert row["broken_by"], row


def test_the_lesson_itself_is_left_as_it_is():
    names = {"claim": claim}
    probe = names["__probe__"] = Probe()
    exec(compile(probe.visit(ast.parse(START + 'claim("few", small, below=0.2)')), "<cell>", "exec"), names)
    before = {name: np.copy(value) for name, value in names.items() if isinstance(value, (np.ndarray, float))}
    probe.lap(len(probe.statements))
    probe.report()
    assert before and all(np.array_equal(names[name], value) for name, value in before.items())
