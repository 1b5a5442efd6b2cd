"""Training by several devices and by several processes: the same result as by one."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ganlib.cli import main
from ganlib.training.runs import Run

ROOT = Path(__file__).resolve().parents[2]
TRAIN = ["train", "--epochs", "4", "--batch-size", "16", "--architecture", "article", "--images", "5", "--out", "run"]

# 87 = 5 * 16 + 7 images: the last batch is small and odd. The nets are tiny, the rest is the real command line.
TINY = """
import os, sys, numpy as np
import ganlib.data

images = np.random.default_rng(0).integers(0, 256, size=(87, 28, 28), dtype=np.uint8)
ganlib.data.load_mnist = lambda: ((images, None), (images, None))


def make_tiny():
    from ganlib import models
    from ganlib.gan import GAN
    fit = GAN.fit

    def fit_and_keep(gan, *args, **kwargs):
        try:
            return fit(gan, *args, **kwargs)
        finally:
            variables = [*gan.variables, *gan.generator_optimizer.variables, *gan.discriminator_optimizer.variables]
            np.savez(sys.argv[1], *[variable.numpy() for variable in variables])

    GAN.fit = fit_and_keep
    models.ARCHITECTURES["article"] = lambda pixels: models.Pair(
        models.mlp(3, (8,), 784, "sigmoid", "generator"), models.mlp(784, (8,), 1, None, "discriminator")
    )


def die_at_epoch(number):
    from ganlib.feed import Feed
    on_epoch_begin = Feed.on_epoch_begin
    Feed.on_epoch_begin = lambda self, epoch, logs=None: (
        os._exit(9) if epoch == number else on_epoch_begin(self, epoch, logs)
    )
"""
COMMAND = f"""{TINY}
from ganlib import cli as command
from ganlib.training import recipe
build = recipe.build_gan
recipe.build_gan = lambda *args: (make_tiny(), build(*args))[1]
if sys.argv[2] == "dies":
    join = command._join
    command._join = lambda *args: (join(*args), die_at_epoch(2))[0]
