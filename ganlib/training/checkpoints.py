"""Checkpoints: everything that the next training step depends on, in one file that is whole or is not there.

The format is NumPy's .npz, read without running any code in it. TensorFlow's own checkpoints are three files that it
renames and does not wait for, and it takes their path for a pattern: a folder named `a[1]` could be written, not read.
"""

import io
import re
import zipfile
from pathlib import Path

import numpy as np

from ganlib.files import open_file, write_file
from ganlib.gan import GAN

_NAME = re.compile(r"step-(\d{9,})-([0-9a-f]{8})\.npz")


class Damaged(ValueError):
    """The file was read, and it is not the checkpoint that was once written."""


class Strange(ValueError):
    """A whole checkpoint, but not this one: of another run, or of another step."""


def path_of(folder: Path, run: str, steps: int) -> Path:
    """Where the checkpoint of a run after so many steps lies."""
    return folder / f"step-{steps:09d}-{run[:8]}.npz"


def steps_of(path: Path) -> int:
    """The number of steps in a checkpoint's name."""
    return int(_NAME.fullmatch(path.name)[1])


def find(folder: Path, run: str | None = None) -> list[Path]:
    """The files in a folder that have the name of a checkpoint (of one run), the fewest steps first."""
    named = [
        path
        for path in folder.glob("step-*.npz")
        if (match := _NAME.fullmatch(path.name)) and (run is None or match[2] == run[:8])
    ]
    return sorted(named, key=steps_of)


def save(path: Path, gan: GAN, run: str, began: int) -> None:
    """Write the state of `gan`, which had `began` steps behind it when the run began. Raises OSError."""
    arrays = {f"{place:05d}": _plain(variable.numpy()) for place, variable in enumerate(gan.state())}
    content = io.BytesIO()
    np.savez(content, run=np.array(run), began=np.int64(began), **arrays)
    write_file(path, content.getbuffer())


def load(path: Path, gan: GAN, run: str) -> int:
    """Bring `gan` to the state in a file of this run; returns `began`. If it fails, `gan` is as it was.

    Raises OSError or MemoryError when the file cannot be read now, Damaged and Strange when it can be and is not good.
    """
    variables = gan.state()
    most = 2**20 + sum(2**10 + _plain(variable.numpy()).nbytes for variable in variables)
    with open_file(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Damaged("it is larger than a checkpoint of these networks")
    try:
        found = _unpack(content, most)
        owner, began = str(found.pop("run")[()]), int(found.pop("began")[()])
        values = [found.pop(f"{place:05d}") for place in range(len(variables))]
        fits = not found and all(
            value.shape == variable.shape and value.dtype == _plain(np.zeros((), variable.dtype)).dtype
            for value, variable in zip(values, variables, strict=True)
        )
    except MemoryError:
        raise
    except Exception as error:  # all of the file is in memory: whatever fails now, its content is to blame
        raise Damaged(type(error).__name__) from error
    if owner != run:
        raise Strange("it belongs to another run")
    if not fits:
        raise Damaged("it holds other variables than these networks have")
    steps = next(int(value) for value, variable in zip(values, variables, strict=True) if variable is gan.steps)
    if steps - began != steps_of(path) or began < 0:
        raise Strange(f"it holds the state after {steps - began} steps")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value.view(variable.numpy().dtype))
    return began


def _unpack(content: bytes, most: int) -> dict[str, np.ndarray]:
    """The arrays of an .npz in memory, which together may have `most` bytes; each is checked against its checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > most:
            raise ValueError("it would unpack to more than it can hold")
        return {
            entry.filename.removesuffix(".npy"): np.load(io.BytesIO(archive.read(entry)), allow_pickle=False)
            for entry in entries
        }


def _plain(array: np.ndarray) -> np.ndarray:
    """The same bits in a type that NumPy's files know: bfloat16 is not among them."""
    return (
        array.view(f"u{array.dtype.itemsize}")
        if array.dtype.kind == "V" or array.dtype.name.startswith(("bfloat", "float8", "int4", "uint4"))
        else array
    )
