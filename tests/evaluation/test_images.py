"""The one reader of images: every format and range, and one sentence for everything else."""

import gzip
import io
import os
import socket
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from ganlib.data import load_mnist
from ganlib.evaluation.images import ImagesError, read_images

SIZE = (28, 28)


@pytest.fixture(scope="module")
def digits():
    return load_mnist()[1][0][:120]


def idx(images, code=8, kind=">u1"):
    sizes = b"".join(n.to_bytes(4, "big") for n in images.shape)
    return bytes([0, 0, code, images.ndim]) + sizes + images.astype(kind).tobytes()


def npy(array, **options):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **options)
    return buffer.getvalue()


def png(folder, images, name="{:04d}.png"):
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / name.format(i))
    return folder


def refused(path, **options):
    with pytest.raises(ImagesError) as caught:
        read_images(path, **{"size": SIZE, **options})
    text = str(caught.value)
    assert text.endswith(".") and text.isprintable(), text
    return text


def test_every_format_gives_the_same_digits(tmp_path, digits):
    np.save(tmp_path / "a.npy", digits)
    np.save(tmp_path / "order.npy", np.asfortranarray(digits))
    np.savez(tmp_path / "a.npz", anything=digits, labels=np.zeros(120))
    np.savez_compressed(tmp_path / "b.npz", images=digits, others=digits)
    np.savez(tmp_path / "mnist.npz", x_train=digits, x_test=digits[:5], y_train=digits[:, 0, 0])
    (tmp_path / "idx3-ubyte").write_bytes(idx(digits))
    (tmp_path / "idx3.gz").write_bytes(gzip.compress(idx(digits)))
    (tmp_path / "a.npy.gz").write_bytes(gzip.compress(npy(digits)))
    (tmp_path / "idx-double").write_bytes(idx(digits / 255, 14, ">f8"))
    (tmp_path / "no_extension").write_bytes(npy(digits, version=(2, 0)))
    png(tmp_path / "pictures", digits)
    for path in sorted(tmp_path.iterdir()):
        for size in (SIZE, None):
            assert np.array_equal(read_images(path, size=size).images, digits), path
    assert read_images(tmp_path / "mnist.npz").source == "mnist.npz, array x_train"
    assert len(read_images(tmp_path / "a.npy", most=7).images) == 7
    assert len(read_images(tmp_path / "pictures", most=7).images) == 7


def test_every_range_and_shape_that_is_certain(tmp_path, digits):
    unit = digits / 255
    for array in (
        digits.astype("int64"), digits.astype("uint16"), digits.astype("float32"), digits.astype("uint16") * 257,
        unit, unit.astype("float32"), unit.astype(">f8"), 2 * unit - 1, unit + 5e-4, digits.reshape(-1, 784),
        digits[..., None], digits[:, None], digits[..., None].repeat(3, axis=3),
    ):  # fmt: skip
        np.save(tmp_path / "a.npy", array)
        assert np.array_equal(read_images(tmp_path / "a.npy", size=SIZE).images, digits), (array.dtype, array.shape)
    np.save(tmp_path / "a.npy", digits > 127)
    assert np.array_equal(read_images(tmp_path / "a.npy").images, np.uint8(255) * (digits > 127))


def test_an_open_range_is_a_question_with_an_answer(tmp_path, digits):
    path, binary = tmp_path / "a.npy", (digits > 127).astype("uint8")
    for array, levels, white in (
        (binary, "0..1", 255), (binary, "0..255", 1), (binary.astype("int64"), "0..1", 255),
        (binary * np.float32(16), "0..255", 16), (binary.astype("uint16") * 4095, "0..65535", 16),
        (binary * 0.5 - 0.25, "-1..1", 159),
    ):  # fmt: skip
        np.save(path, array)
        assert levels in refused(path) and "leaves open" in refused(path)
        assert read_images(path, levels=levels).images.max() == white
    np.save(path, digits)
    assert "beyond the levels 0..1" in refused(path, levels="0..1")
    for array in (digits / 100 - 1.3, digits.astype("int64") * 1000, digits.astype("int16") - 128):
        np.save(path, array)
        assert "runs from" in refused(path)
    for odd in (np.nan, np.inf, -np.inf):
        array = digits / 255
        array[50, 3, 3] = odd
        np.save(path, array)
        assert "NaN or infinity" in refused(path)


