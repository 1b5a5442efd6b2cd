"""What a run leaves for people: weights, images, pictures, the film. Each is written on its own."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ganlib import pictures
from ganlib.data import to_images
from ganlib.files import write_file
from ganlib.gan import GAN
from ganlib.training.callbacks import Film
from ganlib.training.runs import Run, reason
from ganlib.training.settings import Settings
from ganlib.weights import save_weights


def write_products(gan: GAN, run: Run, film: Film, settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """Write all that can be written, the weights first; returns what each file is, and why each missing one is missing.

    One thing that fails, such as a picture of a damaged history, keeps back no other.
    """
    made, failed = {}, {}

    def write(name: str, what: str, make: Callable[[Path], object]) -> None:
        try:
            if make(run.folder / name) is not False:
                made[name] = what
        except Exception as error:  # of whatever kind: it must not keep back the others
            failed[name] = reason(error)

    write("generator.npz", "the generator's weights (averaged)", lambda path: save_weights(path, gan.average))
    what = "digits" if settings.data is None else "images"
    images = f"{settings.images:,} images, uint8 {' x '.join(map(str, film.shape))}"
    write("generated_images.npz", images, lambda path: _save_images(path, gan, settings, film.shape))
    try:
        history = run.history()
    except Exception as error:
        history, failed["history.csv"] = {}, reason(error)
    epochs = int(history["epoch"][-1]) if history.get("epoch") else 0
    write("samples.png", f"100 {what}", lambda path: _save_samples(path, gan, epochs, film.shape, what))
    if epochs:
        curves = "losses, D(x) and D(G(z)) by epoch"
        write("curves.png", curves, lambda path: _save_curves(path, history, gan.pair.balance))
        made["history.csv"] = "every figure of every epoch"
    shown = "the training film: open it in a browser"
    write("film.html", shown, lambda path: _save_film(path, film, epochs or None, what))
    if odd := film.left_out():
        failed["frames"] = f"{', '.join(odd[:3])} are not frames of this run, and not in the film"
    return made, failed


def _save_images(path: Path, gan: GAN, settings: Settings, shape: tuple[int, ...]) -> None:
    content = io.BytesIO()
    np.savez_compressed(content, images=to_images(gan.generate(settings.images, seed=settings.seed + 1), shape))
    write_file(path, content.getbuffer())


def _save_samples(path: Path, gan: GAN, epochs: int, shape: tuple[int, ...], what: str) -> None:
    title = f"Generated {what} after {epochs} epochs"
    pictures.save_png(pictures.digits(to_images(gan.generate(100), shape), title=title), path)


def _save_curves(path: Path, history: dict[str, list[float]], balance: Mapping[str, float]) -> None:
    curves = pictures.training_curves(history, "Losses and D's probabilities", balance=balance)
    pictures.save_png(curves, path)


def _save_film(path: Path, film: Film, epochs: int | None, what: str) -> bool:
    images, numbers = film.images(epochs)
    if len(images) < 2:
        return False
    pictures.film(images, numbers, what=what).save(path)
    return True
