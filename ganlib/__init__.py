"""ganlib: the models, losses, training step, measures and pictures of the course.

Nothing heavy is imported here: `ganlib.GAN` and the modules load TensorFlow when they are first used.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

__version__ = "0.1.0"

_HOMES = {
    "GAN": "gan",
    "Run": "training.runs",
    "claim": "lessons.claims",
    "load_mnist": "data",
    "to_images": "data",
}
__all__ = ["__version__", "start", *_HOMES]


# Whatever another project has set. Keras reads these when it is first imported; the last two would cut training short.
if "keras" not in sys.modules:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    for _name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH"):
        os.environ.pop(_name, None)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(f"ganlib.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'ganlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def start() -> str:
    """Load TensorFlow without its usual greetings; returns one line: the versions and the device found here.

    With GANLIB_SMOKE=1 a second line says what that does. Raises RuntimeError, with what to do, where TensorFlow is not
    installed and where Keras cannot be used.
    """
    if "" in sys.path:  # in a kernel, a file keras.py beside the lesson would stand in for the package
        sys.path.append(sys.path.pop(sys.path.index("")))
    if find_spec("tensorflow") is None:
        raise RuntimeError(
            "There is no TensorFlow here. In Colab, choose Runtime → Change runtime type → CPU or a GPU (a TPU runtime "
            "has none). Elsewhere, open the lessons with  python3 course.py lab"
        )
    # TensorFlow imports Keras, and Keras imports matplotlib.
    chosen = "keras" in sys.modules  # by the program, which then has chosen its settings too
    _check_settings_of_keras()
    _choose_backend_of_matplotlib()
    _keep_freed_memory()
    with quiet():
        import tensorflow as tf

        tf.constant(0) + 1  # the last note comes with the first operation
    # Every new model brings a new function to trace. TensorFlow takes that for a mistake, a lesson does it on purpose.
    tf.get_logger().addFilter(lambda record: "triggered tf.function retracing" not in record.getMessage())
    keras = _ready_keras(chosen)
    gpus = len(tf.config.list_physical_devices("GPU"))
    device = f"{gpus} GPU" if gpus else f"{os.cpu_count()} CPU cores, no GPU"
    python = ".".join(map(str, sys.version_info[:2]))
    found = f"ganlib {__version__}, TensorFlow {tf.__version__}, Keras {keras.__version__}, Python {python}, {device}"
    return f"{found}\n{SMOKE}" if os.environ.get("GANLIB_SMOKE") == "1" else found


SMOKE = (
    "GANLIB_SMOKE=1 IS SET: data and training are cut to a few steps, to see that everything runs. No figure and no "
    "picture means anything. For the real thing, unset GANLIB_SMOKE and start again."
)


def _check_settings_of_keras() -> None:
    """Raise RuntimeError where TensorFlow and Keras would fail, deep inside, at their file of settings."""
    import json

    path = os.path.join(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras"), "keras.json")
    allowed = {"floatx": ("float16", "float32", "float64"), "image_data_format": ("channels_first", "channels_last")}
    try:
        with open(path, encoding="utf-8") as file:
            settings = json.load(file)
        good = all(settings[key] in names for key, names in allowed.items() if key in settings)
        good = good and isinstance(settings.get("epsilon", 1e-7), float)
    except (FileNotFoundError, ValueError):  # no file, or none that Keras takes for its settings
        return
    except (OSError, TypeError, AttributeError):
        good = False
    if not good:
        raise RuntimeError(f"Keras cannot use its file of settings, {path}: correct or delete it.")


def _ready_keras(chosen: bool):
    """Return Keras, unless `chosen` with the settings that everything here is written for, whatever its file says."""
    import keras

    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras was loaded with the backend {keras.backend.backend()}, and ganlib needs TensorFlow: start Python "
            "(in a notebook, the kernel) again, and import ganlib first."
        )
    if not chosen:
        keras.config.set_image_data_format("channels_last")
        keras.config.set_floatx("float32")
        keras.config.set_epsilon(1e-7)
    return keras


def _choose_backend_of_matplotlib() -> None:
    """Import matplotlib without MPLBACKEND where that has a name it does not know, with which it cannot be imported."""
    if "MPLBACKEND" not in os.environ or "matplotlib" in sys.modules:
        return
    backend = os.environ.pop("MPLBACKEND")
    matplotlib = import_module("matplotlib")
    try:
        matplotlib.rcParams["backend"] = backend
    except ValueError:
        backend = "module://matplotlib_inline.backend_inline" if "ipykernel" in sys.modules else "agg"
        matplotlib.rcParams["backend"] = backend
    os.environ["MPLBACKEND"] = backend


def _keep_freed_memory() -> None:
    """Let this process keep 64 MiB of freed memory in each of glibc's arenas; nothing to do where there is no glibc.

    XLA on a CPU asks for buffers at every matrix product. By default glibc gives them back to the system each time, and
    the new ones cost a thousand page faults a step: nearly half of the time of training. It must be said before
    TensorFlow's threads take their first memory.
    """
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(-2, 64 * 2**20)  # -2 is M_TOP_PAD of malloc.h


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back the notes that TensorFlow writes to the process's stderr at its start; no setting turns them off."""
    import tempfile

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        notes, stderr = tempfile.TemporaryFile(), os.dup(2)
    except OSError:  # no room for temporary files, or no stderr: the notes are shown, or go nowhere
        yield
        return
    with notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            notes.seek(0)
            for line in notes.read().decode(errors="replace").splitlines(keepends=True):
                if "oneDNN custom operations are on" not in line and "before absl::InitializeLog()" not in line:
                    os.write(2, line.encode())