def test_folders_give_labels_colours_and_one_size(tmp_path, digits):
    for label in ("cat", "dog"):
        png(tmp_path / "two" / label, digits[:3])
    read = read_images(tmp_path / "two")
    assert read.names == ("cat", "dog") and read.labels.tolist() == [0, 0, 0, 1, 1, 1] and read.labels.dtype == np.int64
    assert set(read_images(tmp_path / "two", most=4).labels) == {0, 1}
    colour = np.random.default_rng(0).integers(0, 256, (4, 12, 10, 3), dtype="uint8")
    assert np.array_equal(read_images(png(tmp_path / "colour", colour)).images, colour)
    png(tmp_path / "colour", colour[:1, ..., 0], "grey{}.png")
    assert read_images(tmp_path / "colour").images.shape == (5, 12, 10, 3)
    deep = png(tmp_path / "deep", [colour[0, ..., 0].astype("uint16") * 257])
    assert np.array_equal(read_images(deep).images[0], colour[0, ..., 0])
    Image.fromarray(digits[0]).convert("1").save(tmp_path / "one.png")
    assert set(np.unique(read_images(tmp_path / "one.png").images)) == {0, 255}
    Image.fromarray(digits[0]).save(tmp_path / "one.jpeg", quality=95)
    assert read_images(tmp_path / "one.jpeg", size=SIZE).images.shape == (1, 28, 28)
    assert "12 x 10 pixels: needed are 28 x 28" in refused(tmp_path / "colour")
    png(tmp_path / "mixed", [digits[0], digits[0, :20]])
    assert "several sizes, 28 x 28 and, in 0001.png, 20 x 28" in refused(tmp_path / "mixed", size=None)
    assert "transparent" in refused(png(tmp_path / "alpha", [np.zeros((28, 28, 4), "uint8")]))


