"""Arrays of images in .npz, .npy and IDX files: sizes are checked before anything is unpacked; nothing is unpickled."""

import io
import math
import warnings
import zipfile
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import numpy as np

MOST_BYTES = 2**30  # that are unpacked for one set of images
NPY = b"\x93NUMPY"
IDX = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
PREFERRED = ("images", "x_train")  # taken where several arrays would do
LABELS = ("labels", "y_train", "y", "label")  # names of the labels beside them, the first that is there and fits
_MEMBERS, _HEADER = 1000, 10_000  # arrays of a file that are looked at; bytes of an array's description


class ImagesError(ValueError):
    """Images that cannot be read or used; the text is one sentence, safe to print."""


class Wanted(NamedTuple):
    """Which images are asked for: grey ones of one `size` (h, w), or any of `sides` (least, most) pixels either way.

    With `side`, any images will do: they are scaled, and cut in the middle, to `side` x `side` pixels. Where all are
    None, everything is taken as it is. `labels` names an array of an .npz file.
    """

    size: tuple[int, int] | None = None
    sides: tuple[int, int] | None = None
    side: int | None = None
    labels: str | None = None

    def check(self, height: int, width: int) -> None:
        """Raise ImagesError for images that are not of such a size."""
        found = f"{height:,} x {width:,} pixels"
        if self.size is not None and (height, width) != self.size:
            raise ImagesError(f"{found}: needed are {self.size[0]} x {self.size[1]} in grey")
        if self.sides is not None and self.side is None:
            least, most = self.sides
            if not (least <= height <= most and least <= width <= most):
                raise ImagesError(f"{found}: needed are {least} to {most} in height and width; {SCALE}")


SCALE = "add --size 32, which scales each image and cuts it to a square, or bring them to one size yourself"


class Labels(NamedTuple):
    """The class of each image, int64 (n,), counted from 0, and the classes' names."""

    numbers: np.ndarray
    names: tuple[str, ...]


class Header(NamedTuple):
    """What a file says of an array before its numbers come."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool = False

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


def shown(text: object) -> str:
    """Text that came from a file, its name included, safe to print: escaped where it is not printable, cut at 200."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))
    return text if len(text) <= 200 else f"{text[:120]} … {text[-70:]}"


def read_npy(file: BinaryIO, most: int | None, fits: Callable[[tuple[int, ...]], None], size: int | None) -> np.ndarray:
    """Return the first `most` rows of an array in NumPy's own format.

    `fits` raises ImagesError for a shape that is no set of images; `size` is the length of the file where it is known.
    """
    header = npy_header(file)
    _check(header, fits)
    return _rows(file, header, most, None if size is None else size - file.tell())


def read_npz(
    file: BinaryIO, most: int | None, fits: Callable[[tuple[int, ...]], None], labels: str | None = None
) -> tuple[np.ndarray, str, Labels | None]:
    """Return the first `most` rows of the array of images in a zip of arrays, its name there, and their labels if any.

    `labels` names the array of the labels; without it, one of a usual name that fits is taken.
    """
    with zipfile.ZipFile(file) as archive:
        member, _ = _choose(archive, fits)
        name = member.filename.removesuffix(".npy")
        images = _member(archive, member, most)
        return images, name, _labels(archive, name, len(images), most, labels)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int | None) -> np.ndarray:
    with archive.open(member) as stream:
        header = npy_header(stream)
        return _rows(stream, header, most, member.file_size - stream.tell())


def _labels(archive: zipfile.ZipFile, images: str, n: int, most: int | None, asked: str | None) -> Labels | None:
    """The labels of the `n` images that were read. Raises ImagesError when those `asked` for by name are unusable."""
    members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()[:_MEMBERS]}
    usual = [f"y{images[1:]}"] if images.startswith("x") else []
    for name in [asked] if asked else [*usual, *LABELS]:
        if name not in members:
            continue
        with archive.open(members[name]) as stream:
            problem = _labels_problem(npy_header(stream), n, most)
        if not problem:
            found = _member(archive, members[name], most).ravel()
            names, numbers = np.unique(found, return_inverse=True)
            texts = (name.decode("latin-1") if isinstance(name, bytes) else name for name in names.tolist())
            return Labels(numbers.astype(np.int64), tuple(shown(text) for text in texts))
        if asked:
            raise ImagesError(f"holds {shown(asked)}, which {problem}")
    if asked:
        raise ImagesError(f"holds no array {shown(asked)}, only {', '.join(shown(name) for name in list(members)[:5])}")
    return None


def _labels_problem(header: Header, n: int, most: int | None) -> str:
    if header.dtype.hasobject or header.dtype.kind not in "buiUS":
        return f"is {shown(header.dtype)}: labels are whole numbers or texts"
    rows = header.shape[0] if header.shape else 0
    if header.shape[1:] not in ((), (1,)) or (rows if most is None else min(rows, most)) != n:
        hint = ", perhaps its argmax(axis=1)" if len(header.shape) == 2 else ""
        return f"has the shape {header.shape}: needed is one label for each of the {n:,} images{hint}"
    return ""


