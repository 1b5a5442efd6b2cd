"""Go on with the learner's own function in a training, where it also needs a gradient."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ganlib.lessons.exercises import Wrong, attempt, use


def use_in_training(checked: Callable, answer: Callable, ours: Callable, *arguments) -> Callable:
    """As `use`, and `ours` too if TensorFlow cannot differentiate the answer for these arguments (NumPy arrays)."""
    chosen = use(checked, answer, ours)
    if chosen is answer and not _has_gradient(answer, arguments):
        print("But it has no gradient (np. where tf. is needed), so the training takes the course's own.")
        return ours
    return chosen


def _has_gradient(answer: Callable, arguments: tuple) -> bool:
    tensors = [tf.constant(value) if isinstance(value, np.ndarray) else value for value in arguments]
    watched = [value for value in tensors if isinstance(value, tf.Tensor)]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        try:
            value = attempt(answer, *tensors)
        except Wrong:
            return False
    return isinstance(value, tf.Tensor) and all(part is not None for part in tape.gradient(value, watched))
