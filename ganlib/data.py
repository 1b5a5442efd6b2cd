"""The files in `data/`: MNIST and small trained weights, verified before use."""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "data"
MNIST = ("x_train", "y_train", "x_test", "y_test")

Arrays = dict[str, np.ndarray]
Pair = tuple[np.ndarray, np.ndarray]


class DataError(RuntimeError):
    """A file in `data/` is missing or is not the file that `data/manifest.json` describes."""


def load_mnist(folder: Path = DATA) -> tuple[Pair, Pair]:
    """Return MNIST as `(x_train, y_train), (x_test, y_test)`, in the order of the published files.

    Images are uint8 (60000, 28, 28) and (10000, 28, 28), 0 = background, 255 = ink; labels are uint8, 0 to 9.
    If `mnist.npz` is missing, Keras downloads MNIST, and the arrays are checked all the same.
    Raises DataError when a file is missing or damaged.
    Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
    """
    if (folder / "mnist.npz").exists():
        arrays = load_arrays("mnist.npz", folder)
    else:
        arrays = _download_mnist(folder)
    x_train, y_train, x_test, y_test = (arrays[name] for name in MNIST)
    return (x_train, y_train), (x_test, y_test)


def load_arrays(name: str, folder: Path = DATA) -> Arrays:
    """Return the arrays of one `.npz` file that `manifest.json` lists, as a dict from name to array.

    Size, SHA-256, array names, shapes and dtypes must be those in the manifest; nothing is unpickled.
    Raises DataError when the file is missing, damaged or not listed.
    """
    path, entry = folder / name, _entry(name, folder)
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


def to_images(samples: np.ndarray) -> np.ndarray:
    """Turn samples in [0, 1], float (n, 784) or (n, 28, 28), into images: uint8 (n, 28, 28), 255 = ink.

    Raises ValueError for another shape, for NaN and for values outside [0, 1].
    """
    samples = np.asarray(samples)
    if samples.shape[1:] not in ((784,), (28, 28)):
        raise ValueError(f"to_images expects shape (n, 784) or (n, 28, 28), not {samples.shape}.")
    if samples.size and not (samples.min() >= 0 and samples.max() <= 1):
        raise ValueError(f"to_images expects values in [0, 1], not {samples.min():g} to {samples.max():g}.")
    return np.rint(samples.reshape(-1, 28, 28) * 255).astype(np.uint8)


def block_plan(examples: int, batch_size: int, longest: int = 32) -> list[range]:
    """Share the steps of an epoch out into blocks of nearly equal length; each range holds the steps of one block.

    Only the last step may have a smaller batch: it gets a block of its own. Blocks of few different lengths
    matter because TensorFlow compiles the training loop once for every length.
    """
    full = examples // batch_size
    length = max((k for k in range(1, longest + 1) if full % k == 0), default=1)
    if length < longest // 4:  # no good divisor: equal blocks and one shorter one
        length = longest
    plan = [range(first, min(first + length, full)) for first in range(0, full, length)]
    return plan + [range(full, full + 1)] * (examples % batch_size > 0)


def batch_blocks(
    x: np.ndarray, batch_size: int, latent_dim: int, seed: int, first_step: int = 0, skip: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield one epoch of `x` in random order, as the blocks of `block_plan`, each with its latents.

    A block of k steps is (examples (k, batch, …), latents float32 (k, 2, batch, latent_dim) from N(0, 1), int32 done).
    The order depends on `seed` and on `first_step`, the number of steps before this epoch; the latents of a step on
    `seed` and that step's number: so an epoch can be entered in the middle, when its first `skip` steps are done. The
    first `done` steps of a block are to be left out. Blocks keep their shapes, which XLA compiles for; it rejects an
    empty one.
    """
    flat = x.reshape(len(x), -1)
    order = np.random.default_rng([seed, 0, first_step]).permutation(len(x))
    for steps in block_plan(len(x), batch_size):
        size = min(batch_size, len(x) - steps.start * batch_size)
        done = min(max(0, skip - steps.start), len(steps))
        chosen = order[steps.start * batch_size : steps.start * batch_size + len(steps) * size]
        latents = np.zeros((len(steps), 2, size, latent_dim), np.float32)
        for row, step in zip(latents[done:], steps[done:], strict=True):
            np.random.default_rng([seed, 1, first_step + step]).standard_normal(dtype=np.float32, out=row)
        # take on flat rows is five times faster than x[chosen].
        yield flat.take(chosen, axis=0).reshape(len(steps), size, *x.shape[1:]), latents, np.int32(done)


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


def write_file(path: str | os.PathLike, content: bytes) -> None:
    """Write a file under a temporary name and rename it: an interrupted write leaves the old file as it was.

    Raises FileNotFoundError when the folder does not exist, and OSError when the disk is full or read-only.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path.name}: the folder {path.parent} does not exist")
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _describe(arrays: Arrays) -> dict[str, dict]:
    return {
        name: {
            "shape": list(array.shape),
            "dtype": array.dtype.name,
            "sha256": hashlib.sha256(np.ascontiguousarray(array)).hexdigest(),
        }
        for name, array in arrays.items()
    }


def _download_mnist(folder: Path) -> Arrays:
    path, listed = folder / "mnist.npz", _entry("mnist.npz", folder)["arrays"]
    try:
        from keras.datasets import mnist

        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:  # no Keras, no network, no room on disk: each raises something else
        raise _damaged(path, f"is missing, and Keras could not download MNIST ({error})") from error
    arrays = dict(zip(MNIST, (x_train, y_train, x_test, y_test), strict=True))
    if _describe(arrays) != listed:
        raise _damaged(path, "is missing, and what Keras downloaded is not the MNIST of the manifest")
    print(f"{path} is missing: MNIST comes from Keras' own download instead (checked, the same images).")
    return arrays


def _entry(name: str, folder: Path) -> dict:
    path = folder / "manifest.json"
    content = _read(path)
    try:
        entries = json.loads(content)
    except ValueError as error:
        raise _damaged(path, f"is not readable JSON ({error})") from error
    if name not in entries:
        raise _damaged(path, f"lists no file {name}, only {', '.join(sorted(entries))}")
    return entries[name]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise _damaged(path, "is missing") from error
    except OSError as error:
        raise _damaged(path, f"cannot be read ({error.strerror})") from error


def _damaged(path: Path, problem: str) -> DataError:
    root = path.parent.parent
    if (root / ".git").exists():
        repair = f'git -C "{root}" checkout -- {path.parent.name}/{path.name}'
        return DataError(f"{path} {problem}. Repair it with:  {repair}")
    return DataError(f"{path} {problem}. Download the course again, or copy the file from another copy.")
