"""The command line."""

import json
import os
import signal
import subprocess
import sys

import keras
import numpy as np
import pytest

from ganlib.cli import main
from ganlib.training.callbacks import Film
from ganlib.training.runs import Run

MADE = ["curves.png", "film.html", "generated_images.npz", "generator.npz", "history.csv", "samples.png"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANLIB_SMOKE", "1")  # two steps an epoch
    return tmp_path


def run(*words):
    return main(["train", "--architecture", "article", "--epochs", "2", "--images", "50", *words])


def test_training_leaves_everything_it_names(folder, capsys):
    assert run("--out", "first", "--seed", "3") == 0
    out = capsys.readouterr().out
    made = [name for name in MADE if (folder / "first" / name).stat().st_size > 0]
    assert made == MADE and all(name in out for name in MADE)
    images = np.load("first/generated_images.npz", allow_pickle=False)["images"]
    assert images.shape == (50, 28, 28) and images.dtype == np.uint8
    settings = json.loads((folder / "first/config.json").read_text(encoding="utf-8"))["settings"]
    assert settings["seed"] == 3 and settings["architecture"] == "article"
    assert Run("first").history()["epoch"] == [1, 2]
    assert not list(folder.rglob("*.tmp"))


def test_a_run_gets_a_folder_of_its_own(folder):
    assert run() == 0 and run() == 0
    assert len(list((folder / "runs").iterdir())) == 2


def test_a_run_is_not_overwritten(folder, capsys):
    run("--out", "first")
    before = (folder / "first/generated_images.npz").read_bytes()
    assert run("--out", "first", "--seed", "9") == 2
    assert "already holds a run" in capsys.readouterr().err
    assert (folder / "first/generated_images.npz").read_bytes() == before


def test_ctrl_c_saves_everything_and_resume_goes_on(folder, capsys, monkeypatch):
    class Interrupting(Film):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if epoch == 0:
                signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("ganlib.training.session.Film", Interrupting)
    assert run("--out", "first") == 130
    out = capsys.readouterr().out
    assert "Stopped after 1 epochs" in out and "resume first" in out
    assert all((folder / "first" / name).exists() for name in MADE)
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    assert main(["resume", "first"]) == 0
    assert Run("first").history()["epoch"] == [1, 2]
    assert len(list((folder / "first/frames").iterdir())) == 3


def test_until_fd_stops_at_the_distance_and_stays_there(folder, capsys):
    assert run("--out", "first", "--until-fd", "1e6", "--images", "70") == 0
    out = capsys.readouterr().out
    history = Run("first").history()
    assert history["epoch"] == [1] and 0 < history["fd"][0] < 1e6
    assert "Stopped after 1 epochs: the Fréchet distance is" in out
    assert "Fréchet distance" in next(line for line in out.splitlines() if "epoch   1/2" in line)
    assert Run("first").config()["settings"]["until_fd"] == 1e6
    weights = np.load("first/generator.npz", allow_pickle=False)
    before = {name: weights[name] for name in weights.files}
    assert main(["resume", "first"]) == 0, "there is nothing left to train"
    assert Run("first").history() == history
    after = np.load("first/generator.npz", allow_pickle=False)
    assert all((after[name] == array).all() for name, array in before.items())


def test_until_fd_goes_on_after_ctrl_c_and_says_when_it_was_not_reached(folder, capsys, monkeypatch):
    assert run("--out", "whole", "--until-fd", "0.01", "--images", "70") == 0
    assert "not 0.01 as asked" in capsys.readouterr().out

    class Interrupting(Film):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if epoch == 0:
                signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr("ganlib.training.session.Film", Interrupting)
        assert run("--out", "parts", "--until-fd", "0.01", "--images", "70") == 130
    assert main(["resume", "parts"]) == 0
    whole, parts = Run("whole").history(), Run("parts").history()
    assert len(whole["fd"]) == 2 and whole["fd"] == parts["fd"]


def test_nan_stops_with_what_to_change(folder, capsys, monkeypatch):
    monkeypatch.setattr(keras.optimizers.schedules, "CosineDecay", lambda *_, **__: float("inf"))
    assert run("--out", "first") == 1
    assert "learning rate" in capsys.readouterr().err
    assert not (folder / "first/samples.png").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--epochs", "0"], "at least 1"),
        (["--epochs", "-3"], "at least 1"),
        (["--epochs", "two"], "not a whole number"),
        (["--batch-size", "0"], "at least 1"),
        (["--r1", "-1"], "at least 0"),
        (["--r1", "nan"], "at least 0"),
        (["--learning-rate", "0"], "too small"),
        (["--images", "0"], "at least 1"),
        (["--until-fd", "-1"], "at least 0"),
        (["--until-fd", "low"], "not a number"),
        (["--architecture", "huge"], "choose from"),
    ],
)
def test_bad_numbers_end_with_a_sentence(folder, capsys, words, sentence):
    with pytest.raises(SystemExit) as stop:
        run(*words)
    assert stop.value.code == 2 and sentence in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_a_batch_larger_than_the_data(folder, capsys):
    assert run("--batch-size", "60001", "--out", "first") == 2
    assert "more than the 60,000 images" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--images", "64"], "64 are too few"),
        (["--images", "70", "--workers", "a:1,b:2", "--index", "0"], "in one process only"),
    ],
)
def test_until_fd_with_what_it_cannot_have(folder, capsys, words, sentence):
    assert run("--until-fd", "5", "--out", "first", *words) == 2
    assert sentence in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_an_out_that_cannot_be_written(folder, capsys):
    (folder / "file").write_text("in the way")
    assert run("--out", "file/run") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_resuming_what_is_not_a_run(folder, capsys):
    assert main(["resume", "nothing"]) == 2
    assert "cannot be resumed" in capsys.readouterr().err


def test_doctor_finds_versions_and_data(capsys):
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "keras" in out and out.count("as listed in the manifest") == 3


def test_help_and_errors_need_no_tensorflow():
    """So that they come at once."""
    code = (
        "import sys, ganlib, ganlib.cli as m\n"
        "try: m.main(['train', '--help'])\n"
        "except SystemExit: pass\n"
        "m.main(['train', '--batch-size', '60001'])\n"
        "assert not {'tensorflow', 'keras', 'matplotlib', 'scipy'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout
