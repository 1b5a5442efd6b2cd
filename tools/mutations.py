"""Values that a claim compares, made wrong: twice and half of it, of the other sign, nothing, swapped, untrained.

`mutate(label, value, names)` returns the wrong value, or UNCHANGED where the label says nothing about such a value. A
single bool is never changed: it is the claim itself, and not what the claim compares.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

UNCHANGED = object()
LABELS = ("twice", "half", "minus", "no", "one minus", "one more than", "swapped", "untrained", "another than")


def mutate(label: str, value: Any, names: dict[str, Any]) -> Any:
    """Return a wrong value in place of `value`; `names` are those of the lesson, where other nets are looked for."""
    if isinstance(value, (bool, np.bool_)):
        return UNCHANGED
    if value is None:  # such as the gradient that there is not
        return 1.0 if label == "another than" else UNCHANGED
    if isinstance(value, numbers.Number) or getattr(value, "shape", None) == ():
        return _number(label, value)
    if isinstance(value, (str, bytes)):
        return value + value if label == "twice" and value else UNCHANGED
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return _container(label, value, names)
    if hasattr(value, "get_weights") and hasattr(value, "set_weights"):
        return _net(label, value, names)
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return _array(label, value, names)
    return UNCHANGED


def _number(label: str, value: Any) -> Any:
    kind = np.asarray(value)
    if kind.dtype.kind not in "iuf":
        return UNCHANGED
    number = kind.item()
    if label == "one more than":
        wrong = number + 1
    elif not np.isfinite(number):
        return 0.0 if label == "no" else UNCHANGED
    elif label == "one minus" and 0 <= number <= 1 and isinstance(number, float):  # a share
        wrong = 1 - number
    else:
        wrong = {"twice": 2 * number, "half": number / 2, "minus": -number, "no": 0 * number}.get(label, number)
    return UNCHANGED if wrong == number else wrong


def _array(label: str, value: Any, names: dict[str, Any]) -> Any:
    array = np.asarray(value)
    if not array.size:
        return UNCHANGED
    if label == "another than":  # what another run gave
        others = (other for other in names.values() if type(other) is type(value) and other is not value)
        return next((other for other in others if (other.shape, other.dtype) == (value.shape, value.dtype)), UNCHANGED)
    if label == "swapped":
        wrong = array[np.random.default_rng(0).permutation(len(array))]
    elif array.dtype == bool:
        wrong = {"minus": ~array, "no": array & False}.get(label)
    elif array.dtype.kind in "iuf":
        share = array.dtype.kind == "f" and 0 <= array.min() <= array.max() <= 1
        wrong = {"twice": array * 2, "half": array / 2, "minus": -1.0 * array, "no": array * 0}.get(label)
        wrong = 1 - array if share and label == "one minus" else wrong
    else:
        wrong = None
    if wrong is None:
        return UNCHANGED
    if isinstance(value, np.ndarray):
        return wrong
    import tensorflow as tf

    return tf.constant(wrong.astype(array.dtype))


def _container(label: str, value: Any, names: dict[str, Any]) -> Any:
    if isinstance(value, (set, frozenset)):
        return type(value)(list(value)[1:]) if label == "no" and value else UNCHANGED
    items = list(value.values()) if isinstance(value, dict) else list(value)
    if label == "swapped":
        wrong = items[1:] + items[:1]
    else:
        wrong = [_item(label, item, names) for item in items]
        if all(item is UNCHANGED for item in wrong):
            return UNCHANGED
        wrong = [old if new is UNCHANGED else new for new, old in zip(wrong, items, strict=True)]
    if isinstance(value, dict):
        return dict(zip(value, wrong, strict=True))
    return wrong if type(value) is list else tuple(wrong)


def _item(label: str, item: Any, names: dict[str, Any]) -> Any:
    if isinstance(item, (bool, np.bool_)):  # among others it is something found out, like an element of an array
        return not item if label == "minus" else UNCHANGED
    return mutate(label, item, names)


def _net(label: str, net: Any, names: dict[str, Any]) -> Any:
    if label == "untrained":
        return _untrained(net)
    if label != "another than":
        return UNCHANGED

    def shapes(other: Any) -> Any:
        return getattr(other, "input_shape", None), getattr(other, "output_shape", None)

    others = [other for other in names.values() if hasattr(other, "get_weights") and other is not net]
    return next((other for other in others if shapes(other) == shapes(net)), UNCHANGED)


def _untrained(net: Any) -> Any:
    import keras

    twin, rng = keras.models.clone_model(net), np.random.default_rng(0)
    twin.set_weights(
        [rng.normal(0, w.shape[0] ** -0.5, w.shape) if w.ndim > 1 else np.zeros_like(w) for w in net.get_weights()]
    )
    return twin
