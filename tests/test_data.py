"""The data are what the manifest says, or one error says what is wrong and how to repair it."""

import hashlib
import json
import re
import subprocess
import sys
import types

import numpy as np
import pytest

from ganlib import data
from ganlib.data import DATA, DataError, load_arrays, load_mnist, save_arrays


@pytest.fixture
def folder(tmp_path):
    """A data folder with a small stand-in for mnist.npz."""
    here = tmp_path / "course" / "data"
    here.mkdir(parents=True)
    rng = np.random.default_rng(0)
    arrays = {
        "x_train": rng.integers(0, 256, (60, 28, 28), dtype="uint8"),
        "y_train": rng.integers(0, 10, 60, dtype="uint8"),
        "x_test": rng.integers(0, 256, (10, 28, 28), dtype="uint8"),
        "y_test": rng.integers(0, 10, 10, dtype="uint8"),
    }
    save_arrays(here / "mnist.npz", arrays, "random numbers", "none")
    return here


def relist(folder, **changes):
    """Change the manifest's entry of mnist.npz; by default to the present size and hash of the file."""
    path = folder / "manifest.json"
    content = (folder / "mnist.npz").read_bytes()
    entries = json.loads(path.read_text(encoding="utf-8"))
    entries["mnist.npz"] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} | changes
    path.write_text(json.dumps(entries), encoding="utf-8")


def test_mnist_is_mnist():
    (x_train, y_train), (x_test, y_test) = load_mnist()
    assert x_train.shape == (60000, 28, 28) and x_test.shape == (10000, 28, 28)
    assert y_train.shape == (60000,) and y_test.shape == (10000,)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert x_train.min() == 0 and x_train.max() == 255


def test_the_published_files_are_the_source():
    # The MD5 sums in data/README.md are those of the uncompressed IDX files, rebuilt here from the arrays.
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    (x_train, y_train), (x_test, y_test) = load_mnist()
    for array in (x_train, y_train, x_test, y_test):
        header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
        assert hashlib.md5(header + array.tobytes()).hexdigest() in readme


def test_the_manifest_describes_every_file_in_full():
    entries = json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(entries) == sorted(path.name for path in DATA.glob("*.npz"))
    for name, entry in entries.items():
        assert entry["source"] and entry["licence"], name
        assert data._describe(load_arrays(name)) == entry["arrays"]
    assert entries["mnist.npz"]["licence"] == "CC BY-SA 3.0"


def test_each_call_gives_fresh_arrays(folder):
    (x_train, _), _ = load_mnist(folder)
    x_train[:] = 0
    assert load_mnist(folder)[0][0].any()


def test_saved_arrays_come_back_and_saving_twice_gives_the_same_bytes(tmp_path):
    arrays = {"a/kernel": np.arange(6, dtype="float16").reshape(2, 3), "b": np.array(3.0)}
    save_arrays(tmp_path / "small.npz", arrays, "counted", "none")
    first = (tmp_path / "small.npz").read_bytes()
    save_arrays(tmp_path / "other.npz", {"c": np.zeros(2)}, "counted", "none")
    save_arrays(tmp_path / "small.npz", arrays, "counted", "none")
    assert (tmp_path / "small.npz").read_bytes() == first
    loaded = load_arrays("small.npz", tmp_path)
    assert list(loaded) == list(arrays)
    for key, array in arrays.items():
        assert loaded[key].dtype == array.dtype and np.array_equal(loaded[key], array)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "other.npz", "small.npz"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    save_arrays(tmp_path / "small.npz", {"a": np.zeros(3)}, "counted", "none")

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(data.os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        save_arrays(tmp_path / "small.npz", {"a": np.ones(3)}, "counted", "none")
    assert not load_arrays("small.npz", tmp_path)["a"].any()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.json", "small.npz"]


def cut(content):
    return content[: len(content) // 2]


def flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage, problem",
    [
        (cut, r"mnist\.npz has [\d,]+ bytes instead of [\d,]+"),
        (lambda content: b"", r"mnist\.npz has 0 bytes instead of [\d,]+"),
        (lambda content: content + b"\n", r"mnist\.npz has [\d,]+ bytes"),
        (flip, r"mnist\.npz was changed: its SHA-256 is \w{12}… instead of \w{12}…"),
    ],
)
@pytest.mark.parametrize("clone", [True, False])
def test_a_damaged_file_is_named_with_its_repair(folder, damage, problem, clone):
    path = folder / "mnist.npz"
    path.write_bytes(damage(path.read_bytes()))
    if clone:
        (folder.parent / ".git").mkdir()
    with pytest.raises(DataError, match=problem) as raised:
        load_mnist(folder)
    repair = f'git -C "{folder.parent}" checkout -- data/mnist.npz' if clone else "Download the course again"
    assert repair in str(raised.value)
    assert str(path) in str(raised.value)


def test_the_repair_repairs(folder):
    root, path = folder.parent, folder / "mnist.npz"

    def git(*arguments):
        subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True)

    try:
        git("init")
    except FileNotFoundError:
        pytest.skip("git is not installed")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "data")
    path.write_bytes(flip(path.read_bytes()))
    with pytest.raises(DataError) as raised:
        load_mnist(folder)
    command = re.search(r"Repair it with: +(.+)$", str(raised.value)).group(1)
    subprocess.run(command, shell=True, check=True, capture_output=True)
    load_mnist(folder)


