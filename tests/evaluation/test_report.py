"""The report: what it says, what it writes, and what it refuses."""

import re

import numpy as np
import pytest

from ganlib import load_mnist
from ganlib.cli import main
from ganlib.evaluation.flaws import flaws, one_class
from ganlib.evaluation.images import ImagesError
from ganlib.evaluation.report import evaluate, load_images
from ganlib.evaluation.report_page import write_html


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

    monkeypatch.setattr("os.write", full)
    with pytest.raises(OSError, match="No space"):
        write_html(real, tmp_path / "report.html", "new")
    assert (tmp_path / "report.html").read_bytes() == before


GOOD = np.zeros((100, 28, 28), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": GOOD, "b": GOOD}, "holds several arrays that can be images, a .* and b|, b "),
        ({}, "is a zip without arrays; it holds nothing"),
        ({"images": GOOD[:99]}, "holds 99 images: the measures need at least 100"),
        ({"images": GOOD[0]}, "holds 1 image: the measures"),
        ({"images": GOOD[:, :14]}, r"14 x 28 pixels|holds the shape \(100, 14, 28\)"),
        ({"images": np.float32(1)}, r"holds the shape \(\)"),
        ({"images": GOOD + np.float32(1000)}, "runs from 1000 to 1000"),
        ({"images": GOOD * np.float32("nan")}, "NaN"),
        ({"images": np.array([None])}, "pickled objects"),
        ({"images": GOOD + np.uint8(1)}, "--levels 0..1"),
    ],
)
def test_files_without_usable_images(tmp_path, capsys, arrays, message):
    np.savez(tmp_path / "file.npz", **arrays)
    with pytest.raises(ImagesError, match=message):
        load_images(tmp_path / "file.npz")
    assert main(["evaluate", str(tmp_path / "file.npz")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ganlib: ") and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file.npz"]


def test_floats_flat_images_and_any_single_name(tmp_path):
    np.savez(tmp_path / "file.npz", samples=np.full((120, 784), 0.2, np.float32))
    images = load_images(tmp_path / "file.npz").images
    assert images.shape == (120, 28, 28) and images.dtype == np.uint8 and (images == 51).all()


def noise(n, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, 28, 28), dtype="uint8")


BAR = np.zeros((1, 28, 28), "uint8")
BAR[:, 4:24, 12:15] = 255


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (GOOD, "No verdict: all 100 images are black"),
        (GOOD + np.uint8(255), "No verdict: all 100 images are white"),
        (GOOD + np.arange(100, dtype="uint8")[:, None, None], "each of the 100 images is one even grey"),
        (BAR.repeat(300, axis=0), "all 300 images are one and the same"),
        (np.concatenate([BAR, 255 - BAR]).repeat(150, axis=0), "only 2 of the 300 images are different"),
        (noise(300), "No verdict: the images are noise"),
        (255 * (noise(300) > 200), "No verdict: the images are noise"),
    ],
)
def test_sets_that_are_no_sample_are_named(images, sentence):
    assert any(sentence in flaw for flaw in flaws(images.astype("uint8")))


def test_flaws_of_scale_and_of_one_class_and_none_of_real_digits(x):
    assert "brightest pixel is 1 of 255, nearly black" in flaws((x[:300] > 127).astype("uint8"))[0]
    assert "255 - images" in flaws(255 - x[:300])[0]
    assert "only 150 of the 300" in flaws(x[:150].repeat(2, axis=0))[0]
    y = load_mnist()[0][1]
    for some in (x[:300], x[30_000:40_000], *(x[y == digit][:300] for digit in range(10))):
        assert flaws(some) == []
    assert "98% of the images for a 1" in one_class(np.array([0.02, 0.98] + [0] * 8))[0]
    assert one_class(np.full(10, 0.1)) == []


def test_collapse_is_named_before_the_figures_and_is_no_copying(tmp_path, capsys):
    np.save(tmp_path / "black.npy", GOOD)
    assert main(["evaluate", str(tmp_path / "black.npy")]) == 0
    out = capsys.readouterr().out
    assert out.index("No verdict: all 100 images are black") < out.index("Fréchet distance")
    assert "are copies" not in out and out.count("Memorisation test: no verdict") == 2
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index("No verdict: all 100 images are black") < page.index("<table>")


def test_a_page_of_somebody_else_stays(tmp_path, capsys, x):
    np.save(tmp_path / "a.npy", x[:100])
    page = tmp_path / "report.html"
    page.write_text("<html>my thesis</html>")
    assert main(["evaluate", str(tmp_path / "a.npy")]) == 2
    assert "is not a report of ours" in capsys.readouterr().err
    assert page.read_text() == "<html>my thesis</html>"
    page.unlink()
    page.symlink_to(tmp_path / "elsewhere")
    assert main(["evaluate", str(tmp_path / "a.npy")]) == 2
    assert not (tmp_path / "elsewhere").exists()


def test_a_closed_stdout_still_leaves_the_page(tmp_path, monkeypatch, x):
    np.save(tmp_path / "a.npy", x[:100])

    class Closed:
        def write(self, text):
            raise BrokenPipeError(32, "Broken pipe")

        def flush(self):
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("sys.stdout", Closed())
    assert main(["evaluate", str(tmp_path / "a.npy")]) == 0
    assert (tmp_path / "report.html").exists()
