"""Every figure of the course in one visual language.

Real data is blue, generated data vermilion, the discriminator green, everything else grey (Okabe and Ito's
palette, which colour-blind readers can tell apart). A figure is 700 pixels wide on the page, has no text
under 9 pixels, and lies on white, so that it also reads on a dark page. The functions that draw return a
`matplotlib.figure.Figure` that pyplot does not know, so no figure is shown twice and none leaks.
"""

from __future__ import annotations

import io
import math
import os
import re
from collections.abc import Iterator, Sequence

import matplotlib.style
import numpy as np
from matplotlib import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from PIL import Image

from ganlib.files import write_file

REAL = "#0072B2"
GENERATED = "#D55E00"
DISCRIMINATOR = "#009E73"
NEUTRAL = "#666666"
INK = "#222222"

PAGE_WIDTH = 700  # CSS pixels; one inch of a figure is 100 of them
SMALLEST_TEXT = 9  # CSS pixels
LARGEST_FILE = 300_000  # bytes of one PNG

DOTS = 2  # pixels drawn per CSS pixel, for screens of high resolution
DPI = 100 * DOTS
WIDEST = PAGE_WIDTH * DOTS
MARGIN, GAP, LINE = 12, 24, 40  # drawn pixels: page edge, between panels, one line of text
TITLE_SIZE, TEXT_SIZE = 11, 9  # points: 15 and 12.5 CSS pixels
_STYLE = {
    "figure.facecolor": "white",
    "figure.dpi": DPI,
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same picture on every machine
    "font.size": TEXT_SIZE,
    "text.color": INK,
    "axes.edgecolor": NEUTRAL,
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT_SIZE,
    "axes.titlesize": TITLE_SIZE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.color": NEUTRAL,
    "ytick.color": NEUTRAL,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": TEXT_SIZE,
    "ytick.labelsize": TEXT_SIZE,
    "legend.fontsize": TEXT_SIZE,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "image.cmap": "gray",
    "axes.prop_cycle": cycler(color=[REAL, GENERATED, DISCRIMINATOR, NEUTRAL, "#CC79A7", "#56B4E9"]),
}


def style():
    """Context in which matplotlib draws in the course's style, whatever style the reader has set."""
    return matplotlib.style.context(["default", _STYLE])


