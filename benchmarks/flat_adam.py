"""Would one flat vector of weights make Adam cheaper? The article's weights, variable by variable and all in one.

CPU seconds of 200 steps on one core, in turn, in a loop compiled by XLA. The flat one must put the gradients together,
which come one by one, and cut the weights apart for the next products; both ways read one product's worth of weights.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from benchmarks.speed import BATCH, SHAPES_D, SHAPES_G

SHAPES = [shape for a, b in (*SHAPES_G, *SHAPES_D) for shape in ((a, b), (b,))]
STEPS = 200


def adam(weights: tf.Variable, mean: tf.Variable, square: tf.Variable, gradient: tf.Tensor) -> None:
    """One step of Adam (Kingma and Ba 2015), without the correction of the start."""
    mean.assign(0.5 * mean + 0.5 * gradient)
    square.assign(0.99 * square + 0.01 * gradient**2)
    weights.assign_sub(1e-3 * mean / (tf.sqrt(square) + 1e-7))


def loop(flat: bool) -> Callable[[], None]:
    """The loop with one vector for all weights if `flat`, else with one variable for each matrix and bias."""
    sizes = [int(np.prod(shape)) for shape in SHAPES]
    shapes = [(sum(sizes),)] if flat else SHAPES
    slots = [[tf.Variable(tf.random.normal(shape)) for shape in shapes] for _ in range(3)]
    gradients = [tf.Variable(tf.random.normal(shape)) for shape in SHAPES]
    inputs = tf.random.normal([BATCH, SHAPES[0][0]])

    @tf.function(jit_compile=True)
    def run() -> tf.Tensor:
        total = 0.0
        for step in tf.range(STEPS):
            new = [gradient + 1e-6 * tf.cast(step, tf.float32) for gradient in gradients]
            if flat:
                new = [tf.concat([tf.reshape(part, [-1]) for part in new], axis=0)]
            for weights, mean, square, gradient in zip(*slots, new, strict=True):
                adam(weights, mean, square, gradient)
            first = tf.reshape(tf.split(slots[0][0], sizes)[0], SHAPES[0]) if flat else slots[0][0]
            total += tf.reduce_sum(inputs @ first)
        return total

    return lambda: run().numpy()


def main() -> None:
    """Run both in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    loops = {"one variable each": loop(flat=False), "one flat vector": loop(flat=True)}
    spent: dict[str, list[float]] = {name: [] for name in loops}
    for run in loops.values():
        run()  # compiled
    for _ in range(options.rounds):
        for name, run in loops.items():
            start = time.process_time()
            run()
            spent[name].append(time.process_time() - start)
    first = spent["one variable each"]
    print("| | CPU ms a step (median) | times as many (min to max) |\n|---|---|---|")
    for name, seconds in spent.items():
        ratios = [a / b for a, b in zip(seconds, first, strict=True)]
        print(f"| {name} | {1000 * statistics.median(seconds) / STEPS:.2f} "
              f"| {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")  # fmt: skip


if __name__ == "__main__":
    main()
