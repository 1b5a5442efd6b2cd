"""Runs on disk: exact resume, interrupts, damage, and refusals."""

import signal

import keras
import numpy as np
import pytest

from ganlib.feed import Diverged
from ganlib.gan import GAN
from ganlib.models import mlp
from ganlib.training.callbacks import Film, Progress
from ganlib.training.checkpoints import steps_of
from ganlib.training.runs import Run, RunError, Stopped

IMAGES = np.random.default_rng(0).integers(0, 256, size=(150, 4, 4), dtype=np.uint8)
SIZES = {"batch_size": 16, "verbose": 0}  # 10 steps an epoch, in two blocks: 9 and the smaller last batch


def make(**settings):
    keras.utils.set_random_seed(0)
    gan = GAN(mlp(3, (8,), 16, "sigmoid", "generator"), mlp(16, (8,), 1, None, "discriminator"), seed=5)
    gan.compile(**{"jit_compile": False, **settings})
    return gan


def state(gan):
    variables = [*gan.variables, *gan.generator_optimizer.variables, *gan.discriminator_optimizer.variables]
    return {variable.path: variable.numpy() for variable in variables}


def assert_equal(a, b):
    assert len(a) == len(b)
    for (name, x), y in zip(a.items(), b.values(), strict=True):
        np.testing.assert_array_equal(x, y, err_msg=name)


def logged(run):
    return {name: values for name, values in run.history().items() if name != "seconds"}


def steps_saved(run):
    return [steps_of(path) for path in run.checkpoints()]


class InterruptAt(keras.callbacks.Callback):
    """Sends this process a Ctrl-C, once, when the model has done so many steps."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def on_train_batch_begin(self, batch, logs=None):
        if int(self.model.steps) >= self.steps:
            self.steps = np.inf
            signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Four epochs without an interruption."""
    run, gan = Run(tmp_path_factory.mktemp("whole")), make()
    run.fit(gan, IMAGES, epochs=4, **SIZES)
    return state(gan), logged(run)


def test_a_run_is_saved_as_it_goes(tmp_path):
    run = Run(tmp_path / "new" / "run", {"epochs": 3})
    run.fit(make(), IMAGES, epochs=3, **SIZES)
    assert run.history()["epoch"] == [1, 2, 3] and run.history()["steps"] == [10, 20, 30]
    assert steps_saved(run) == [20, 30]
    assert run.config()["settings"] == {"epochs": 3}
    assert sorted(run.config()["versions"]) == ["keras", "numpy", "tensorflow"]


def test_resumed_after_an_epoch_it_ends_bit_equal(tmp_path, whole):
    Run(tmp_path).fit(make(), IMAGES, epochs=2, **SIZES)
    gan = make()
    Run(tmp_path).fit(gan, IMAGES, epochs=4, **SIZES)
    assert_equal(state(gan), whole[0])
    assert logged(Run(tmp_path)) == whole[1]


@pytest.mark.parametrize("steps", [0, 9, 10, 15, 29])
def test_interrupted_in_an_epoch_and_resumed_it_ends_bit_equal(tmp_path, whole, steps):
    with pytest.raises(Stopped, match="Stopped after"):
        Run(tmp_path).fit(make(), IMAGES, epochs=4, callbacks=[InterruptAt(steps)], **SIZES)
    gan = make()
    Run(tmp_path).fit(gan, IMAGES, epochs=4, **SIZES)
    assert_equal(state(gan), whole[0])
    assert logged(Run(tmp_path)) == whole[1]


