"""benchmarks/hub.py: its options and arithmetic; and, where JupyterHub is installed, one student in a tiny notebook."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
import websocket

ROOT = Path(__file__).resolve().parent.parent
if os.name == "nt":
    pytest.skip("JupyterHub does not run on Windows", allow_module_level=True)
sys.path.insert(0, str(ROOT / "benchmarks"))
import hub as bench  # noqa: E402


@pytest.fixture(autouse=True)
def nobody_special(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


def test_the_defaults_are_what_the_documents_measure():
    chosen = bench.options([])
    assert (chosen.lesson, chosen.students, chosen.smoke) == ("02", [1, 3, 10], False)
    assert bench.notebook("2").name == "02_generator_and_discriminator.ipynb"
    assert bench.called(bench.notebook("04")) == "04" and bench.called(Path("tiny.ipynb")) == "tiny"


@pytest.mark.parametrize("wrong", [["--students", "0"], ["--think", "-1"], ["--spread", "-1"], ["--accounts"]])
def test_wrong_options_are_refused(wrong, capsys):
    with pytest.raises(SystemExit):
        bench.options(wrong)
    assert "error" in capsys.readouterr().err


def test_root_must_ask_for_accounts(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(SystemExit):
        bench.options([])
    assert "--accounts" in capsys.readouterr().err
    assert bench.options(["--accounts"]).accounts and bench.options(["--show"]).show


def test_there_is_no_such_lesson():
    with pytest.raises(SystemExit, match="no lesson 77"):
        bench.notebook("77")


def test_pauses_have_the_mean_that_was_asked_for_and_come_again_from_the_seed():
    found = bench.pauses(20_000, 10, random.Random(0))
    assert statistics.mean(found) == pytest.approx(10, rel=0.05)
    assert statistics.median(found) == pytest.approx(6.07, rel=0.05)
    assert sum(one > 30 for one in found) / len(found) == pytest.approx(0.055, abs=0.01)
    assert found == bench.pauses(20_000, 10, random.Random(0))


def rows(run: str, students: int, cells: dict[str, list[float]], **rest: float) -> list[dict]:
    base = {"run": run, "lesson": "02", "students": float(students)}
    found = [{**base, "student": "", "what": name.replace("_", " "), "value": value} for name, value in rest.items()]
    for what, each in cells.items():
        found += [{**base, "student": f"s{k}", "what": what, "value": value} for k, value in enumerate(each)]
    return found


ONE = rows("a", 1, {"server s": [3], "kernel s": [1], "cell 1 s": [0.1], "cell 2 s": [2.0], "cell 3 s": [4.0],
                    "peak MiB": [900], "CPU s": [30]}, load=0.5, think_s=1, hub_MiB=168, all_MiB=1068)  # fmt: skip
TWO = rows("b", 2, {"server s": [4, 6], "kernel s": [1, 2], "cell 1 s": [0.9, 0.9], "cell 2 s": [4.0, 6.0],
                    "cell 3 s": [4.0, 20.0], "peak MiB": [800, 850], "CPU s": [30, 60], "failed": [2]},
           load=1.5, think_s=15, hub_MiB=192, all_MiB=1792)  # fmt: skip


def test_a_class_is_compared_with_one_student_alone():
    by_itself = bench.alone(ONE + TWO, "02")
    assert by_itself == {"cell 1 s": 0.1, "cell 2 s": 2.0, "cell 3 s": 4.0}
    slow = [{**row, "run": "c", "value": 2 * row["value"]} for row in ONE]
    assert bench.alone(ONE + slow, "02") == by_itself  # the quickest run alone is the least disturbed one
    assert bench.alone(TWO, "02") == {} and bench.alone(ONE, "04") == {}
    found = bench.summary(TWO, by_itself)
    assert found["slower"] == statistics.median([2, 3, 1, 5])  # cell 1 is too short to compare
    assert (found["server"], found["kernel"], found["worst"], found["peak"]) == (6, 2, 20, 850)
    assert (found["each"], found["cpu"], found["killed"], found["failed"]) == (800, 45, 0, 1)
    assert found["per 8 GB"] == (8192 - 1024 - 192) // 800 == 8
    assert found["per core"] == 45 * 60 / 2 // 45 == 30


def test_killed_kernels_and_broken_off_students_count_and_no_one_alone_gives_no_ratio():
    found = bench.summary([*TWO, *rows("b", 2, {"killed": [1], "broken off": [1]})], {})
    assert found["killed"] == 2 and found["slower"] != found["slower"]


def test_the_table_has_a_line_for_each_run_and_survives_the_file(tmp_path):
    path = tmp_path / "hub.csv"
    for row in ONE + TWO:
        bench.add(path, bench.COLUMNS, row)
    text = bench.table(bench.stored(path, bench.TEXTS))
    assert text == bench.table(ONE + TWO)
    assert [line.count("|") for line in text.splitlines()] == [16] * 4
    assert "| 02 | 2 | 15 s | 1.5 | 6 s | 2 s | 2.5 | 20 s | 850 | 800 | 45 | 0 | 1 | 8 | 30 |" in text


def test_the_stored_rows_are_those_of_the_page():
    lines = bench.table(bench.stored(bench.TABLE, bench.TEXTS)).splitlines()
    text = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
    assert len(lines) > 2 and not [line for line in lines if line not in text]


def test_a_missing_environment_is_told_with_the_commands_that_make_it(tmp_path):
    from _classroom import NoHub, programs

    with pytest.raises(NoHub, match=r"pip install -r|course\.py doctor"):
        programs(tmp_path)


def test_an_account_that_is_there_is_neither_used_nor_removed():
    import pwd

    from _classroom import NoHub, accounts

    name = pwd.getpwuid(os.getuid()).pw_name
    with pytest.raises(NoHub, match=f"There is an account {name}"), accounts([name]):
        pass


class Line:
    """A websocket that has these messages, and then is silent; it fails a wait that pings would make endless."""

    def __init__(self, *messages: dict):
        self.messages, self.limit = list(messages), 0.0

    def settimeout(self, seconds: float) -> None:
        self.limit = seconds

    def recv(self) -> str:
        if self.messages:
            return json.dumps(self.messages.pop(0))
        assert self.limit <= 5
        time.sleep(min(self.limit, 0.01))
        raise websocket.WebSocketTimeoutException


def test_who_thinks_listens_and_notices_a_kernel_that_was_killed():
    from _classroom import Killed, Student

    student = Student("http://127.0.0.1:9", "ada")
    student.socket = Line({"msg_type": "stream", "content": {}})
    begin = time.monotonic()
    student.think(0.1)
    assert 0.1 <= time.monotonic() - begin < 5 and student.socket.limit > 60
    student.socket = Line({"msg_type": "status", "content": {"execution_state": "restarting"}})
    with pytest.raises(Killed):
        student.think(60)
    student.socket.recv = lambda: ""
    with pytest.raises(ConnectionError):
        student.think(60)


def tiny(path: Path) -> Path:
    cells = ["import ganlib, os", "open('mine.txt', 'w').write(ganlib.__file__ + '\\n' + os.getcwd())", "1 / 0"]
    made = [{"cell_type": "code", "id": f"c{k}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
            for k, text in enumerate(cells)]  # fmt: skip
    content = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_one_student_of_a_real_hub(tmp_path):
    """Opt-in: GANLIB_HUB names the environment of JupyterHub."""
    place = os.environ.get("GANLIB_HUB")
    if not place:
        pytest.skip("GANLIB_HUB does not name an environment with JupyterHub: docs/hub.md makes one")
    root = [] if os.getuid() else ["--accounts"]
    words = ["--hub", place, "--lesson", str(tiny(tmp_path / "tiny.ipynb")), "--students", "1", "--think", "0"]
    table = tmp_path / "rows.csv"
    command = [sys.executable, str(ROOT / "benchmarks" / "hub.py"), *words, *root, "--table", str(table)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = bench.stored(table, bench.TEXTS)
    assert len(bench.values(found, "cell")) == 3 and bench.values(found, "failed") == [3]
    assert not bench.values(found, "killed") and bench.values(found, "peak MiB")[0] > 100
