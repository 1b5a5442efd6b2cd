"""Training survives kills, full and read-only disks, damage, NaN, Ctrl-C and a second process: each is really done.

As a program, `python tests/test_faults.py FOLDER FAULT` trains a run in FOLDER until its FAULT kills it.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from test_runs import IMAGES, SIZES, assert_equal, logged, make, state, steps_saved

from ganlib.cli import main
from ganlib.feed import Diverged
from ganlib.training.callbacks import Film
from ganlib.training.runs import NotWritten, Run, RunError, Stopped

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 20
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
MADE = ["curves.png", "film.html", "generated_images.npz", "generator.npz", "history.csv", "samples.png"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """All epochs without a fault."""
    run, gan = Run(tmp_path_factory.mktemp("whole")), make()
    run.fit(gan, IMAGES, epochs=EPOCHS, **SIZES)
    return state(gan), logged(run)


@pytest.fixture(scope="module")
def three_epochs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three")
    fit(folder, 3)
    return folder


@pytest.fixture
def begun(three_epochs, tmp_path):
    """The folder of a run of which three epochs are done."""
    return shutil.copytree(three_epochs, tmp_path / "begun")


def fit(folder, epochs=EPOCHS, callbacks=()):
    gan = make()
    Run(folder).fit(gan, IMAGES, epochs=epochs, callbacks=list(callbacks), **SIZES)
    return gan


def assert_goes_on(folder, whole):
    """One more call of fit ends as if nothing had happened, and leaves nothing half-written behind."""
    assert_equal(state(fit(folder)), whole[0])
    assert logged(Run(folder)) == whole[1]
    assert Run(folder).history()["epoch"] == list(range(1, EPOCHS + 1))
    names = sorted(path.name for path in folder.rglob("*") if path.is_file())
    assert names == [
        *([".lock"] if os.name == "nt" else []),
        "config.json",
        "history.csv",
        *(path.name for path in Run(folder).checkpoints()),
    ]
    assert steps_saved(Run(folder)) == [190, 200]


# ------------------------------------------------------------------------------------------------ kill -9


def die():
    """End as by kill -9: no handler, no `finally`, no flush."""
    if hasattr(signal, "SIGKILL"):
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(9)


class Waits(keras.callbacks.Callback):
    """Says that it trains, and goes on when told to."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            print("training", flush=True)
            sys.stdin.readline()


def child(folder, fault):
    """Train; `fault` is waits, or the end of the name of a file: instead of its third renaming the process dies."""
    replace, seen = os.replace, []

    def dying(source, target):
        seen.extend([target] if str(target).endswith(fault) else [])
        if len(seen) == 3:
            die()
        replace(source, target)

    os.replace = dying
    fit(Path(folder), callbacks=[Waits()] if fault == "waits" else [])


def start(*arguments):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=ENVIRONMENT, text=True, encoding="utf-8", **pipes
    )


def read_until(process, text):
    """The output up to and with a line that holds `text`; fails when the process ends before."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    pytest.fail("".join(lines))


def test_two_processes_and_three_kills(tmp_path, whole):
    """The second process is refused while the first trains; then kills at any moment, before the renaming of a
    checkpoint's index (its data is in place), and before that of history.csv. Each lock goes with its process."""
    with start(__file__, str(tmp_path), "waits") as first:
        read_until(first, "training")
        with pytest.raises(RunError, match="Another process is training in .*: wait for its end, or use another"):
            fit(tmp_path)
        assert Run(tmp_path).history()["epoch"] == [1, 2]
        first.stdin.write("\n")
        first.stdin.flush()
        while len(Run(tmp_path).history()["epoch"]) < 4:  # unharmed, it goes on
            assert first.poll() is None
        time.sleep(random.Random(0).uniform(0, 0.05))
        first.kill()
    assert first.returncode != 0
    after = [len(Run(tmp_path).history()["epoch"])]
    for fault in (".npz", "history.csv"):
        with start(__file__, str(tmp_path), fault) as process:
            assert process.wait() in (-9, 9), process.stdout.read()
        after.append(len(Run(tmp_path).history()["epoch"]))
    assert 4 <= after[0] < after[1] < after[2] < EPOCHS
    assert_goes_on(tmp_path, whole)


def test_what_a_kill_leaves_half_written_is_swept_away(begun, whole):
    for name in (".", "checkpoints"):
        (begun / name / ".ganlib-0123456789abcdef.tmp").write_bytes(b"half")
    assert steps_saved(Run(begun)) == [20, 30]
    assert_goes_on(begun, whole)


