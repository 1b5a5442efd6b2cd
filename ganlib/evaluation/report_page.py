"""The report as one page of HTML, pictures inside."""

import base64
from html import escape
from pathlib import Path

from ganlib.evaluation.arrays import shown
from ganlib.evaluation.report import Report
from ganlib.files import write_file


def write_html(report: Report, path: Path, name: str) -> None:
    """Write the report as one page, pictures inside, all of it or nothing; `name` says what was measured.

    Raises OSError when the file cannot be written.
    """
    table = "\n".join(
        f'<tr><th scope="row">{escape(row.measure)}</th><td class="n">{escape(row.value)}</td>'
        f'<td class="n">{escape(row.real)}</td><td>{escape(row.meaning)}</td></tr>'
        for row in report.rows
    )
    pictures = "\n".join(
        f'<h2>{escape(picture.heading)}</h2>\n<img alt="{escape(picture.alt)}" '
        f'src="data:image/png;base64,{base64.b64encode(picture.png).decode()}">'
        for picture in report.pictures
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>\n' for note in report.notes)
    page = _PAGE.format(
        name=escape(shown(name)), n=f"{report.n:,}", notes=notes, table=table, pictures=pictures, seconds=report.seconds
    )
    write_file(path, page.encode())


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="ganlib">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Report: {name}</title>
<style>
:root {{ --page: #ffffff; --ink: #222222; --soft: #5a5a5a; --line: #d8d8d8; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --page: #16181c; --ink: #e6e6e6; --soft: #a8adb5; --line: #3a3f47; }}
}}
body {{ background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto;
  max-width: 760px; padding: 16px; }}
h1 {{ font-size: 26px; overflow-wrap: anywhere; }}
h2 {{ font-size: 19px; margin: 36px 0 8px; }}
p {{ color: var(--soft); }}
p.note {{ border-left: 4px solid #d55e00; color: var(--ink); padding-left: 10px; }}
table {{ border-collapse: collapse; width: 100%; font-size: 14px; }}
th, td {{ border-bottom: 1px solid var(--line); padding: 6px 8px; text-align: left; vertical-align: top; }}
th {{ font-weight: 600; }}
td.n {{ font-variant-numeric: tabular-nums; }}
@media (min-width: 560px) {{ td.n {{ white-space: nowrap; }} }}
td:last-child {{ color: var(--soft); }}
img {{ background: #ffffff; border-radius: 6px; display: block; height: auto; max-width: 100%; width: 700px; }}
</style>
</head>
<body>
<h1>How good are these images?</h1>
{notes}<p>{name}: {n} images, measured in {seconds:.0f} s. "Real" is what as many real images reach, and what a perfect
generator would reach. ± is one standard deviation.</p>
<table>
<thead><tr><th scope="col">measure</th><th scope="col">generated</th><th scope="col">real</th>
<th scope="col">how to read it</th></tr></thead>
<tbody>
{table}
</tbody>
</table>
{pictures}
</body>
</html>
"""
