"""Kills one training again and again at random moments, and compares its end with a training that was left alone.

A third of the kills waits for a half-written file to appear. A kill is SIGKILL (on Windows TerminateProcess): the
process can save nothing. With --signal INT, TERM or HUP it is asked to stop instead, and saves.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 512  # a checkpoint of 13 MB


def train(folder: Path, epochs: int) -> None:
    """Train the run in `folder` to the end and write all of its state to state.npz; in a process of its own."""
    import keras

    from ganlib.gan import GAN
    from ganlib.models import mlp
    from ganlib.training.callbacks import Film
    from ganlib.training.runs import Run

    x = np.random.default_rng(0).integers(0, 256, size=(150, 28, 28), dtype=np.uint8)
    keras.utils.set_random_seed(0)
    gan = GAN(mlp(8, (WIDTH,), 784, "sigmoid", "generator"), mlp(784, (WIDTH,), 1, None, "discriminator"), seed=5)
    gan.compile()
    says = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: print("epoch", epoch + 1, flush=True))
    print("training", flush=True)
    Run(folder).fit(gan, x, batch_size=32, epochs=epochs, verbose=0, callbacks=[Film(folder), says])
    variables = [*gan.variables, *gan.generator_optimizer.variables, *gan.discriminator_optimizer.variables]
    np.savez(folder / "state.npz", *[variable.numpy() for variable in variables])


def start(folder: Path, epochs: int, sign: str) -> subprocess.Popen:
    """Start `train` in a process; returns when it has printed `sign`."""
    command = [sys.executable, __file__, "--epochs", str(epochs), "--train", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    for line in process.stdout:
        if sign in line:
            return process
    sys.exit("The training failed or ended: see its message above, or use more --epochs.")


def half_written(folder: Path) -> list[str]:
    """The files that a kill in the middle of a write has left."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob(".ganlib-*.tmp"))


def content(folder: Path) -> dict[str, bytes | list]:
    """What must be equal at the end: state, history without its seconds, film frames."""
    with np.load(folder / "state.npz", allow_pickle=False) as file:
        found = {name: file[name].tobytes() for name in file.files}
    rows = [line.split(",") for line in (folder / "history.csv").read_text(encoding="utf-8").splitlines()]
    seconds = rows[0].index("seconds")
    found["history"] = [row[:seconds] + row[seconds + 1 :] for row in rows]
    for path in sorted((folder / "frames").iterdir()):
        with np.load(path, allow_pickle=False) as file:
            found[path.name] = file["images"].tobytes()  # the run's name differs
    return found


def main() -> None:
    """Kill, resume, compare; exits with 1 when anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=200, help="more than the kills let it reach")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--longest", type=float, default=1.5, help="seconds to wait at most before a kill")
    parser.add_argument("--signal", choices=("KILL", "INT", "TERM", "HUP"), default="KILL")
    parser.add_argument("--train", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # Begun in the background, this process ignores Ctrl-C and hang-ups, and so would those that it starts.
    for name, handler in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)
    if options.train:
        return train(options.train, options.epochs)
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        killed, alone = Path(name) / "killed", Path(name) / "alone"
        in_writes = 0
        for number in range(1, options.kills + 1):
            delay = moments.uniform(0, options.longest)
            # In turn: some time after the start, after the first epoch, and then at the sight of a half-written file.
            with start(killed, options.epochs, "epoch" if number % 3 else "training") as process:
                time.sleep(delay)
                while number % 3 == 2 and not half_written(killed) and process.poll() is None:
                    pass
                if options.signal == "KILL":
                    process.kill()
                else:
                    process.send_signal(getattr(signal, f"SIG{options.signal}"))
                    process.communicate()
            left = half_written(killed)
            in_writes += bool(left)
            history = killed / "history.csv"
            epochs = len(history.read_text(encoding="utf-8").splitlines()) - 1 if history.exists() else 0
            print(f"kill {number:3d} after {delay:4.2f} s, epoch {epochs:4d}   {', '.join(left)}", flush=True)
            if process.returncode == 0:
                sys.exit("The training ended before all kills: use more --epochs.")
        for folder in (killed, alone):
            with start(folder, options.epochs, "training") as process:
                process.communicate()
        left, a, b = half_written(killed), content(killed), content(alone)
    differing = [name for name in a.keys() | b.keys() if a.get(name) != b.get(name)]
    print(f"{options.kills} kills, {in_writes} in the middle of a write; {options.epochs} epochs.")
    print(f"half-written files left at the end: {len(left)}; differing from a training left alone: {differing or 0}")
    sys.exit(bool(left or differing))


if __name__ == "__main__":
    main()
