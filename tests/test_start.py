"""ganlib.start and the doctor under other people's settings, with damaged files, and on a full disk."""

import errno
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import ganlib
from ganlib import data, doctor

ROOT = Path(__file__).resolve().parents[1]

START = """
import sys
sys.path.insert(0, "")  # as in a kernel
import ganlib
print(ganlib.start())
import keras, matplotlib.pyplot, tqdm
print(keras.backend.backend(), keras.backend.image_data_format(), keras.backend.floatx(), keras.backend.epsilon())
print(keras.layers.Conv2D(2, 3).data_format, matplotlib.get_backend() != "", "" in sys.path)
"""


def run(program: str, cwd: Path, **settings: str) -> tuple[list[str], str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_HOME": str(cwd / "keras"), **settings}
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, encoding="utf-8", timeout=120)
    return done.stdout.splitlines(), done.stderr


def keras_json(folder: Path, text: str) -> None:
    (folder / "keras").mkdir()
    (folder / "keras" / "keras.json").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "settings, file",
    [
        ({"KERAS_BACKEND": "jax"}, ""),
        ({"KERAS_BACKEND": "torch", "KERAS_MAX_EPOCHS": "1"}, {"backend": "jax"}),
        ({"KERAS_BACKEND": "nonsense"}, {"backend": "torch", "image_data_format": "channels_first"}),
        ({"MPLBACKEND": "no such backend"}, {"floatx": "float64", "epsilon": 0.5}),
        ({"MPLBACKEND": "TkAgg"}, "{damaged"),
    ],
)
def test_other_peoples_settings_change_nothing(tmp_path, settings, file):
    if file:
        keras_json(tmp_path, file if isinstance(file, str) else json.dumps(file))
    for name in ("keras", "tqdm", "matplotlib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    said, errors = run(START, tmp_path, **settings)
    assert not errors, errors
    assert said[0].startswith("ganlib ")
    assert said[1:] == ["tensorflow channels_last float32 1e-07", "channels_last True True"]


@pytest.mark.parametrize("file", ['{"floatx": "bfloat16"}', "[]", '{"image_data_format": 3}', '{"epsilon": "small"}'])
def test_settings_that_keras_cannot_read_are_named(tmp_path, file):
    keras_json(tmp_path, file)
    _, errors = run("import ganlib\nganlib.start()", tmp_path)
    last = errors.strip().splitlines()[-1]
    assert last.startswith("RuntimeError: ") and "keras.json" in last and "correct or delete" in last


def test_keras_loaded_before_with_another_backend_is_named(tmp_path):
    program = "import sys, types\nkeras = types.ModuleType('keras')\nsys.modules['keras'] = keras\n"
    program += "keras.backend = types.SimpleNamespace(backend=lambda: 'jax')\nimport ganlib\nganlib.start()"
    _, errors = run(program, tmp_path)
    assert "RuntimeError: Keras was loaded with the backend jax, and ganlib needs TensorFlow" in errors


def test_a_left_over_smoke_mode_is_said_loudly(tmp_path, monkeypatch, capsys):
    said, _ = run("import ganlib\nprint(ganlib.start())", tmp_path, GANLIB_SMOKE="1")
    assert len(said) == 2 and said[1].startswith("GANLIB_SMOKE=1 IS SET: ") and "unset GANLIB_SMOKE" in said[1]
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    monkeypatch.setattr(doctor, "start", lambda: "fine")
    assert doctor.doctor() == 1
    assert "setting       GANLIB_SMOKE=1 IS SET" in capsys.readouterr().out


# --- the doctor ---------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A copy of the small files of the course, which the doctor looks at; TensorFlow is not loaded."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in (*doctor.FILES, "manifest.json"):
        (folder / name).write_bytes((data.DATA / name).read_bytes())
    load = data.load_arrays
    monkeypatch.setattr(data, "load_arrays", lambda name: load(name, folder))
    monkeypatch.setattr(doctor, "start", lambda: "fine")
    return folder


def examined(capsys) -> tuple[int, dict[str, str]]:
    code = doctor.doctor()
    return code, dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("name", doctor.FILES)
@pytest.mark.parametrize("damage", ["missing", "cut", "bit", "empty", "folder"])
def test_the_doctor_sees_damage_of_every_file(files, capsys, name, damage):
    content = bytearray((files / name).read_bytes())
    (files / name).unlink()
    if damage == "folder":
        (files / name).mkdir()
    elif damage != "missing":
        content[len(content) // 2] ^= damage == "bit"
        (files / name).write_bytes({"cut": content[:-100], "bit": content, "empty": b""}[damage])
    code, said = examined(capsys)
    assert code == 1 and name in said[name]
    assert all(said[other] == "as listed in the manifest" for other in doctor.FILES if other != name)
    assert ".venv" not in str(said.values())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"judge.npz": 1}', "\ud800"])
def test_the_doctor_survives_a_damaged_manifest(files, capsys, text):
    (files / "manifest.json").write_bytes(text.encode(errors="surrogatepass"))
    code, said = examined(capsys)
    assert code == 1 and all("manifest.json" in said[name] for name in doctor.FILES)
    assert said["all"].split() == ["of", "it", "fine"]


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def nowhere(*_, **__):
    raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")


@pytest.mark.parametrize("fails", [full, nowhere])
def test_a_full_temporary_folder_is_called_that(files, monkeypatch, capsys, fails):
    monkeypatch.setattr(tempfile, "TemporaryFile", fails)
    monkeypatch.setattr(doctor, "start", ganlib.start)
    code, said = examined(capsys)
    assert code == 1 and said["temporary"].startswith("no temporary file can be written (No ")
    assert "TMPDIR" in said["temporary"] and "TensorFlow" in said["all"]  # which loads all the same


@pytest.mark.parametrize(
    "error, advice",
    [
        (ImportError("libcublas.so: cannot open"), "install the packages again in this Python"),
        (RuntimeError("Keras was loaded with the backend jax"), "backend jax"),
        (MemoryError(), "too little memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left"),
    ],
)
def test_advice_fits_the_cause(files, monkeypatch, capsys, tmp_path, error, advice):
    def fails():
        raise error

    monkeypatch.setattr(doctor, "start", fails)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    code, said = examined(capsys)
    assert code == 1 and advice in said["all"] and "delete" not in said["all"]
    (tmp_path / "course-stamp.json").touch()  # in course.py's own .venv
    code, said = examined(capsys)
    assert ("delete the folder" in said["all"]) == isinstance(error, ImportError)


def test_missing_packages_are_named(files, monkeypatch, capsys):
    def version(name):
        if name.startswith(("tensorflow", "numpy")):
            raise doctor.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(doctor, "version", version)
    code, said = examined(capsys)
    assert code == 1 and said["tensorflow"].startswith("missing: ") and said["numpy"].startswith("missing: ")
    assert said["keras"] == "1" and "all" not in said and "judge.npz" not in said