@pytest.mark.parametrize(
    "name, array, problem",
    [
        ("x_test", np.zeros((10, 784), "uint8"), r"x_test as uint8 \(10, 784\) instead of uint8 \(10, 28"),
        ("x_test", np.zeros((10, 28, 28), "int64"), r"holds x_test as int64 \(10, 28, 28\) instead of uint8"),
        ("extra", np.zeros(1), r"holds the arrays \['extra', .*\] instead of \['x_test'"),
    ],
)
def test_wrong_arrays_are_named(folder, name, array, problem):
    arrays = load_arrays("mnist.npz", folder) | {name: array}
    np.savez(folder / "mnist.npz", **arrays)
    relist(folder)
    with pytest.raises(DataError, match=problem):
        load_mnist(folder)


def test_pickles_are_never_opened(folder):
    np.savez(folder / "mnist.npz", x_train=np.array([{"a": 1}], dtype=object))
    relist(folder)
    with pytest.raises(DataError, match="not a readable .npz file.*allow_pickle=False"):
        load_mnist(folder)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 but no zip"])
def test_a_file_of_another_kind(folder, content):
    (folder / "mnist.npz").write_bytes(content)
    relist(folder)
    with pytest.raises(DataError, match=r"mnist\.npz is not a readable \.npz file"):
        load_mnist(folder)


def test_a_folder_in_place_of_the_file(folder):
    (folder / "mnist.npz").unlink()
    (folder / "mnist.npz").mkdir()
    with pytest.raises(DataError, match=r"mnist\.npz cannot be read"):
        load_mnist(folder)


def test_a_missing_file_and_an_unlisted_one(folder):
    save_arrays(folder / "judge.npz", {"a": np.zeros(3)}, "counted", "none")
    (folder / "judge.npz").unlink()
    with pytest.raises(DataError, match=r"judge\.npz is missing\. Download the course again"):
        load_arrays("judge.npz", folder)
    with pytest.raises(DataError, match=r"lists no file juge\.npz, only judge\.npz, mnist\.npz"):
        load_arrays("juge.npz", folder)


@pytest.mark.parametrize(
    "damage, problem",
    [("unlink", "is missing"), (b"{", "is not readable JSON"), (b"\xff\xfe", "is not readable JSON")],
)
def test_a_damaged_manifest(folder, damage, problem):
    path = folder / "manifest.json"
    path.unlink() if damage == "unlink" else path.write_bytes(damage)
    with pytest.raises(DataError, match=rf"manifest\.json {problem}"):
        load_mnist(folder)


ODD = ["[]", "null", "3", '"text"', '{"mnist.npz": 5}', '{"mnist.npz": {}}', "[" * 100_000]


@pytest.mark.parametrize("entries", ODD)
def test_a_manifest_that_is_json_of_another_kind(folder, entries):
    (folder / "manifest.json").write_text(entries, encoding="utf-8")
    with pytest.raises(DataError, match=r"manifest\.json (holds a|does not describe mnist\.npz|is not readable)"):
        load_mnist(folder)


@pytest.mark.parametrize("change", [{"bytes": "many"}, {"sha256": None}, {"arrays": []}, {"arrays": {"x_train": {}}}])
def test_a_manifest_that_does_not_describe_a_file_in_full(folder, change):
    relist(folder, **change)
    with pytest.raises(DataError, match=r"manifest\.json does not describe mnist\.npz in full"):
        load_mnist(folder)


