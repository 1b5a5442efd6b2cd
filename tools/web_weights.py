"""Make web/explorer/weights.js: the shipped generator and judge as text that a page opened as file:// can load.

    python -m tools.web_weights

The generator's matrices keep eight bits a weight, with a scale for each column, its biases float32; the judge is
float16 as shipped. With each of the 36 choices goes the digit that the judge sees most often in its samples.
"""

import base64
import json
from pathlib import Path

import numpy as np

import ganlib

ROOT = Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "web" / "explorer" / "weights.js"
LAYERS = ("1.Dense", "3.Dense", "5.Dense")
SAMPLES = 40  # for each choice


def rounded(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix as int8 of the same shape, and the float32 scale of each column."""
    scale = np.abs(matrix.astype("float32")).max(axis=0) / 127
    return np.round(matrix / scale).astype("int8"), scale.astype("float32")


def coarse(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The generator's weights as the page has them, float32."""
    found = {name: array.astype("float32") for name, array in weights.items()}
    for name in LAYERS:
        steps, scale = rounded(weights[f"{name}.kernel"])
        found[f"{name}.kernel"] = steps * scale
    return found


def text(array: np.ndarray) -> str:
    """The bytes of an array as base64, little end first."""
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def digits(generator, judge, choices: int, weight: float) -> list[int]:
    """The digit that the judge sees most often in each choice's samples."""
    rng, found = np.random.default_rng(0), []
    inside = generator.layers[1:] if "choice" in generator.layers[0].name else generator.layers
    for k in range(choices):
        x = rng.standard_normal((SAMPLES, 64), dtype="float32")
        x = np.concatenate([x, np.tile(weight * np.eye(choices, dtype="float32")[k], (SAMPLES, 1))], axis=1)
        for layer in inside:
            x = layer(x)
        found.append(int(np.bincount(judge.predict(np.asarray(x)), minlength=10).argmax()))
    return found


def main() -> None:
    """Write the file and say how large it is."""
    ganlib.start()
    from ganlib.data import load_arrays
    from ganlib.evaluation.judge import load_judge
    from ganlib.models import CHOICES, load_generator

    weights, judge = load_arrays("generator.npz"), load_judge()
    layers = []
    for name in LAYERS:
        steps, scale = rounded(weights[f"{name}.kernel"])
        bias = weights[f"{name}.bias"].astype("float32")
        layers.append({"shape": list(steps.shape), "steps": text(steps), "scale": text(scale), "bias": text(bias)})
    generator = load_generator()
    weight = generator.layers[0].weight
    content = {
        "choices": digits(generator, judge, CHOICES, weight), "weight": weight, "generator": layers,
        "judge": {name: {"shape": list(array.shape), "half": text(array)} for name, array in judge.weights.items()},
    }  # fmt: skip
    line = f"globalThis.explorerWeights = {json.dumps(content, separators=(',', ':'))};\n"
    WEIGHTS.write_text("// Made by tools/web_weights.py from data/generator.npz and data/judge.npz.\n" + line)
    print(f"{WEIGHTS.relative_to(ROOT)}: {WEIGHTS.stat().st_size / 1e6:.2f} MB; choices draw {content['choices']}")


if __name__ == "__main__":
    main()
