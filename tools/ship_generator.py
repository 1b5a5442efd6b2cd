"""Make data/generator.npz: train `mixture` on the first 50,000 images, and keep the averaged generator.

    python tools/ship_generator.py

The last 10,000 training images stay unseen, as in Goodfellow et al. 2014, so that lesson 05 may compare with their
table. Another machine rounds differently: its weights will be close, not equal.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import ganlib  # noqa: E402

SEEN = 50_000
CLOSE_ENOUGH = 0.02  # what rounding to float16 may change in the Fréchet distance of 10,000 images


def main() -> None:
    """Train, round the weights to float16, measure what that changes, and save them with their manifest entry.

    Ends with one sentence, and saves nothing, if rounding shows.
    """
    ganlib.start()
    from ganlib import data
    from ganlib.evaluation import metrics
    from ganlib.evaluation.judge import load_judge
    from ganlib.training.recipe import build_gan
    from ganlib.training.settings import Settings
    from ganlib.weights import named_weights

    settings = Settings(architecture="mixture", epochs=32)
    (x_train, _), (x_test, _) = data.load_mnist()
    gan = build_gan(settings, -(-SEEN // settings.batch_size))
    gan.fit(x_train[:SEEN], settings.batch_size, settings.epochs)

    judge, exact = load_judge(), gan.average.get_weights()
    real, distances = judge.features(x_test), []
    for weights in (exact, [weight.astype("float16") for weight in exact]):
        gan.average.set_weights(weights)
        distances.append(metrics.frechet_distance(judge.features(data.to_images(gan.generate(10_000))), real))
    print(f"Fréchet distance {distances[0]:.3f}; rounded to float16 {distances[1]:.3f}")
    if abs(distances[0] - distances[1]) > CLOSE_ENOUGH:
        sys.exit(f"Nothing is saved: rounding may change it by {CLOSE_ENOUGH} at most.")
    rounded = {name: weight.astype("float16") for name, weight in named_weights(gan.average).items()}
    source = "python tools/ship_generator.py: --architecture mixture --epochs 32 on the first 50,000 images"
    data.save_arrays(data.DATA / "generator.npz", rounded, source, "that of the course")
    print(f"Saved as {data.DATA / 'generator.npz'}, and listed in manifest.json.")


if __name__ == "__main__":
    main()