def test_killed_before_the_first_checkpoint_was_complete(tmp_path, whole):
    fit(tmp_path, 1)
    next(tmp_path.glob("checkpoints/step-000000010-*")).unlink()
    assert Run(tmp_path).history()["epoch"] == [1]
    assert_goes_on(tmp_path, whole)


# ------------------------------------------------------------------------------------------------ disks


@pytest.fixture
def disk(tmp_path):
    """A disk of its own, of 40 MB."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk takes Linux and root")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "none", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(disk, pages=0):
    """Fill a disk but for some pages of memory, which is what a tmpfs counts in."""
    page, free = os.statvfs(disk).f_bsize, os.statvfs(disk).f_bavail
    with (disk / "ballast").open("wb") as ballast:
        ballast.write(b"\1" * (free - pages) * page)
    waited = time.monotonic() + 5
    while os.statvfs(disk).f_bavail != pages and time.monotonic() < waited:  # some kernels count a little later
        time.sleep(0.05)
    assert os.statvfs(disk).f_bavail == pages


class Fills(keras.callbacks.Callback):
    def __init__(self, disk, pages):
        super().__init__()
        self.disk, self.pages = disk, pages

    def on_epoch_end(self, epoch, logs=None):
        fill(self.disk, self.pages)


def test_disk_full(disk, begun, whole):
    """With no room at all, with room for history.csv only, and with room for a part of the checkpoint."""
    run = shutil.copytree(begun, disk / "run")
    for pages, name in [(0, "history.csv"), (1, "step-000000040"), (2, "step-000000040")]:
        with pytest.raises(NotWritten) as stop:
            fit(run, callbacks=[Fills(disk, pages)])
        assert name in str(stop.value) and str(stop.value).endswith(
            " could not be written (No space left on device); the run is saved up to step-000000030. "
            "Is the disk full or read-only? Make room and go on with this run."
        )
        assert steps_saved(Run(run)) == [20, 30]
        (disk / "ballast").unlink()
        assert not list(run.rglob("*.tmp"))
    assert_goes_on(run, whole)


def test_disk_full_from_the_start(disk):
    fill(disk)
    with pytest.raises(RunError, match=r"cannot be written \(No space left on device\): choose another"):
        fit(disk / "run")


def test_read_only_disk(disk, begun, whole):
    shutil.copytree(begun, disk / "run")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for folder in (disk / "run", disk / "new"):
        with pytest.raises(RunError, match="cannot be written .Read-only file system.: choose another"):
            fit(folder)
    assert train(disk / "new") == 2
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert_goes_on(disk / "run", whole)


# ------------------------------------------------------------------------------------------------ the command line


def train(folder, *words):
    return main(["train", "--architecture", "article", "--images", "50", "--out", str(folder), *words])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a training of the command line without a fault."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANLIB_SMOKE", "1")
        folder = tmp_path_factory.mktemp("trained") / "run"
        assert train(folder) == 0
    return folder


@pytest.fixture
def images(trained):
    return np.load(trained / "generated_images.npz", allow_pickle=False)["images"]


@pytest.fixture
def smoke(monkeypatch, trained):
    """Two epochs of two steps; here, Ctrl-C is what it is in a terminal."""
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield monkeypatch
    signal.signal(signal.SIGINT, before)


def assert_resumes(folder, images):
    assert main(["resume", str(folder)]) == 0
    assert all((folder / name).stat().st_size for name in MADE)
    np.testing.assert_array_equal(np.load(folder / "generated_images.npz", allow_pickle=False)["images"], images)
    assert Run(folder).history()["epoch"] == [1, 2]
    assert len(list((folder / "frames").iterdir())) == 3 and not list(folder.rglob("*.tmp"))


def doing(fault, function):
    """`function` with a fault before it."""

    def faulty(*arguments, **named):
        fault()
        return function(*arguments, **named)

    return faulty


def at_epoch_1(fault):
    class Faulty(Film):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                fault(self.model)
            super().on_epoch_end(epoch, logs)

    return Faulty


def test_disk_full_in_the_command_line(disk, smoke, images, capsys):
    """In a frame of the film; then before samples.png, before film.html and before generator.npz."""
    run = disk / "run"
    with smoke.context() as patch:
        patch.setattr("ganlib.training.session.Film", at_epoch_1(lambda model: fill(disk)))
        assert train(run) == 1
    error = capsys.readouterr().err
    assert "epoch-0002.npz could not be written (No space left on device): make room and go on.\nGo on with:" in error
    assert Run(run).history()["epoch"] == [1]
    for module, name, lost in [
        ("training.products", "save_weights", MADE[1:-2] + MADE[-1:]),
        ("pictures", "digits", ["film.html", "samples.png"]),
        ("pictures", "film", ["film.html"]),
    ]:
        (disk / "ballast").unlink()
        with smoke.context() as patch:
            function = getattr(sys.modules[f"ganlib.{module}"], name)
            patch.setattr(f"ganlib.{module}.{name}", doing(lambda: fill(disk), function))
            assert main(["resume", str(run)]) == 1
        error = capsys.readouterr().err
        assert f"{run / lost[-1]} could not be written (No space left on device)." in error
        assert "The run is saved up to step-000000004. Mend that first.\nGo on" in error
    (disk / "ballast").unlink()
    assert_resumes(run, images)


def test_nan_in_the_command_line(tmp_path, smoke, images, capsys):
    """NaN in G's weights after the last step of an epoch: no loss tells, yet it is not saved."""

    def poison(model):
        model.generator.weights[0].assign(np.full(model.generator.weights[0].shape, np.nan))

    with smoke.context() as patch:
        patch.setattr("ganlib.training.session.Film", at_epoch_1(poison))
        assert train(tmp_path / "run") == 1
    error = capsys.readouterr().err
    assert "step 4: a weight is no longer a finite number; the run is saved up to step-000000002" in error
    assert "begin again with a tenth of it.\nGo on with:" in error
    assert_resumes(tmp_path / "run", images)


