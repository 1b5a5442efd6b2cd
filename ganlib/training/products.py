"""What a run leaves for people: pictures, the film, images, weights."""

import io

import numpy as np

from ganlib import pictures
from ganlib.data import to_images
from ganlib.files import write_file
from ganlib.gan import GAN
from ganlib.models import save_weights
from ganlib.training.callbacks import Film
from ganlib.training.runs import Run
from ganlib.training.settings import Settings


def write_products(gan: GAN, run: Run, film: Film, settings: Settings) -> dict[str, str]:
    """Write the pictures, the film, the images and the weights of a run; returns what each file of the run is."""
    folder, history = run.folder, run.history()
    epochs = int(history["epoch"][-1]) if history else 0
    pictures.save_png(
        pictures.digits(to_images(gan.generate(100)), title=f"Generated digits after {epochs} epochs"),
        folder / "samples.png",
    )
    made = {"samples.png": "100 digits"}
    if history:
        curves = pictures.training_curves(history, "Losses and D's probabilities", balance=gan.pair.balance)
        pictures.save_png(curves, folder / "curves.png")
        made["curves.png"] = "losses, D(x) and D(G(z)) by epoch"
    images, numbers = film.images()
    if len(images) > 1:
        pictures.film(images, numbers).save(folder / "film.html")
        made["film.html"] = "the training film: open it in a browser"
    content = io.BytesIO()
    np.savez_compressed(content, images=to_images(gan.generate(settings.images, seed=settings.seed + 1)))
    write_file(folder / "generated_images.npz", content.getvalue())
    made["generated_images.npz"] = f"{settings.images:,} images, uint8 28 x 28"
    save_weights(folder / "generator.npz", gan.average)
    made["generator.npz"] = "the generator's weights (averaged)"
    made["history.csv"] = "every figure of every epoch"
    return made
