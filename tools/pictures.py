"""Make the pictures of README.md from a finished run: python tools/pictures.py RUN."""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from ganlib import pictures  # noqa: E402


def main(run: Path) -> None:
    """Write docs/digits.png and docs/film.png."""
    images = np.load(run / "generated_images.npz", allow_pickle=False)["images"]
    pictures.save_png(pictures.digits(images[:100], columns=20), ROOT / "docs" / "digits.png")
    paths = sorted((run / "frames").glob("epoch-*.npy"))
    chosen = [0, 1, 2, 4, 8, len(paths) - 1]
    frames = [pictures.tile(np.load(paths[epoch], allow_pickle=False)[:36], columns=6) for epoch in chosen]
    captions = ["untrained", *(f"epoch {epoch}" for epoch in chosen[1:])]
    pictures.save_png(pictures.contact_sheet(frames, captions), ROOT / "docs" / "film.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