def test_ctrl_c_twice_and_while_the_pictures_are_written(tmp_path, smoke, images, capsys):
    """The second Ctrl-C stops at once: what is lost is the epoch that was not finished."""

    def twice(model):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    run = tmp_path / "run"
    with smoke.context() as patch:
        patch.setattr("ganlib.training.session.Film", at_epoch_1(twice))
        assert train(run) == 130
    sentence = "Stopped at once, before all pictures were written; the run is saved up to step-00000000{}.\nGo on with:"
    assert sentence.format(2) in capsys.readouterr().out
    with smoke.context() as patch:
        film = sys.modules["ganlib.pictures"].film
        patch.setattr("ganlib.pictures.film", doing(lambda: signal.raise_signal(signal.SIGINT), film))
        assert main(["resume", str(run)]) == 130
    assert sentence.format(4) in capsys.readouterr().out
    assert (run / "samples.png").exists() and (run / "generator.npz").exists() and not (run / "film.html").exists()
    assert_resumes(run, images)


def test_a_folder_in_use_is_refused_by_the_command_line(tmp_path, smoke, trained, capsys):
    with Run(trained).lock(), Run(tmp_path / "new").lock():
        capsys.readouterr()
        assert main(["resume", str(trained)]) == 2
        assert train(tmp_path / "new") == 2
    error = capsys.readouterr().err
    assert error.count("Another process is training in") == error.count("\n") == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console, with pytest in it")
def test_ctrl_c_to_a_real_process(tmp_path):
    """The whole data, as a user trains; Ctrl-C in the second epoch."""
    folder = tmp_path / "run"
    words = ["--architecture", "article", "--batch-size", "1000", "--images", "10", "--out", str(folder)]
    with start("-m", "ganlib", "train", *words) as process:
        read_until(process, "epoch   1/")
        process.send_signal(signal.SIGINT)
        out = process.stdout.read()
    assert process.returncode == 130, out
    stopped = next(line for line in out.splitlines() if line.startswith("Stopped after "))
    assert f"all of it is saved in {folder}, and the next fit goes on." in stopped
    assert f"Go on with:  python -m ganlib resume {folder}" in out and "Traceback" not in out
    assert all((folder / name).stat().st_size for name in MADE)
    epochs, steps = int(stopped.split()[2]), int(stopped.split()[5])
    assert epochs >= 1 and Run(folder).history()["epoch"] == list(range(1, epochs + 1))
    assert steps_saved(Run(folder))[-1] == 60 * epochs + steps


# ------------------------------------------------------------------------------------------------ notebooks