def subplots(rows: int = 1, columns: int = 1, *, width: int = PAGE_WIDTH, height: int = 300, **options):
    """Return `(figure, axes)` in the course's style: `Figure.subplots` without pyplot.

    `width` and `height` are CSS pixels on the page; `options` go to `Figure.subplots`.
    Raises ValueError for a width over 700, which would shrink the text.
    """
    if not 0 < width <= PAGE_WIDTH or height <= 0:
        raise ValueError(f"a figure is 1 to {PAGE_WIDTH} pixels wide, 1 or more high: got {width}, {height}")
    with style():
        figure = Figure(figsize=(width / 100, height / 100), layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def add_title(figure: Figure, title: str | None) -> Figure:
    """Put `title`, the sentence that states the figure's finding, top left, wrapped; returns the figure."""
    if title:
        with style():
            lines = wrap(title, figure.get_figwidth() * DPI - 2 * MARGIN)
            figure.suptitle("\n".join(lines), x=0.01, ha="left", size=TITLE_SIZE, weight="bold")
    return figure


def show(figure: Figure, alt: str) -> None:
    """Display a figure in the notebook, with `alt`: one sentence for readers who cannot see it.

    The PNG is drawn at twice its width on the page (at most 700 CSS pixels) and takes at most 300 kB;
    `alt` is stored in the output's metadata, {"image/png": {"alt": …}}.
    Raises ValueError for an empty `alt`, for text under 9 pixels and for a picture that stays too large.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("show() needs an alt text: one sentence that says what the picture shows")
    from IPython.display import Image as NotebookImage
    from IPython.display import display

    # IPython 7, which Colab has, knows no Image(alt=...); the metadata is the same in both.
    metadata = {"alt": " ".join(alt.split())}
    display(NotebookImage(data=to_png(figure), format="png", width=_page_width(figure), metadata=metadata))


def save_png(figure: Figure, path: str | os.PathLike) -> None:
    """Write the PNG that `show` would display, all of it or nothing; equal figures give equal bytes."""
    write_file(path, to_png(figure))


def to_png(figure: Figure) -> bytes:
    """Return a figure as PNG bytes: opaque, without date or program name, at most 300 kB."""
    for picture in _ever_smaller(render(figure)):
        data = encode(picture)
        if len(data) <= LARGEST_FILE:
            return data
    raise ValueError(f"the picture takes {len(data) // 1000} kB of {LARGEST_FILE // 1000} kB: draw less")


def render(figure: Figure) -> Image.Image:
    """Return a figure as a picture on white, mode "L" if it has only greys, else "RGB".

    Raises ValueError if a text would be under 9 pixels on the page.
    """
    buffer = io.BytesIO()
    options = {"format": "png", "facecolor": "white", "transparent": False, "bbox_inches": None}
    with style():
        figure.savefig(buffer, dpi=DPI, pil_kwargs={"compress_level": 1}, **options)
    _check_text(figure)
    picture = Image.open(buffer).convert("RGB")
    red, green, blue = picture.split()
    return red if red.tobytes() == green.tobytes() == blue.tobytes() else picture


def _ever_smaller(picture: Image.Image) -> Iterator[Image.Image]:
    if picture.mode == "L":
        yield picture
        yield few_greys(picture, 16)
        yield few_greys(picture.reduce(DOTS), 16)
    else:  # 256 colours take a third of the space, and no eye sees it
        for smaller in (picture, picture.reduce(DOTS)):
            yield few_colours([smaller])[0]


def few_greys(picture: Image.Image, levels: int) -> Image.Image:
    """Return a grey picture with every pixel at the nearest of `levels` even steps from black to white."""
    nearest = picture.point([round(value * (levels - 1) / 255) for value in range(256)])
    nearest.putpalette([round(level * 255 / (levels - 1)) for level in range(levels) for _ in range(3)])
    return nearest


def few_colours(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Return RGB pictures in 256 colours, white and the same 255 for all of them, without dithering."""
    place = np.array([65536, 256, 1], np.uint32)
    codes = [np.asarray(picture).astype(np.uint32) @ place for picture in pictures]
    used = np.zeros(1 << 24, bool)
    for code in codes:
        used[code] = True
    colours = np.flatnonzero(used)
    swatch = Image.fromarray((colours[None, :, None] // place % 256).astype(np.uint8))
    # The better method is slow for photographs and noise, which no figure of the course is.
    method = Image.Quantize.MAXCOVERAGE if len(colours) < 100_000 else Image.Quantize.MEDIANCUT
    chosen = swatch.quantize(255, method, dither=Image.Dither.NONE)
    entry = np.zeros(1 << 24, np.uint8)
    entry[colours] = np.asarray(chosen)[0]
    entry[0xFFFFFF] = 255
    palette = chosen.getpalette()[: 3 * 255]
    palette += [255] * (3 * 256 - len(palette))
    reduced = [Image.fromarray(entry[code]) for code in codes]
    for picture in reduced:
        picture.putpalette(palette)
    return reduced


def encode(picture: Image.Image) -> bytes:
    """Return a picture as the bytes of a small PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _page_width(figure: Figure) -> int:
    return min(PAGE_WIDTH, round(figure.get_figwidth() * 100))


def _check_text(figure: Figure) -> None:
    scale = _page_width(figure) / figure.get_figwidth() / 72  # CSS pixels per point
    for text in figure.findobj(Text):
        size = text.get_fontsize() * scale
        if text.get_text().strip() and text.get_visible() and size < SMALLEST_TEXT - 0.01:
            raise ValueError(
                f"the text {text.get_text()!r} would be {size:.1f} pixels high on the page, "
                f"the least is {SMALLEST_TEXT}: use a larger font or a narrower figure"
            )


# --- placing things in drawn pixels, measured from the top left ---------------------------------------------


def sheet(width: float, height: float, title_lines: Sequence[str]) -> Figure:
    """Return an empty figure with a title; `width` without margins, `height` with the top margin only."""
    pixels = (math.ceil(width) + 2 * MARGIN, math.ceil(height) + MARGIN)
    with style():
        # A hair more than a whole number of pixels, because matplotlib cuts the product of inches and dpi.
        figure = Figure(figsize=[(p + 1e-3) / DPI for p in pixels])
    for i, line in enumerate(title_lines):
        write(figure, MARGIN, MARGIN + (i + 1) * LINE - 14, line, size=TITLE_SIZE, weight="bold")
    return figure


def place(figure: Figure, grid: np.ndarray, x: float, y: float, scale: int) -> Axes:
    """Draw an array with its top left corner at (x, y), every element `scale` pixels wide and high."""
    height, width = grid.shape[0] * scale, grid.shape[1] * scale
    total_x, total_y = figure.bbox.width, figure.bbox.height
    with style():
        axes = figure.add_axes((x / total_x, 1 - (y + height) / total_y, width / total_x, height / total_y))
        axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
    return axes


def write(figure: Figure, x: float, y: float, text: str, **options) -> None:
    with style():
        figure.text(x / figure.bbox.width, 1 - y / figure.bbox.height, text, **options)


def text_width(text: str, size: float = TEXT_SIZE, bold: bool = False) -> float:
    with style():
        font = FontProperties(size=size, weight="bold" if bold else "normal")
        return RendererAgg(1, 1, DPI).get_text_width_height_descent(text, font, is_math_text(text))[0]


def title_width(title_lines: Sequence[str]) -> float:
    return max((text_width(line, TITLE_SIZE, bold=True) for line in title_lines), default=0)


def wrap(text: str | None, width: float, size: float = TITLE_SIZE) -> list[str]:
    """Break a text into lines of at most `width` drawn pixels; a formula between dollar signs stays whole."""
    lines: list[str] = []
    for word in re.findall(r"(?:\$[^$]*\$|\S)+", text or ""):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=size == TITLE_SIZE) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def role(name: str) -> str:
    colours = {"real": REAL, "generated": GENERATED, "discriminator": DISCRIMINATOR}
    words = re.findall(r"[a-z]+", name.lower())
    return next((colours[word] for word in words if word in colours), NEUTRAL)


def darker(colour: str) -> str:
    """Return the colour for text: a quarter darker, so that it has a contrast of 4.5 on white."""
    return to_hex([0.75 * part for part in to_rgb(colour)])
