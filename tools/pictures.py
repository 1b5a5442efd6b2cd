"""Make the picture of README.md from a finished run: python tools/pictures.py RUN."""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from ganlib import pictures  # noqa: E402


def main(run: Path) -> None:
    """Write docs/digits.png."""
    images = np.load(run / "generated_images.npz", allow_pickle=False)["images"]
    pictures.save_png(pictures.digits(images[:100], columns=20), ROOT / "docs" / "digits.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
