"""A claim prints what it compared when it is true, and raises when it is not."""

import math

import numpy as np
import pytest

from ganlib.lessons.claims import ClaimError, claim


def test_prints_the_statement_and_the_figures(capsys):
    claim("D is left alone", True)
    claim("the loss is log 2", 0.69314718, equals=math.log(2), within=1e-6)
    claim("8 modes", 8, equals=8)
    claim("D wins", 0.9912, above=0.95)
    claim("G loses", 0.0312, below=0.05)
    claim("the share is fair", 0.1, above=0.09, below=0.11)
    claim("noise is far", 534.7, above=500)
    assert capsys.readouterr().out.splitlines() == [
        "✓ D is left alone",
        "✓ the loss is log 2 (0.693147, expected 0.693147 ± 1e-06)",
        "✓ 8 modes (8, expected 8)",
        "✓ D wins (0.99 > 0.95)",
        "✓ G loses (0.031 < 0.05)",
        "✓ the share is fair (0.09 < 0.1 < 0.11)",
        "✓ noise is far (530 > 500)",
    ]


@pytest.mark.parametrize(
    "value, comparison, figures",
    [
        (False, {}, "the condition is False"),
        (np.False_, {}, "the condition is False"),
        (0.7, {"equals": math.log(2), "within": 1e-6}, "0.7, expected 0.693147 ± 1e-06"),
        (7, {"equals": 8}, "7, expected 8"),
        (0.9, {"above": 0.95}, "0.9 > 0.95"),
        (0.95, {"above": 0.95}, "0.95 > 0.95"),
        (0.05, {"below": 0.05}, "0.05 < 0.05"),
        (0.12, {"above": 0.09, "below": 0.11}, "0.09 < 0.12 < 0.11"),
        (0.08, {"above": 0.09, "below": 0.11}, "0.09 < 0.08 < 0.11"),
        (math.nan, {"above": 0.0}, "nan > 0"),
        (math.nan, {"below": 0.0}, "nan < 0"),
        (math.nan, {"equals": math.nan, "within": 1.0}, "nan, expected nan ± 1"),
        (1.0, {"above": math.nan}, "1 > nan"),
        (np.float32("nan"), {"above": -1.0, "below": 1.0}, "-1 < nan < 1"),
    ],
)
def test_a_false_claim_raises_with_the_figures(value, comparison, figures, capsys):
    with pytest.raises(ClaimError) as raised:
        claim("it holds", value, **comparison)
    assert str(raised.value) == f"✗ not true: it holds ({figures})"
    assert isinstance(raised.value, AssertionError)
    assert capsys.readouterr().out == ""


def test_rounding_never_hides_the_outcome(capsys):
    claim("just above", 0.954, above=0.95)
    claim("well above, at two digits", 0.96712, above=0.95)
    claim("exact", math.log(2) + 1e-9, equals=math.log(2), within=1e-8)
    assert capsys.readouterr().out.splitlines() == [
        "✓ just above (0.954 > 0.95)",
        "✓ well above, at two digits (0.97 > 0.95)",
        "✓ exact (0.69314718, expected 0.69314718 ± 1e-08)",
    ]
    with pytest.raises(ClaimError, match=r"\(0\.9496 > 0\.95\)"):
        claim("just below", 0.9496, above=0.95)
    with pytest.raises(ClaimError, match=r"0\.30000000000000004, expected 0\.3\)"):
        claim("exactly", 0.1 + 0.2, equals=0.3)


def test_digits_can_be_chosen(capsys):
    claim("ratio", 98.99, above=90, digits=4)
    claim("rough", 0.70112, equals=0.7, within=0.05, digits=1)
    assert capsys.readouterr().out.splitlines() == [
        "✓ ratio (98.99 > 90)",
        "✓ rough (0.7, expected 0.7 ± 0.05)",
    ]


@pytest.mark.parametrize("value", [np.True_, np.array(True), np.array([1, 2]).all()])
def test_takes_numpy_bools(value):
    claim("it holds", value)


@pytest.mark.parametrize("value", [2, 2.0, np.int64(2), np.float32(2), np.array(2.0)])
def test_takes_numpy_numbers(value):
    claim("it is two", value, equals=2)


def test_infinity_equals_infinity():
    claim("the divergence is infinite", math.inf, equals=math.inf)
    with pytest.raises(ClaimError):
        claim("the divergence is infinite", 1e308, equals=math.inf)


@pytest.mark.parametrize(
    "value",
    [[1], [], "yes", None, print, np.array([True]), np.array([]), {"a": 1}, 1j, 1, 0.5, np.float32(1)],
)
@pytest.mark.parametrize("smoke", ["0", "1"])
def test_only_a_bool_is_a_condition(value, smoke, monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", smoke)
    with pytest.raises(TypeError):
        claim("it holds", value, quality=True)


@pytest.mark.parametrize(
    "value, comparison",
    [
        (True, {"equals": 1}),
        (True, {"above": 0}),
        ([2], {"above": 1}),
        (None, {"above": 1}),
        ("2", {"equals": 2}),
        (2, {"above": "1"}),
        (2, {"within": 0.1}),
        (True, {"within": 0.1}),
        (2, {"equals": 2, "above": 1}),
    ],
)
def test_only_a_number_is_compared(value, comparison):
    with pytest.raises(TypeError):
        claim("it holds", value, **comparison)


def test_statement_and_condition_swapped():
    with pytest.raises(TypeError, match="needs one bool or one number, not str"):
        claim(True, "it holds")


def test_smoke_mode_skips_claims_about_quality_only(monkeypatch, capsys):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    claim("the digits are good", 60.0, below=20, quality=True)
    claim("every class appears", False, quality=True)
    claim("it is a number", math.nan, above=0, quality=True)
    assert capsys.readouterr().out.splitlines() == [
        "– the digits are good (not checked in smoke mode)",
        "– every class appears (not checked in smoke mode)",
        "– it is a number (not checked in smoke mode)",
    ]
    with pytest.raises(ClaimError):
        claim("two and two are five", 4, equals=5)


@pytest.mark.parametrize("smoke", ["", "0"])
def test_claims_about_quality_are_checked_otherwise(smoke, monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", smoke)
    with pytest.raises(ClaimError):
        claim("the digits are good", 60.0, below=20, quality=True)


def test_takes_scalar_tensors():
    tf = pytest.importorskip("tensorflow")
    claim("a tensor is a number", tf.constant(2.0), above=1)
    claim("a variable is a number", tf.Variable(2.0), equals=2)
    claim("a tensor is a bool", tf.reduce_all([True, True]))
    with pytest.raises(ClaimError):
        claim("a tensor can be false", tf.constant(False))
    with pytest.raises(TypeError):
        claim("a vector is no number", tf.constant([2.0]), above=1)
