"""Pictures as images: one PNG or JPEG file, or a folder of them, whose sub-folders are the labels."""

import os
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from ganlib.evaluation.arrays import MOST_BYTES, ImagesError, shown
from ganlib.files import open_file

SUFFIXES = (".png", ".jpg", ".jpeg")
_SEED = 0  # of the choice among more pictures than are asked for


class Found(NamedTuple):
    """Pictures in a folder, in the order of their names; labels count the sub-folders, None where there are none."""

    paths: list[Path]
    labels: np.ndarray | None
    names: tuple[str, ...]


def read_folder(
    folder: Path, most: int | None, size: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Return all pictures of a folder, or `most` chosen by chance, as uint8, with labels and the labels' names."""
    paths, labels, names = _find(folder)
    if most is not None and len(paths) > most:  # names are often in the order of the labels: the first are no sample
        chosen = np.sort(np.random.default_rng(_SEED).choice(len(paths), most, replace=False))
        paths, labels = [paths[i] for i in chosen], None if labels is None else labels[chosen]
    images, taken = [], 0
    for path in paths:
        try:
            with open_file(path) as file:
                image = read_picture(file, size)
        except OSError as error:
            raise ImagesError(f"holds {_short(path, folder)}, which cannot be opened ({reason(error)})") from None
        except ImagesError as error:
            raise ImagesError(f"holds {_short(path, folder)}, which {error}") from None
        taken += image.nbytes
        if taken > MOST_BYTES:
            raise ImagesError(f"holds more than {MOST_BYTES // 2**30} GiB of pixels: give fewer or smaller pictures")
        if images and image.shape[:2] != images[0].shape[:2]:
            raise ImagesError(
                f"holds pictures of several sizes, {_size(images[0])} and, in {_short(path, folder)}, {_size(image)}: "
                "bring them to one size"
            )
        images.append(image)
    if len({image.ndim for image in images}) == 2:  # grey ones among colours
        images = [image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in images]
    return np.stack(images), labels, names


def read_picture(file: BinaryIO, size: tuple[int, int] | None) -> np.ndarray:
    """Return one PNG or JPEG picture as uint8, (h, w) or (h, w, 3). Its size is checked before it is unpacked."""
    from PIL import Image

    try:
        with Image.open(file, formats=("PNG", "JPEG")) as picture:
            _check_size(picture.size[::-1], size)
            return _pixels(picture)
    except (ImagesError, MemoryError):
        raise
    except Exception as error:  # pillow passes on whatever its decoders raise
        raise ImagesError(f"cannot be read as PNG or JPEG: it is damaged ({shown(error)})") from None


def reason(error: OSError) -> str:
    """Why the system refused, in its own words."""
    return shown(error.strerror or error)


def _check_size(found: tuple[int, int], asked: tuple[int, int] | None) -> None:
    if asked is not None and found != asked:
        raise ImagesError(f"has {found[0]} x {found[1]} pixels: needed are {asked[0]} x {asked[1]} in grey")
    if found[0] * found[1] > MOST_BYTES // 16:
        raise ImagesError(f"has {found[0]:,} x {found[1]:,} pixels, too many for one picture: make it smaller")


def _pixels(picture) -> np.ndarray:
    if picture.mode.startswith("I"):  # 16 bits a pixel
        wide = np.asarray(picture).astype("int64")
        return np.rint(wide.clip(0, 65535) / 257).astype(np.uint8)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        if picture.getchannel("A").getextrema()[0] < 255:
            raise ImagesError("is transparent in places: save it on a background")
        picture = picture.convert("RGB")
    if picture.mode not in ("1", "L", "RGB"):
        picture = picture.convert("RGB")
    pixels = np.asarray(picture)
    return pixels.astype(np.uint8) * 255 if pixels.dtype == bool else pixels


def _find(folder: Path) -> Found:
    pictures, folders = _look(folder, folder)
    if pictures and any(_look(sub, folder)[0] for sub in folders):
        raise ImagesError("holds pictures, and folders of pictures beside them: give one of these folders")
    if pictures:
        return Found(pictures, None, ())
    held = [(sub, _look(sub, folder)) for sub in folders]
    full = [(sub, inside) for sub, (inside, _) in held if inside]
    if not full:
        deeper = next((sub for sub, (_, below) in held if any(_look(place, folder)[0] for place in below)), None)
        if deeper is not None:
            raise ImagesError(f"holds pictures two folders down: give a folder inside, such as {shown(deeper)}")
        raise ImagesError("holds no images: needed are PNG or JPEG pictures, also in one sub-folder for each label")
    labels = np.repeat(np.arange(len(full)), [len(inside) for _, inside in full])
    return Found([path for _, inside in full for path in inside], labels, tuple(sub.name for sub, _ in full))


def _look(folder: Path, top: Path) -> tuple[list[Path], list[Path]]:
    """The pictures and the folders in a folder, by name, without hidden ones."""
    try:
        with os.scandir(folder) as entries:
            visible = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda e: e.name)
            pictures = [Path(e.path) for e in visible if e.name.lower().endswith(SUFFIXES) and not e.is_dir()]
            return pictures, [Path(e.path) for e in visible if e.is_dir(follow_symlinks=False)]
    except OSError as error:
        where = "" if folder == top else f"holds {_short(folder, top)}, which "
        raise ImagesError(f"{where}cannot be opened ({reason(error)})") from None


def _short(path: Path, folder: Path) -> str:
    return shown(path.relative_to(folder))


def _size(image: np.ndarray) -> str:
    return f"{image.shape[0]} x {image.shape[1]}"
