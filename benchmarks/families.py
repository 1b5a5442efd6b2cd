"""GAN, VAE and flow matching at equal cost; what makes a VAE blur; its bound. Stored in `families.csv`, for lesson 08.

    python benchmarks/families.py race blur bound ship

Without names it prints the tables of what is stored. `race`: the same widths, data and 47 to 63 CPU seconds (of all
threads) for each family, three seeds. `blur`: the VAE with four values of beta. `bound`: pixels
drawn as coins, 50 latents, as in Burda et al. 2016. `ship` writes what the lesson reads.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import ganlib
from benchmarks import _rows

STORED = Path(__file__).with_suffix(".csv")
MEASURES = ("distance", "precision", "recall", "coverage", "grey", "memorised", "error", "draw_ms", "bound", "iw_bound")
COLUMNS = ("part", "name", "seed", "epochs", "cpu_s", *MEASURES)
SEEDS = (0, 1, 2)
EPOCHS = {"GAN": 5, "VAE": 12, "flow": 8}  # 47 to 63 CPU seconds each
BETAS, BLUR_EPOCHS, BOUND_EPOCHS = (0.0, 0.1, 1.0, 4.0), 4, 40
SHOWN, IMAGES = STORED.with_suffix(".npz"), 16  # the first images of each way to draw, of the first seed
FLOW_STEPS = (1, 3, 10, 30)


def rate(epochs: int):
    """Adam's rate, falling to a tenth."""
    import keras

    return keras.optimizers.schedules.CosineDecay(2e-3, 469 * epochs, alpha=0.1)


def build(name: str, epochs: int, beta: float = 1.0, latents: int = 64):
    """An untrained model of a family, compiled."""
    import keras

    from ganlib import GAN, models, vae
    from ganlib.lessons.flow import Flow

    if name == "GAN":
        model = GAN(*models.wide())
        model.compile(*(keras.optimizers.Adam(rate(epochs), 0.0, 0.99) for _ in range(2)), r1=0.1)
    elif name == "VAE":
        model = vae.VAE(*vae.networks(latents))
        model.compile(keras.optimizers.Adam(rate(epochs)), beta=beta)
    else:
        model = Flow(models.mlp(784 + 8, (512, 512), 784, "sigmoid", "flow"))
        model.compile(keras.optimizers.Adam(rate(epochs)), jit_compile=True)
    return model


def draws(name: str, model) -> Iterator[tuple[str, object, float]]:
    """Each way to draw 10,000 images: its name, the images (uint8), milliseconds of CPU an image."""
    import numpy as np

    from ganlib import to_images

    ways = {"GAN": lambda: model.generate(10_000)}
    if name == "VAE":
        coins = np.random.default_rng(1)
        ways = {
            "VAE, means": lambda: model.generate(10_000),
            "VAE, sampled pixels": lambda: (coins.random((10_000, 784)) < model.generate(10_000)).astype("float32"),
        }
    if name == "flow":
        ways = {
            f"flow, {steps} step" + "s" * (steps > 1): lambda steps=steps: np.concatenate(
                [model.draw(1000, steps, seed) for seed in range(10)]
            )
            for steps in FLOW_STEPS
        }
    for way, draw in ways.items():
        began = time.process_time()
        images = draw()
        cost = (time.process_time() - began) / 10
        yield way, to_images(images), cost


def race() -> Iterator[dict]:
    """Train each family three times; yields a row for each way to draw from it."""
    from ganlib import load_mnist
    from ganlib.evaluation import latents, metrics
    from ganlib.evaluation.judge import load_judge

    (x, _), (test, _) = load_mnist()
    judge = load_judge()
    real = judge.features(test)
    for name, epochs in EPOCHS.items():
        last = {"GAN": "GAN", "VAE": "VAE, sampled", "flow": f"flow, {FLOW_STEPS[-1]}"}[name]
        missing = [seed for seed in SEEDS if not is_stored("race", last, seed)]
        model = build(name, epochs)
        if missing:
            train(name, model, x[:12800], 1)  # compiles
        for seed in missing:
            model = restarted(name, model, epochs, seed)
            began = time.process_time()
            train(name, model, x[:50_000], epochs)
            seconds = time.process_time() - began
            for way, images, cost in draws(name, model):
                if seed == SEEDS[0]:
                    show(way, images[:IMAGES])
                features = judge.features(images)
                p = metrics.prdc(real, features)
                copies = metrics.memorisation(features[:2000], judge.features(x[:10_000]), judge.features(x[50_000:]))
                yield {
                    "part": "race", "name": way, "seed": seed, "epochs": epochs, "cpu_s": seconds, "draw_ms": cost,
                    "distance": metrics.frechet_distance(features, real), "precision": p.precision, "recall": p.recall,
                    "coverage": p.coverage, "grey": latents.grey_share(images), "memorised": copies.share,
                }  # fmt: skip


def train(name: str, model, x, epochs: int) -> None:
    """Train on uint8 images; flow matching takes flat float32 ones."""
    if name == "flow":
        x = x.reshape(len(x), -1).astype("float32") / 255
    model.fit(x, batch_size=128, epochs=epochs, verbose=0)


def restarted(name: str, model, epochs: int, seed: int):
    """The model with new first weights."""
    import keras

    if name != "flow":
        model.restart(seed)
        return model
    keras.utils.set_random_seed(seed)
    return build(name, epochs)


