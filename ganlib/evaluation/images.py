"""The one reader of images: .npz, .npy, IDX (with and without .gz), PNG and JPEG, and folders of these pictures."""

import gzip
import math
import os
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from ganlib.evaluation.arrays import IDX, NPY, ImagesError, Labels, Wanted, read_idx, read_npy, read_npz, shown
from ganlib.evaluation.folder import left_out, read_folder, read_picture, reason, square
from ganlib.files import open_file

LEVELS = {"0..1": (0, 1), "-1..1": (-1, 1), "0..255": (0, 255), "0..65535": (0, 65535)}  # black and white in each
ROUNDING = 1e-3  # how far floats may lie outside

_STARTS = (
    (b"\x89HDF", "is an HDF5 file: save the images with np.savez"),
    (b"BZh", "is packed with bzip2: unpack it"),
    (b"\xfd7zXZ", "is packed with xz: unpack it"),
    (b"7z\xbc\xaf", "is packed with 7z: unpack it"),
    (b"Rar!", "is packed with RAR: unpack it"),
    (b"PAR1", "is a Parquet table: read it with pandas, and save the pixels with np.savez"),
    (b"%PDF", "is a PDF: save the images as PNG"),
    (b"GIF8", "is a GIF: save the images as PNG"),
    (b"BM", "is a BMP picture: save it as PNG"),
    (b"RIFF", "is a WebP picture or a sound: save images as PNG"),
    (b"II*\0", "is a TIFF picture: save it as PNG"),
    (b"MM\0*", "is a TIFF picture: save it as PNG"),
    (b"MATLAB", "is a MATLAB file: read it with scipy.io.loadmat, and save the images with np.savez"),
)


class Images(NamedTuple):
    """Images, uint8 (n, h, w) in grey or (n, h, w, 3); labels, int64 (n,), and their names, where they have any.

    Labels come from sub-folders, or from an array beside the images. `source` says in safe text what was read, such as
    "mnist.npz, array x_train".
    """

    images: np.ndarray
    labels: np.ndarray | None
    names: tuple[str, ...]
    source: str


class Raw(NamedTuple):
    """What one file or folder holds before its levels are known."""

    numbers: np.ndarray
    labels: Labels | None
    source: str


def read_images(
    path: str | os.PathLike,
    most: int | None = None,
    size: tuple[int, int] | None = None,
    levels: str | None = None,
    wanted: Wanted | None = None,
) -> Images:
    """Return the images of a file or folder, of a folder's pictures or an array's rows at most `most`.

    `size` = (h, w) asks for grey images of that size, flat ones too, `wanted` for others, such as Wanted(side=32);
    `levels`, a name in LEVELS, says what is black and white where the numbers leave it open. A run's folder stands for
    its generated images. Nothing is unpickled, and at most 1 GiB is unpacked.
    Raises ImagesError, one sentence, for everything that gives no images.
    """
    path, wanted = Path(path), wanted or Wanted(size)
    where = shown(path)
    try:
        if path.is_dir():
            path = _in_folder(path)
            where = shown(path)
        raw = _read_folder(path, most, wanted) if path.is_dir() else _read_file(path, most, wanted)
        images = to_levels(_one_channel(_arrange(raw.numbers, wanted), wanted.size), levels)
        if wanted.side and images.shape[1:3] != (wanted.side, wanted.side):
            images = np.stack([square(image, wanted.side) for image in images])
        labels = raw.labels or Labels(None, ())
        return Images(images, labels.numbers, labels.names, shown(raw.source))
    except ImagesError as error:
        raise ImagesError(f"{where} {error}.") from None
    except FileNotFoundError:
        broken = "is a link to nothing" if os.path.islink(path) else "does not exist"
        raise ImagesError(f"{where} {broken}: give a file of images, a folder of pictures, or a run.") from None
    except OSError as error:
        raise ImagesError(f"{where} cannot be read ({reason(error)}).") from None
    except MemoryError:
        raise ImagesError(f"{where} does not fit into memory: give fewer or smaller images.") from None
    except ValueError as error:  # a name with a zero byte
        raise ImagesError(f"{where} is no name that a file can have ({shown(error)}).") from None


