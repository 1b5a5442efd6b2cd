"""Lesson 01. The files in `data/`: MNIST and small trained weights, verified before use."""

import hashlib
import io
import json
import math
import os
from pathlib import Path

import numpy as np

from ganlib.files import write_file
from ganlib.streams import say

_INSTALLED = Path(__file__).resolve().parent / "shipped"  # where a wheel has the files of data/, without MNIST
DATA = _INSTALLED if _INSTALLED.exists() else Path(__file__).resolve().parent.parent / "data"
MNIST = ("x_train", "y_train", "x_test", "y_test")

Arrays = dict[str, np.ndarray]
Pair = tuple[np.ndarray, np.ndarray]


class DataError(RuntimeError):
    """A file in `data/` is missing or is not the file that `data/manifest.json` describes."""


def load_mnist(folder: str | os.PathLike = DATA) -> tuple[Pair, Pair]:
    """Return MNIST as `(x_train, y_train), (x_test, y_test)`, in the order of the published files.

    Images are uint8 (60000, 28, 28) and (10000, 28, 28), 0 = background, 255 = ink; labels are uint8, 0 to 9.
    If `mnist.npz` is missing, MNIST comes from Keras' cache or download, and the arrays are checked all the same.
    Raises DataError when a file is missing or damaged.
    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    folder = Path(folder)
    if (folder / "mnist.npz").exists():
        arrays = load_arrays("mnist.npz", folder)
    else:
        arrays = _mnist_of_keras(folder)
    x_train, y_train, x_test, y_test = (arrays[name] for name in MNIST)
    return (x_train, y_train), (x_test, y_test)


def load_arrays(name: str, folder: str | os.PathLike = DATA) -> Arrays:
    """Return the arrays of one `.npz` file that `manifest.json` lists, as a dict from name to array.

    Size, SHA-256, array names, shapes and dtypes must be those in the manifest; nothing is unpickled.
    Raises DataError when the file is missing, damaged or not listed.
    """
    path, entry = Path(folder) / name, _entry(name, Path(folder))
    content = _read(path)
    if len(content) != entry["bytes"]:
        raise _damaged(path, f"has {len(content):,} bytes instead of {entry['bytes']:,}")
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry["sha256"]:
        raise _damaged(path, f"was changed: its SHA-256 is {digest[:12]}… instead of {entry['sha256'][:12]}…")
    try:
        # The very bytes that were hashed: the file cannot change between the check and the reading.
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:  # zipfile, zlib and NumPy each have their own
        raise _damaged(path, f"is not a readable .npz file ({error})") from error
    if sorted(arrays) != sorted(entry["arrays"]):
        raise _damaged(path, f"holds the arrays {sorted(arrays)} instead of {sorted(entry['arrays'])}")
    for key, listed in entry["arrays"].items():
        found, wanted = (arrays[key].shape, arrays[key].dtype.name), (tuple(listed["shape"]), listed["dtype"])
        if found != wanted:
            raise _damaged(path, f"holds {key} as {found[1]} {found[0]} instead of {wanted[1]} {wanted[0]}")
    return arrays


def smoke() -> bool:
    """True when GANLIB_SMOKE=1: training and data are then cut to a few steps, to see that everything runs."""
    return os.environ.get("GANLIB_SMOKE") == "1"


def to_images(samples: np.ndarray, shape: tuple[int, ...] = (28, 28)) -> np.ndarray:
    """Turn samples in [0, 1], flat or of this `shape`, into images: uint8 (n, *shape), 255 = ink.

    `shape` is (h, w) for grey, (h, w, 3) for colour. Raises ValueError for samples of another shape, for NaN and for
    values outside [0, 1].
    """
    samples = np.asarray(samples)
    if samples.shape[1:] not in ((math.prod(shape),), shape):
        wanted = f"(n, {math.prod(shape)}) or (n, {', '.join(map(str, shape))})"
        raise ValueError(f"to_images expects shape {wanted}, not {samples.shape}.")
    if samples.size and not (samples.min() >= 0 and samples.max() <= 1):
        raise ValueError(f"to_images expects values in [0, 1], not {samples.min():g} to {samples.max():g}.")
    return np.rint(samples.reshape(-1, *shape) * 255).astype(np.uint8)


def save_arrays(path: Path, arrays: Arrays, source: str, licence: str) -> None:
    """Write arrays to an `.npz` file, and its entry to the `manifest.json` of the same folder.

    `source` says how the file is made, `licence` who may use it. Equal arrays give equal bytes.
    """
    path = Path(path)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    content = buffer.getvalue()
    manifest = path.parent / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    entries[path.name] = {
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "source": source,
        "licence": licence,
        "arrays": _describe(arrays),
    }
    write_file(path, content)
    write_file(manifest, (json.dumps(entries, indent=1, ensure_ascii=False) + "\n").encode())


def _describe(arrays: Arrays) -> dict[str, dict]:
    return {
        name: {
            "shape": list(array.shape),
            "dtype": array.dtype.name,
            "sha256": hashlib.sha256(np.ascontiguousarray(array)).hexdigest(),
        }
        for name, array in arrays.items()
    }


def _mnist_of_keras(folder: Path) -> Arrays:
    path, listed = folder / "mnist.npz", _entry("mnist.npz", folder)["arrays"]
    cached = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets" / "mnist.npz"
    try:  # a copy of the course's own file will do there too, which Keras would replace
        with np.load(cached, allow_pickle=False) as file:
            arrays = {name: file[name] for name in MNIST}
    except Exception:  # missing, damaged, something else: it can be downloaded
        arrays = {}
    if _describe(arrays) != listed:
        arrays = _downloaded_mnist(path)
    if _describe(arrays) != listed:
        raise _damaged(path, "is missing, and what Keras downloaded is not the MNIST of the manifest")
    if folder != _INSTALLED:
        say(f"{path} is missing: MNIST comes from Keras instead (checked, the same images).")
    return arrays


def _downloaded_mnist(path: Path) -> Arrays:
    try:
        from keras.datasets import mnist

        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # no Keras, no network, no room on disk: each raises something else
        raise _damaged(path, f"is missing, and Keras could not download MNIST ({error})") from error
    return dict(zip(MNIST, (x_train, y_train, x_test, y_test), strict=True))


def _entry(name: str, folder: Path) -> dict:
    path = folder / "manifest.json"
    content = _read(path)
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"is not readable JSON ({error})") from error
    if not isinstance(entries, dict):
        raise _damaged(path, f"holds a {type(entries).__name__} instead of a dict from file to description")
    if name not in entries:
        raise _damaged(path, f"lists no file {name}, only {', '.join(sorted(entries))}")
    if not _describes(entries[name]):
        raise _damaged(path, f"does not describe {name} in full")
    return entries[name]


def _describes(entry: object) -> bool:
    """Whether an entry of the manifest has everything that a file is checked against."""
    try:
        shapes = [tuple(map(int, array["shape"])) for array in entry["arrays"].values()]
        texts = [entry["sha256"], *(array[key] for array in entry["arrays"].values() for key in ("dtype", "sha256"))]
        return bool(shapes) and int(entry["bytes"]) == entry["bytes"] and all(isinstance(text, str) for text in texts)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise _damaged(path, "is missing") from error
    except OSError as error:
        raise _damaged(path, f"cannot be read ({error.strerror})") from error


def _damaged(path: Path, problem: str) -> DataError:
    root = path.parent.parent
    if path.parent == _INSTALLED:
        return DataError(f"{path} {problem}. Install ganlib again; for MNIST, see that the network can be reached.")
    if (root / ".git").exists():
        repair = f'git -C "{root}" checkout -- {path.parent.name}/{path.name}'
        return DataError(f"{path} {problem}. Repair it with:  {repair}")
    return DataError(f"{path} {problem}. Download the course again, or copy the file from another copy.")
