"""Images of one's own, for tests: circles, crosses and squares, in arrays and in folders."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

NAMES = ("circles", "crosses", "squares")


def shapes(n: int, size: tuple[int, int] = (20, 20), colour: bool = False, seed: int = 0):
    """Drawn images, uint8 (n, h, w) or (n, h, w, 3), and which of `NAMES` each shows, int64 (n,)."""
    (height, width), rng, images = size, np.random.default_rng(seed), []
    for i in range(n):
        image = Image.new("RGB" if colour else "L", (width, height))
        draw, r = ImageDraw.Draw(image), int(rng.integers(4, min(size) // 2 - 1))
        x, y = (int(rng.integers(r, side - r)) for side in (width, height))
        ink = tuple(rng.integers(90, 256, 3).tolist()) if colour else int(rng.integers(120, 256))
        box = [x - r, y - r, x + r, y + r]
        if i % 3 == 0:
            draw.ellipse(box, fill=ink)
        elif i % 3 == 1:
            draw.line(box, fill=ink, width=3)
            draw.line([x - r, y + r, x + r, y - r], fill=ink, width=3)
        else:
            draw.rectangle(box, fill=ink)
        images.append(np.asarray(image))
    return np.stack(images), np.arange(n) % 3


def folder(path: Path, images: np.ndarray, labels: np.ndarray | None = None) -> Path:
    """Save images as PNG: in sub-folders with the names of the labels, or all in one folder."""
    for i, image in enumerate(images):
        place = path if labels is None else path / NAMES[labels[i]]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i:04d}.png")
    return path


def idx(images: np.ndarray) -> bytes:
    """The format of the published MNIST files."""
    return bytes([0, 0, 8, images.ndim]) + b"".join(n.to_bytes(4, "big") for n in images.shape) + images.tobytes()
