"""Make data/generator.npz from a finished run of `python -m ganlib train`: python tools/ship_generator.py RUN."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
import ganlib  # noqa: E402

CLOSE_ENOUGH = 0.02  # what rounding to float16 may change in the Fréchet distance of 10,000 images


def main(run: Path) -> None:
    """Round the run's averaged generator to float16, measure what that changes, and save it with its manifest entry.

    Ends with one sentence, and saves nothing, if the run does not have the default settings or rounding shows.
    """
    ganlib.start()
    from ganlib import data, metrics, models
    from ganlib.__main__ import Settings
    from ganlib.judge import load_judge

    settings = json.loads((run / "config.json").read_text(encoding="utf-8"))["settings"]
    default = asdict(Settings())
    different = [f"{name} = {value}" for name, value in settings.items() if value != default.get(name)]
    if different:
        sys.exit(f"{run} is not a run of the default settings: {', '.join(different)}.")

    with np.load(run / "generator.npz", allow_pickle=False) as file:
        exact = {name: file[name] for name in file.files}
    rounded = {name: weight.astype("float16") for name, weight in exact.items()}
    judge, (_, (x_test, _)) = load_judge(), data.load_mnist()
    real = judge.features(x_test)
    distances = []
    for weights in (exact, rounded):
        generator = models.generator_with(weights)
        latents = np.random.default_rng(0).standard_normal((10_000, generator.input_shape[1]), dtype=np.float32)
        images = data.to_images(generator.predict(latents, batch_size=500, verbose=0))
        distances.append(metrics.frechet_distance(judge.features(images), real))
    print(f"Fréchet distance {distances[0]:.3f}; rounded to float16 {distances[1]:.3f}")
    if abs(distances[0] - distances[1]) > CLOSE_ENOUGH:
        sys.exit(f"Nothing is saved: rounding may change it by {CLOSE_ENOUGH} at most.")
    command = f"python -m ganlib train --epochs {settings['epochs']} --seed {settings['seed']}"
    source = f"the averaged generator of: {command}; saved by: python tools/ship_generator.py RUN"
    data.save_arrays(data.DATA / "generator.npz", rounded, source, "that of the course")
    print(f"Saved as {data.DATA / 'generator.npz'}, and listed in manifest.json.")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
