"""Modes and high-quality share of a plain GAN on the papers' ring and grid, over five seeds: `modes.csv`.

    python benchmarks/modes.py [ring | grid-quarter | grid | collapse] ...

Same tasks and measure as Srivastava et al. 2017 (VEEGAN) and Lin et al. 2018 (PacGAN): 2,500 samples, near means
within three standard deviations. Another method: non-saturating loss, two ReLU layers of 128 in both networks, two
latents, Adam with beta 0.5 and 0.99 at a rate of 0.001 that falls to 0 along a cosine, batch 256. `grid-quarter` is the
grid with everything, the standard deviation too, divided by 4. `collapse` is the ring of Metz et al. 2017 (radius 2,
standard deviation 0.02) with their 256 latents and their rates (G 0.001, D 0.0001, no decay), but our networks.
Rows of the tasks named are replaced in `modes.csv`; a task takes two to five CPU minutes.
"""

import csv
import io
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from ganlib.files import write_file
from ganlib.lessons import clinic, toys

TABLE = Path(__file__).with_name("modes.csv")
COLUMNS = ("task", "steps", "seed", "modes", "near", "least")
OURS = clinic.Setup(decay=True)
METZ = clinic.Setup(d_speed=0.1)
TASKS = {
    "ring": (toys.ring(), 10_000, OURS, 2),
    "grid-quarter": (toys.grid(0.25), 20_000, OURS, 2),
    "grid": (toys.grid(), 20_000, OURS, 2),
    "collapse": (toys.ring(radius=2.0, std=0.02), 5_000, METZ, 256),
}


def measure(task: str, seeds: int = 5) -> list[dict]:
    """One row for each seed."""
    real, steps, setup, latents = TASKS[task]
    setups = [replace(setup, seed=seed) for seed in range(seeds)]
    ward = clinic.train(setups, real, steps, hidden=(128, 128), batch=256, latents=latents, leak=0.0)
    return [
        dict(zip(COLUMNS, (task, steps, seed, found.modes, f"{found.near:.4f}", f"{found.least:.4f}"), strict=True))
        for seed, found in enumerate(clinic.health(ward, real))
    ]


def main(tasks: list[str]) -> None:
    unknown = set(tasks) - set(TASKS)
    if unknown:
        raise SystemExit(f"There is no task {min(unknown)}: choose from {', '.join(TASKS)}.")
    for task in tasks or TASKS:
        rows = measure(task)
        old = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines())) if TABLE.exists() else []
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows([row for row in old if row["task"] != task] + rows)
        write_file(TABLE, text.getvalue().encode())
        modes, near = ([float(row[name]) for row in rows] for name in ("modes", "near"))
        print(f"{task}: modes {np.mean(modes):.1f} ± {np.std(modes, ddof=1):.1f}, "
              f"near {np.mean(near):.1%} ± {np.std(near, ddof=1):.1%}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
