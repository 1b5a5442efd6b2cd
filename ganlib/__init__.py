"""ganlib: the models, losses, training step, measures and pictures of the course.

Nothing heavy is imported here: `ganlib.GAN` and the modules load TensorFlow when they are first used.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "GAN": "gan",
    "load_mnist": "data",
    "to_images": "data",
    "claim": "checks",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(import_module(f"ganlib.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'ganlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
