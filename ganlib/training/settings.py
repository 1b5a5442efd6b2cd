"""What a training from the command line can be asked for, and the one check of it, for `train` and `resume` alike."""

import json
import math
import numbers
import operator
from dataclasses import Field, dataclass, field, fields
from pathlib import Path, PurePosixPath, PureWindowsPath

from ganlib.evaluation.images import LEVELS
from ganlib.files import read_file

LOSSES = ("non-saturating", "minimax", "least-squares", "wasserstein", "hinge", "relativistic")
ARCHITECTURES = ("spread", "mixture", "wide", "article", "conditional")
SIDES = 16, 64  # pixels: the least and the most that images of one's own have in height and in width
PRECISIONS = ("float32", "mixed_bfloat16")  # of Keras' dtype policies; float16 would need its losses scaled


class SettingsError(ValueError):
    """A setting that cannot be used, or a config.json that is not a run's; its text is one sentence or two."""


def _number(default: float | None, least: float, most: float, metavar: str, text: str, kind: type | None = None):
    kind = kind or (int if isinstance(default, int) else float)
    return field(default=default, metadata={"kind": kind, "range": (least, most), "metavar": metavar, "help": text})


def _choice(default: str | None, choices: tuple[str, ...], text: str):
    return field(default=default, metadata={"choices": choices, "help": text})


def _text(metavar: str, text: str):
    return field(default=None, metadata={"kind": str, "metavar": metavar, "help": text})


@dataclass(frozen=True)
class Settings:
    """What `train` can be asked for; the defaults are the recipe that trains well on two CPU cores.

    Raises SettingsError for a value of a wrong type or outside its range. NumPy's numbers become Python's.
    """

    epochs: int = _number(44, 1, 1_000_000, "N", "passes over the images")
    batch_size: int = _number(128, 1, 1_000_000, "N", "images in one training step")
    architecture: str = _choice(
        "spread",
        ARCHITECTURES,
        "the networks: the article's small ones, wider ones that make better digits, these with a mixture of latents, "
        "with a discriminator that sees the spread of a batch, too, which makes the best, or wider ones that learn the "
        "labels and draw the class that they are asked for",
    )
    loss: str = _choice("non-saturating", LOSSES, "what the generator minimises")
    r1: float = _number(
        0.1, 0, 1e6, "GAMMA", "weight of the R1 penalty on the discriminator's slope; 0 switches it off"
    )
    r1_every: int = _number(
        1, 1, 1_000_000, "K", "apply the penalty at every K-th step only, K times as strong: faster"
    )
    learning_rate: float = _number(2e-3, 1e-12, 1000, "RATE", "of Adam, at the start")
    precision: str = _choice(
        "float32",
        PRECISIONS,
        "mixed_bfloat16 computes the hidden layers with 16 bits and keeps weights in 32: for recent GPUs",
    )
    seed: int = _number(0, 0, 2**32 - 1, "N", "the same seed gives the same result on the same machine")
    images: int = _number(10_000, 1, 1_000_000, "N", "how many images to generate and save at the end")
    until_fd: float | None = _number(
        None,
        0,
        1e9,
        "X",
        "stop at the first epoch, of at most --epochs, whose --images have a Fréchet distance of X or less to the "
        "test images; takes about 2 seconds of CPU time an epoch",
    )
    data: str | None = _text(
        "PATH",
        "train on images of your own, 16 to 64 pixels wide and high, in grey or colour: a folder of PNG or JPEG "
        "pictures, with a sub-folder for each label if there are labels, or a file, .npz, .npy or IDX (.gz too)",
    )
    labels: str | None = _text("KEY", "the array of labels in an .npz, where it is none of labels, y_train, y, label")
    size: int | None = _number(
        None, *SIDES, "N", "scale the images of --data, and cut them in the middle, to N x N pixels", int
    )
    levels: str | None = _choice(
        None, tuple(LEVELS), "black and white of the numbers in --data, where they leave it open, as in --levels=-1..1"
    )

    def __post_init__(self):
        for each in fields(self):
            try:
                object.__setattr__(self, each.name, usable(each, getattr(self, each.name)))
            except SettingsError as error:
                raise SettingsError(f"{each.name}: {error}.") from None

    @classmethod
    def of(cls, values: object) -> "Settings":
        """The settings in a dict that must have each of them and nothing else. Raises SettingsError."""
        if not isinstance(values, dict):
            raise SettingsError(f"the settings are {_short(values)}, not a list of names and values.")
        values = {**dict.fromkeys(OWN), **values}  # runs begun before there was --data have none of these
        names = [each.name for each in fields(cls)]
        for problem, odd in (("unknown", set(values) - set(names)), ("missing", set(names) - set(values))):
            if odd:
                raise SettingsError(f"{problem} settings: {', '.join(_short(name) for name in sorted(odd, key=str))}.")
        return cls(**values)


OWN = ("data", "labels", "size", "levels")  # settings of images of one's own


def usable(each: Field, value: object) -> object:
    """The value of one setting in its own type. Raises SettingsError, without the setting's name."""
    if value is None and each.default is None:
        return None
    if "choices" in each.metadata:
        if not isinstance(value, str) or value not in each.metadata["choices"]:
            raise SettingsError(f"{_short(value)} is not one of {', '.join(each.metadata['choices'])}")
        return value
    if each.metadata["kind"] is str:
        if not isinstance(value, str) or not value:
            raise SettingsError(f"{_short(value)} is not a name")
        if each.name == "data" and not any(kind(value).is_absolute() for kind in (PurePosixPath, PureWindowsPath)):
            raise SettingsError(f"{_short(value)} is not a whole path, from the root on")
        return value
    kind, (least, most) = each.metadata["kind"], each.metadata["range"]
    wanted = numbers.Integral if kind is int else numbers.Real
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise SettingsError(f"{_short(value)} is not a {'whole ' if kind is int else ''}number")
    if not isinstance(value, numbers.Integral) and not math.isfinite(value):
        raise SettingsError(f"{value} is not finite: at least {least:g} is needed")
    if value < least:
        raise SettingsError(f"{_short(value)} is too small: at least {least:g} is needed")
    if value > most:
        raise SettingsError(f"{_short(value)} is too large: at most {most:,} is possible")
    return operator.index(value) if kind is int else float(value)


def read_config(folder: Path) -> dict:
    """The content of a run's config.json: run (its name for itself), settings, conditions, versions.

    Raises SettingsError when it is missing, cannot be read or was written by somebody else.
    """
    try:
        config = json.loads(read_file(folder / "config.json", 2**22))
        wanted = {"run": str, "settings": dict, "conditions": dict, "versions": dict}
        for name, kind in wanted.items():
            if not isinstance(config, dict) or not isinstance(config.get(name), kind):
                raise SettingsError(f"it has no usable {name!r}")
        if not (len(config["run"]) == 32 and set(config["run"]) <= set("0123456789abcdef")):
            raise SettingsError("its 'run' is not one that ganlib gives")
        return {name: config[name] for name in wanted}
    except (OSError, ValueError, RecursionError) as error:
        problem = getattr(error, "strerror", None) or _short(str(error))
        raise SettingsError(
            f"{folder} is not a run: its config.json is missing or damaged ({problem}). "
            "Copy it back, or begin a new run in another folder."
        ) from error


def _short(value: object) -> str:
    """A value as it can stand in a sentence: on one line, and not a page long."""
    try:
        text = str(value) if isinstance(value, str) and value.isprintable() else repr(value)
    except ValueError:  # a whole number with more digits than Python prints
        text = "a number of very many digits"
    return text if len(text) <= 60 else f"{text[:57]}…"