def blur() -> Iterator[dict]:
    """A VAE with each beta: how grey reconstructions of test images are, and how far off."""
    import numpy as np

    from ganlib import load_mnist, to_images
    from ganlib.evaluation import latents, metrics
    from ganlib.evaluation.judge import load_judge

    (x, _), (test, _) = load_mnist()
    judge = load_judge()
    real, pixels = judge.features(test), test.reshape(-1, 784).astype("float32") / 255
    for beta in BETAS:
        model = build("VAE", BLUR_EPOCHS, beta)
        for seed in (seed for seed in SEEDS if not is_stored("blur", f"beta {beta:g}, draws", seed)):
            model.restart(seed)
            began = time.process_time()
            model.fit(x, batch_size=128, epochs=BLUR_EPOCHS, verbose=0)
            seconds = time.process_time() - began
            again = model.decode(model.encode(pixels)[0].numpy())
            sets = {f"beta {beta:g}, reconstructions": again, f"beta {beta:g}, draws": model.generate(10_000)}
            for name, images in sets.items():
                distance = metrics.frechet_distance(judge.features(to_images(images)), real)
                row = {"part": "blur", "name": name, "seed": seed, "epochs": BLUR_EPOCHS, "cpu_s": seconds}
                yield row | {
                    "distance": distance, "grey": latents.grey_share(images),
                    "error": np.mean(np.sum((again - pixels) ** 2, axis=1)) if images is again else "",
                }  # fmt: skip


def bound() -> Iterator[dict]:
    """The bound on test images drawn as coins, and with 100 samples on the first 2,000 of them."""
    import numpy as np

    from ganlib import load_mnist

    (x, _), (test, _) = load_mnist()
    for seed in (seed for seed in SEEDS if not is_stored("bound", f"after {BOUND_EPOCHS}", seed)):
        coins = np.random.default_rng(seed)
        tossed = toss(test, coins)
        model = build("VAE", BOUND_EPOCHS, latents=50)
        model.restart(seed)
        began = time.process_time()
        for epoch in range(1, BOUND_EPOCHS + 1):
            model.fit(toss(x, coins), batch_size=128, verbose=0)
            if epoch in (1, 3, 10, 20, BOUND_EPOCHS):
                seconds = time.process_time() - began
                found = {"bound": model.bound(tossed).mean(), "iw_bound": model.bound(tossed[:2000], 100).mean()}
                row = {"part": "bound", "name": f"after {epoch}", "seed": seed, "epochs": epoch, "cpu_s": seconds}
                yield row | found
                began += time.process_time() - began - seconds


def toss(images, coins):
    """Images of black and white: each pixel white with the probability of its grey, anew at each call."""
    import numpy as np

    return np.uint8(255) * (coins.random(images.shape, dtype="float32") < images / np.float32(255))


def show(way: str, images) -> None:
    """Keep some images for the lesson, in `families.npz`."""
    import numpy as np

    kept = dict(np.load(SHOWN)) if SHOWN.exists() else {}
    np.savez_compressed(SHOWN, **{**kept, way: images})


def is_stored(part: str, name: str, seed: int) -> bool:
    """Whether there is a row of this part and seed whose name begins so."""
    return any(row["part"] == part and row["name"].startswith(name) and row["seed"] == seed for row in stored())


def stored() -> list[dict]:
    """The rows of `families.csv`."""
    return _rows.stored(STORED, COLUMNS[:2])


def add(row: dict) -> None:
    """Append a row to `families.csv`, four digits each."""
    digits = {key: value if isinstance(value, str | int) else f"{value:.4g}" for key, value in row.items()}
    _rows.add(STORED, COLUMNS, digits)


def table(rows: list[dict]) -> Iterator[str]:
    """A line for each name: mean of each measure over the seeds, and the range of the distance."""
    for part, name in dict.fromkeys((row["part"], row["name"]) for row in rows):
        found = [row for row in rows if (row["part"], row["name"]) == (part, name)]
        means = {key: [row[key] for row in found if row[key] != ""] for key in COLUMNS[4:]}
        texts = [f"{key} {statistics.mean(values):.3g} ({min(values):.3g} to {max(values):.3g})"
                 for key, values in means.items() if values]  # fmt: skip
        yield f"{part:5} {name:28} " + "  ".join(texts)


def ship(rows: list[dict]) -> None:
    """Write data/lesson08.npz: for each part a table (names, measures, seeds), NaN where nothing was measured."""
    import numpy as np

    from ganlib.data import DATA, save_arrays

    arrays = {}
    for part, name in dict.fromkeys((row["part"], row["name"]) for row in rows):
        found = sorted((row for row in rows if (row["part"], row["name"]) == (part, name)), key=lambda row: row["seed"])
        table = [[float(row[key]) if row[key] != "" else np.nan for row in found] for key in COLUMNS[4:]]
        arrays[f"{part}: {name}"] = np.array(table, "float32")
    arrays |= {f"images: {way}": images for way, images in np.load(SHOWN).items()}
    save_arrays(DATA / "lesson08.npz", arrays, "python benchmarks/families.py race blur bound ship", "CC BY 4.0")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"race": race, "blur": blur, "bound": bound}
    parser.add_argument("parts", nargs="*", choices=(*parts, "ship", []), help="what to do; nothing: show the tables")
    arguments = parser.parse_args()
    ganlib.start()
    for name in (name for name in arguments.parts if name in parts):
        for row in parts[name]():
            add(row)
            print(row, flush=True)
    if "ship" in arguments.parts:
        ship(stored())
    print("\n".join(table(stored())))


if __name__ == "__main__":
    main()
