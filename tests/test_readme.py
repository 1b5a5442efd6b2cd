"""README's ten lines run and give what they say; its table comes from the losses; its links lead somewhere."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from ganlib.gan import GAN, LOGS
from ganlib.losses import LOSSES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMED = ("README.md", "CONTRIBUTING.md", "ganlib/README.md")
PAGES = [*(ROOT / name for name in NAMED), *sorted((ROOT / "docs").glob("*.md"))]
MEANING = {
    "d_loss": "D's loss, in nats",
    "g_loss": "G's loss, in nats",
    "d_real": "mean D(x) on real images",
    "d_fake": "mean D(G(z)) on generated images",
}
# Where D's logit is 0 its probability is 1/2.
BALANCE = {**LOSSES["non-saturating"].balance, "d_real": 0.5, "d_fake": 0.5}


def table() -> str:
    rows = [f"| `{name}` | {MEANING[name]} | {BALANCE[name]:.3g} |" for name in LOGS]
    return "\n".join(["| logged | what | at balance |", "|---|---|---|", *rows])


def test_the_ten_lines_give_what_they_say():
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]
    scope, checked = {}, 0
    for node in ast.parse(code).body:
        line = ast.unparse(node)
        comment = re.search(r"#\s*(.+)$", code.splitlines()[node.end_lineno - 1])
        if isinstance(node, ast.Expr) and comment:
            assert eval(line, scope) == ast.literal_eval(comment[1]), line
            checked += 1
        else:
            exec(line, scope)
    assert checked == 3
    assert 0.5 < scope["logs"]["d_loss"][0] < 1.386 and 0.05 < scope["digits"].mean() < 0.3


def test_the_table_of_logged_numbers_is_made_from_the_losses():
    assert table() in README, table()


def test_the_step_is_where_the_readme_says():
    line = int(re.search(r"\[The training step is here\]\(ganlib/gan\.py#L(\d+)\)", README)[1])
    assert line == inspect.getsourcelines(GAN.step)[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