def test_after_an_interrupt_ctrl_c_works_as_before(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped):
        Run(tmp_path).fit(make(), IMAGES, epochs=4, callbacks=[InterruptAt(0)], **SIZES)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_finished_run_is_not_trained_again(tmp_path, whole):
    for _ in range(2):
        gan = make()
        Run(tmp_path).fit(gan, IMAGES, epochs=4, **SIZES)
    assert_equal(state(gan), whole[0])


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_checkpoint_is_noticed_and_the_older_used(tmp_path, whole, damage, capsys):
    Run(tmp_path).fit(make(), IMAGES, epochs=3, **SIZES)
    path = Run(tmp_path).checkpoints()[-1]
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    else:
        del content[0 if damage == "empty" else len(content) // 2 :]
    path.write_bytes(content)
    gan = make()
    Run(tmp_path).fit(gan, IMAGES, epochs=4, **SIZES)
    assert f"{path} is damaged" in capsys.readouterr().out
    assert_equal(state(gan), whole[0])
    assert logged(Run(tmp_path)) == whole[1]


def test_with_no_good_checkpoint_nothing_is_overwritten(tmp_path):
    Run(tmp_path).fit(make(), IMAGES, epochs=2, **SIZES)
    for path in tmp_path.glob("checkpoints/*.npz"):
        path.write_bytes(b"")
    with pytest.raises(RunError, match="begin a new run in another folder"):
        Run(tmp_path).fit(make(), IMAGES, epochs=4, **SIZES)
    assert Run(tmp_path).history()["epoch"] == [1, 2]


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"r1": 0.5}, "r1"),
        ({"loss": "minimax"}, "loss"),
        ({"data": IMAGES[:, ::-1]}, "data"),
        ({"batch": 8}, "batch_size"),
    ],
)
def test_other_settings_or_data_are_refused(tmp_path, changed, name):
    Run(tmp_path).fit(make(), IMAGES, epochs=1, **SIZES)
    settings = {key: value for key, value in changed.items() if key in ("r1", "loss")}
    with pytest.raises(RunError, match=f"other values of {name}:"):
        gan, data = make(**settings), changed.get("data", IMAGES)
        Run(tmp_path).fit(gan, data, epochs=2, batch_size=changed.get("batch", 16), verbose=0)


def test_nan_leaves_the_last_good_checkpoint(tmp_path):
    Run(tmp_path).fit(make(), IMAGES, epochs=1, **SIZES)

    class Poison(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.model.discriminator.weights[0].assign(np.full((16, 8), np.nan))

    with pytest.raises(Diverged):
        Run(tmp_path).fit(make(), IMAGES, epochs=2, callbacks=[Poison()], **SIZES)
    gan = make()
    Run(tmp_path).fit(gan, IMAGES, epochs=2, **SIZES)
    assert all(np.isfinite(value).all() for value in state(gan).values())


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="cannot be written"):
        Run(tmp_path / "file" / "run").fit(make(), IMAGES, epochs=1, **SIZES)


def test_something_else_is_not_a_run(tmp_path):
    with pytest.raises(RunError, match="is not a run"):
        Run(tmp_path).config()


def test_the_film_keeps_a_frame_of_every_epoch(tmp_path):
    keras.utils.set_random_seed(0)
    gan = GAN(mlp(3, (), 784, "sigmoid", "generator"), mlp(784, (), 1, None, "discriminator"))
    gan.compile(jit_compile=False)
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), np.uint8)
    film = Film(tmp_path, count=4)
    gan.fit(images, batch_size=10, epochs=2, verbose=0, callbacks=[film])
    frames, epochs = film.images()
    assert frames.shape == (3, 4, 28, 28) and frames.dtype == np.uint8 and epochs == [0, 1, 2]
    again = GAN(mlp(3, (), 784, "sigmoid", "generator"), mlp(784, (), 1, None, "discriminator"))
    again.compile(jit_compile=False)
    again.fit(images, batch_size=10, epochs=1, verbose=0, callbacks=[film])
    assert film.images()[1] == [0, 1]  # nothing is left of the longer training before


def test_progress_shows_one_bar_and_a_line_an_epoch(capsys):
    make().fit(IMAGES, epochs=2, callbacks=[Progress()], **SIZES)
    out, err = capsys.readouterr()
    assert err == ""
    assert "epoch   2/2" in out and "D(G(z))" in out and "left" in out
    assert out.count("epoch ") == 2
