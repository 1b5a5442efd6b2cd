"""Cost of the measures: CPU seconds and peak memory, 10,000 generated images against 10,000 real ones.

Generated are shifted copies of training images: the cost does not depend on what they show.
"""

import sys
import time

import numpy as np

import ganlib
from ganlib.evaluation import metrics


def main() -> None:
    """Time every measure once, and print a table."""
    from ganlib.evaluation.judge import load_judge

    (x_train, _), (x_test, _) = ganlib.load_mnist()
    real, validation, generated = x_train[:10_000], x_train[50_000:51_000], np.roll(x_train[10_000:20_000], 1, axis=2)
    judge = load_judge()
    judge.look(generated[:1000])  # the first call compiles

    total = 0.0
    print("| measure | CPU s | wall s |\n|---|---|---|")

    def timed(name: str, call):
        nonlocal total
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        total += cpu
        print(f"| {name} | {cpu:.2f} | {wall:.2f} |", flush=True)
        return result

    features, probabilities = timed("judge looks at the generated images", lambda: judge.look(generated))
    test = timed("judge looks at the test images", lambda: judge.features(x_test))
    train = judge.features(real)
    timed("Fréchet distance", lambda: metrics.frechet_distance(features, test))
    timed("its spread, 20 bootstrap samples", lambda: metrics.frechet_spread(features, test))
    timed("its floor, 5 draws", lambda: metrics.frechet_floor(train, test, 10_000))
    timed("judge score, histogram, entropy", lambda: (
        metrics.judge_score(probabilities), metrics.entropy(metrics.class_histogram(probabilities))))
    timed("precision, recall, density, coverage", lambda: metrics.prdc(test, features))
    timed("Parzen log-likelihood", lambda: metrics.parzen(generated, x_test, validation))
    timed("memorisation by pixels", lambda: metrics.memorisation(generated, real, x_test))
    timed("memorisation by features", lambda: metrics.memorisation(features, train, test))
    print(f"| all | {total:.1f} | |")
    if sys.platform != "win32":
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
        print(f"\nPeak memory of the process, TensorFlow included: {peak:.2f} GiB")


if __name__ == "__main__":
    main()
