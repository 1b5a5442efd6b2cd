"""ganlib: the models, losses, training step, measures and pictures of the course.

Nothing heavy is imported here: `ganlib.GAN` and the modules load TensorFlow when they are first used.
"""

import ctypes
import os
import sys
import tempfile
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


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(f"ganlib.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'ganlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def start() -> str:
    """Load TensorFlow without its usual greetings; returns one line: the versions and the device found here.

    Raises RuntimeError, with what to choose, where TensorFlow is not installed.
    """
    if find_spec("tensorflow") is None:
        raise RuntimeError(
            "There is no TensorFlow here. In Colab, choose Runtime → Change runtime type → CPU or a GPU (a TPU runtime "
            "has none). Elsewhere, open the lessons with  python3 course.py lab"
        )
    _keep_freed_memory()
    with quiet():
        import tensorflow as tf

        tf.constant(0) + 1  # the last note comes with the first operation
    # Every new model brings a new function to trace. TensorFlow takes that for a mistake, a lesson does it on purpose.
    tf.get_logger().addFilter(lambda record: "triggered tf.function retracing" not in record.getMessage())
    import keras

    gpus = len(tf.config.list_physical_devices("GPU"))
    device = f"{gpus} GPU" if gpus else f"{os.cpu_count()} CPU cores, no GPU"
    python = ".".join(map(str, sys.version_info[:2]))
    return f"ganlib {__version__}, TensorFlow {tf.__version__}, Keras {keras.__version__}, Python {python}, {device}"


def _keep_freed_memory() -> None:
    """Let this process keep 64 MiB of freed memory in each of glibc's arenas; nothing to do where there is no glibc.

    XLA on a CPU asks for buffers at every matrix product. By default glibc gives them back to the system each time, and
    the new ones cost a thousand page faults a step: nearly half of the time of training. It must be said before
    TensorFlow's threads take their first memory.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(-2, 64 * 2**20)  # -2 is M_TOP_PAD of malloc.h


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back the notes that TensorFlow writes to the process's stderr at its start; no setting turns them off."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with tempfile.TemporaryFile() as notes:
        stderr = os.dup(2)
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
