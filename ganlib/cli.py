"""The command line: python -m ganlib train | resume | evaluate | judge | doctor."""

import argparse
import os
import secrets
import sys
from dataclasses import Field, fields, replace
from datetime import datetime
from pathlib import Path

from ganlib import console, quiet, start
from ganlib.files import is_replaceable, others_files
from ganlib.training.settings import Settings, SettingsError, read_config, usable


class UsageError(Exception):
    """Something the user can mend; its text is one sentence. Exit code 2."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns 0, 2 for a mistake of the user's, 1 for a failed run, 128 + its number after a signal.

    Output that can no longer be written stops no command.
    """
    with console.lasting_output():
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
    if not options.index:  # only worker 0 writes
        _check_new(folder)
        _check_outside(folder, settings.data)
        _check_writable(folder)
    return _train(folder, settings, options.workers, options.index)


def resume(options: argparse.Namespace) -> int:
    """Go on with a run from its last checkpoint, with the settings it was begun with."""
    try:
        settings = Settings.of(read_config(options.run)["settings"])
    except SettingsError as error:
        raise UsageError(f"{options.run} cannot be resumed: {error}") from error
    if options.data:
        if settings.data is None:
            raise UsageError(f"{options.run} was trained on MNIST: leave out --data.")
        settings = replace(settings, data=options.data)
    if settings.data and not os.path.lexists(settings.data):
        from ganlib.evaluation.arrays import shown

        again = console.command("resume", options.run, "--data", "PATH")
        raise UsageError(f"The images of this run are not at {shown(settings.data)}: say where they are with  {again}")
    return _train(options.run, settings, options.workers, options.index)


def _train(folder: Path, settings: Settings, workers: list[str] | None, index: int | None) -> int:
    source = _images(settings, workers)
    strategy = _join(workers, index, len(source.train) % settings.batch_size or settings.batch_size)
    if source.said:
        _say(source.said)
    print("Loading TensorFlow …", end=" ", flush=True)
    print(start(), flush=True)
    from ganlib.training.runs import Busy
    from ganlib.training.session import Session

    more = ("--workers", ",".join(workers), "--index", str(index)) if workers else ()
    go_on, measure = console.command("resume", folder, *more), console.command("evaluate", folder)
    try:
        return Session(folder, settings, source, go_on, measure, strategy, index).train()
    except Busy as error:
        raise UsageError(str(error)) from error


def _images(settings: Settings, workers: list[str] | None):
    """The images to train on, when the settings go with them and with each other."""
    from ganlib.data import DataError
    from ganlib.evaluation.arrays import ImagesError
    from ganlib.training.source import load_source

    odd = [name for name in ("labels", "size", "levels") if getattr(settings, name) is not None]
    if odd and settings.data is None:
        raise UsageError(f"--{odd[0]} says how to read images of your own: add --data, or leave it out.")
    if settings.data is not None and settings.until_fd is not None:
        raise UsageError("--until-fd measures with a judge that knows digits only: leave it out with --data.")
    try:
        source = load_source(settings)
    except (DataError, ImagesError) as error:
        raise UsageError(str(error)) from error
    n = len(source.train)
    if settings.batch_size > n:
        hint = f": choose a smaller one, such as {min(32, max(1, n // 2))}." if settings.data else "."
        raise UsageError(f"--batch-size {settings.batch_size} is more than the {n:,} images there are{hint}")
    if workers and settings.until_fd is not None:
        raise UsageError("--until-fd works in one process only: leave out --workers, or --until-fd.")
    if settings.until_fd is not None and settings.images < 65:
        raise UsageError(f"--until-fd measures on --images, and {settings.images} are too few: at least 65 are needed.")
    return source


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

        _say(
            "TensorFlow listens on every network address of this machine, whatever --workers says, and asks for no "
            f"password.\nWorker {index} of {len(workers)}, at {workers[index]}; waiting for the others …"
        )
        try:
            return join(workers, index)
        except WorkersError as error:
            raise UsageError(str(error)) from error


