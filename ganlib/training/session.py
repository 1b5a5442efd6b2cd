"""One training as the command line asks for it: built, trained, saved, and told of."""

import json
import math
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import keras

from ganlib.feed import Diverged
from ganlib.files import write_file
from ganlib.gan import GAN
from ganlib.training.callbacks import Film, MeasureFD, Progress, StopAtFD
from ganlib.training.products import write_products
from ganlib.training.recipe import build_gan
from ganlib.training.runs import Busy, NotWritten, Run, RunError, Stopped, reason
from ganlib.training.settings import Settings
from ganlib.training.source import Source
from ganlib.training.workers import SharedGAN, SharedRun


class Session:
    """A training with some settings on the images of `source`, in a folder.

    `strategy` is that of `workers.join`, `index` this worker's number; `go_on` and `measure` are the commands to be
    named at the end.
    """

    def __init__(
        self, folder: Path, settings: Settings, source: Source, go_on: str, measure: str, strategy=None, index=None
    ):
        self.folder, self.settings, self.source, self.strategy, self.index = folder, settings, source, strategy, index
        self.go_on, self.measure = f"Go on with:  {go_on}", measure
        self.film = Film(folder, shape=source.train.shape[1:])
        if strategy:
            self.run = SharedRun(folder, asdict(settings), strategy)
        else:
            self.run = Run(folder, asdict(settings))

    def train(self) -> int:
        """Train and write the products; returns 0, 1 after a failure, 128 + the signal's number after a signal.

        Raises Busy when another process trains in the folder.
        """
        try:
            with self.run.lock():
                return self._train()
        except Busy:
            raise
        except (Diverged, RunError) as error:
            print(f"\nganlib: {error}", file=sys.stderr)
            if self.run.checkpoints() and isinstance(error, (Diverged, NotWritten)):
                print(self.go_on, file=sys.stderr)
        except KeyboardInterrupt:
            print(f"\nStopped at once, before all pictures were written; {self.run.saved()}.\n{self.go_on}")
            return 130
        return 1

    def _train(self) -> int:
        settings, gan = self.settings, self._build()
        labels = self.source.labels if gan.classes else None
        if not self.index:
            print(f"Training in {self.folder}; Ctrl-C stops, and everything so far is kept.", flush=True)
        code = 0
        try:
            epochs = _last_epoch(settings, self.run.history())
            self.run.fit(gan, self.source.train, settings.batch_size, epochs, self._callbacks(), 0, labels)
            if settings.until_fd is not None:
                print(_how_near(settings, self.run.history()), flush=True)
        except Stopped as stop:
            print(f"\n{stop}\n{self.go_on}", flush=True)
            code = 128 + stop.signum
            if code != 130:  # whoever sends another signal than Ctrl-C waits for a few seconds only
                return code
        if self.index:
            print("Done; worker 0 writes the pictures.")
            return code
        return self._show(gan) or code

    def _build(self) -> GAN:
        x, names, kind = self.source.train, self.source.names, SharedGAN if self.strategy else GAN
        steps_per_epoch = -(-len(x) // self.settings.batch_size)
        with self.strategy.scope() if self.strategy else nullcontext():
            return build_gan(self.settings, steps_per_epoch, kind, math.prod(x.shape[1:]), len(names))

    def _remember(self) -> None:
        """Write down where the images are now, when they were found elsewhere and are the same."""
        config, path = self.run.config(), self.folder / "config.json"
        if config["settings"].get("data") != self.settings.data:
            config["settings"]["data"] = self.settings.data
            try:
                write_file(path, (json.dumps(config, indent=1) + "\n").encode())
            except OSError as error:
                raise NotWritten(f"{path} could not be written ({reason(error)}): make room and go on.") from error

    def _callbacks(self) -> list:
        if self.index:
            return []
        if self.settings.until_fd is None:
            known = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: self._remember())
            return [known, self.film, Progress()]
        measure = MeasureFD(self.settings.images, self.settings.seed + 1)
        return [measure, self.film, Progress(), StopAtFD(self.settings.until_fd)]

    def _show(self, gan: GAN) -> int:
        """Write the products and tell of them; returns 1 when one is missing."""
        made, failed = write_products(gan, self.run, self.film, self.settings)
        print(f"\nIn {self.folder}:")
        for name, what in made.items():
            print(f"  {name:<22} {what}")
        print(f"How good are the images?  {self.measure}", flush=True)
        odd = failed.pop("frames", None)
        if odd:
            print(f"Beside the frames of the film: {odd}.")
        for name, problem in failed.items():
            print(f"ganlib: {self.folder / name} could not be written ({problem}).", file=sys.stderr)
        if failed:
            print(f"{self.run.saved().capitalize()}. Mend that first.\n{self.go_on}", file=sys.stderr)
        return int(bool(failed))


def _last_epoch(settings: Settings, history: dict[str, list[float]]) -> int:
    """The epoch after which to stop: that of --epochs, or an earlier one that already came near enough."""
    if settings.until_fd is None or "fd" not in history:
        return settings.epochs
    measured = zip(history["epoch"], history["fd"], strict=True)
    near = [int(epoch) for epoch, distance in measured if distance <= settings.until_fd]
    return near[0] if near else settings.epochs


def _how_near(settings: Settings, history: dict[str, list[float]]) -> str:
    epochs, distance, asked = int(history["epoch"][-1]), history["fd"][-1], settings.until_fd
    if distance <= asked:
        return f"Stopped after {epochs} epochs: the Fréchet distance is {distance:.2f}, at most {asked:g}."
    return (
        f"All {epochs} epochs are done. The Fréchet distance is {distance:.2f}, not {asked:g} as asked: "
        "try more --epochs, or another --seed."
    )
