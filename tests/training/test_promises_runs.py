"""Runs under the user's defaults (XLA, the default architecture, the command line): signals, power loss, odd folders,
foreign files, wrong resumes. Only the data and the epochs are fewer.

As a program, `python tests/training/test_promises_runs.py WORDS` is the command line on 1,000 images.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_runs import IMAGES, SIZES, assert_equal, logged, make, state, steps_saved

from ganlib import console
from ganlib.cli import main
from ganlib.gan import GAN
from ganlib.models import mlp
from ganlib.training import checkpoints
from ganlib.training.callbacks import Film
from ganlib.training.runs import Busy, Run, RunError, Stopped
from ganlib.training.settings import Settings, SettingsError

ROOT = Path(__file__).resolve().parents[2]
POSIX = pytest.mark.skipif(os.name == "nt", reason="signals, links and rights as POSIX has them")


def small(words):
    """The command line, with its defaults, on 1,000 of the images: an epoch of three blocks."""
    import ganlib.data

    whole = ganlib.data.load_mnist
    ganlib.data.load_mnist = lambda *_: tuple((x[:1000], y[:1000]) for x, y in whole())
    return main(words)


def command(*words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    arguments = [sys.executable, __file__, *map(str, words)]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def weights(folder):
    with np.load(folder / "generator.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@POSIX
def test_signals_inside_epochs_under_the_defaults_are_resumed_bit_equal(tmp_path):
    """SIGINT, SIGTERM and SIGHUP in turn, each inside an epoch, in real processes; benchmarks/kills.py does 20."""
    more = ["--epochs", "60", "--images", "10"]
    for number, signum in enumerate((signal.SIGTERM, signal.SIGINT, signal.SIGHUP)):
        words = ["resume", tmp_path / "run"] if number else ["train", "--out", tmp_path / "run", *more]
        with command(*words) as process:
            for line in process.stdout:
                if "epoch " in line:
                    break
            time.sleep(random.Random(number).uniform(0, 0.1))
            process.send_signal(signum)
            out = process.stdout.read()
        assert process.returncode == 128 + signum, out
        assert "Stopped after" in out and "Go on with:" in out and "Traceback" not in out
    with command("resume", tmp_path / "run") as process:
        assert process.wait() == 0, process.stdout.read()
    with command("train", "--out", tmp_path / "alone", *more) as process:
        assert process.wait() == 0, process.stdout.read()
    assert_equal(weights(tmp_path / "run"), weights(tmp_path / "alone"))
    assert logged(Run(tmp_path / "run")) == logged(Run(tmp_path / "alone"))


def test_a_signal_that_the_process_was_started_to_ignore_is_ignored(tmp_path):
    """As by nohup."""
    if not hasattr(signal, "SIGHUP"):
        pytest.skip("there is no SIGHUP here")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Run(tmp_path).guard():
            signal.raise_signal(signal.SIGHUP)
        with pytest.raises(Stopped) as stop, Run(tmp_path).guard():
            signal.raise_signal(signal.SIGTERM)
        assert stop.value.signum == signal.SIGTERM
    finally:
        signal.signal(signal.SIGHUP, before)


# ------------------------------------------------------------------------------------------------ power loss


class Disk:
    """Records what reaches a disk: replayed up to any moment, with everything unsynced lost, or names kept without it.

    `os` of ganlib.files goes through here. A rename or deletion is safe when its folder is synced after it.
    """

    def __init__(self, patch):
        self.events, self.paths = [], {}
        for name in ("open", "write", "fsync", "replace", "unlink", "mkdir"):
            patch.setattr(f"ganlib.files.os.{name}", self._recording(name, getattr(os, name)))

    def _recording(self, name, function):
        def recorded(*arguments, **named):
            result = function(*arguments, **named)
            if name == "open":
                self.paths[result] = str(arguments[0])
                if arguments[1] & os.O_CREAT:
                    self.events.append(("create", str(arguments[0])))
            elif name == "write":
                self.events.append(("write", self.paths.get(arguments[0]), bytes(arguments[1][:result])))
            elif name == "fsync":
                self.events.append(("fsync", self.paths.get(arguments[0])))
            else:
                self.events.append((name, *map(str, arguments[:2])))
            return result

        return recorded

    def after_a_crash(self, moment, keep_names):
        """{path: content} as found on the disk when the power failed after `moment` events.

        With `keep_names`, renames and deletions had reached the disk at once, and content only if it was synced.
        """
        cache, synced, durable, pending = {}, {}, {}, []

        def apply(event):
            if event[0] == "create":
                durable[event[1]] = event[1]
            elif event[0] == "replace" and event[1] in durable:
                durable[event[2]] = durable.pop(event[1])
            elif event[0] == "unlink":
                durable.pop(event[1], None)

        inode, names = 0, {}
        for event in self.events[:moment]:
            kind = event[0]
            if kind == "create":
                inode += 1
                names[event[1]] = inode
                cache[inode], synced[inode] = b"", b""
                event = ("create", event[1])
            elif kind == "write" and event[1] in names:
                cache[names[event[1]]] += event[2]
            elif kind == "fsync" and event[1] in names:
                synced[names[event[1]]] = cache[names[event[1]]]
            if kind in ("create", "replace", "unlink"):
                pending.append((event, names.get(event[1])))
            if kind == "fsync" and event[1] not in names:
                pending = [each for each in pending if self._flushed(each, event[1], apply)]
        if keep_names:
            for event, _ in pending:
                apply(event)
        return {path: synced[names[source]] for path, source in durable.items() if source in names}

    @staticmethod
    def _flushed(pending, folder, apply):
        event, _ = pending
        if os.path.dirname(event[-1]) == folder.rstrip("/"):
            apply(event)
            return False
        return True


@POSIX
@pytest.mark.parametrize("keep_names", [False, True])
def test_power_loss_loses_at_most_the_unfinished_epoch(tmp_path, monkeypatch, keep_names):
    """The power fails after each single step of the disk in four epochs: what is found goes on, bit-equal."""
    run, whole = tmp_path / "run", make()
    with monkeypatch.context() as patch:
        disk, finished = Disk(patch), []
        from test_runs import keras

        class Notes(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                finished.append(len(disk.events))

        Run(run).fit(whole, IMAGES, epochs=4, callbacks=[Notes()], **SIZES)
    finished.append(len(disk.events))
    moments = range(finished[0], len(disk.events) + 1)
    resumed = set(random.Random(0).sample(list(moments), 8))
    for moment in moments:
        found = tmp_path / "found"
        shutil.rmtree(found, ignore_errors=True)
        (found / "checkpoints").mkdir(parents=True)
        for path, content in disk.after_a_crash(moment, keep_names).items():
            (found / Path(path).relative_to(run)).write_bytes(content)
        epochs = sum(moment >= end for end in finished[1:])
        gan, there = make(), Run(found)
        done = there.restore(gan, IMAGES, 16) if there.checkpoints() else 0
        assert done >= 10 * epochs, (moment, disk.events[moment - 3 : moment])
        assert len(there.history().get("epoch", [])) >= epochs
        if moment in resumed:
            gan = make()
            Run(found).fit(gan, IMAGES, epochs=4, **SIZES)
            assert_equal(state(gan), state(whole))


# ------------------------------------------------------------------------------------------------ folders


NAMES = [
    "a[1]",
    "[",
    "]",
    "a*",
    "a?b",
    "back\\slash",
    "new\nline",
    "-dash",
    "50%",
    "%s{0}",
    "écoute 图",
    "a b'c\"d",
    "$HOME",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_run_goes_on_in_a_folder_of_any_name(tmp_path, name):
    folder = tmp_path / name
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this system has no such names")
    Run(folder / "run").fit(make(), IMAGES, epochs=1, **SIZES)
    gan = make()
    Run(folder / "run").fit(gan, IMAGES, epochs=2, **SIZES)
    assert steps_saved(Run(folder / "run")) == [10, 20] and int(gan.steps.numpy()) == 20


@POSIX
def test_a_name_that_is_no_text(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    for epochs in (1, 2):
        Run(folder).fit(make(), IMAGES, epochs=epochs, **SIZES)
    assert steps_saved(Run(folder)) == [10, 20]


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
def test_an_impossible_name_is_refused_at_once(tmp_path, capsys, name):
    assert main(["train", "--out", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "choose another folder" in error
    assert os.listdir(tmp_path) == []


@POSIX
@pytest.mark.parametrize("name", [*NAMES, "--", "a;b", "`x`"])
def test_a_printed_command_can_be_typed(name):
    import shlex

    words = shlex.split(console.command("resume", Path(name)))
    assert words[:4] == ["python", "-m", "ganlib", "resume"]
    assert Path(words[4]) == Path(name) and not words[4].startswith("-")


THEIRS = [
    *("history.csv", "samples.png", "curves.png", "film.html", "generated_images.npz", "generator.npz", "report.html"),
    *("log.2024.tmp", "a.123.tmp", "checkpoints/part-A/data", "checkpoints/part", "frames/epoch-0001.npy"),
    *("checkpoints/step-000000010.index", "thesis.txt", "config.json"),
]


@pytest.mark.parametrize("name", THEIRS)
def test_another_s_folder_is_left_as_it_is(tmp_path, capsys, name):
    path = tmp_path / "theirs" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"theirs")
    assert main(["train", "--out", str(tmp_path / "theirs")]) == 2
    assert "already holds other files" in capsys.readouterr().err
    with pytest.raises(RunError, match="holds other files|is not a run"):
        Run(tmp_path / "theirs").fit(make(), IMAGES, epochs=1, **SIZES)
    assert path.read_bytes() == b"theirs"


def test_what_others_put_into_a_run_is_not_swept(tmp_path):
    Run(tmp_path).fit(make(), IMAGES, epochs=1, **SIZES)
    theirs = [
        "log.2024.tmp",
        "checkpoints/part-A",
        "checkpoints/part.index",
        "checkpoints/step-000000005.npz",
        "n.7.tmp",
    ]
    for name in theirs:
        (tmp_path / name).write_bytes(b"theirs")
    Run(tmp_path).fit(make(), IMAGES, epochs=4, **SIZES)
    assert all((tmp_path / name).read_bytes() == b"theirs" for name in theirs)


@POSIX
@pytest.mark.parametrize("name", ["checkpoints", "frames"])
def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path, name):
    run, documents = tmp_path / "run", tmp_path / "documents"
    Run(run).fit(make(), IMAGES, epochs=1, **SIZES)
    if (run / name).exists():
        shutil.copytree(run / name, documents)
        shutil.rmtree(run / name)
    documents.mkdir(exist_ok=True)
    (documents / ".ganlib-0123456789abcdef.tmp").write_bytes(b"theirs")
    (run / name).symlink_to(documents)
    before = sorted(os.listdir(documents))
    with pytest.raises(RunError, match="is not a folder but a link"):
        Run(run).fit(make(), IMAGES, epochs=4, **SIZES)
    assert sorted(os.listdir(documents)) == before


# ------------------------------------------------------------------------------------------------ resumes


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    Run(folder).fit(make(), IMAGES, epochs=2, **SIZES)
    return folder


@pytest.fixture
def begun(two_epochs, tmp_path):
    return shutil.copytree(two_epochs, tmp_path / "begun")


@pytest.fixture(scope="module")
def three():
    gan = make()
    gan.fit(IMAGES, epochs=3, **SIZES)
    return state(gan)


def nets(activation="sigmoid", hidden="leaky_relu", precision="float32"):
    import keras

    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision)
    try:
        generator, discriminator = mlp(3, (8,), 16, activation, "generator"), mlp(16, (8,), 1, None, "discriminator")
    finally:
        keras.config.set_dtype_policy("float32")
    gan = GAN(generator, discriminator, seed=5)
    gan.compile(jit_compile=False)
    return gan


@pytest.mark.parametrize(
    ("gan", "name"),
    [
        (lambda: nets(precision="mixed_bfloat16"), "generator, discriminator"),
        (lambda: nets(activation="hard_sigmoid"), "generator"),
        (lambda: make(jit_compile=True), "jit_compile"),
        (lambda: make(ema=0.5), "ema"),
    ],
)
def test_other_networks_of_the_same_shapes_are_refused(begun, gan, name):
    with pytest.raises(RunError, match=f"other values of {name}:"):
        Run(begun).fit(gan(), IMAGES, epochs=3, **SIZES)


def test_other_versions_are_told_of(begun, three, capsys):
    path = begun / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "versions": {**config["versions"], "keras": "2.0"}}))
    gan = make()
    Run(begun).fit(gan, IMAGES, epochs=3, **SIZES)
    assert "begun with keras 2.0, now " in capsys.readouterr().out
    assert_equal(state(gan), three)


def test_a_checkpoint_of_another_run_is_not_used(begun, tmp_path, three, capsys):
    other, gan = Run(tmp_path / "other"), make()
    gan.generator.layers[-1].bias.assign(np.ones(16))
    other.fit(gan, IMAGES, epochs=4, **SIZES)
    for path in other.checkpoints():
        shutil.copy(path, begun / "checkpoints")  # with its own name, and with ours
        shutil.copy(path, checkpoints.path_of(begun / "checkpoints", Run(begun).config()["run"], 77))
    gan = make()
    Run(begun).fit(gan, IMAGES, epochs=3, **SIZES)
    assert "it belongs to another run" in capsys.readouterr().out
    assert_equal(state(gan), three)


def test_old_content_under_a_great_number_is_not_used(begun, three, capsys):
    old = Run(begun).checkpoints()[0]
    great = old.with_name(old.name.replace("000000010", "999999999"))
    shutil.copy(old, great)
    gan = make()
    Run(begun).fit(gan, IMAGES, epochs=3, **SIZES)
    assert "it holds the state after 10 steps; using the one before it" in capsys.readouterr().out
    assert_equal(state(gan), three)
    assert great.exists() and steps_saved(Run(begun)) == [20, 30, 999999999]


def test_checkpoints_are_ordered_as_numbers(tmp_path):
    run = "0" * 32
    for steps in (10**9, 999_999_999, 5):
        checkpoints.path_of(tmp_path, run, steps).write_bytes(b"")
    assert [checkpoints.steps_of(path) for path in checkpoints.find(tmp_path, run)] == [5, 999_999_999, 10**9]


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(24, "Too many open files")])
def test_a_checkpoint_that_cannot_be_read_now_is_kept(begun, three, monkeypatch, error):
    before = sorted(os.listdir(begun / "checkpoints"))
    with monkeypatch.context() as patch:
        patch.setattr("ganlib.training.checkpoints.open_file", lambda path: (_ for _ in ()).throw(error))
        with pytest.raises(RunError, match=f"cannot be read now .{error.strerror}.; nothing was changed"):
            Run(begun).fit(make(), IMAGES, epochs=3, **SIZES)
    assert sorted(os.listdir(begun / "checkpoints")) == before
    gan = make()
    Run(begun).fit(gan, IMAGES, epochs=3, **SIZES)
    assert_equal(state(gan), three)


@pytest.mark.parametrize(
    "content",
    [b"", b"epoch,steps\n", b"epoch,steps\n1,10\n", b"epoch,steps\n2,20\n1,10\n", b"epoch,steps\n1,10\n3,30\n"],
)
def test_no_row_of_the_history_is_lost_without_a_word(begun, content):
    (begun / "history.csv").write_bytes(content)
    with pytest.raises(RunError, match="history.csv is damaged"):
        Run(begun).fit(make(), IMAGES, epochs=3, **SIZES)
    assert (begun / "history.csv").read_bytes() == content


def test_a_deleted_history_is_told_of(begun, capsys):
    (begun / "history.csv").unlink()
    Run(begun).fit(make(), IMAGES, epochs=3, **SIZES)
    assert "lacks 2 of the 2 epochs" in capsys.readouterr().out
    assert Run(begun).history()["epoch"] == [3]


def test_a_gan_that_has_trained_before_counts_the_run_s_own_steps(tmp_path):
    whole = make()
    whole.fit(IMAGES, epochs=1, **SIZES)
    Run(tmp_path / "whole").fit(whole, IMAGES, epochs=3, **SIZES)
    for epochs in (1, 3):
        gan = make()
        gan.fit(IMAGES, epochs=1, **SIZES)
        Run(tmp_path / "parts").fit(gan, IMAGES, epochs=epochs, **SIZES)
    run = Run(tmp_path / "parts")
    assert run.history()["epoch"] == [1, 2, 3] and run.history()["steps"] == [10, 20, 30]
    assert_equal(state(gan), state(whole))


def test_numpy_numbers(tmp_path):
    settings = {"rate": np.float32(0.5), "epochs": np.int64(3), "widths": np.array([1, 2])}
    Run(tmp_path, settings).fit(make(), IMAGES, batch_size=np.int64(16), epochs=np.int32(1), verbose=0)
    assert Run(tmp_path).config()["settings"] == {"rate": 0.5, "epochs": 3, "widths": [1, 2]}


@POSIX
def test_two_trainings_even_without_the_lock_file(tmp_path):
    with Run(tmp_path).lock():
        (tmp_path / ".lock").unlink(missing_ok=True)
        with pytest.raises(Busy), Run(tmp_path).lock():
            pass


@POSIX
def test_a_folder_that_is_moved_away_is_noticed(begun, tmp_path):
    import keras

    class Moves(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            begun.rename(tmp_path / "moved")
            begun.mkdir()

    with pytest.raises(RunError, match="no longer the folder"):
        Run(begun).fit(make(), IMAGES, epochs=3, callbacks=Moves(), **SIZES)
    assert os.listdir(begun) == []


# ------------------------------------------------------------------------------------------------ settings


GOOD = {name: field.default for name, field in Settings.__dataclass_fields__.items()}
EDITS = [
    *(
        (name, value)
        for name in GOOD
        for value in ([], {}, True, "x", "", float("nan"), float("inf"), -1, 10**400, "1")
        if (name, value) not in (("labels", "x"), ("labels", "1"))  # any name will do
    ),
    *(("epochs", value) for value in (0, 1.5, 2.0, None, 10**9)),
    *(("seed", value) for value in (2**32, -1, 0.5, None)),
    *(("images", value) for value in (0, 10**12, None)),
    *(("learning_rate", value) for value in (0, 1e300, None)),
    *(("precision", value) for value in ("float16", None, 16)),
]


@pytest.mark.parametrize(("name", "value"), EDITS)
def test_an_edited_setting_gets_one_sentence(tmp_path, capsys, name, value):
    config = {"run": "0" * 32, "settings": {**GOOD, name: value}, "conditions": {}, "versions": {}}
    with pytest.raises(SettingsError, match=f"{name}: "):
        Settings.of(config["settings"])
    try:
        (tmp_path / "config.json").write_text(json.dumps(config))
    except ValueError:
        return  # more digits than JSON's writer takes
    assert main(["resume", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", "[" * 100_000, '{"run": 1}',
     '{"run": "x", "settings": {}, "conditions": {}, "versions": {}}',
     json.dumps({"run": "0" * 32, "settings": {}, "conditions": {}, "versions": {}}),
     json.dumps({"run": "0" * 32, "settings": {**GOOD, "colour": 1}, "conditions": {}, "versions": {}}),
     json.dumps({"run": "0" * 32, "settings": [], "conditions": {}, "versions": {}})],
)  # fmt: skip
def test_an_edited_config_gets_one_sentence(tmp_path, capsys, text):
    (tmp_path / "config.json").write_text(text)
    assert main(["resume", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [["--seed", "4294967296"], ["--epochs", "9" * 5000], ["--epochs", "1" + "0" * 30], ["--images", "1000000000000"],
     ["--learning-rate", "nan"], ["--learning-rate", "inf"], ["--learning-rate", "1e400"], ["--r1", "1e99"],
     ["--batch-size", "1e3"], ["--until-fd", "nan"]],
)  # fmt: skip
def test_numbers_out_of_range_are_refused_before_any_work(tmp_path, capsys, words):
    with pytest.raises(SystemExit) as stop:
        main(["train", "--out", str(tmp_path / "run"), *words])
    assert stop.value.code == 2 and "error: argument" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


# ------------------------------------------------------------------------------------------------ products, output


def test_odd_frames_keep_no_result_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    words = ["--architecture", "article", "--images", "10", "--out", str(tmp_path / "run")]
    assert main(["train", *words]) == 0
    frames, before = tmp_path / "run/frames", weights(tmp_path / "run")
    good = (frames / "epoch-0001.npz").read_bytes()
    np.save(frames / "epoch-0001.npy", np.array([{}]), allow_pickle=True)
    for name, content in {"epoch-0001 (1).npz": good, "epoch-0007.npz": good, "epoch-0009.npz": b"odd"}.items():
        (frames / name).write_bytes(content)
    np.savez(frames / "epoch-0005.npz", images=np.zeros((3, 2)), run=np.array("x"), epoch=5)
    for name in ("generator.npz", "film.html"):
        (tmp_path / "run" / name).unlink()
    capsys.readouterr()
    assert main(["resume", str(tmp_path / "run")]) == 0
    assert_equal(weights(tmp_path / "run"), before)
    assert (tmp_path / "run/film.html").exists() and "are not frames of this run" in capsys.readouterr().out
    film = Film(tmp_path / "run")
    assert film.images()[1] == [0, 1, 2]
    assert len(film.left_out()) == 5


def test_more_than_9999_frames_are_in_order(tmp_path, monkeypatch):
    film = Film(tmp_path, count=1)
    film.set_model(type("Model", (), {"generate": lambda self, n: np.zeros((n, 784), np.float32)})())
    for epoch in (10_000, 9_999, 2):
        film.on_epoch_end(epoch - 1)
    assert film.images()[1] == [2, 9_999, 10_000]


@POSIX
@pytest.mark.parametrize("words", [["train", "--help"], ["doctor"]])
def test_closed_and_full_outputs_give_no_traceback(words):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for end in ("| head -1", ">&-", "> /dev/full"):
        if "full" in end and not os.path.exists("/dev/full"):
            continue
        line = f"{sys.executable} -m ganlib {' '.join(words)} {end}"
        done = subprocess.run(line, shell=True, env=environment, capture_output=True, text=True, cwd=ROOT)
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(small(sys.argv[1:]))