def to_levels(raw: np.ndarray, levels: str | None = None) -> np.ndarray:
    """Return numbers as grey levels, uint8, 0 = black. What is black is told from type and range, if that is certain.

    Raises ImagesError for NaN and infinity, for numbers outside `levels`, and, with the question, where it is open.
    """
    low, high = raw.min(), raw.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImagesError("holds NaN or infinity: they are no grey levels")
    low, high = float(low), float(high)
    if raw.dtype == bool:
        levels = "0..1"
    black, white = LEVELS[levels or _guess(low, high, raw.dtype)]
    slack = ROUNDING * (white - black) if raw.dtype.kind == "f" else 0
    if low < black - slack or high > white + slack:
        raise ImagesError(f"runs from {low:.4g} to {high:.4g}, beyond the levels {levels}")
    if raw.dtype == np.uint8 and white == 255:
        return np.ascontiguousarray(raw)
    images = np.empty(raw.shape, np.uint8)
    for start in range(0, len(raw), 1000):  # in parts: float64 takes eight times the memory
        part = raw[start : start + 1000].astype("float64")
        images[start : start + 1000] = np.rint((part.clip(black, white) - black) * (255 / (white - black)))
    return images


def _guess(low: float, high: float, dtype: np.dtype) -> str:
    whole = dtype.kind in "iu"
    if low == high == 0:
        return "0..255" if whole else "0..1"
    if whole and low >= 0:
        if 1 < high <= 255:
            return "0..255"
        if 32768 <= high <= 65535:
            return "0..65535"
        if high <= 1:
            raise _question(low, high, dtype, "--levels 0..1 if 1 is white, --levels 0..255 if 255 is")
        if high < 32768:
            raise _question(low, high, dtype, "--levels 0..65535 if 65535 is white, or scale to 0..255")
    slack = 0 if whole else ROUNDING
    if -slack <= low and high <= 1 + slack:
        return "0..1"
    if -1 - slack <= low and high <= 1 + slack:
        if low <= -0.9:
            return "-1..1"
        raise _question(low, high, dtype, "--levels=-1..1 if -1 is black, or clip to 0..1")
    if not whole and low >= -ROUNDING and high <= 255 * (1 + ROUNDING):
        if high > 32:
            return "0..255"
        raise _question(low, high, dtype, "--levels 0..255 if 255 is white, or scale to 0..1")
    raise ImagesError(f"runs from {low:.4g} to {high:.4g} ({dtype}): scale to 0..1 as floats, or to 0..255 as uint8")


def _question(low: float, high: float, dtype: np.dtype, choice: str) -> ImagesError:
    return ImagesError(f"runs from {low:.4g} to {high:.4g} ({dtype}), which leaves open what is white: add {choice}")


def _in_folder(folder: Path) -> Path:
    generated = folder / "generated_images.npz"
    if os.path.lexists(generated):
        return generated
    if (folder / "config.json").exists() and (folder / "checkpoints").exists():
        raise ImagesError("is a run without generated_images.npz: go on with it first, to its end")
    return folder


def _read_folder(folder: Path, most: int | None, wanted: Wanted) -> Raw:
    if wanted.labels:
        raise ImagesError(f"is a folder, whose labels are its sub-folders: leave out --labels {shown(wanted.labels)}")
    numbers, labels, names = read_folder(folder, most, wanted)
    found = None if labels is None else Labels(labels, tuple(map(shown, names)))
    return Raw(numbers, found, folder.resolve().name + left_out(folder))


