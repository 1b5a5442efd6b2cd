"""The report: what it says, what it writes, and what it refuses."""

import re

import numpy as np
import pytest

from ganlib import load_mnist
from ganlib.cli import main
from ganlib.evaluation.report import ReportError, evaluate, load_images, write_html


@pytest.fixture(scope="module", autouse=True)
def smoke():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLIB_SMOKE", "1")
        yield


@pytest.fixture(scope="module")
def x():
    return load_mnist()[0][0]


@pytest.fixture(scope="module")
def real(x):
    """The report on real images that are not among the 2,000 training images of the smoke mode."""
    seen = []
    report = evaluate(x[5000:5300], seen.append)
    assert seen == report.rows
    return report


def test_unseen_real_images_come_out_as_real(real):
    rows = {row.measure: row for row in real.rows}
    distance, floor = (float(text.split(" ±")[0]) for text in rows["Fréchet distance"][1:3])
    assert 0.5 * floor < distance < 2 * floor
    for name in ("judge score", "precision", "recall", "density", "coverage"):
        assert float(rows[name].value) == pytest.approx(float(rows[name].real), rel=0.15)
    ours, theirs = (float(text.split(" ±")[0]) for text in rows["Parzen log-likelihood"][1:3])
    assert ours == pytest.approx(theirs, abs=40)
    assert all("Memorisation test: passed" in row.meaning for row in real.rows[-2:])
    assert real.n == 300 and len(real.pictures) == 5


@pytest.fixture(scope="module")
def file(tmp_path_factory, x):
    path = tmp_path_factory.mktemp("a run") / "generated_images.npz"
    np.savez(path, images=x[:200])  # copies
    return path


def test_the_page_stands_alone_and_tells_of_copies(file, capsys):
    assert main(["evaluate", str(file.parent)]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("Fréchet distance", "precision", "Parzen", "report.html"))
    assert out.count("100.0%") >= 2 and out.count("Memorisation test: FAILED") == 2
    page = (file.parent / "report.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 1_500_000
    assert not re.search(r"<script|<link|https?:|url\(|@import", page)
    pictures = re.findall(r'<img alt="([^"]+)" src="data:image/png;base64,([^"]+)">', page)
    assert len(pictures) == 5 == page.count("<img") and all(len(alt) > 20 for alt, _ in pictures)
    assert "prefers-color-scheme: dark" in page and "{" not in page.split("</style>")[1]
    assert sorted(path.name for path in file.parent.iterdir()) == ["generated_images.npz", "report.html"]


def test_names_are_escaped_and_a_failed_write_leaves_the_old_page(real, tmp_path, monkeypatch):
    write_html(real, tmp_path / "report.html", "<b>&.npz")
    before = (tmp_path / "report.html").read_bytes()
    assert b"&lt;b&gt;&amp;.npz" in before and b"<b>" not in before

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_html(real, tmp_path / "report.html", "new")
    assert (tmp_path / "report.html").read_bytes() == before


GOOD = np.zeros((100, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": GOOD, "b": GOOD}, "holds no images: an array \"images\" is needed, and there is a, b"),
        ({}, "and there is nothing"),
        ({"images": GOOD[:99]}, "holds 99 images: the measures need at least 100"),
        ({"images": GOOD[:, :14]}, r"holds the shape \(100, 14, 28\)"),
        ({"images": GOOD[0]}, r"holds the shape \(28, 28\)"),
        ({"images": np.float32(1)}, r"holds the shape \(\)"),
        ({"images": GOOD.astype(int)}, "holds int64"),
        ({"images": GOOD - np.float32(1)}, "runs from -1 to -1: needed are floats in 0..1"),
        ({"images": GOOD + np.float32(255)}, "runs from 255 to 255"),
        ({"images": GOOD * np.float32("nan")}, "runs from nan to nan"),
        ({"images": np.array([None])}, "cannot be read as an .npz file"),
    ],
)
def test_files_without_usable_images(tmp_path, capsys, arrays, message):
    np.savez(tmp_path / "file.npz", **arrays)
    with pytest.raises(ReportError, match=message):
        load_images(tmp_path / "file.npz")
    assert main(["evaluate", str(tmp_path / "file.npz")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ganlib: ") and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file.npz"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text"])
def test_files_that_are_no_npz(tmp_path, content):
    path = tmp_path / "file.npz"
    path.write_bytes(content)
    with pytest.raises(ReportError, match="cannot be read as an .npz file of images"):
        load_images(path)
    with pytest.raises(ReportError, match="missing.npz does not exist"):
        load_images(tmp_path / "missing.npz")
    with pytest.raises(ReportError, match="generated_images.npz does not exist"):
        load_images(tmp_path)


def test_an_array_file_is_no_archive(tmp_path):
    np.save(tmp_path / "file.npy", GOOD)
    with pytest.raises(ReportError, match="cannot be read as an .npz file of images"):
        load_images(tmp_path / "file.npy")


def test_floats_flat_images_and_any_single_name(tmp_path):
    np.savez(tmp_path / "file.npz", samples=np.full((120, 784), 0.2, np.float32))
    images = load_images(tmp_path / "file.npz")
    assert images.shape == (120, 28, 28) and images.dtype == np.uint8 and (images == 51).all()
