"""What a resumed run must have in common with its beginning, written down as JSON."""

import hashlib
from collections.abc import Iterator

import keras
import numpy as np

from ganlib.gan import GAN
from ganlib.vae import VAE

_NAMES = {"name", "trainable", "kernel_initializer", "bias_initializer", "batch_shape", "build_config"}


def conditions_of(model: GAN | VAE, x: np.ndarray, batch_size: int) -> dict:
    """All that a resumed run must have in common with its beginning, as JSON values."""
    return {
        "data": [list(x.shape), x.dtype.name, hashlib.sha256(np.ascontiguousarray(x)).hexdigest()],
        "batch_size": batch_size,
        "seed": plain(model.seed),
        **(_of_vae(model) if isinstance(model, VAE) else _of_gan(model)),
    }


def _of_gan(gan: GAN) -> dict:
    return {
        "loss": gan.loss_name,
        "r1": gan.r1,
        "r1_every": plain(gan.r1_every),
        "r2": gan.r2,
        "wgan_gp": gan.wgan_gp,
        "ema": gan.ema,
        "jit_compile": plain(gan.jit_compile),
        "generator": [describe(layer) for layer in layers_of(gan.generator)],
        "discriminator": [describe(layer) for layer in layers_of(gan.discriminator)],
        "generator_optimizer": plain(gan.generator_optimizer.get_config(), leave_out={"name"}),
        "discriminator_optimizer": plain(gan.discriminator_optimizer.get_config(), leave_out={"name"}),
    }


def _of_vae(vae: VAE) -> dict:
    return {
        "beta": vae.beta,
        "jit_compile": plain(vae.jit_compile),
        "encoder": [describe(layer) for layer in layers_of(vae.encoder)],
        "decoder": [describe(layer) for layer in layers_of(vae.decoder)],
        "optimizer": plain(vae.optimizer_of_both.get_config(), leave_out={"name"}),
    }


def layers_of(layer: keras.Layer) -> Iterator[keras.Layer]:
    """The layers of a network, those inside other layers too."""
    yield layer
    for inner in getattr(layer, "_layers", ()):
        yield from layers_of(inner)


def describe(layer: keras.Layer) -> list:
    """What a layer computes, its precision included, as far as it tells; not its name, nor how its weights began."""
    try:
        config = {} if isinstance(layer, keras.Model) else layer.get_config()
    except NotImplementedError:  # a layer of the user's own without a description
        config = {}
    shapes = [list(weight.shape) for weight in layer.weights]
    return [type(layer).__name__, layer.dtype_policy.name, shapes, plain(config, leave_out=_NAMES)]


def plain(value: object, leave_out: frozenset[str] | set[str] = frozenset()) -> object:
    """A value as JSON can hold it: NumPy's numbers as Python's, and the name of its class for what JSON does not know.

    Entries of dicts with a name in `leave_out` are left out, at any depth.
    """
    if isinstance(value, dict):
        return {str(name): plain(inner, leave_out) for name, inner in value.items() if name not in leave_out}
    if isinstance(value, (list, tuple)):
        return [plain(inner, leave_out) for inner in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "numpy"):
        return value.numpy().tolist()
    return getattr(value, "__qualname__", type(value).__qualname__)
