"""Pictures as images: one PNG or JPEG file, or a folder of them, whose sub-folders are the labels."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from ganlib.evaluation.arrays import MOST_BYTES, SCALE, ImagesError, Wanted, shown
from ganlib.files import open_file

SUFFIXES = (".png", ".jpg", ".jpeg")
_OTHERS = (".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jfif")  # pictures that are left out
_SEED = 0  # of the choice among more pictures than are asked for
_MANY = 100  # unusable pictures after which no more are looked for
_TURNED = 274  # the tag of a photo that says how the camera was held


class Found(NamedTuple):
    """Pictures in a folder, in the order of their names; labels count the sub-folders, None where there are none."""

    paths: list[Path]
    labels: np.ndarray | None
    names: tuple[str, ...]


def read_folder(
    folder: Path, most: int | None, wanted: Wanted
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Return all pictures of a folder, or `most` chosen by chance, as uint8, with labels and the labels' names.

    Raises ImagesError that names the first picture that cannot be used, and says how many there are.
    """
    paths, labels, names = _find(folder)
    if most is not None and len(paths) > most:  # names are often in the order of the labels: the first are no sample
        chosen = np.sort(np.random.default_rng(_SEED).choice(len(paths), most, replace=False))
        paths, labels = [paths[i] for i in chosen], None if labels is None else labels[chosen]
    if wanted.sides and not wanted.side:  # all sizes are looked at before the first picture is unpacked
        _all(folder, paths, lambda file: _size_of(file, Wanted()))
    images = _all(folder, paths, lambda file: read_picture(file, wanted))
    if len({image.ndim for image in images}) == 2:  # grey ones among colours
        images = [image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in images]
    return np.stack(images), labels, names


def left_out(folder: Path) -> str:
    """What to say of pictures in a folder, or one below it, that are neither PNG nor JPEG; "" where there are none."""
    places = [folder, *_look(folder, folder)[1]]
    others = sorted(name for place in places for name in os.listdir(place) if name.lower().endswith(_OTHERS))
    return f" without {len(others):,} that are neither PNG nor JPEG, such as {shown(others[0])}" if others else ""


def _all(folder: Path, paths: list[Path], read: Callable[[BinaryIO], np.ndarray]) -> list[np.ndarray]:
    """What `read` makes of each picture. Raises ImagesError, also for pictures of several sizes."""
    found, bad, taken = [], [], 0
    for path in paths:
        try:
            with open_file(path) as file:
                image = read(file)
        except OSError as error:
            bad.append(f"{_short(path, folder)}, which cannot be opened ({reason(error)})")
        except ImagesError as error:
            bad.append(f"{_short(path, folder)}, which {error}")
        else:
            taken += image.nbytes
            if taken > MOST_BYTES:
                raise ImagesError(f"holds more than {MOST_BYTES // 2**30} GiB of pixels: give fewer or smaller ones")
            if found:
                _check_size(found[0], image, _short(path, folder))
            found.append(image)
        if len(bad) == _MANY:
            break
    if bad:
        more = f"; {len(bad) - 1} more cannot be used, such as {bad[1].partition(', which ')[0]}" if bad[1:] else ""
        raise ImagesError(f"holds {bad[0]}{more}")
    return found


def _check_size(first: np.ndarray, image: np.ndarray, name: str) -> None:
    if image.shape[:2] != first.shape[:2]:
        raise ImagesError(f"holds pictures of several sizes, {_size(first)} and, in {name}, {_size(image)}: {SCALE}")


def read_picture(file: BinaryIO, wanted: Wanted) -> np.ndarray:
    """Return one PNG or JPEG picture as uint8, (h, w) or (h, w, 3). Its size is checked before it is unpacked.

    A photo is turned as the camera was held, and, where a `side` is wanted, scaled and cut to a square.
    """
    from PIL import Image, ImageOps

    _size_of(file, wanted)
    try:
        with Image.open(file, formats=("PNG", "JPEG")) as picture:
            if wanted.side:
                picture.draft(picture.mode, (2 * wanted.side, 2 * wanted.side))  # a JPEG is unpacked to an eighth
            upright = ImageOps.exif_transpose(picture) if _orientation(picture) != 1 else picture
            return square(_pixels(upright), wanted.side)
    except (ImagesError, MemoryError):
        raise
    except Exception as error:  # pillow passes on whatever its decoders raise
        raise _damaged(error) from None


def square(image: np.ndarray, side: int | None) -> np.ndarray:
    """The middle of an image, uint8 (h, w) or (h, w, 3), scaled to `side` x `side`; the image itself without a side."""
    from PIL import Image, ImageOps

    if side is None:
        return image
    return np.asarray(ImageOps.fit(Image.fromarray(image), (side, side), Image.Resampling.LANCZOS))


def _size_of(file: BinaryIO, wanted: Wanted) -> np.ndarray:
    """An empty array (h, w, 0) of the size that a picture says it has. Raises ImagesError."""
    from PIL import Image

    try:
        with Image.open(file, formats=("PNG", "JPEG")) as picture:
            width, height = picture.size[::-1] if _orientation(picture) > 4 else picture.size
    except MemoryError:
        raise
    except Exception as error:
        raise _damaged(error) from None
    finally:
        file.seek(0)
    try:
        wanted.check(height, width)
    except ImagesError as error:
        raise ImagesError(f"has {error}") from None
    if height * width > MOST_BYTES // 16:
        raise ImagesError(f"has {height:,} x {width:,} pixels, too many for one picture: make it smaller")
    return np.empty((height, width, 0), np.uint8)


def _orientation(picture) -> int:
    """How the camera was held, as a photo says: 1 is upright, and above 4 the photo lies on its side."""
    number = picture.getexif().get(_TURNED) if picture.format == "JPEG" else 1  # of a PNG, it would unpack the pixels
    return number if number in range(1, 9) else 1


def _damaged(error: Exception) -> ImagesError:
    return ImagesError(
        f"cannot be read as PNG or JPEG: it is damaged ({shown(error)}); save it again, or take it out of the folder"
    )


def reason(error: OSError) -> str:
    """Why the system refused, in its own words."""
    return shown(error.strerror or error)


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