CELL = """
class Interrupted(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        if int(self.model.steps) == 39:
            print("now", flush=True)
            while not run.interrupted:
                time.sleep(0.01)

gan, run = make(), Run(folder)
run.fit(gan, IMAGES, epochs=EPOCHS, callbacks=[Interrupted()], **SIZES)
"""


def test_interrupt_in_a_notebook(tmp_path, whole):
    """A real kernel, interrupted as by Jupyter's button; running the cell again goes on."""
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(cwd=str(ROOT), env=ENVIRONMENT)
    try:
        setup = "import sys, time; sys.path.insert(0, 'tests/training'); from test_faults import *"
        client.execute_interactive(f"{setup}; folder = Path({str(tmp_path)!r})", timeout=120)

        def interrupt(message):
            if "now" in message["content"].get("text", ""):
                kernel.interrupt_kernel()

        reply = client.execute_interactive(CELL, timeout=120, output_hook=interrupt)["content"]
        assert reply["status"] == "error" and reply["ename"] == "Stopped", reply
        assert reply["evalue"] == f"Stopped after 4 epochs and 0 steps; all of it is saved in {tmp_path}, " + (
            "and the next fit goes on."
        )
        assert Run(tmp_path).history()["epoch"] == [1, 2, 3, 4]
        reply = client.execute_interactive(CELL, timeout=120, output_hook=lambda message: None)["content"]
        assert reply["status"] == "ok", reply
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    assert_goes_on(tmp_path, whole)


def test_an_interrupt_after_the_last_block_is_not_lost(begun):

    class Late(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped, match="at the end of this training; all of it is saved"):
        fit(begun, 3, [Late()])


# ------------------------------------------------------------------------------------------------ damage, NaN, locks


def test_the_newest_checkpoint_gone(begun, whole):
    Run(begun).checkpoints()[-1].unlink()
    assert_goes_on(begun, whole)


def test_with_all_checkpoints_gone_nothing_is_overwritten(begun):
    for path in begun.glob("checkpoints/*.npz"):
        path.unlink()
    before = {path: path.read_bytes() for path in begun.rglob("*.*") if path.is_file()}
    with pytest.raises(RunError, match="gone, but its history.csv tells of 3 epochs: copy them back, or begin a new"):
        fit(begun)
    assert before == {path: path.read_bytes() for path in begun.rglob("*.*") if path.is_file()}


def test_a_damaged_history(begun, whole):
    path = begun / "history.csv"
    good = path.read_bytes()
    for damaged in (
        b"epoch,steps,d_loss\n1,10",
        b"epoch,steps\n1,1O\n",
        b"epocj,steps\n1,10\n",
        b"\xff\xfe\n1\n",
        b"",
        b"epoch,steps\n",
    ):
        path.write_bytes(damaged)
        with pytest.raises(RunError, match="history.csv is damaged .*: mend it, or delete it to go on without"):
            fit(begun)
        assert path.read_bytes() == damaged
    path.write_bytes(good)
    assert_goes_on(begun, whole)


def test_a_damaged_config(begun, whole, capsys):
    path = begun / "config.json"
    good = path.read_bytes()
    for damaged in (b"", b"{", b"[]", b"{}", b"\xff"):
        path.write_bytes(damaged)
        with pytest.raises(RunError, match="missing or damaged .*. Copy it back, or begin a new run in another folder"):
            fit(begun)
        assert main(["resume", str(begun)]) == 2
        assert "cannot be resumed" in capsys.readouterr().err
        assert path.read_bytes() == damaged
    path.write_bytes(good)
    assert_goes_on(begun, whole)


def test_weights_that_are_not_finite_are_not_saved(begun):
    gan = fit(begun, 3)
    gan.average.weights[0].assign(np.full(gan.average.weights[0].shape, np.inf))
    before = Run(begun).checkpoints()
    with pytest.raises(Diverged, match="step 30: a weight is no longer a finite number; the run is saved up to"):
        Run(begun).save(gan)
    assert Run(begun).checkpoints() == before


def test_the_lock_ends_with_fit(tmp_path):
    class Fails(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            with pytest.raises(RunError, match="Another process is training"):
                Run(tmp_path).lock().__enter__()
            raise ZeroDivisionError

    run = Run(tmp_path)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            run.fit(make(), IMAGES, epochs=3, callbacks=[Fails()], **SIZES)
    fit(tmp_path, 1)
    run.fit(make(), IMAGES, epochs=2, **SIZES)
    assert run.history()["epoch"] == [1, 2]


if __name__ == "__main__":
    child(*sys.argv[1:])
