"""The command line: python -m ganlib train | resume | evaluate | judge | doctor."""

import argparse
import os
import sys
from contextlib import nullcontext
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path

from ganlib import quiet, start
from ganlib.training.settings import ARCHITECTURES, LOSSES, PRECISIONS, Settings


class UsageError(Exception):
    """Something the user can mend; its text is one sentence. Exit code 2."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns 0, 2 for a mistake of the user's, 1 for a failed run, 130 after Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    if getattr(options, "workers", None):
        # What happens to the other workers is told in a sentence, not in TensorFlow's log.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return options.command(options)
    except UsageError as error:
        print(f"ganlib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130


def train(options: argparse.Namespace) -> int:
    """Begin a run in a new folder and train it to the end."""
    settings = Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
    folder = options.out or _new_folder(settings)
    if options.index:  # only worker 0 writes
        return _train(folder, settings, options.workers, options.index)
    if (folder / "config.json").exists():
        raise UsageError(
            f"{folder} already holds a run: go on with  {_again('resume', folder)}  or choose another --out."
        )
    _check_writable(folder)
    return _train(folder, settings, options.workers, options.index)


def resume(options: argparse.Namespace) -> int:
    """Go on with a run from its last checkpoint, with the settings it was begun with."""
    with quiet():
        from ganlib.training.runs import Run, RunError

    try:
        settings = Settings(**Run(options.run).config()["settings"])
    except (RunError, TypeError, KeyError) as error:
        raise UsageError(f"{options.run} cannot be resumed: {error}") from error
    return _train(options.run, settings, options.workers, options.index)


def _train(folder: Path, settings: Settings, workers: list[str] | None, index: int | None) -> int:
    from ganlib.data import DataError, load_mnist

    try:
        (x_train, _), _ = load_mnist()
    except DataError as error:
        raise UsageError(str(error)) from error
    if settings.batch_size > len(x_train):
        raise UsageError(f"--batch-size {settings.batch_size} is more than the {len(x_train):,} images there are.")
    if workers and settings.until_fd is not None:
        raise UsageError("--until-fd works in one process only: leave out --workers, or --until-fd.")
    if settings.until_fd is not None and settings.images < 65:
        raise UsageError(f"--until-fd measures on --images, and {settings.images} are too few: at least 65 are needed.")
    strategy = _join(workers, index, len(x_train) % settings.batch_size or settings.batch_size)

    print("Loading TensorFlow …", end=" ", flush=True)
    print(start(), flush=True)
    from ganlib.feed import Diverged
    from ganlib.gan import GAN
    from ganlib.training.callbacks import Film, Progress
    from ganlib.training.recipe import build_gan
    from ganlib.training.runs import Busy, NotWritten, Run, RunError, Stopped

    kind = GAN
    if strategy:
        from ganlib.training.workers import SharedGAN as kind  # noqa: N813
    with strategy.scope() if strategy else nullcontext():
        gan = build_gan(settings, -(-len(x_train) // settings.batch_size), kind)
    run, film = Run(folder, asdict(settings)), Film(folder)
    callbacks = [film, Progress()]
    if settings.until_fd is not None:
        from ganlib.training.callbacks import MeasureFD, StopAtFD

        callbacks = [MeasureFD(settings.images, settings.seed + 1), *callbacks, StopAtFD(settings.until_fd)]
    go_on = f"Go on with:  {_again('resume', folder)}"
    if strategy:
        from ganlib.training.workers import SharedRun

        run, callbacks = SharedRun(folder, asdict(settings), strategy), callbacks if index == 0 else []
        go_on += f" --workers {','.join(workers)} --index {index}"
    if not index:
        print(f"Training in {folder}; Ctrl-C stops, and everything so far is kept.", flush=True)
    try:
        with run.lock():
            code = 0
            try:
                epochs = _last_epoch(settings, run.history())
                run.fit(gan, x_train, settings.batch_size, epochs, callbacks, verbose=0)
                if settings.until_fd is not None:
                    print(_how_near(settings.until_fd, run.history()["fd"]), flush=True)
            except Stopped as stop:
                print(f"\n{stop}\n{go_on}", flush=True)
                code = 130
            if index:
                print("Done; worker 0 writes the pictures.")
            else:
                _show(gan, run, film, settings)
            return code
    except Busy as error:
        raise UsageError(str(error)) from error
    except (Diverged, RunError) as error:
        print(f"\nganlib: {error}", file=sys.stderr)
        if run.checkpoints() and isinstance(error, (Diverged, NotWritten)):
            print(go_on, file=sys.stderr)
    except OSError as error:
        problem = f"A file in {folder} could not be written ({error.strerror}); {run.saved()}. Make room first."
        print(f"\nganlib: {problem}\n{go_on}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"\nStopped at once, before all pictures were written; {run.saved()}.\n{go_on}")
        return 130
    return 1


def _last_epoch(settings: Settings, history: dict[str, list[float]]) -> int:
    """The epoch after which to stop: that of --epochs, or an earlier one that already came near enough."""
    if settings.until_fd is None:
        return settings.epochs
    near = [epoch for epoch, distance in enumerate(history.get("fd", []), start=1) if distance <= settings.until_fd]
    return near[0] if near else settings.epochs


def _how_near(asked: float, distances: list[float]) -> str:
    if distances[-1] <= asked:
        return f"Stopped after {len(distances)} epochs: the Fréchet distance is {distances[-1]:.2f}, at most {asked:g}."
    return (
        f"All {len(distances)} epochs are done. The Fréchet distance is {distances[-1]:.2f}, not {asked:g} as asked: "
        "try more --epochs, or another --seed."
    )


def _join(workers: list[str] | None, index: int | None, smallest_batch: int):
    """Wait for the other workers; returns the strategy that all share, None for a process that trains alone."""
    if workers is None and index is None:
        return None
    if workers is None or index is None:
        raise UsageError("--workers names all processes and --index says which one this is: give both, or neither.")
    if index >= len(workers):
        raise UsageError(f"--index {index} is too large: the {len(workers)} workers count from 0.")
    if smallest_batch < len(workers):
        raise UsageError(
            f"The smallest batch of an epoch has {smallest_batch} images, too few for {len(workers)} workers: "
            "choose another --batch-size."
        )
    with quiet():
        from ganlib.training.workers import WorkersError, join

        print(f"Worker {index} of {len(workers)}, at {workers[index]}; waiting for the others …", flush=True)
        try:
            return join(workers, index)
        except WorkersError as error:
            raise UsageError(str(error)) from error


def _show(gan, run, film, settings: Settings) -> None:
    from ganlib.training.products import write_products

    made = write_products(gan, run, film, settings)
    print(f"\nIn {run.folder}:")
    for name, what in made.items():
        print(f"  {name:<22} {what}")
    print(f"How good are the images?  {_again('evaluate', run.folder)}")


def evaluate(options: argparse.Namespace) -> int:
    """Measure generated images beside real ones; print the report and write it as a page."""
    from ganlib.data import DataError
    from ganlib.evaluation.report import ReportError, load_images, write_html
    from ganlib.evaluation.report import evaluate as measure

    try:
        images = load_images(options.images)
    except ReportError as error:
        raise UsageError(str(error)) from error
    folder = options.images if options.images.is_dir() else options.images.parent
    try:
        _check_writable(folder)
    except UsageError:
        raise UsageError(f"{folder} cannot be written, where report.html belongs: copy the images first.") from None
    print("Loading TensorFlow …", end=" ", flush=True)
    print(f"{start()}\n\n{'':<30} {'generated':>16} {'real':>16}", flush=True)
    try:
        report = measure(images, lambda row: print(f"{row.measure:<30} {row.value:>16} {row.real:>16}", flush=True))
    except DataError as error:
        raise UsageError(str(error)) from error
    for row in report.rows:
        if "Memorisation" in row.meaning:
            print(f"\n{row.measure}: {row.meaning}.", end="")
    page = folder / "report.html"
    try:
        write_html(report, page, options.images.resolve().name)
    except OSError as error:
        raise UsageError(f"{page} cannot be written ({error.strerror}): make room, or copy the images.") from error
    print(f"\n\n{report.n:,} images measured in {report.seconds:.0f} s. With pictures, and how to read it: {page}")
    return 0


def judge(options: argparse.Namespace) -> int:
    """Train the judge again from scratch."""
    from ganlib.evaluation.judge import main as judge_main

    judge_main(options.rest)
    return 0


def doctor(options: argparse.Namespace) -> int:
    """Say what is here, a line each, and what to do about each problem."""
    from ganlib.doctor import doctor as look

    return look()


def _new_folder(settings: Settings) -> Path:
    stem = f"{datetime.now():%Y-%m-%d}-{settings.architecture}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(Path("runs") / name for name in names if not (Path("runs") / name).exists())


def _check_writable(folder: Path) -> None:
    made = not folder.exists()
    probe = folder / f".write-test-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0" * 2**20)
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be written ({error.strerror}): choose another folder.") from error
    finally:
        try:
            probe.unlink(missing_ok=True)
            if made:
                folder.rmdir()
        except OSError:
            pass


def _again(command: str, folder: Path) -> str:
    entry = "python course.py" if os.environ.get("GANLIB_ENTRY") == "course.py" else "python -m ganlib"
    return f'{entry} {command} "{folder}"' if " " in str(folder) else f"{entry} {command} {folder}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ganlib", description="Train a GAN on MNIST and look at what it made.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    default = Settings()

    new = commands.add_parser("train", help="train a new GAN", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    new.set_defaults(command=train)
    new.add_argument(
        "--epochs",
        type=_at_least(int, 1),
        default=default.epochs,
        metavar="N",
        help="passes over the 60,000 images",
    )
    new.add_argument(
        "--batch-size",
        type=_at_least(int, 1),
        default=default.batch_size,
        metavar="N",
        help="images in one training step",
    )
    new.add_argument(
        "--architecture",
        choices=ARCHITECTURES,
        default=default.architecture,
        help="the networks: the article's small ones, wider ones that make better digits, or these with a mixture of "
        "latents, which makes the best",
    )
    new.add_argument("--loss", choices=LOSSES, default=default.loss, help="what the generator minimises")
    new.add_argument(
        "--r1",
        type=_at_least(float, 0),
        default=default.r1,
        metavar="GAMMA",
        help="weight of the R1 penalty on the discriminator's slope; 0 switches it off",
    )
    new.add_argument(
        "--r1-every",
        type=_at_least(int, 1),
        default=default.r1_every,
        metavar="K",
        help="apply the penalty at every K-th step only, K times as strong: faster",
    )
    new.add_argument(
        "--learning-rate",
        type=_at_least(float, 1e-12),
        default=default.learning_rate,
        metavar="RATE",
        help="of Adam, at the start",
    )
    new.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=default.precision,
        help="mixed_bfloat16 computes the hidden layers with 16 bits and keeps weights in 32: for recent GPUs",
    )
    new.add_argument(
        "--seed",
        type=_at_least(int, 0),
        default=default.seed,
        metavar="N",
        help="the same seed gives the same result on the same machine",
    )
    new.add_argument(
        "--images",
        type=_at_least(int, 1),
        default=default.images,
        metavar="N",
        help="how many images to generate and save at the end",
    )
    new.add_argument(
        "--until-fd",
        type=_at_least(float, 0),
        default=default.until_fd,
        metavar="X",
        help="stop at the first epoch, of at most --epochs, whose --images have a Fréchet distance of X or less to the "
        "test images; takes about 2 seconds of CPU time an epoch",
    )
    new.add_argument(
        "--out",
        type=Path,
        default=None,
        metavar="FOLDER",
        help="where to put the run (default: runs/DATE-ARCHITECTURE)",
    )

    again = commands.add_parser("resume", help="go on with a run that was stopped")
    again.set_defaults(command=resume)
    again.add_argument("run", type=Path, metavar="RUN", help="the run's folder")

    for command in (new, again):
        command.add_argument(
            "--workers",
            type=_addresses,
            metavar="HOST:PORT,HOST:PORT",
            help="train in several processes, on one machine or many: start this command once for each of these "
            "addresses, with its --index; worker 0 writes the run. For trusted networks only: there is no password",
        )
        command.add_argument(
            "--index", type=_at_least(int, 0), metavar="N", help="which of the --workers this process is, from 0"
        )

    measure = commands.add_parser("evaluate", help="measure generated images and write report.html beside them")
    measure.set_defaults(command=evaluate)
    measure.add_argument("images", type=Path, metavar="FILE.npz|RUN", help="images, or the folder of a run")

    look = commands.add_parser("doctor", help="look over versions, device and data, and say what to do")
    look.set_defaults(command=doctor)

    judges = commands.add_parser("judge", help="train the digit classifier that measures quality", add_help=False)
    judges.set_defaults(command=judge)
    judges.add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def _addresses(text: str) -> list[str]:
    addresses = text.split(",")
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise argparse.ArgumentTypeError(f"{address!r} is not host:port with a port from 1 to 65535")
    if len(addresses) < 2 or len(set(addresses)) < len(addresses):
        raise argparse.ArgumentTypeError(f"{text!r} must name two workers or more, each once")
    return addresses


def _at_least(kind: type, least: float):
    def number(text: str):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a {'whole ' if kind is int else ''}number") from None
        if not least <= value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is too small or not finite: at least {least:g} is needed")
        return value

    return number