def _read_file(path: Path, most: int | None, wanted: Wanted) -> Raw:
    """The numbers of one file, whatever it is called, and what was read."""
    with open_file(path) as file:
        start = file.read(512)
        length = file.seek(0, os.SEEK_END)
        file.seek(0)
        try:
            if start[:2] != b"\x1f\x8b":
                return _decode(file, start, path, most, wanted, length)
            with gzip.GzipFile(fileobj=file) as unpacked:
                start = unpacked.read(512)
                unpacked.seek(0)
                return _decode(unpacked, start, path, most, wanted, None)
        except (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise ImagesError(f"is damaged ({shown(error)}): copy or download it again") from None
        except (NotImplementedError, RuntimeError, UnicodeError) as error:  # a password, or a rare kind of zip
            raise ImagesError(f"cannot be unpacked ({shown(error)}): save the images with np.savez") from None


def _decode(file: BinaryIO, start: bytes, path: Path, most: int | None, wanted: Wanted, length: int | None) -> Raw:
    """Read by what stands in the file, `length` bytes or, in a .gz, an unknown number of them."""

    def fits(shape: tuple[int, ...]) -> None:
        try:
            _arrange(np.broadcast_to(np.uint8(0), shape), wanted)  # takes no memory
        except ImagesError:
            raise
        except ValueError:  # more numbers than any memory has
            raise ImagesError(f"says its shape is {shape}: no memory holds that") from None

    plain = length is not None
    if plain and start[:4] in (b"PK\3\4", b"PK\5\6"):
        array, name, labels = read_npz(file, most, fits, wanted.labels)
        return Raw(array, labels, f"{path.name}, array {name}")
    if wanted.labels:
        raise ImagesError(f"is no .npz file and holds no array {shown(wanted.labels)}: leave out --labels")
    if start.startswith(NPY):
        return Raw(read_npy(file, most, fits, length), None, path.name)
    if start[:2] == b"\0\0" and len(start) > 3 and start[2] in IDX and 1 <= start[3] <= 4:
        return Raw(read_idx(file, most, fits, length), None, path.name)
    if plain and start.startswith((b"\x89PNG", b"\xff\xd8\xff")):
        return Raw(read_picture(file, wanted)[None], None, path.name)
    raise ImagesError(_unknown(start) if plain else "holds no array behind its gzip: unpack it")


def _unknown(start: bytes) -> str:
    if not start:
        return "is empty"
    for mark, sentence in _STARTS:
        if start.startswith(mark):
            return sentence
    if start[257:262] == b"ustar":
        return "is a tar archive: unpack it and give the folder"
    if start[:1] == b"\x80" and start[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return "is a pickle, which can run any code and is never loaded: save the images with np.savez"
    if b"\0" not in start:
        return "is text, such as a table: read it with np.loadtxt or pandas, and save the pixels with np.savez"
    return "is no file of images: needed is .npz, .npy, IDX, PNG or JPEG"


def _arrange(raw: np.ndarray, wanted: Wanted) -> np.ndarray:
    """The same numbers as (n, h, w), or (n, h, w, channels). Raises ImagesError for shapes that do not fit."""
    images = _as_set(raw, wanted.size)
    try:
        wanted.check(*images.shape[1:3])
    except ImagesError as error:
        raise ImagesError(f"holds images of {error}") from None
    return images


def _as_set(raw: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    shape = raw.shape
    if raw.ndim == 2:
        if shape == size or (size is None and shape[0] == shape[1]):
            return raw[None]
        side = math.isqrt(shape[1])
        height, width = size or (side, side)
        if height * width == shape[1]:
            return raw.reshape(-1, height, width)
    if raw.ndim == 3:
        if shape[2] in (1, 3) and min(shape[:2]) > 3:
            return raw[None]  # one picture
        if size is None or shape[1:] == size:
            return raw
        if shape[:2] == size:
            raise ImagesError(f"holds the shape {shape}, images along the last axis: use np.moveaxis(images, -1, 0)")
    if raw.ndim == 4 and shape[3] in (1, 3):
        return raw
    if raw.ndim == 4 and shape[1] in (1, 3):  # channels first
        return np.moveaxis(raw, 1, -1)
    wanted = f"(n, {size[0]}, {size[1]}) or (n, {size[0] * size[1]})" if size else "(n, h, w) or (n, h, w, 3)"
    raise ImagesError(f"holds the shape {shape}: needed is {wanted}")


def _one_channel(images: np.ndarray, size: tuple[int, int] | None) -> np.ndarray:
    """Grey where all channels are equal. Raises ImagesError for colour where a `size`, and so grey, is asked for."""
    if images.ndim == 4 and all(np.array_equal(images[..., 0], images[..., c]) for c in range(1, images.shape[3])):
        return images[..., 0]
    if images.ndim == 4 and size is not None:
        raise ImagesError("holds images in colour: turn them to grey, for instance by images.mean(axis=-1)")
    return images
