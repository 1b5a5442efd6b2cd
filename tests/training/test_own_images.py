"""`train --data`: images of one's own, from every form, of other sizes and in colour; resumed, moved, refused."""

import gzip
import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest
from drawn import NAMES, folder, idx, shapes
from PIL import Image
from test_runs import assert_equal, logged

from ganlib import console
from ganlib.cli import main
from ganlib.training.callbacks import Film
from ganlib.training.recipe import build_gan
from ganlib.training.runs import Run
from ganlib.training.settings import Settings
from ganlib.training.source import load_source

SMALL = ["--architecture", "article", "--batch-size", "20", "--images", "10", "--epochs", "2"]
GREY, LABELS = shapes(60)
COLOUR, _ = shapes(60, (16, 24), colour=True)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def weights(run):
    with np.load(Path(run) / "generator.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def made(run):
    return np.load(Path(run) / "generated_images.npz", allow_pickle=False)["images"]


def refused(capsys, *words, code=2):
    """The one sentence that a command ends with."""
    assert main([*map(str, words)]) == code
    error = capsys.readouterr().err
    assert error.count("\n") == 1 + (code == 1) and "Traceback" not in error, error
    return error


def test_a_folder_with_sub_folders_in_colour_gives_everything(here, capsys):
    folder(here / "photos", COLOUR, LABELS)
    assert main(["train", "--data", "photos", "--out", "run", *SMALL]) == 0
    out = capsys.readouterr().out
    assert "60 of 16 x 24 pixels in colour" in out and "Labels: 3 (circles, crosses, squares), not used" in out
    assert made("run").shape == (10, 16, 24, 3) and made("run").dtype == np.uint8
    names = ("curves.png", "film.html", "generated_images.npz", "generator.npz", "history.csv", "samples.png")
    assert all((here / "run" / name).stat().st_size for name in names)
    assert "10 images, uint8 16 x 24 x 3" in out and "digits" not in out
    assert Image.open("run/samples.png").convert("RGB").getcolors(2**24) is not None
    assert json.loads((here / "run/config.json").read_text())["settings"]["data"] == str(here / "photos")
    assert Film("run", shape=(16, 24, 3)).images()[0].shape == (3, 100, 16, 24, 3)


def test_every_form_trains_the_same_gan(here):
    folder(here / "folder", GREY)
    np.save("a.npy", GREY)
    np.savez("a.npz", images=GREY, labels=LABELS)
    (here / "a.gz").write_bytes(gzip.compress(idx(GREY)))
    (here / "a-idx3-ubyte").write_bytes(idx(GREY))
    sources = [load_source(Settings(data=str(here / name))) for name in ("folder", "a.npy", "a.npz", "a.gz")]
    assert all(np.array_equal(source.train, GREY) for source in sources) and sources[2].names == ("0", "1", "2")
    assert main(["train", "--data", "a.gz", "--out", "one", *SMALL]) == 0
    assert main(["train", "--data", "folder", "--out", "two", *SMALL]) == 0
    assert_equal(weights("one"), weights("two"))
    assert made("one").shape == (10, 20, 20)


def test_labels_by_key_and_by_usual_names_and_a_tenth_is_kept(here):
    x, y = shapes(300)
    np.savez("a.npz", x_train=x, y_train=y, kind=np.array(NAMES)[y], wrong=y[:5], real=y / 2)
    usual = load_source(Settings(data=str(here / "a.npz")))
    assert usual.names == ("0", "1", "2") and len(usual.train) == 270 and len(usual.held_out) == 30
    assert len({image.tobytes() for image in (*usual.train, *usual.held_out)}) == len({i.tobytes() for i in x})
    places = {image.tobytes(): label for image, label in zip(x, y, strict=True)}
    assert all(places[i.tobytes()] == k for i, k in zip(usual.held_out, usual.held_out_labels, strict=True))
    assert load_source(Settings(data=str(here / "a.npz"), labels="kind")).names == NAMES
    for key, sentence in (("wrong", "one label for each of the 300"), ("real", "whole numbers or texts"),
                          ("none", "no array none, only x_train")):  # fmt: skip
        with pytest.raises(ValueError, match=sentence):
            load_source(Settings(data=str(here / "a.npz"), labels=key))


def test_a_conditional_gan_learns_sub_folders_and_draws_what_it_is_asked_for(here, capsys):
    x, y = shapes(240)
    folder(here / "photos", x, y)
    words = ["--architecture", "conditional", "--batch-size", "27", "--images", "10", "--epochs", "40"]
    assert main(["train", "--data", "photos", "--out", "run", *words]) == 0
    assert "Classes: 0 circles, 1 crosses, 2 squares." in capsys.readouterr().out
    settings = Settings.of(Run("run").config()["settings"])
    source = load_source(settings)
    gan = build_gan(settings, 8, pixels=400, classes=3)
    seen = gan.examples(source.train, 27, source.labels)
    assert seen.shape == (216, 403) and Run("run").restore(gan, seen, 27) == 320
    drawn = [gan.generate(50, labels=k).mean() for k in range(3)]
    real = [x[y == k].mean() / 255 for k in range(3)]
    assert np.argmin(drawn) == np.argmin(real) == 1  # a cross takes the least ink
    with pytest.raises(ValueError, match="from 0 to 2"):
        gan.generate(2, labels=3)


def test_mnist_has_labels_too(here, monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    assert main(["train", "--architecture", "conditional", "--images", "10", "--out", "run"]) == 0
    assert made("run").shape == (10, 28, 28)


def test_photos_of_several_sizes_are_told_of_and_scaled_if_asked(here, capsys):
    folder(here / "photos", [COLOUR[0], shapes(1, (40, 30), colour=True)[0][0], *COLOUR[:30]])
    said = refused(capsys, "train", "--data", "photos", "--out", "run", *SMALL)
    assert "several sizes, 16 x 24 and, in 0001.png, 40 x 30" in said and "--size 32" in said
    assert not (here / "run").exists()
    assert main(["train", "--data", "photos", "--size", "18", "--out", "run", *SMALL]) == 0
    assert made("run").shape == (10, 18, 18, 3)
    assert main(["resume", "run"]) == 0
    assert "scales each image" in refused(capsys, "train", "--data", "photos", "--out", "other", *SMALL)
    np.save("large.npy", np.repeat(np.repeat(GREY, 6, axis=1), 6, axis=2))
    assert "120 x 120 pixels: needed are 16 to 64" in refused(capsys, "train", "--data", "large.npy", *SMALL)
    assert load_source(Settings(data=str(here / "large.npy"), size=20)).train.shape == (60, 20, 20)


def test_a_photo_is_cut_in_its_middle_and_turned_as_the_camera_was_held(here):
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200], wide[:50, 100:200] = (0, 200, 0), (200, 0, 0)  # red above green, between black
    exif = Image.Exif()
    exif[274] = 6  # to be turned by 90 degrees to the right
    (here / "photos").mkdir()
    for name in ("a", "b"):
        Image.fromarray(np.rot90(wide)).save(here / f"photos/{name}.jpg", exif=exif, quality=95)
    image = load_source(Settings(data=str(here / "photos"), size=16)).train[0]
    assert image.shape == (16, 16, 3)
    assert (image[2:6, 3:13, 0] > 150).all() and (image[10:14, 3:13, 1] > 150).all() and image[..., 2].max() < 60


def test_pictures_of_other_kinds_are_left_out_and_named(here):
    folder(here / "photos", GREY, LABELS)
    for name in ("photos/squares/b.webp", "photos/a.HEIC", "photos/notes.txt"):
        (here / name).write_bytes(b"?")
    said = load_source(Settings(data=str(here / "photos"))).said
    assert "photos without 2 that are neither PNG nor JPEG, such as a.HEIC, 60 of 20 x 20" in said


@pytest.mark.parametrize("kind", ["sixteen", "palette", "grey in rgb", "alpha that hides nothing"])
def test_kinds_of_png(here, kind):
    (here / "photos").mkdir()
    for i, image in enumerate(GREY[:4]):
        picture = {
            "sixteen": lambda image=image: Image.fromarray(image.astype("uint16") * 257),
            "palette": lambda image=image: Image.fromarray(image).convert("P"),
            "grey in rgb": lambda image=image: Image.fromarray(image).convert("RGB"),
            "alpha that hides nothing": lambda image=image: Image.fromarray(image).convert("RGBA"),
        }[kind]()
        picture.save(here / f"photos/{i}.png")
    assert np.array_equal(load_source(Settings(data=str(here / "photos"))).train, GREY[:4])


def bad_folder(path, change):
    folder(path, GREY[:30])
    change(path)
    return path


BAD = {
    "unreadable": (
        lambda p: [(p / f"{i:04d}.png").write_bytes(b"\x89PNG\r\n\x1a\nrest") for i in (3, 7)],
        "holds 0003.png, which cannot be read as PNG or JPEG: it is damaged",
    ),
    "text": (lambda p: (p / "x.png").write_text("hello"), "holds x.png, which cannot be read as PNG or JPEG"),
    "alpha": (lambda p: Image.new("RGBA", (20, 20), (9, 9, 9, 9)).save(p / "a.png"), "a.png, which is transparent"),
    "small": (lambda p: folder(p, GREY[:30, :15, :15]), "15 x 15 pixels: needed are 16 to 64 in height and width"),
    "large": (lambda p: folder(p, np.pad(GREY[:30], ((0, 0), (0, 45), (0, 0)))), "65 x 20 pixels: needed are 16 to 64"),
    "one": (lambda p: [f.unlink() for f in sorted(p.iterdir())[1:]], "holds 1 image: a GAN learns from many"),
    "few": (lambda p: [f.unlink() for f in sorted(p.iterdir())[19:]], "more than the 19 images there are: choose a"),
    "none": (lambda p: [f.unlink() for f in p.iterdir()], "holds no images"),
    "black": (lambda p: folder(p, GREY[:30] * 0), "all of one grey"),
    "gone": (shutil.rmtree, "does not exist"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_images_get_one_sentence_and_leave_nothing_behind(here, capsys, name):
    bad_folder(here / "photos", BAD[name][0])
    before = sorted(here.rglob("*"))
    said = refused(capsys, "train", "--data", "photos", "--out", "run", *SMALL)
    assert BAD[name][1] in said
    assert name != "unreadable" or "1 more cannot be used, such as 0007.png" in said
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--labels", "y"], "--labels says how to read images of your own: add --data"),
        (["--size", "32"], "--size says how to read"),
        (["--data", "a.npz", "--until-fd", "2"], "knows digits only"),
        (["--data", "a.npz", "--architecture", "conditional"], "a.npz has no labels"),
        (["--data", "one.npz", "--architecture", "conditional"], "has 1 class, but"),
        (["--data", "a.npy", "--labels", "y"], "leave out --labels"),
        (["--data", "photos", "--labels", "y"], "leave out --labels"),
        (["--data", "binary.npy"], "leaves open what is white: add --levels 0..1"),
        (["--data", "photos", "--out", "photos/run"], "would lie among the images"),
        (["--data", "nan.npy"], "NaN or infinity"),
    ],
)
def test_what_does_not_go_together_gets_one_sentence(here, capsys, words, sentence):
    np.savez("a.npz", images=GREY)
    np.savez("one.npz", images=GREY, labels=np.zeros(60, int))
    np.save("a.npy", GREY)
    np.save("binary.npy", (GREY > 9).astype("uint8"))
    np.save("nan.npy", np.where(GREY > 9, np.nan, 0))
    folder(here / "photos", GREY)
    before = sorted(here.rglob("*"))
    assert sentence in refused(capsys, "train", *SMALL, *words)
    assert sorted(here.rglob("*")) == before


def test_levels_that_were_asked_about_are_remembered(here):
    np.save("binary.npy", (GREY > 9).astype("uint8"))
    assert main(["train", "--data", "binary.npy", "--levels", "0..1", "--out", "run", *SMALL]) == 0
    assert main(["resume", "run"]) == 0


@pytest.mark.parametrize("words", [["--data", ""], ["--data", "a", "--size", "15"], ["--data", "a", "--size", "65"]])
def test_bad_values_are_refused_by_the_command_line(here, capsys, words):
    with pytest.raises(SystemExit) as stop:
        main(["train", *words])
    assert stop.value.code == 2 and "error: argument" in capsys.readouterr().err


class Interrupting(Film):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if epoch == 0:
            signal.raise_signal(signal.SIGINT)


def test_resumed_with_moved_images_it_is_bit_equal(here, capsys, monkeypatch):
    folder(here / "photos", COLOUR, LABELS)
    assert main(["train", "--data", "photos", "--out", "whole", *SMALL]) == 0
    with monkeypatch.context() as patch:
        patch.setattr("ganlib.training.session.Film", Interrupting)
        assert main(["train", "--data", "photos", "--out", "parts", *SMALL]) == 130
    (here / "elsewhere").mkdir()
    (here / "photos").rename(here / "elsewhere/photos")
    said = refused(capsys, "resume", "parts")
    again = console.command("resume", Path("parts"), "--data", "PATH")
    assert f"are not at {here / 'photos'}" in said and again in said
    monkeypatch.chdir(here / "elsewhere")
    assert main(["resume", "../parts", "--data", "photos"]) == 0
    monkeypatch.chdir(here)
    assert_equal(weights("parts"), weights("whole"))
    assert logged(Run("parts")) == logged(Run("whole"))
    assert Run("parts").config()["settings"]["data"] == str(here / "elsewhere/photos")
    assert main(["resume", "parts"]) == 0  # it remembers


def test_changed_images_are_refused_and_nothing_changes(here, capsys):
    folder(here / "photos", GREY)
    assert main(["train", "--data", "photos", "--out", "run", *SMALL]) == 0
    folder(here / "others", GREY[:, ::-1])
    before = {path: path.read_bytes() for path in (here / "run").rglob("*") if path.is_file()}
    for words in (["--data", "others"], []):
        capsys.readouterr()
        assert main(["resume", "run", *words]) == 1
        assert "begun with other values of data: use the same" in capsys.readouterr().err
        assert {path: path.read_bytes() for path in before} == before
        Image.fromarray(GREY[0, ::-1]).save(here / "photos/0001.png")


def test_a_place_of_another_system_is_told_as_missing(here, capsys):
    np.save("a.npy", GREY)
    assert main(["train", "--data", "a.npy", "--out", "run", *SMALL]) == 0
    config = json.loads((here / "run/config.json").read_text())
    config["settings"]["data"] = "C:\\photos\x1b[31m"
    (here / "run/config.json").write_text(json.dumps(config))
    capsys.readouterr()
    assert "are not at C:" in refused(capsys, "resume", "run")
    assert main(["resume", "run", "--data", "a.npy"]) == 0


def test_a_run_on_mnist_takes_no_data_at_resume_and_old_runs_go_on(here, capsys, monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    assert main(["train", "--out", "run", *SMALL]) == 0
    capsys.readouterr()
    assert "was trained on MNIST" in refused(capsys, "resume", "run", "--data", "photos")
    config = json.loads((here / "run/config.json").read_text())
    for name in ("data", "labels", "size", "levels"):
        del config["settings"][name]
    (here / "run/config.json").write_text(json.dumps(config))
    assert main(["resume", "run"]) == 0
