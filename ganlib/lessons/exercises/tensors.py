"""Go on with the learner's own function: in a training, it must also have a gradient."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from ganlib.lessons.exercises import Wrong, answered, attempt, call


def going_on_with(answer: Callable, library: Callable, *arguments, gradient: bool = True) -> Callable:
    """Return `answer` if it can take the place of `library`, which has the same arguments; else `library`.

    It can if both give the same for these arguments and, for `gradient`, if TensorFlow can differentiate it. Prints
    one line that says which of the two the lesson goes on with.
    """
    reason = _obstacle(answer, library, arguments, gradient)
    print(f"The next cells use {f'ganlib’s own: {reason}' if reason else 'your function'}.")
    return library if reason else answer


def _obstacle(answer: Callable, library: Callable, arguments: tuple, gradient: bool) -> str:
    """Why the answer cannot be used, or "" if it can."""
    if not answered(answer, *arguments):
        return "yours is not written yet"
    try:
        same = np.allclose(call(answer, *arguments), call(library, *arguments), rtol=1e-4, atol=1e-4)
    except (Wrong, ValueError):  # ValueError: shapes that do not go together
        same = False
    if not same:
        return "yours is not right yet"
    if gradient and not _has_gradient(answer, arguments):
        return "yours is right, but TensorFlow cannot differentiate it (np. in place of tf.)"
    return ""


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
