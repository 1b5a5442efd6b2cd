"""What ganlib prints arrives on any stream; and the command line outlives its readers."""

import io
import os
import subprocess
import sys

import pytest

from ganlib.lessons.claims import ClaimError, claim
from ganlib.lessons.exercises import Wrong, check, use
from ganlib.streams import PLAIN, say


def printed(monkeypatch, encoding, action):
    """What an action prints on a stream of some encoding."""
    content = io.BytesIO()
    stream = io.TextIOWrapper(content, encoding=encoding)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        action()
    stream.flush()
    return content.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "cp437", "cp932", "koi8-r", "utf-8", "utf-16"])
def test_a_claim_and_a_check_can_be_printed_in_any_encoding(monkeypatch, encoding):
    @check
    def right(answer):
        if answer < 0:
            raise Wrong("√x is no number — for x < 0.")
        return "2 × 2 ≈ 4 → γ."

    lines = printed(
        monkeypatch,
        encoding,
        lambda: [
            claim("D(x) → ½, as the paper says", 0.5, equals=0.5, within=0.01),
            claim("naïve über 数", True),
            right(1),
            right(-1),
            right(...),
            use(right, ..., lambda x: x),
        ],
    ).splitlines()
    assert len(lines) == 6
    assert all("0.5, expected 0.5" in line for line in lines[:1]) and "Right" in lines[2] and "Not yet" in lines[3]
    assert encoding not in ("ascii", "latin-1") or lines[0].startswith("OK D(x) -> ")
    assert encoding != "ascii" or lines[1] == "OK naive uber ?"
    assert not encoding.startswith("utf") or lines[0].startswith("✓ D(x) → ½")


def test_quality_and_a_false_claim(monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    said = printed(monkeypatch, "ascii", lambda: claim("it is good", False, quality=True))
    assert said == "- it is good (not checked in smoke mode)\n"
    with pytest.raises(ClaimError, match="✗ not true"):
        printed(monkeypatch, "ascii", lambda: claim("it is good", False))


def test_plain_signs_are_plain_and_everything_else_has_one_too(monkeypatch):
    assert all(text.isascii() for text in PLAIN.values())
    every = "".join(PLAIN) + "äöüÉñ 🎉数\ud800"
    said = printed(monkeypatch, "ascii", lambda: say(every))
    assert said.isascii() and "aouEn ???" in said


def test_a_false_claim_ends_a_program_with_its_sentence_also_on_an_ascii_console():
    program = "from ganlib import claim\nclaim('good', True)\nclaim('bad', False)"
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert done.stdout == "OK good\n"
    assert "ClaimError" in done.stderr and "not true: bad" in done.stderr and "UnicodeEncodeError" not in done.stderr


DOCTOR = [sys.executable, "-m", "ganlib", "--help"]


def run_on(stdout, cwd, command=DOCTOR):
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd, text=True, timeout=120)


def test_a_pipe_that_nobody_reads_and_a_full_disk_do_not_stop_a_command(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = run_on(writing, None)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            done = run_on(full, None)
        said = "ganlib: no more is printed, it cannot be written (No space left on device).\n"
        assert (done.returncode, done.stderr) == (0, said)


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(closed):
    done = run_on(subprocess.PIPE, None, ["sh", "-c", f'exec "$@" {closed}', "sh", *DOCTOR])
    assert (done.returncode, done.stderr) == (0, "")
