"""Node, for tests of what the web pages compute without a page."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def run_node(*files: str, **environment: str) -> None:
    """Run files of this folder that use node:test; all must pass, none be skipped. Skips where there is no node."""
    node = shutil.which("node") or pytest.skip("there is no node here: what the web pages compute is not tested")
    command = [node, "--test", "--test-reporter=tap", *(str(HERE / name) for name in files)]
    variables = {**os.environ, **environment}
    result = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, env=variables)
    assert result.returncode == 0, "\n".join(part for part in result.stdout.split("\n# Subtest") if "not ok" in part)
    counts = dict(re.findall(r"\b(pass|skipped) (\d+)", result.stdout))
    assert int(counts["pass"]) > 0 == int(counts["skipped"]), result.stdout[-800:]