sys.exit(command.main(sys.argv[3:]))
"""


def command(folder, kept, *words, dies=False):
    """Start `python -m ganlib` on tiny data; all variables after training are kept in the file `kept`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    arguments = [sys.executable, "-c", COMMAND, kept, "dies" if dies else "lives", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(arguments, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def free_ports(count):
    with socket.socket() as first, socket.socket() as second:
        sockets = [first, second][:count]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def both(folder, *words, dying=None):
    """Run a command in two workers; returns exit codes, outputs and errors."""
    workers = ",".join(f"127.0.0.1:{port}" for port in free_ports(2))
    started = [
        command(folder, f"worker{i}.npz", *words, "--workers", workers, "--index", str(i), dies=i == dying)
        for i in range(2)
    ]
    try:
        texts = [process.communicate(timeout=300) for process in started]
    finally:
        for process in started:
            process.kill()
    return [process.returncode for process in started], texts


def variables(path):
    with np.load(path, allow_pickle=False) as file:
        return [file[name] for name in file.files]


@pytest.mark.skipif(sys.platform == "win32", reason="several workers are tested on Linux and macOS only")
def test_a_killed_worker_stops_all_and_resumed_they_end_as_one_process_does(tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    one_process = command(alone, "alone.npz", *TRAIN)
    codes, texts = both(tmp_path, *TRAIN, dying=1)
    assert codes == [1, 9], texts
    assert "Another worker is gone" in texts[0][1] and "Traceback" not in texts[0][1]
    assert Run(tmp_path / "run").history()["epoch"] == [1, 2]

    assert one_process.communicate(timeout=300) and one_process.returncode == 0
    codes, texts = both(tmp_path, "resume", "run")
    assert codes == [0, 0], texts
    first, second = (variables(tmp_path / f"worker{i}.npz") for i in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    for ours, theirs in zip(first, variables(alone / "alone.npz"), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    ours, theirs = Run(tmp_path / "run").history(), Run(alone / "run").history()
    assert ours["epoch"] == [1, 2, 3, 4] and ours["steps"] == [6, 12, 18, 24]
    np.testing.assert_allclose(ours["d_loss"], theirs["d_loss"], atol=1e-5)
    assert (tmp_path / "run/film.html").exists() and "worker 0 writes the pictures" in texts[1][0]


def test_workers_with_other_settings_are_refused(tmp_path):
    import tensorflow as tf

    from ganlib.training.workers import SharedRun, WorkersError

    class Three:
        """Stands for the strategy of three workers, the last of which has another seed."""

        class cluster_resolver:
            task_id = 0

        def gather(self, value, axis):
            return tf.concat([value, value, value + 1], axis)

    run = SharedRun(tmp_path, {"seed": 1}, Three())
    with pytest.raises(WorkersError, match="Worker 2 has other settings or data than worker 0"):
        run._compare_workers([run.settings])


MIRRORED = f"""{TINY}
import signal, keras, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from ganlib.gan import GAN
from ganlib.models import build_pair
from ganlib.training.workers import SharedGAN
from ganlib.training.runs import Run, Stopped
make_tiny()

def make(batch_size, optimizer, kind=GAN, **settings):
    keras.utils.set_random_seed(0)
    gan = kind(*build_pair("article"), seed=5)
    gan.compile(optimizer(), optimizer(), jit_compile=False, **settings)
    return gan

def difference(a, b):
    a, b = (
        [*gan.variables, *gan.generator_optimizer.variables, *gan.discriminator_optimizer.variables] for gan in (a, b)
    )
    # In parts of the largest value where that is above 1: in `totals`, which add up 150 examples, a rounding is 1.5e-5.
    pairs = [(x.numpy(), y.numpy()) for x, y in zip(a, b, strict=True)]
    return max(np.abs(x - y).max() / max(1, np.abs(x).max()) for x, y in pairs)

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for settings in (
    {{"batch_size": 16, "optimizer": keras.optimizers.Adam, "r1_every": 3}},
    {{"batch_size": 15, "optimizer": lambda: keras.optimizers.SGD(0.1)}},
):
    one = make(**settings)
    with strategy.scope():
        two = make(**settings, kind=SharedGAN)
    logs = [gan.fit(images, settings["batch_size"], epochs=2, verbose=0).history for gan in (one, two)]
    print("difference", difference(one, two), np.ptp([history["g_loss"] for history in logs], axis=0).max())
    for variable in two.variables:
        copies = [copy.numpy() for copy in strategy.experimental_local_results(variable.value)]
        assert len(copies) == 2 and np.array_equal(*copies), variable.path

try:
    with strategy.scope():
        first = make(**settings, kind=SharedGAN)
    interrupt = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: signal.raise_signal(signal.SIGINT)
    )
    Run("run").fit(first, images, 15, epochs=2, verbose=0, callbacks=[interrupt])
except Stopped as stop:
    print(stop)
with strategy.scope():
    again = make(**settings, kind=SharedGAN)
Run("run").fit(again, images, 15, epochs=2, verbose=0)
print("difference", difference(two, again), 0)
assert again.generate(3).shape == (3, 784)
with strategy.scope():
    again = make(**settings, kind=SharedGAN)
try:
    again.fit(images[:16], 15, verbose=0)
except ValueError as error:
    print(error)
"""


def test_two_devices_train_as_one_does(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", MIRRORED, "kept.npz"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    *lines, refusal = done.stdout.splitlines()
    print(done.stdout)
    assert "1 examples, too few for 2 replicas" in refusal
    assert "Stopped after 0 epochs and 5 steps" in done.stdout
    figures = [float(word) for line in lines if line.startswith("difference") for word in line.split()[1:]]
    assert len(figures) == 6 and max(figures) < 1e-5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--index", "1"], "give both, or neither"),
        (["--workers", "a:1,b:2"], "give both, or neither"),
        (["--workers", "a:1,b:2", "--index", "2"], "--index 2 is too large: the 2 workers count from 0"),
        (["--workers", "a:1,b:2", "--index", "0", "--batch-size", "1"], "too few for 2 workers"),
        (["--workers", "a:1,b:2,c:3", "--index", "1", "--batch-size", "59998"], "2 images, too few for 3 workers"),
    ],
)
def test_workers_that_do_not_fit_get_a_sentence(tmp_path, capsys, words, sentence):
    assert main(["train", "--out", str(tmp_path / "run"), *words]) == 2
    assert sentence in capsys.readouterr().err and not (tmp_path / "run").exists()


@pytest.mark.parametrize("workers", ["a:1", "a:1,a:1", "a:1,b", "a:1,:2", "a:1,b:0", "a:1,b:65536", "a:1,b:x", ""])
def test_malformed_workers_get_a_sentence(capsys, workers):
    with pytest.raises(SystemExit) as stop:
        main(["train", "--workers", workers, "--index", "0"])
    assert stop.value.code == 2 and ("is not host:port" in (err := capsys.readouterr().err) or "two workers" in err)


def test_a_port_in_use_gets_a_sentence(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        workers = f"127.0.0.1:{port},127.0.0.1:1"
        assert main(["train", "--out", str(tmp_path / "run"), "--workers", workers, "--index", "0"]) == 2
    assert f"Port {port} of worker 0 cannot be used" in capsys.readouterr().err