SENTENCES = {
    "table.csv": (b"0,1,2\n3,4,5\n", "is text"),
    "weights.pkl": (b"\x80\x04\x95abc", "a pickle, which can run any code"),
    "data.h5": (b"\x89HDF\r\n", "HDF5"),
    "text.gz": (gzip.compress(b"0,1,2\n"), "no array behind its gzip"),
    "cut.gz": (gzip.compress(idx(np.zeros((200, 28, 28))))[:40], "damaged"),
    "images.tar": (b"a" * 257 + b"ustar" + bytes(400), "tar archive"),
    "empty.npz": (b"", "is empty"),
    "cut.npz": (b"PK\x03\x04 cut off", "damaged"),
    "cut.png": (b"\x89PNG\r\n\x1a\n123", "PNG or JPEG: it is damaged"),
    "labels.idx": (idx(np.zeros(10)), "10 labels and no images"),
    "cut.idx": (idx(np.zeros((5, 28, 28)))[:-9], "ends 9 bytes too early"),
    "cut.npy": (npy(np.zeros((5, 28, 28), "u1"))[:-9], "ends 9 bytes too early"),
    "pickled.npy": (npy(np.array([None])), "pickled objects"),
    "text.npy": (npy(np.array(["a"])), "needed are numbers"),
    "complex.npy": (npy(np.zeros((5, 28, 28), complex)), "holds complex128"),
    "dates.npy": (npy(np.zeros((5, 28, 28), "M8[s]")), "needed are numbers"),
    "structured.npy": (npy(np.zeros((5, 28, 28), [("a\x1b[31m", "u1")])), "needed are numbers"),
    "none.npy": (npy(np.zeros((0, 28, 28))), "holds no images"),
    "last.npy": (npy(np.zeros((28, 28, 99))), "np.moveaxis"),
    "movie.gif": (b"GIF89a\0", "save the images as PNG"),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_what_cannot_be_read_gets_its_sentence(tmp_path, name):
    (tmp_path / name).write_bytes(SENTENCES[name][0])
    assert SENTENCES[name][1] in refused(tmp_path / name)


def test_zips_that_are_no_arrays_and_odd_keys(tmp_path, digits):
    for member, sentence in (("x/data.pkl", "PyTorch"), ("a.PNG", "zip of pictures"), ("\x1b[31m", r"\x1b[31m")):
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
            file.writestr(member, b"")
        assert sentence in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", **{"\x1b[2J": digits, "b\u202e": digits})
    assert r"several arrays that can be images, \x1b[2J (uint8 (120, 28, 28)), b\u202e" in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", **{"\x1b[2J": digits})
    assert read_images(tmp_path / "a.npz").source == r"a.npz, array \x1b[2J"


@pytest.mark.skipif(os.name == "nt", reason="no pipes, devices and such names there")
def test_what_is_no_file(tmp_path, digits):
    os.mkfifo(tmp_path / "pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        assert "cannot be read" in refused(tmp_path / "socket")
    assert "not an ordinary file" in refused(tmp_path / "pipe.png")
    assert "not an ordinary file" in refused("/dev/zero")
    assert "pipe.png, which cannot be opened" in refused(tmp_path)
    (tmp_path / "link.npy").symlink_to(tmp_path / "nothing")
    assert "is a link to nothing" in refused(tmp_path / "link.npy")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    assert "round" in refused(tmp_path / "round")
    assert "does not exist" in refused(tmp_path / "missing\x1b[31m")
    assert "does not exist" in refused(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    assert "cannot be read" in refused(tmp_path / ("n" * 300))
    assert "no name" in refused("a\0b")
    (tmp_path / "empty").mkdir()
    assert "holds no images" in refused(tmp_path / "empty")
    png(tmp_path / "deep/train/0", digits[:1])
    assert "two folders down" in refused(tmp_path / "deep")
    for name in ("config.json", "checkpoints"):
        (tmp_path / "empty" / name).mkdir()
    assert "is a run without generated_images.npz" in refused(tmp_path / "empty")
    secret = tmp_path / "secret.npy"
    np.save(secret, digits)
    secret.chmod(0)
    if not os.access(secret, os.R_OK):
        assert "Permission denied" in refused(secret)


BOUNDED = """
import resource, sys
import numpy, PIL.Image, PIL.PngImagePlugin
from ganlib.evaluation.images import ImagesError, read_images
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[1]) * 2**20,) * 2)
for path in sys.stdin.read().splitlines():
    try:
        print(path, len(read_images(path, 10_000, (28, 28)).images))
    except ImagesError as error:
        assert "\\n" not in str(error) and str(error).endswith("."), error
        print(path, error)
"""


def bounded(paths, megabytes):
    """Read in a process that may take so much memory beyond what its imports took; returns its lines."""
    done = subprocess.run([sys.executable, "-c", BOUNDED, str(megabytes)], input="\n".join(map(str, paths)),
                          capture_output=True, text=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == len(paths)
    return done.stdout


linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")


def header(shape, dtype="|u1"):
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text


@linux
def test_bombs_take_no_memory(tmp_path):
    for name, shape in (("good", (2_000_000, 28, 28)), ("huge", (100, 2**20, 2**20)), ("odd", (2**62, 2**62, 28))):
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w", zipfile.ZIP_DEFLATED) as file:
            with file.open("images.npy", "w", force_zip64=True) as member:
                member.write(header(shape))
                for _ in range(1500 if name == "good" else 1):
                    member.write(bytes(2**20))
    start = bytes([0, 0, 8, 3]) + b"\xff" * 4 + bytes([0, 0, 0, 28] * 2)
    (tmp_path / "idx.gz").write_bytes(gzip.compress(start + bytes(10_000 * 784)))
    (tmp_path / "long.npy").write_bytes(b"\x93NUMPY\2\0\xff\xff\xff\xff")
    (tmp_path / "wide.npy").write_bytes(header((10, 28, 28), "|V2000000000"))
    picture = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(picture, "PNG")
    (tmp_path / "big.png").write_bytes(picture.getvalue())
    out = bounded(sorted(tmp_path.iterdir()), 100)
    assert "good.npz 10000" in out or "good.npz ends" in out or "good.npz holds" in out
    assert "idx.gz 10000" in out


@linux
def test_300_corruptions_give_images_or_a_sentence(tmp_path, digits):
    rng, some = np.random.default_rng(0), digits[:20]
    archive, packed, picture = io.BytesIO(), io.BytesIO(), io.BytesIO()
    np.savez(archive, images=some)
    np.savez_compressed(packed, images=some / 255)
    Image.fromarray(some[0]).save(picture, "PNG")
    sound = {"npz": archive.getvalue(), "zip": packed.getvalue(), "npy": npy(some), "png": picture.getvalue(),
             "idx": idx(some), "gz": gzip.compress(idx(some))}  # fmt: skip
    for number in range(300):
        kind = list(sound)[number % 6]
        content = bytearray(sound[kind])
        near = len(content) if number % 4 == 0 else min(len(content), 160)  # mostly where the headers are
        for place in rng.integers(0, near, rng.integers(1, 6)):
            if rng.random() < 0.5 and kind != "gz":
                place = len(content) - 1 - place  # a zip has its list of members at the end
            content[place] = rng.integers(256)
        if number % 7 == 0:
            content = content[: rng.integers(1, len(content))]
        (tmp_path / f"{number:03d}.{kind}").write_bytes(content)
    bounded(sorted(tmp_path.iterdir()), 200)