def test_a_folder_may_be_given_as_text(folder):
    assert load_mnist(str(folder))[0][0].shape == load_mnist(folder)[0][0].shape


@pytest.mark.parametrize("damage", [None, b"damaged"])
def test_missing_mnist_comes_from_a_copy_in_keras_cache(folder, monkeypatch, tmp_path, damage):
    whole = load_mnist(folder)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    (folder / "mnist.npz").rename(tmp_path / "keras" / "datasets" / "mnist.npz")
    if damage:
        (tmp_path / "keras" / "datasets" / "mnist.npz").write_bytes(damage)
    keras_gives(monkeypatch, lambda: whole if damage else 1 / 0)
    assert (load_mnist(folder)[0][0] == whole[0][0]).all()


@pytest.fixture(autouse=True)
def no_cache_of_keras(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no cache"))


def keras_gives(monkeypatch, answer):
    mnist = types.SimpleNamespace(load_data=answer)
    monkeypatch.setitem(sys.modules, "keras", types.ModuleType("keras"))
    monkeypatch.setitem(sys.modules, "keras.datasets", types.SimpleNamespace(mnist=mnist))


def test_missing_mnist_comes_from_keras(folder, monkeypatch, capsys):
    whole = load_mnist(folder)
    (folder / "mnist.npz").unlink()
    keras_gives(monkeypatch, lambda: whole)
    (x_train, _), (_, y_test) = load_mnist(folder)
    assert x_train is whole[0][0] and y_test is whole[1][1]
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_what_keras_gives_is_checked(folder, monkeypatch):
    (x_train, y_train), test = load_mnist(folder)
    (folder / "mnist.npz").unlink()
    keras_gives(monkeypatch, lambda: ((x_train, y_train[::-1]), test))
    with pytest.raises(DataError, match=r"mnist\.npz is missing, and what Keras downloaded is not the MNIST"):
        load_mnist(folder)


def test_missing_mnist_without_a_network(folder, monkeypatch):
    (folder / "mnist.npz").unlink()

    def fails():
        raise Exception("URL fetch failure: no network")

    keras_gives(monkeypatch, fails)
    with pytest.raises(DataError, match=r"mnist\.npz is missing, and Keras could not .*no network.*Download"):
        load_mnist(folder)


def test_missing_mnist_without_keras(folder, monkeypatch):
    (folder / "mnist.npz").unlink()
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(DataError, match=r"mnist\.npz is missing, and Keras could not download MNIST"):
        load_mnist(folder)


def test_needs_neither_tensorflow_nor_scipy():
    program = (
        "import sys, ganlib.data, ganlib.evaluation.judge, ganlib.evaluation.metrics, ganlib.lessons.claims;"
        "print(*sys.modules)"
    )
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True, cwd=DATA.parent)
    assert not {"tensorflow", "keras", "scipy", "matplotlib"} & set(loaded.split())


def test_to_images_rounds_to_the_nearest_grey():
    images = data.to_images(np.linspace(0, 1, 784, dtype=np.float32)[None])
    assert images.shape == (1, 28, 28) and images.dtype == np.uint8
    assert images[0, 0, 0] == 0 and images[0, -1, -1] == 255
    np.testing.assert_array_equal(data.to_images(images / 255), images)


def test_to_images_of_other_shapes():
    samples = np.linspace(0, 1, 2 * 16 * 24 * 3).reshape(2, -1)
    images = data.to_images(samples, (16, 24, 3))
    assert images.shape == (2, 16, 24, 3) and images[1, -1, -1, -1] == 255
    np.testing.assert_array_equal(data.to_images(images / 255, (16, 24, 3)), images)
    with pytest.raises(ValueError, match=r"expects shape \(n, 1152\) or \(n, 16, 24, 3\), not \(2, 784\)"):
        data.to_images(np.zeros((2, 784)), (16, 24, 3))


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 783)), np.full((1, 784), np.nan), np.full((1, 784), -0.1), np.full((1, 784), 1.1)]
)
def test_to_images_refuses_what_is_no_picture(samples):
    with pytest.raises(ValueError, match="to_images expects"):
        data.to_images(samples)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    data.write_file(path, b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        data.write_file(path, b"new")
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["file"]