def read_idx(file: BinaryIO, most: int | None, fits: Callable[[tuple[int, ...]], None], size: int | None) -> np.ndarray:
    """Return the first `most` images of a file in the format of the published MNIST files. Source: LeCun et al."""
    start = file.read(4)
    axes = start[3]
    sizes = file.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise ImagesError("ends within its header: copy or download it again")
    shape = tuple(int.from_bytes(sizes[i : i + 4], "big") for i in range(0, 4 * axes, 4))
    header = Header(shape, np.dtype(IDX[start[2]]))
    if axes == 1:
        raise ImagesError(f"holds {shape[0]:,} labels and no images: give the file of the images")
    _check(header, fits)
    return _rows(file, header, most, None if size is None else size - file.tell())


def npy_header(file: BinaryIO) -> Header:
    """Read the description at the start of an array in NumPy's own format."""
    start = file.read(8)
    width = {1: 2, 2: 4, 3: 4}.get(start[6] if len(start) == 8 and start.startswith(NPY) else 0)
    if width is None:
        raise ImagesError("holds no array that NumPy knows: save it again with np.savez")
    length = file.read(width)
    count = int.from_bytes(length, "little")
    if count > _HEADER:
        raise ImagesError(f"describes an array in {count:,} bytes: it is damaged")
    read = np.lib.format.read_array_header_1_0 if width == 2 else np.lib.format.read_array_header_2_0
    try:
        with warnings.catch_warnings(action="ignore"):
            shape, fortran, dtype = read(io.BytesIO(length + file.read(count)))
    except Exception as error:  # it is parsed as Python: whatever that raises
        raise ImagesError(f"describes its array in a way that cannot be read: it is damaged ({shown(error)})") from None
    return Header(tuple(int(length) for length in shape), dtype, fortran)


def _choose(archive: zipfile.ZipFile, fits: Callable) -> tuple[zipfile.ZipInfo, Header]:
    """The one array that can be images; of several, one whose name leaves no doubt."""
    members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
    if not members:
        raise ImagesError(_no_arrays([member.filename for member in archive.infolist()]))
    found, problems = {}, []
    for member in members[:_MEMBERS]:
        try:
            with archive.open(member) as stream:
                header = npy_header(stream)
            _check(header, fits)
            found[member.filename.removesuffix(".npy")] = member, header
        except ImagesError as error:
            problems.append(f"{shown(member.filename.removesuffix('.npy'))} {error}")
    if not found:
        more = f", and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise ImagesError(f"holds no array that can be used: {'; '.join(problems[:3])}{more}")
    chosen = next((name for name in PREFERRED if name in found), None) if len(found) > 1 else next(iter(found))
    if chosen is None:
        names = [f"{shown(name)} ({header})" for name, (_, header) in found.items()]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        raise ImagesError(
            f'holds several arrays that can be images, {", ".join(names[:3])}{more}: save the right one as "images"'
        )
    return found[chosen]


def _no_arrays(names: list[str]) -> str:
    if any(name.endswith("data.pkl") for name in names):
        return "is a PyTorch file, which is never unpickled: save the images with np.savez(…, images=x.numpy())"
    if any(name.lower().endswith((".png", ".jpg", ".jpeg")) for name in names):
        return "is a zip of pictures: unpack it and give the folder"
    held = ", ".join(shown(name) for name in names[:3]) or "nothing"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"is a zip without arrays; it holds {held}{more}: unpack it, or save the images with np.savez"


def _check(header: Header, fits: Callable) -> None:
    if header.dtype.hasobject:
        raise ImagesError("holds pickled objects, which are never loaded: save the images as plain numbers")
    if header.dtype.kind not in "buif":
        raise ImagesError(f"holds {shown(header.dtype)}: needed are numbers that can be grey levels")
    if any(length < 0 for length in header.shape):
        raise ImagesError(f"says its shape is {header.shape}: it is damaged")
    if 0 in header.shape:
        raise ImagesError(f"holds no images: its shape is {header.shape}")
    fits(header.shape)


def _rows(file: BinaryIO, header: Header, most: int | None, left: int | None) -> np.ndarray:
    """The first `most` rows; `left` is how many bytes there are, where that is known."""
    total = header.shape[0]
    count = total if header.fortran or most is None else min(total, most)
    row = math.prod(header.shape[1:]) * header.dtype.itemsize
    if left is not None and left < total * row:
        raise ImagesError(f"ends {total * row - left:,} bytes too early: copy or download it again")
    if count * row > MOST_BYTES:
        raise ImagesError(
            f"holds {header}, {count * row / 2**30:,.1f} GiB unpacked, and at most {MOST_BYTES // 2**30} GiB is read: "
            "give fewer or smaller images"
        )
    content = _exactly(file, count * row)
    shape = (count, *header.shape[1:])
    numbers = np.frombuffer(content, header.dtype)
    return numbers.reshape(shape[::-1]).T[:most] if header.fortran else numbers.reshape(shape)


def _exactly(file: BinaryIO, count: int) -> bytearray:
    """`count` bytes, taken as they come: memory grows with what is there, not with what a header promises."""
    content = bytearray()
    while len(content) < count:
        part = file.read(min(2**20, count - len(content)))
        if not part:
            raise ImagesError(f"ends {count - len(content):,} bytes too early: copy or download it again")
        content += part
    return content