def evaluate(options: argparse.Namespace) -> int:
    """Measure generated images beside real ones; print the report and write it as a page."""
    from ganlib.data import DataError
    from ganlib.evaluation.against import evaluate_against
    from ganlib.evaluation.arrays import shown
    from ganlib.evaluation.report import evaluate as measure
    from ganlib.evaluation.report_page import write_html

    read, beside = _to_measure(options)
    page = _report_page(options.images)
    _say(f"Images: {read.source}\nLoading TensorFlow …", end=" ")
    _say(start())
    try:
        if beside is None:
            report = measure(read.images, _say_row, _say_notes)
        else:
            report = evaluate_against(beside.generated, beside.reference, _say_row, _say_notes)
    except DataError as error:
        raise UsageError(str(error)) from error
    for row in report.rows:
        if "Memorisation" in row.meaning:
            _say(f"\n{row.measure}: {row.meaning}.", end="")
    try:
        write_html(report, page, read.source)
    except OSError as error:
        raise UsageError(f"{shown(page)} cannot be written ({error.strerror}): copy the images elsewhere.") from error
    _say(f"\n\n{report.n:,} images measured in {report.seconds:.0f} s. With pictures: {shown(page)}")
    return 0


def _to_measure(options: argparse.Namespace):
    """The images to measure, and the same with the real ones beside, None where those are MNIST's."""
    from ganlib.evaluation.arrays import ImagesError
    from ganlib.evaluation.report import load_images
    from ganlib.training.beside import load_beside

    try:
        beside = load_beside(options.images, options.against, options.size, options.levels)
        if beside is None and options.size is not None:
            raise UsageError("--size goes with --against: the digits' judge takes 28 x 28 pixels only.")
        return beside or load_images(options.images, options.levels), beside
    except ImagesError as error:
        raise UsageError(str(error)) from error


def _report_page(images: Path) -> Path:
    """Where the report goes, if it may be written there: this is known before anything is measured."""
    from ganlib.evaluation.arrays import shown

    folder = images if images.is_dir() else images.parent
    page = folder / "report.html"
    if not is_replaceable(page):
        raise UsageError(f"{shown(page)} is not a report of ours, and stays as it is: move it, or copy the images.")
    try:
        _check_writable(folder)
    except UsageError:
        raise UsageError(
            f"{shown(folder)} cannot be written, where report.html belongs: copy the images first."
        ) from None
    return page


def _say_row(row) -> None:
    _say(f"{row.measure:<30} {row.value:>16} {row.real:>16}")


def _say_notes(notes: list[str]) -> None:
    _say("".join(f"\n{note}" for note in notes) + f"\n\n{'':<30} {'generated':>16} {'real':>16}")


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, flush=True)


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


def _check_outside(folder: Path, images: str | None) -> None:
    """Raise UsageError for a run that would lie among the images that it learns from."""
    if images is not None and Path(images).resolve() in [folder.resolve(), *folder.resolve().parents][:2]:
        raise UsageError(f"The run's pictures would lie among the images in {images}: choose an --out elsewhere.")


def _check_new(folder: Path) -> None:
    """Raise UsageError for a folder that holds a run or anybody's files."""
    try:
        read_config(folder)
    except SettingsError:
        pass
    else:
        again = console.command("resume", folder)
        raise UsageError(f"{folder} already holds a run: go on with  {again}  or choose another --out.")
    try:
        others = others_files(folder)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        problem = getattr(error, "strerror", None) or error
        raise UsageError(f"--out {folder} cannot be written ({problem}): choose another folder.") from error
    if others:
        listed = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")
        raise UsageError(f"{folder} already holds other files ({listed}): choose a new or an empty folder.")


