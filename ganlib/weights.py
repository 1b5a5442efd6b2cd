"""The weights of any Keras network as an `.npz` file, saved whole and read without running code."""

import io
import zipfile
from pathlib import Path

import keras
import numpy as np

from ganlib.files import write_file

Arrays = dict[str, np.ndarray]


def named_weights(model: keras.Model) -> Arrays:
    """All that a model keeps (weights, moving averages, seeds of random layers), as `save_weights` writes it."""
    return {name: _array(variable) for name, variable in _named(model).items()}


def _named(model: keras.Model) -> dict[str, keras.Variable]:
    """A model's variables by the place and class of the layer and by the variable; repeated names are counted.

    Layers are numbered by place: Keras' own names count up with every model built in a process.
    """
    named, seen = {}, set()
    owners = [(f"{place}.{type(layer).__name__}", layer) for place, layer in enumerate(model.layers)]
    for owner, layer in [*owners, ("model", model)]:
        for variable in layer.variables:
            if id(variable) not in seen:
                name = f"{owner}.{variable.name}"
                count = sum(other == name or other.startswith(f"{name}#") for other in named)
                named[f"{name}#{count + 1}" if count else name] = variable
                seen.add(id(variable))
    return named


def _array(variable: keras.Variable) -> np.ndarray:
    """Its values, those of 16 bits as float32: NumPy's files cannot hold bfloat16."""
    array = np.asarray(variable)
    return array.astype("float32") if variable.dtype in ("float16", "bfloat16") else array


def save_weights(path: str | Path, model: keras.Model) -> None:
    """Write all weights of a model to an `.npz` file, named by layer and weight.

    Raises ValueError when there are none yet, or when one is not a number.
    """
    arrays = named_weights(model)
    if not arrays:
        raise ValueError(f"{model.name} has no weights yet: build it first, for example with keras.Input.")
    odd = [name for name, array in arrays.items() if array.dtype.kind not in "fiub"]
    if odd:
        raise ValueError(f"{model.name} keeps {odd[0]} as {arrays[odd[0]].dtype}, which a weights file cannot hold.")
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_file(path, content.getvalue())


def load_weights(path: str | Path, model: keras.Model) -> None:
    """Give a model the weights that `save_weights` wrote. No code in the file is ever run.

    Raises ValueError when the file is missing or damaged, or holds other weights; the model then keeps its own.
    Shapes and sizes are compared with the model's before anything is unpacked.
    """
    named = _named(model)
    if not Path(path).is_file():  # a pipe would be waited for
        raise ValueError(f"{path} is no file: give the path of a weights file.")
    try:
        arrays = _read_arrays(Path(path), {name: tuple(variable.shape) for name, variable in named.items()}, model.name)
    except _OtherWeightsError:
        raise
    except Exception as error:  # zipfile, zlib, struct, tokenize and NumPy each have their own
        raise ValueError(f"{path} is not a readable weights file ({error}): make it again.") from error
    fitting = {name: _fitting(path, name, arrays[name], variable) for name, variable in named.items()}
    for name, variable in named.items():
        variable.assign(fitting[name])


class _OtherWeightsError(ValueError):
    pass


def _read_arrays(path: Path, wanted: dict[str, tuple], model: str) -> Arrays:
    with zipfile.ZipFile(path) as file:
        members = {info.filename.removesuffix(".npy"): info for info in file.infolist()}
        found = {}
        for name, info in members.items():
            with file.open(info) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(member)
                if dtype.hasobject:
                    raise ValueError(f"{name} holds objects")
                if member.tell() + dtype.itemsize * int(np.prod(shape, dtype=object)) != info.file_size:
                    raise ValueError(f"{name} is not as long as it says")
                found[name] = shape
        if found != wanted:
            several = dict(list(found.items())[:20])
            raise _OtherWeightsError(
                f"{path} holds weights {several}, but {model} has {wanted}: build the same network first."
            )
        return {name: np.lib.format.read_array(file.open(info), allow_pickle=False) for name, info in members.items()}


def _fitting(path: str | Path, name: str, array: np.ndarray, variable: keras.Variable) -> np.ndarray:
    whole = not keras.backend.is_float_dtype(variable.dtype)
    if array.dtype.kind not in ("iub" if whole else "f"):
        raise ValueError(f"{path} is not a readable weights file ({name} is {array.dtype}): make it again.")
    with np.errstate(over="ignore", invalid="ignore"):
        fitting = array.astype(variable.dtype if whole else "float32" if variable.dtype != "float64" else "float64")
    if not np.isfinite(fitting).all() or (whole and (fitting != array).any()):
        raise ValueError(f"{path} holds NaN, infinite or too large numbers in {name}: make it again.")
    return fitting
