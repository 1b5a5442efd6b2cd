"""The shipped judge knows its digits, and refuses what is no image."""

import numpy as np
import pytest

from ganlib.data import DATA, load_arrays, load_mnist
from ganlib.evaluation import judge as judge_module
from ganlib.evaluation.judge import Judge, load_judge, main, train_judge
from ganlib.evaluation.metrics import frechet_distance


@pytest.fixture(scope="module")
def judge():
    return load_judge()


@pytest.fixture(scope="module")
def digits():
    return load_mnist()[1]


def test_the_shipped_judge_is_as_good_as_it_claims(judge, digits):
    images, labels = digits
    features, probabilities = judge.look(images)
    assert np.mean(probabilities.argmax(axis=1) == labels) >= 0.993
    for digit in range(10):
        assert np.mean(probabilities[labels == digit].argmax(axis=1) == digit) >= 0.985, digit
    assert np.linalg.matrix_rank(np.cov(features, rowvar=False)) == 64, "a feature never fires"


def test_the_shipped_file_is_small():
    assert (DATA / "judge.npz").stat().st_size < 600_000
    assert sum(array.size for array in load_arrays("judge.npz").values()) == 103_850


def test_shapes_types_and_ranges(judge, digits):
    images = digits[0][:7]
    features, probabilities = judge.look(images)
    assert features.shape == (7, 64) and features.dtype == np.float32 and (features >= 0).all()
    assert probabilities.shape == (7, 10) and probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.array_equal(judge.features(images), features)
    assert np.array_equal(judge.probabilities(images), probabilities)
    assert judge.predict(images).tolist() == [7, 2, 1, 0, 4, 1, 4]


def test_every_allowed_form_of_the_same_images_looks_the_same(judge, digits):
    images = digits[0][:7]
    seen = judge.features(images)
    scaled = images.astype("float32") / 255
    for same in (images.reshape(7, 784), scaled, scaled.reshape(7, 784), scaled.astype("float64")):
        assert np.allclose(judge.features(same), seen, atol=1e-5)
    assert np.allclose(judge.features(images[3:4]), seen[3:4], atol=1e-4), "a batch of one"


def test_the_judge_does_not_change_by_looking(judge, digits):
    before = [variable.numpy() for variable in judge.net.weights]
    judge.look(digits[0][:100])
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(before, judge.net.weights, strict=True))


def test_the_distance_through_the_judge_ranks_damage(judge, digits):
    images = digits[0]
    real, other = judge.features(images[:5000]), judge.features(images[5000:])
    rng = np.random.default_rng(0)
    dirty = np.clip(images[:5000] / 255 + rng.normal(0, 0.3, (5000, 28, 28)), 0, 1)
    noise = rng.integers(0, 256, (5000, 28, 28), dtype="uint8")
    distances = [frechet_distance(real, f) for f in (other, judge.features(dirty), judge.features(noise))]
    assert 10 * distances[0] < distances[1] < distances[2] / 2


@pytest.mark.parametrize(
    "images, message",
    [
        (np.zeros((4, 28, 27)), r"shape \(4, 28, 27\)"),
        (np.zeros((28, 28)), r"shape \(28, 28\)"),
        (np.zeros((4, 28, 28, 1)), r"shape \(4, 28, 28, 1\)"),
        (np.zeros(784), r"shape \(784,\)"),
        (np.zeros((4, 28 * 28, 1)), r"shape \(4, 784, 1\)"),
        (np.zeros((0, 784)), "no images"),
        (np.zeros((4, 784), "int64"), "images are int64"),
        (np.zeros((4, 784), "bool"), "images are bool"),
        (np.full((4, 784), np.nan), "NaN"),
        (np.full((4, 784), np.inf), "run from inf to inf"),
        (np.linspace(-1, 1, 784)[None], r"run from -1 to 1; .* \(images \+ 1\) / 2"),
        (np.linspace(0, 255, 784)[None], "run from 0 to 255; .* divide by 255"),
        (np.linspace(-0.1, 1.2, 784)[None], "run from -0.1 to 1.2; .* clip"),
    ],
)
def test_what_is_no_image_is_refused(judge, images, message):
    for look in (judge.look, judge.predict):
        with pytest.raises(ValueError, match=message):
            look(images)


def test_one_nan_among_many_pixels_is_found(judge):
    images = np.zeros((50, 28, 28), "float32")
    images[31, 4, 5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        judge.features(images)


def test_weights_of_another_network_are_refused(judge):
    with pytest.raises(ValueError, match="do not fit"):
        Judge(judge.weights | {"extra": np.zeros(3)})
    with pytest.raises(ValueError, match="do not fit"):
        Judge(judge.weights | {"features/kernel": np.zeros((64, 64))})


def test_training_is_seeded(monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    first, again = train_judge(seed=1), train_judge(seed=1)
    assert all(array.dtype == np.float16 for array in first.weights.values())
    assert all(np.array_equal(first.weights[key], again.weights[key]) for key in first.weights)
    assert first.predict(np.zeros((1, 784))).shape == (1,)


def test_a_poor_judge_is_not_saved(judge, tmp_path, monkeypatch, capsys):
    poor = Judge({key: np.zeros_like(array) for key, array in judge.weights.items()})
    monkeypatch.setattr(judge_module, "train_judge", lambda seed, epochs: poor)
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--out", str(tmp_path / "judge.npz")])
    assert stopped.value.code == 1
    assert "Nothing is saved: a judge needs 99.3%" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_good_judge_is_saved_and_listed(judge, tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(judge_module, "train_judge", lambda *options: asked.append(options) or judge)
    main(["train", "--out", str(tmp_path / "judge.npz"), "--seed", "1", "--epochs", "3"])
    assert asked == [(1, 3)]
    assert "Saved as" in capsys.readouterr().out
    loaded = load_arrays("judge.npz", tmp_path)
    assert all(np.array_equal(loaded[key], array) for key, array in judge.weights.items())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--out", "missing/judge.npz"], "a folder that does not exist"),
        (["--out", "folder.npz"], "is there already"),
        (["--out", "foreign.npz"], "is there already, and no weights of the course"),
        (["--out", "judge.txt"], "must end in .npz"),
        (["--out", "n" * 300 + ".npz"], "cannot be written"),
        (["--out", "\udcff.npz"], "a name that cannot be written down"),
        (["--out", "theirs/judge.npz"], "a manifest.json beside it that is not the course's"),
        (["--seed", "4294967296"], "no whole number from 0 to 4294967295"),
        (["--seed", "-1"], "no whole number"),
        (["--epochs", "0"], "no whole number from 1"),
        (["--epochs", "9" * 30], "no whole number from 1"),
    ],
)
def test_what_cannot_be_saved_is_said_before_training(tmp_path, monkeypatch, capsys, words, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(judge_module, "train_judge", lambda *_: pytest.fail("trained"))
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "foreign.npz").write_bytes(b"theirs")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/manifest.json").write_text('{"name": "my app"}')
    with pytest.raises(SystemExit) as stopped:
        main(["train", *words])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert sentence in error and error.strip().splitlines()[-1].isprintable()
    assert (tmp_path / "foreign.npz").read_bytes() == b"theirs"
    assert (tmp_path / "theirs/manifest.json").read_text() == '{"name": "my app"}'
