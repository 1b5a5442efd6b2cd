"""Make the explorer's weights and images: text files that a page opened as file:// can load.

    python -m tools.web_weights            web/explorer/weights.js, asked.js and images.js, from data/
    python -m tools.web_weights PAIR.npz   first data/explorer.npz, from a pair of `benchmarks/asked.py projection`

weights.js comes with the page: the shipped generator and judge. With each of the 36 choices goes the digit that the
judge sees most often in its samples. asked.js (a conditional pair) and images.js (training images) come on demand.
The networks' matrices keep eight bits a weight, with a scale for each column, their biases float32; the judge is
float16 as shipped; the training images keep four bits a pixel.
"""

import base64
import json
import sys
import zlib
from pathlib import Path

import numpy as np

import ganlib

ROOT = Path(__file__).resolve().parent.parent
EXPLORER = ROOT / "web" / "explorer"
LAYERS = ("1.Dense", "3.Dense", "5.Dense")
D_LAYERS = ("1.Sequential.kernel", "1.Sequential.kernel#2", "2.Dense.kernel", "3.Dense.kernel")
SAMPLES = 40  # for each choice
IMAGES, LEVELS = 5000, 15  # of the training set; the white of four bits
SOURCE = "python benchmarks/asked.py projection --seeds 0 --save PAIR.npz; python -m tools.web_weights PAIR.npz"

Arrays = dict[str, np.ndarray]


def rounded(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix as int8 of the same shape, and the float32 scale of each column."""
    scale = np.abs(matrix.astype("float32")).max(axis=0) / 127
    return np.round(matrix / scale).astype("int8"), scale.astype("float32")


def coarse(weights: Arrays) -> Arrays:
    """The generator's weights as the page has them, float32."""
    found = {name: array.astype("float32") for name, array in weights.items()}
    for name in LAYERS:
        steps, scale = rounded(weights[f"{name}.kernel"])
        found[f"{name}.kernel"] = steps * scale
    return found


def pack_pair(weights: Arrays) -> Arrays:
    """A pair's weights with each matrix as int8, and its scales as `NAME.scale`."""
    packed = {}
    for name, array in weights.items():
        packed[name] = array.astype("float32")
        if array.ndim == 2:
            packed[name], packed[f"{name}.scale"] = rounded(array)
    return packed


def unpack_pair(packed: Arrays) -> Arrays:
    """The float32 weights that a packed pair stands for."""
    names = [name for name in packed if not name.endswith(".scale")]
    return {name: packed[name] * packed.get(f"{name}.scale", np.float32(1)) for name in names}


def text(array: np.ndarray) -> str:
    """The bytes of an array as base64, little end first."""
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode("ascii")


def layer(steps: np.ndarray, scale: np.ndarray, bias: np.ndarray) -> dict:
    """A dense layer as the page reads it."""
    bias = bias.astype("float32")
    return {"shape": list(steps.shape), "steps": text(steps), "scale": text(scale), "bias": text(bias)}


def digits(generator, judge, choices: int, weight: float) -> list[int]:
    """The digit that the judge sees most often in each choice's samples."""
    rng, found = np.random.default_rng(0), []
    inside = generator.layers[1:] if "choice" in generator.layers[0].name else generator.layers
    for k in range(choices):
        x = rng.standard_normal((SAMPLES, 64), dtype="float32")
        x = np.concatenate([x, np.tile(weight * np.eye(choices, dtype="float32")[k], (SAMPLES, 1))], axis=1)
        for part in inside:
            x = part(x)
        found.append(int(np.bincount(judge.predict(np.asarray(x)), minlength=10).argmax()))
    return found


def shipped() -> dict:
    """What weights.js holds."""
    from ganlib.data import load_arrays
    from ganlib.evaluation.judge import load_judge
    from ganlib.models import CHOICES, load_generator

    weights, judge, generator = load_arrays("generator.npz"), load_judge(), load_generator()
    layers = [layer(*rounded(weights[f"{name}.kernel"]), weights[f"{name}.bias"]) for name in LAYERS]
    weight = generator.layers[0].weight
    return {
        "choices": digits(generator, judge, CHOICES, weight), "weight": weight, "generator": layers,
        "judge": {name: {"shape": list(array.shape), "half": text(array)} for name, array in judge.weights.items()},
    }  # fmt: skip


def asked() -> dict:
    """What asked.js holds: a conditional pair. D: two hidden layers, scores of the ten digits, logit."""
    from ganlib.data import load_arrays

    pair = load_arrays("explorer.npz")

    def of(net: str, kernel: str) -> dict:
        steps, name = pair[f"{net}/{kernel}"], f"{net}/{kernel.replace('kernel', 'bias')}"
        return layer(steps, pair[f"{net}/{kernel}.scale"], pair.get(name, np.zeros(steps.shape[1])))

    return {
        "choices": list(range(10)), "weight": 1.0,
        "generator": [of("generator", f"{name}.kernel") for name in LAYERS],
        "discriminator": [of("discriminator", name) for name in D_LAYERS],
    }  # fmt: skip


def levels(images: np.ndarray) -> np.ndarray:
    """Images, uint8 (n, 28, 28), as whole numbers from 0 to LEVELS, uint8 (n, 784)."""
    return np.round(images.reshape(len(images), 784) / 255 * LEVELS).astype("uint8")


def nearest(images: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The distance of each image, (n, 784) in 0..1, to the nearest of others: Euclidean, (n,)."""
    squares = (images**2).sum(1)[:, None] + (among**2).sum(1)[None] - 2 * images @ among.T
    return np.sqrt(squares.min(axis=1).clip(0))


def training_images() -> dict:
    """What images.js holds: the first training images, and how near test images typically come to them."""
    from ganlib.data import load_mnist

    (x_train, y_train), (x_test, _) = load_mnist()
    steps = levels(x_train[:IMAGES])
    pixels = zlib.compress((steps[:, ::2] * 16 + steps[:, 1::2]).tobytes(), 9)
    test = x_test[:2000].reshape(-1, 784).astype("float32") / 255
    typical = np.median(nearest(test, steps.astype("float32") / LEVELS))
    return {
        "labels": "".join(map(str, y_train[:IMAGES])), "typical": round(float(typical), 2),
        "pixels": base64.b64encode(pixels).decode("ascii"),
    }  # fmt: skip


FILES = {
    "weights.js": ("explorerWeights", shipped, "data/generator.npz and data/judge.npz"),
    "asked.js": ("explorerPair", asked, "data/explorer.npz"),
    "images.js": ("explorerImages", training_images, "data/mnist.npz"),
}


def main(arguments: list[str]) -> None:
    """Write the files and say how large they are."""
    ganlib.start()
    from ganlib.data import DATA, save_arrays

    if arguments:
        save_arrays(DATA / "explorer.npz", pack_pair(dict(np.load(arguments[0]))), SOURCE, "that of the course")
    for name, (variable, content, origin) in FILES.items():
        line = f"globalThis.{variable} = {json.dumps(content(), separators=(',', ':'))};\n"
        path = EXPLORER / name
        path.write_text(f"// Made by tools/web_weights.py from {origin}.\n{line}", encoding="utf-8", newline="\n")
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
