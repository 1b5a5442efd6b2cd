""".ci/run with stand-ins for the programs that it calls: what it installs, and that the checks run in any case."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parent.parent / ".ci" / "run"
BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(os.name == "nt" or not BASH, reason="there is no bash here")


@pytest.fixture
def run(tmp_path):
    """Runs the script where only the named programs exist; returns its outputs and what the programs were told."""

    def go(*programs: str, user: int = 0, apt: int = 0) -> tuple[str, str, list[str]]:
        told = tmp_path / "told"
        bodies = {
            "id": f"echo {user}", "grep": "true", "dirname": f"echo {RUN.parent}", "timeout": 'shift 3; "$@"',
            "apt-get": f'echo "apt-get $*" >> {told}; exit {apt}', "python3": f'echo "python3 $*" >> {told}',
        }  # fmt: skip
        for name, body in {**bodies, **dict.fromkeys(programs, "true")}.items():
            (tmp_path / name).write_text(f"#!{BASH}\n{body}\n")
            (tmp_path / name).chmod(0o755)
        done = subprocess.run([BASH, str(RUN)], env={"PATH": str(tmp_path)}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr, told.read_text().splitlines()

    return go


def test_chromium_and_node_are_installed_before_the_checks(run):
    *apt, last = run()[2]
    assert [line.split()[-1] for line in apt] == ["update", "nodejs"] and "chromium" in apt[1]
    assert last == "python3 course.py test"


def test_nothing_is_installed_where_both_are_there(run):
    out, err, told = run("google-chrome", "node")
    assert (out, err, told) == ("", "", ["python3 course.py test"])


def test_nothing_is_installed_for_other_users_than_root(run):
    _, err, told = run("node", user=1000)
    assert told == ["python3 course.py test"]
    assert "No chromium" in err and "No node" not in err


def test_the_checks_run_where_nothing_can_be_had(run):
    _, err, told = run(apt=100)
    assert told[-1] == "python3 course.py test" and len(told) == 2
    assert "No chromium" in err and "No node" in err
