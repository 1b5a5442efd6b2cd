"""`evaluate --against`: measures beside images of one's own, without the judge of digits."""

import numpy as np
import pytest
from drawn import folder, shapes

from ganlib.cli import main
from ganlib.evaluation.against import Reference, evaluate_against
from ganlib.evaluation.eye import learn_eye

X, Y = shapes(600)
NEW, _ = shapes(300, seed=1)


def values(report):
    return {row.measure: float(row.value.rstrip("%")) for row in report.rows}


@pytest.mark.parametrize("labels", [None, Y])
def test_real_images_are_good_and_noise_and_one_image_are_not(labels):
    reference = Reference(X, labels)
    good = values(evaluate_against(NEW, reference))
    assert good["precision"] > 0.9 and good["recall"] > 0.9 and good["coverage"] > 0.8
    assert good["near copies, pixels"] < 10
    noise = np.random.default_rng(0).integers(0, 256, NEW.shape, dtype="uint8")
    report = evaluate_against(noise, reference)
    assert values(report)["precision"] < 0.1 and any("noise" in note for note in report.notes)
    one = evaluate_against(NEW[:1].repeat(200, axis=0), reference)
    assert values(one)["recall"] < 0.1 and any("one and the same" in note for note in one.notes)


def test_the_labels_are_used_where_a_net_can_learn_them_and_not_otherwise():
    report = evaluate_against(NEW, Reference(X, Y))
    assert "compare features: a small net" in " ".join(report.notes)
    mixed = np.random.default_rng(0).permutation(Y)
    notes = evaluate_against(NEW, Reference(X, mixed)).notes
    assert any("compare pixels" in note and "are needed to trust" in note for note in notes)
    assert "has no labels" in " ".join(evaluate_against(NEW, Reference(X)).notes)
    eye, accuracy, needed = learn_eye(X, Y)
    assert accuracy > needed and 0.6 < needed < 0.75 and eye.look(X[:3]).shape == (3, 64)
    assert learn_eye(X[:20], Y[:20])[1] == 0 and learn_eye(X, Y * 0)[1] == 0


def test_what_is_left_out_is_said_with_its_reason():
    notes = " ".join(evaluate_against(NEW, Reference(X)).notes)
    assert "Left out: Fréchet distance" in notes and "digits only" in notes and "Parzen" in notes


def test_copies_are_found_where_it_is_known_what_was_trained_on():
    images, _ = shapes(1500, seed=3)
    trained = np.arange(1500) < 900
    copied = evaluate_against(images[:300], Reference(images, None, trained))
    assert "against 300 real images that were not trained on" in " ".join(copied.notes)
    assert any("FAILED" in row.meaning for row in copied.rows)
    fresh = evaluate_against(NEW, Reference(images, None, trained))
    assert any("passed" in row.meaning for row in fresh.rows)


def test_without_knowing_copies_stand_out_and_get_no_verdict():
    row = evaluate_against(X[:300], Reference(X)).rows[-1]
    assert float(row.value.rstrip("%")) > 30 and "no verdict" in row.meaning


@pytest.mark.parametrize("colour", [False, True])
def test_a_run_is_measured_beside_what_it_was_trained_on(tmp_path, monkeypatch, capsys, colour):
    monkeypatch.chdir(tmp_path)
    x, y = shapes(300, (16, 24), colour)
    folder(tmp_path / "photos", x, y)
    words = ["--architecture", "article", "--epochs", "1", "--batch-size", "54", "--images", "120"]
    assert main(["train", "--data", "photos", "--out", "run", *words]) == 0
    assert main(["evaluate", "run"]) == 0
    out = capsys.readouterr().out
    assert "beside photos" in out and "near training images, pixels" in out and "Left out" in out
    assert (tmp_path / "run/report.html").read_text(encoding="utf-8").count("<img") == 3
    (tmp_path / "photos").rename("moved")
    assert main(["evaluate", "run"]) == 2
    error = capsys.readouterr().err
    assert f"are not at {tmp_path / 'photos'}" in error and "--against PATH" in error and error.count("\n") == 1
    assert main(["evaluate", "run", "--against", "moved"]) == 0
    assert "near training images, pixels" in capsys.readouterr().out
    (tmp_path / "moved").rename("photos")
    folder(tmp_path / "photos", x[:, ::-1], y)
    assert main(["evaluate", "run"]) == 2
    assert "no longer those that run was trained on" in capsys.readouterr().err
    assert main(["evaluate", "run", "--against", "photos"]) == 0
    assert "no verdict" in capsys.readouterr().out


def test_a_conditional_run_knows_its_images_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", images=X[:240], labels=Y[:240])
    words = ["--architecture", "conditional", "--epochs", "1", "--batch-size", "54", "--images", "120"]
    assert main(["train", "--data", "a.npz", "--out", "run", *words]) == 0
    assert main(["evaluate", "run"]) == 0
    assert "near training images, pixels" in capsys.readouterr().out


def test_sets_that_do_not_go_together_get_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("made.npy", NEW)
    np.save("few.npy", X[:50])
    np.save("other.npy", shapes(200, (24, 30))[0])
    np.save("small.npy", X[:, :15, :15])
    folder(tmp_path / "colour", shapes(150, colour=True)[0])
    for words, sentence in (
        (["--against", "few.npy"], "few.npy holds 50 images: the measures need at least 100"),
        (["--against", "other.npy"], "20 x 20 pixels, and other.npy of 24 x 30: add --size 20"),
        (["--against", "small.npy"], "15 x 15 pixels: needed are 16 to 64"),
        (["--against", "gone"], "gone does not exist"),
        (["--size", "20"], "--size goes with --against"),
    ):
        assert main(["evaluate", "made.npy", *words]) == 2
        error = capsys.readouterr().err
        assert sentence in error and error.count("\n") == 1, error
    assert not (tmp_path / "report.html").exists()
    assert main(["evaluate", "made.npy", "--against", "other.npy", "--size", "20"]) == 0
    assert main(["evaluate", "made.npy", "--against", "colour"]) == 0  # grey beside colour