def _check_writable(folder: Path) -> None:
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    probe = folder / f".ganlib-{secrets.token_hex(8)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with probe.open("xb") as file:
            file.write(b"\0" * 2**20)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or error
        raise UsageError(f"--out {folder} cannot be written ({problem}): choose another folder.") from error
    finally:
        try:
            probe.unlink(missing_ok=True)
            for place in made:
                place.rmdir()
        except (OSError, ValueError):
            pass


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ganlib", description="Train a GAN and look at what it made.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    named = {}
    for command, text, more in (
        (train, "train a new GAN", {"formatter_class": argparse.ArgumentDefaultsHelpFormatter}),
        (resume, "go on with a run that was stopped", {}),
        (evaluate, "measure generated images and write report.html beside them", {}),
        (doctor, "look over versions, device and data, and say what to do", {}),
        (judge, "train the digit classifier that measures quality", {"add_help": False}),
    ):
        named[command] = commands.add_parser(command.__name__, help=text, **more)
        named[command].set_defaults(command=command)
    for field in fields(Settings):
        named[train].add_argument(f"--{field.name.replace('_', '-')}", default=field.default, **_option(field))
    place = "where to put the run: a new or empty folder (default: runs/DATE-ARCHITECTURE)"
    named[train].add_argument("--out", type=Path, default=None, metavar="FOLDER", help=place)
    named[resume].add_argument("run", type=Path, metavar="RUN", help="the run's folder")
    place = "where the run's own images are now, if they were moved"
    named[resume].add_argument("--data", type=_path, metavar="PATH", help=place)
    for command in (train, resume):
        for name, option in _WORKERS.items():
            named[command].add_argument(name, **option)
    for name, option in _EVALUATE.items():
        named[evaluate].add_argument(name, **option)
    named[judge].add_argument("rest", nargs=argparse.REMAINDER)
    return parser


def _option(field: Field) -> dict:
    """How argparse reads one of the settings."""
    if "choices" in field.metadata:
        return {"choices": field.metadata["choices"], "help": field.metadata["help"]}

    def number(text: str):
        if field.name == "data":
            return _path(text)
        kind = field.metadata["kind"]
        try:
            value = kind(text)
        except ValueError:
            what = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text[:60]!r} is not a {what}") from None
        try:
            return usable(field, value)
        except SettingsError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return {"type": number, "metavar": field.metadata["metavar"], "help": field.metadata["help"]}


def _path(text: str) -> str:
    """A path that means the same in any folder: a run that is resumed elsewhere must find its images."""
    if not text:
        raise argparse.ArgumentTypeError("a folder or a file must be named")
    return os.path.abspath(text)


def _side(text: str) -> int:
    field = next(field for field in fields(Settings) if field.name == "size")
    return _option(field)["type"](text)


def _index(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is not the number of a worker, from 0")
    return int(text)


def _addresses(text: str) -> list[str]:
    addresses = text.split(",")
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise argparse.ArgumentTypeError(f"{address!r} is not host:port with a port from 1 to 65535")
    if len(addresses) < 2 or len(set(addresses)) < len(addresses):
        raise argparse.ArgumentTypeError(f"{text!r} must name two workers or more, each once")
    return addresses


_WORKERS = {
    "--workers": {
        "type": _addresses,
        "metavar": "HOST:PORT,HOST:PORT",
        "help": "train in several processes, on one machine or many: start this command once for each of these "
        "addresses, with its --index; worker 0 writes the run. For trusted networks only: there is no password",
    },
    "--index": {"type": _index, "metavar": "N", "help": "which of the --workers this process is, from 0"},
}
_EVALUATE = {
    "images": {
        "type": Path,
        "metavar": "IMAGES",
        "help": "a run, a folder of PNG or JPEG pictures, or a file: .npz, .npy, IDX (.gz too)",
    },
    "--against": {
        "type": Path,
        "metavar": "PATH",
        "help": "real images of your own to measure beside, in the same forms (default: what the run was trained on)",
    },
    "--size": {"type": _side, "metavar": "N", "help": "scale both sets, and cut them in the middle, to N x N pixels"},
    "--levels": {
        "choices": ("0..1", "-1..1", "0..255", "0..65535"),
        "help": "black and white of the numbers in the file, where they leave it open, as in --levels=-1..1",
    },
}
