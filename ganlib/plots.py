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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from statistics import NormalDist

import matplotlib.style
import numpy as np
from matplotlib import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.cbook import is_math_text
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, Rectangle
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from PIL import Image

from ganlib.data import write_file

REAL = "#0072B2"
GENERATED = "#D55E00"
DISCRIMINATOR = "#009E73"
NEUTRAL = "#666666"
INK = "#222222"

PAGE_WIDTH = 700  # CSS pixels; one inch of a figure is 100 of them
SMALLEST_TEXT = 9  # CSS pixels
LARGEST_FILE = 300_000  # bytes of one PNG

_DOTS = 2  # pixels drawn per CSS pixel, for screens of high resolution
_DPI = 100 * _DOTS
_WIDEST = PAGE_WIDTH * _DOTS
_MARGIN, _GAP, _LINE = 12, 24, 40  # drawn pixels: page edge, between panels, one line of text
_TITLE_SIZE, _TEXT_SIZE = 11, 9  # points: 15 and 12.5 CSS pixels
_STYLE = {
    "figure.facecolor": "white",
    "figure.dpi": _DPI,
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same picture on every machine
    "font.size": _TEXT_SIZE,
    "text.color": INK,
    "axes.edgecolor": NEUTRAL,
    "axes.labelcolor": INK,
    "axes.labelsize": _TEXT_SIZE,
    "axes.titlesize": _TITLE_SIZE,
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
    "xtick.labelsize": _TEXT_SIZE,
    "ytick.labelsize": _TEXT_SIZE,
    "legend.fontsize": _TEXT_SIZE,
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


def add_title(figure: Figure, title: str) -> None:
    """Put `title`, the sentence that states the figure's finding, top left, wrapped to the figure's width."""
    with style():
        lines = _wrap(title, figure.get_figwidth() * _DPI - 2 * _MARGIN)
        figure.suptitle("\n".join(lines), x=0.01, ha="left", size=_TITLE_SIZE, weight="bold")


# --- from a figure to a picture on the page -----------------------------------------------------------------


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
        figure.savefig(buffer, dpi=_DPI, pil_kwargs={"compress_level": 1}, **options)
    _check_text(figure)
    picture = Image.open(buffer).convert("RGB")
    red, green, blue = picture.split()
    return red if red.tobytes() == green.tobytes() == blue.tobytes() else picture


def _ever_smaller(picture: Image.Image) -> Iterator[Image.Image]:
    if picture.mode == "L":
        yield picture
        yield few_greys(picture, 16)
        yield few_greys(picture.reduce(_DOTS), 16)
    else:  # 256 colours take a third of the space, and no eye sees it
        for smaller in (picture, picture.reduce(_DOTS)):
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


# --- digits -------------------------------------------------------------------------------------------------


def digits(
    images: np.ndarray, columns: int = 10, title: str | None = None, labels: Sequence[str] | None = None
) -> Figure:
    """Draw digits in a grid, row by row.

    `images` is (n, 28, 28) or (n, 784), uint8 in 0..255 or float in [0, 1]; `labels`, one per image, stand
    under the images. Raises ValueError for other shapes and ranges, and for a grid too large for the page.
    """
    images = _pixels(images, "digits()")
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"digits() needs one label per image: got {len(labels)} for {len(images)} images")
    columns = min(_count(columns, "columns"), len(images))
    rows = -(-len(images) // columns)
    scale = _scale(columns * 28, rows * 28)
    strip = 0 if labels is None else math.ceil((_LINE - 6) / scale)
    grid = tile(images, columns, strip)
    title_lines = _wrap(title, _WIDEST - 2 * _MARGIN)
    top = _MARGIN + _LINE * len(title_lines)
    figure = _sheet(max(grid.shape[1] * scale, _width(title_lines)), top + grid.shape[0] * scale, title_lines)
    _place(figure, grid, _MARGIN, top, scale)
    for i, label in enumerate(labels or ()):
        if _text_width(str(label)) > 28 * scale:
            raise ValueError(f"label {str(label)!r} is wider than its image: shorten it or use fewer columns")
        row, column = divmod(i, columns)
        middle, bottom = (column + 0.5) * 28 * scale, (row + 1) * (28 + strip) * scale
        _write(figure, _MARGIN + middle, top + bottom - 10, str(label), ha="center")
    return figure


def side_by_side(panels: Mapping[str, np.ndarray], columns: int = 5, title: str | None = None) -> Figure:
    """Draw sets of digits as named panels: "real" framed in blue, "generated" in vermilion, others in grey.

    `panels` maps a name to images as `digits` takes them. Panels of one row stand under each other, so that
    columns can be compared; larger ones stand side by side. Raises ValueError as `digits` does.
    """
    if not isinstance(panels, Mapping) or not panels:
        raise ValueError('side_by_side() needs a dictionary of images: {"real": x, "generated": y}')
    sets = {name: _pixels(images, f"side_by_side()[{name!r}]") for name, images in panels.items()}
    columns = min(_count(columns, "columns"), max(map(len, sets.values())))
    grids = {name: tile(images, columns) for name, images in sets.items()}
    width, height = columns * 28, max(grid.shape[0] for grid in grids.values())
    strips = height == 28
    abreast = 1 if strips else min(len(grids), max(1, (_WIDEST - 2 * _MARGIN + _GAP) // (2 * width + _GAP)))
    lines = -(-len(grids) // abreast)
    scale = _scale(abreast * width, lines * height, across=(abreast - 1) * _GAP, down=lines * (_LINE + _GAP))
    title_lines = _wrap(title, _WIDEST - 2 * _MARGIN)
    top = _MARGIN + _LINE * len(title_lines)
    step_x, step_y = width * scale + _GAP, height * scale + _LINE + _GAP
    longest = max(grids, key=lambda name: _text_width(name, bold=True))
    longest_width = _text_width(longest, bold=True)
    if longest_width > (width * scale if abreast > 1 else _WIDEST - 2 * _MARGIN):
        raise ValueError(f"the name {longest!r} is wider than its panel: shorten it or use more columns")
    wide = max(abreast * step_x - _GAP, longest_width, _width(title_lines))
    figure = _sheet(wide, top + lines * step_y - _GAP, title_lines)
    for i, (name, grid) in enumerate(grids.items()):
        x, y = _MARGIN + i % abreast * step_x, top + i // abreast * step_y
        _write(figure, x, y + _LINE - 14, name, weight="bold", color=_darker(_role(name)))
        axes = _place(figure, grid, x, y + _LINE, scale)
        axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, clip_on=False,
                                 edgecolor=_role(name), linewidth=2))
    return figure


def tile(images: np.ndarray, columns: int = 10, strip: int = 0) -> np.ndarray:
    """Lay images out in rows of `columns`: uint8 (rows * (28 + strip), columns * 28).

    `images` as `digits` takes them. White fills the cells of the last row without an image, and `strip`
    pixels under every image. Raises ValueError as `digits` does.
    """
    images = _pixels(images, "tile()")
    rows = -(-len(images) // _count(columns, "columns"))
    cells = np.full((rows * columns, 28 + strip, 28), 255, np.uint8)
    cells[: len(images), :28] = images
    cells = cells.reshape(rows, columns, 28 + strip, 28).swapaxes(1, 2)
    return cells.reshape(rows * (28 + strip), columns * 28)


def contact_sheet(
    frames: Sequence[np.ndarray], captions: Sequence[str], columns: int = 3, title: str | None = None
) -> Figure:
    """Draw a few frames of a film as one still picture, each under its caption.

    `frames` are uint8 arrays of one shape, (height, width) grey or (height, width, 3) colour.
    Raises ValueError for other arrays, unequal shapes, and a number of captions that differs.
    """
    check_frames(frames, captions, "contact_sheet()")
    height, width = frames[0].shape[:2]
    columns = min(_count(columns, "columns"), len(frames))
    cell = (_WIDEST - 2 * _MARGIN - (columns - 1) * _GAP) // columns
    scale = cell // width
    if scale < 2:  # no whole number of pixels fits well: resample
        scale, width, height = 1, cell, max(1, round(height * cell / width))
        frames = [np.asarray(Image.fromarray(frame).resize((width, height))) for frame in frames]
    wide, high = width * scale, height * scale
    wrapped = [_wrap(caption, wide, _TEXT_SIZE) for caption in captions]
    head = _LINE * max(map(len, wrapped))
    title_lines = _wrap(title, _WIDEST - 2 * _MARGIN)
    top = _MARGIN + _LINE * len(title_lines)
    rows = -(-len(frames) // columns)
    step_x, step_y = wide + _GAP, head + high + _GAP
    total = max(columns * step_x - _GAP, _width(title_lines))
    figure = _sheet(total, top + rows * step_y - _GAP, title_lines)
    for i, (frame, caption_lines) in enumerate(zip(frames, wrapped, strict=True)):
        x, y = _MARGIN + i % columns * step_x, top + i // columns * step_y + head
        for j, text in enumerate(reversed(caption_lines)):
            _write(figure, x, y - j * _LINE - 10, text)
        _place(figure, frame, x, y, scale)
    return figure


def check_frames(frames: Sequence[np.ndarray], captions: Sequence[str], caller: str) -> None:
    """Raise ValueError unless `frames` are uint8 pictures of one shape and every one has a caption."""
    if len(frames) == 0:
        raise ValueError(f"{caller} got no frames")
    if len(frames) != len(captions):
        raise ValueError(f"{caller} needs one caption per frame: {len(captions)} for {len(frames)} frames")
    for i, frame in enumerate(frames):
        if not isinstance(frame, np.ndarray):
            raise ValueError(f"{caller}: frame {i} is a {type(frame).__name__}, expected a NumPy array")
        if frame.dtype != np.uint8 or not (frame.ndim == 2 or frame.ndim == 3 and frame.shape[2] == 3):
            raise ValueError(
                f"{caller}: frame {i} is {frame.dtype} {frame.shape}; "
                "expected uint8 (height, width) or (height, width, 3)"
            )
        if frame.shape != frames[0].shape:
            raise ValueError(f"{caller}: frame {i} is {frame.shape}, not {frames[0].shape} as frame 0")


def _pixels(images: np.ndarray, caller: str) -> np.ndarray:
    """Return images as uint8 (n, 28, 28), or say in one sentence what is wrong with them."""
    images = np.asarray(images)
    if images.ndim == 2 and images.shape[1] == 784:
        images = images.reshape(-1, 28, 28)
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise ValueError(f"{caller} expects images of shape (n, 28, 28) or (n, 784), got {images.shape}")
    if len(images) == 0:
        raise ValueError(f"{caller} got no images")
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise ValueError(f"{caller} expects uint8 in 0..255 or floats in 0..1, not {images.dtype}")
    low, high = float(images.min()), float(images.max())
    if not math.isfinite(low + high):
        raise ValueError(f"{caller} got pixels that are not finite (NaN or infinity)")
    slack = 1e-3
    if -1 - slack <= low < -slack and high <= 1 + slack:
        raise ValueError(f"pixels run from -1 to 1; {caller} expects 0..1 or uint8: rescale with (x+1)/2")
    if low >= -slack and 1 + slack < high <= 255:
        raise ValueError(f"pixels run to {high:.3g} as floats; {caller} expects 0..1 or uint8: divide by 255")
    if low < -slack or high > 1 + slack:
        raise ValueError(f"pixels run from {low:.3g} to {high:.3g}; {caller} expects 0..1 or uint8")
    return np.round(images.clip(0, 1) * 255).astype(np.uint8)


def _count(value: int, name: str) -> int:
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 up, got {value!r}")
    return int(value)


def _scale(width: int, height: int, across: int = 0, down: int = 0) -> int:
    """Return how many pixels to draw per pixel, 1 to 4, so that a grid fits on a square page."""
    room_x, room_y = _WIDEST - 2 * _MARGIN - across, max(_WIDEST - down, _WIDEST // 2)
    scale = min(4, room_x // width, room_y // height)
    if scale < 1:
        raise ValueError(
            f"{height // 28} rows of {width // 28} digits do not fit on the page, "
            f"at most {room_y // 28} rows of {room_x // 28}: draw fewer images"
        )
    return scale


# --- training curves ----------------------------------------------------------------------------------------

_LINES = {
    "d_loss": ("discriminator", DISCRIMINATOR),
    "g_loss": ("generator", GENERATED),
    "d_real": ("real images", REAL),
    "d_fake": ("generated images", GENERATED),
    "fd": ("generated images", GENERATED),
}
_PANELS = {
    "loss": ("d_loss", "g_loss"),
    "mean of D (probability)": ("d_real", "d_fake"),
    "Fréchet distance": ("fd",),
}
BALANCE = {"d_loss": 2 * math.log(2), "g_loss": math.log(2)}


def training_curves(
    history: Mapping[str, Sequence[float]],
    title: str | None = None,
    x_label: str = "epoch (one pass over the training images)",
    balance: Mapping[str, float] = BALANCE,
) -> Figure:
    """Draw the losses, the mean D(x) and D(G(z)), and the Fréchet distance, one panel each, epoch by epoch.

    `history` maps names to lists of one length, as Keras' `History.history` and the columns of history.csv
    do: "d_loss", "g_loss", "d_real", "d_fake", "fd" are drawn where they exist, and "epoch", if it exists,
    gives the x values. `balance` maps the losses, in nats, to their value when D says 1/2 everywhere, drawn
    dashed: 2 log 2 for a summed and log 2 for a mean cross-entropy; pass {} for losses without one. A value
    that is not finite leaves a gap and is counted in a note, but "fd" need not be measured in every epoch.
    A panel that spans more than two decades is logarithmic.
    Raises ValueError if nothing can be drawn, lengths differ, a value is no number or D is no probability.
    """
    known = [key for key in _LINES if key in history]
    if not known:
        found = ", ".join(history) or "nothing"
        raise ValueError(f"training_curves() needs one of {', '.join(_LINES)}; the history has {found}")
    curves = {key: _numbers(history[key], key) for key in known}
    epochs = np.arange(1, len(curves[known[0]]) + 1)
    if "epoch" in history:
        epochs = _numbers(history["epoch"], "epoch")
    for key, values in curves.items():
        if len(values) != len(epochs) or len(values) == 0:
            raise ValueError(f"{key} has {len(values)} values for {len(epochs)} epochs: each epoch needs one")
        if key in ("d_real", "d_fake") and ((values < 0) | (values > 1)).any():
            raise ValueError(f"{key} is a mean probability but leaves 0..1: apply the sigmoid to the logits")
    panels = {label: [key for key in keys if key in curves] for label, keys in _PANELS.items()}
    panels = {label: keys for label, keys in panels.items() if keys}
    figure, axes = subplots(len(panels), height=60 + 200 * len(panels), sharex=True, squeeze=False)
    with style():
        for ax, (label, keys) in zip(axes[:, 0], panels.items(), strict=True):
            references = {key: balance[key] for key in keys if key in balance}
            if label.startswith("mean of D"):
                ax.set_ylim(-0.03, 1.03)
                references = {"D": 0.5}
            ax.set_ylabel("loss (nats)" if label == "loss" and references else label)
            _draw_panel(ax, epochs, {key: curves[key] for key in keys}, references)
        margin = 0.02 * (epochs[-1] - epochs[0]) or 0.5
        ax.set_xlim(epochs[0] - margin, epochs[-1] + margin)
        ax.set_xlabel(x_label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        figure.align_ylabels()
    if title:
        add_title(figure, title)
    return figure


def _numbers(values: Sequence[float], key: str) -> np.ndarray:
    """Return a column as floats; an empty field and infinity, which cannot be drawn, become NaN."""
    try:
        column = np.array([math.nan if v in ("", "NA", None) else float(v) for v in values])
    except (TypeError, ValueError) as error:
        raise ValueError(f"training_curves() expects numbers in {key}: {error}") from None
    return np.where(np.isfinite(column), column, math.nan)


def _draw_panel(
    ax: Axes, epochs: np.ndarray, curves: Mapping[str, np.ndarray], references: Mapping[str, float]
) -> None:
    """Draw curves and dashed reference lines, each named at its right end."""
    marker = "o" if len(epochs) <= 30 else None  # a value between two gaps has no line to either side
    names = []
    for key, values in curves.items():
        name, colour = _LINES[key]
        seen = np.isfinite(values) if key == "fd" else slice(None)
        ax.plot(epochs[seen], values[seen], color=colour, marker=marker, markersize=3.5)
        finite = values[np.isfinite(values)]
        if len(finite):
            names.append((finite[-1], name, _darker(colour)))
    everything = np.concatenate(list(curves.values()))
    finite = everything[np.isfinite(everything)]
    for key, value in references.items():
        colour = _LINES[key][1] if key in _LINES else NEUTRAL
        ax.axhline(value, color=colour, linestyle=(0, (4, 3)), linewidth=1)
        names.append((value, _reference_name(value), _darker(colour)))
    if not {"d_real", "d_fake"} & curves.keys():  # probabilities are read on a straight axis from 0 to 1
        _choose_scale(ax, finite)
    missing = sum(np.isnan(values).sum() for key, values in curves.items() if key != "fd")
    if missing:
        text = f"{missing} of {len(everything)} values are not finite and not drawn"
        ax.set_title(text, loc="left", size=_TEXT_SIZE, color=INK)
    _name_lines(ax, names)


def _reference_name(value: float) -> str:
    known = {0.5: "1/2", math.log(2): "log 2", 2 * math.log(2): "2 log 2"}
    name = next((text for exact, text in known.items() if math.isclose(value, exact)), "balance")
    return name if value == 0.5 else f"{name} = {value:.3f}"


def _choose_scale(ax: Axes, values: np.ndarray) -> None:
    """Make the y axis logarithmic if the values span more than two decades, to both sides of 0 if need be."""
    if len(values) == 0:
        return
    typical = max(float(np.median(np.abs(values))), 1e-6)
    if values.min() > 0 and values.max() > 100 * values.min():
        ax.set_yscale("log")
    elif values.min() <= 0 and np.abs(values).max() > 100 * max(typical, 1):
        ax.set_yscale("symlog", linthresh=10.0 ** math.ceil(math.log10(typical)))
    else:
        return
    # Plain numbers, because exponents would be under 9 pixels.
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _name_lines(ax: Axes, names: Sequence[tuple[float, str, str]]) -> None:
    """Write each line's name right of the axes at its height, moved apart where two would touch."""
    names = sorted(names)
    values = [*ax.get_ylim(), *(value for value, _, _ in names)]
    low, high, *ends = ax.transScale.transform([(1, value) for value in values])[:, 1]
    heights = [(end - low) / (high - low) for end in ends]
    for _ in range(200):
        for i in range(len(heights) - 1):
            overlap = 0.11 - (heights[i + 1] - heights[i])  # a line of text is 0.11 of the axes' height
            if overlap > 0:
                heights[i] -= overlap / 2
                heights[i + 1] += overlap / 2
        heights = [min(max(height, 0.02), 0.98) for height in heights]
    for height, (_, text, colour) in zip(heights, names, strict=True):
        ax.annotate(text, (1, height), xycoords="axes fraction", xytext=(6, 0), textcoords="offset points",
                    va="center", color=colour, annotation_clip=False)


# --- what the two networks do to noise and to points ----------------------------------------------------------

# White at 1/2; the ends are pale, so that points in the full colours stand out on them.
OPINION = LinearSegmentedColormap.from_list("opinion", ["#E8A06A", "#FFFFFF", "#6FAEDB"], N=257)
_QUANTILES = np.linspace(0.05, 0.95, 19)


def fields(
    panels: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    real: np.ndarray | None = None,
    generated: np.ndarray | Mapping[str, np.ndarray] | None = None,
    reach: float = 2.0,
    title: str | None = None,
) -> Figure:
    """Draw what a discriminator says at every point of the square [-reach, reach]², one panel for each.

    `panels` maps one to three names to functions from points, float32 (n, 2), to probabilities of "real", n numbers in
    [0, 1]: white is 0.45 to 0.55, blue above, vermilion below, in steps of 0.1. `real` and `generated`, points (n, 2),
    lie on top in every panel (`generated` may also map panels to points of their own); those outside the square
    are not drawn. Raises ValueError for no panel, more than three, other numbers than probabilities, and points of
    another shape.
    """
    if not 1 <= len(panels) <= 3:
        raise ValueError(f"fields() draws one to three panels, got {len(panels)}")
    line = np.linspace(-reach, reach, 121, dtype="float32")
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    width = PAGE_WIDTH if len(panels) > 1 else 340  # two of them fit side by side on the contact sheet of a film
    height = {1: 310, 2: 350, 3: 270}[len(panels)] + (30 if title else 0)
    figure, axes = subplots(1, len(panels), width=width, height=height, squeeze=False, sharey=True)
    with style():
        for ax, (name, probability) in zip(axes[0], panels.items(), strict=True):
            values = np.asarray(probability(points), dtype="float64").reshape(-1)
            if len(values) != len(points) or not ((values >= 0) & (values <= 1)).all():
                raise ValueError(f"fields()[{name!r}] must return one probability per point: sigmoid the logits")
            levels = [0, *np.arange(0.05, 1, 0.1), 1]
            drawn = ax.contourf(line, line, values.reshape(121, 121), levels, cmap=OPINION, vmin=0, vmax=1)
            if values.min() < 0.45 and values.max() > 0.55:  # on a flat map the line would mean nothing
                ax.contour(line, line, values.reshape(121, 121), [0.5], colors=NEUTRAL, linewidths=1)
            fake = generated.get(name) if isinstance(generated, Mapping) else generated
            for label, some, colour in (("real", real, REAL), ("generated", fake, GENERATED)):
                if some is not None:
                    some = _plane(some, f"{label} points")
                    ax.plot(*some.T, "o", color=_darker(colour), markersize=2.2, markeredgewidth=0, label=label)
            _square(ax, reach, name)
        axes[0, 0].set_ylabel("$x_2$")
        bar = figure.colorbar(drawn, ax=axes[0])
        bar.set_ticks([0, 0.5, 1], labels=["0", "1/2", "1"])
        bar.set_label("D(x), probability of real", labelpad=8)
        bar.outline.set(edgecolor=NEUTRAL, linewidth=0.5)  # white must not melt into the page
        _name_points(figure, axes[0, 0])
    if title:
        add_title(figure, title)
    return figure


def bent_grid(
    generators: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    real: np.ndarray | None = None,
    reach: float = 2.0,
    title: str | None = None,
) -> Figure:
    """Draw how generators bend the plane of normal noise: its circles and rays first, then what each makes of them.

    `generators` maps one or two names to functions from latents, float32 (n, 2), to points (n, 2). The nine
    circles hold 10 %, 20 %, … 90 % of the noise, so that with the 24 rays every cell gets the same share, 1/240, of
    all generated points. `real`, points (n, 2), lie beneath. Raises ValueError for other numbers of generators and
    points of another shape.
    """
    if not 1 <= len(generators) <= 2:
        raise ValueError(f"bent_grid() draws one or two generators, got {len(generators)}")
    height = {1: 350, 2: 270}[len(generators)] + (30 if title else 0)
    figure, axes = subplots(1, 1 + len(generators), height=height)
    turns = np.linspace(0, 2 * np.pi, 241)
    radii = np.sqrt(-2 * np.log(1 - np.linspace(0.1, 0.9, 9)))  # of circles that hold 10 %, 20 %, … of the noise
    edge = np.linspace(0, 3, 121)
    circles = [radius * np.stack([np.cos(turns), np.sin(turns)], axis=1) for radius in radii]
    rays = [edge[:, None] * [np.cos(turn), np.sin(turn)] for turn in turns[:-1:10]]
    with style():
        everything = {"noise z": lambda z: z, **generators}
        for ax, (name, generator) in zip(axes, everything.items(), strict=True):
            if real is not None and ax is not axes[0]:
                ax.plot(*_plane(real, "real points").T, "o", color=REAL, markersize=1.8, markeredgewidth=0,
                        label="real")
            for lines, colour in ((rays, NEUTRAL), (circles, GENERATED)):
                for line in lines:
                    bent = _plane(generator(line.astype("float32")), f"what {name!r} returns")
                    ax.plot(*bent.T, color=colour, linewidth=0.8)
            _square(ax, 2.6 if ax is axes[0] else reach, name)
            ax.set_xlabel("$z_1$" if ax is axes[0] else "$x_1$")
            ax.set_ylabel("$z_2$" if ax is axes[0] else "$x_2$")
        _name_points(figure, axes[1])
    if title:
        add_title(figure, title)
    return figure


def bent_line(
    generator: Callable[[np.ndarray], np.ndarray], title: str | None = None, n: int = 20_000, seed: int = 0
) -> Figure:
    """Draw a generator of numbers: noise below, its curve x = G(z) above, and the generated numbers at the left.

    `generator` maps latents, float32 (n, 1), to numbers (n, 1). The thin lines are the 5 %, 10 %, … 95 % quantiles of
    the noise and where they go: between two of them lies one number in twenty, before and after.
    Raises ValueError for another shape or a number that is not finite.
    """
    z = np.random.default_rng(seed).standard_normal((n, 1)).astype("float32")
    x = _column(generator, z)
    cuts = np.array([[NormalDist().inv_cdf(share)] for share in _QUANTILES], "float32")
    curve = np.linspace(-3, 3, 301, dtype="float32")[:, None]
    height = 400 + (30 if title else 0)
    figure, axes = subplots(
        2, 2, width=560, height=height, sharex="col", sharey="row", width_ratios=[1, 2.4], height_ratios=[2.2, 1]
    )
    with style():
        left, middle, below = axes[0, 0], axes[0, 1], axes[1, 1]
        axes[1, 0].remove()
        places = _column(generator, cuts)
        low, high = np.quantile(x, [0.001, 0.999])
        for cut, place in zip(cuts[:, 0], places, strict=True):
            middle.plot([cut, cut], [low, place], color=NEUTRAL, linewidth=0.5)
            middle.plot([-3, cut], [place, place], color=GENERATED, linewidth=0.5)
        middle.plot(curve[:, 0], _column(generator, curve), color=INK, linewidth=2.2)
        left.hist(x, 80, range=(low, high), density=True, orientation="horizontal", color=GENERATED)
        below.hist(z[:, 0], 80, range=(-3, 3), density=True, color=NEUTRAL)
        margin = 0.03 * (high - low)
        middle.set(xlim=(-3, 3), ylim=(low - margin, high + margin), title="the machine: x = G(z)")
        left.set(xlabel="density", ylabel="generated number x")
        left.invert_xaxis()
        left.tick_params(labelbottom=True)
        below.tick_params(labelleft=True)
        left.set_title("what comes out")
        below.set(xlabel="noise z", ylabel="density")
        for ax in (left, middle, below):
            ax.grid(False)
            ax.title.set_size(_TEXT_SIZE)
    if title:
        add_title(figure, title)
    return figure


def _square(ax: Axes, reach: float, name: str) -> None:
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="$x_1$")
    ax.set_title(name, size=_TEXT_SIZE)
    ax.grid(False)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(4, integer=True, prune="both"))  # else panels side by side share a label


def _name_points(figure: Figure, ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), markerscale=2.5)


def _plane(points: np.ndarray, what: str) -> np.ndarray:
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError(f"{what}: finite numbers of shape (n, 2) are needed, got {points.dtype} {points.shape}")
    return points


def _column(generator: Callable[[np.ndarray], np.ndarray], z: np.ndarray) -> np.ndarray:
    x = np.asarray(generator(z))
    if x.shape != z.shape or not np.isfinite(x).all():
        raise ValueError(f"bent_line(): the generator must make finite numbers {z.shape} of {z.shape}, got {x.shape}")
    return x[:, 0]


# --- the timeline -------------------------------------------------------------------------------------------

_ROW = 17  # CSS pixels of one line of the timeline


def timeline(
    eras: Mapping[str, tuple[int, int | None]],
    milestones: Mapping[str, Sequence[tuple[int, str]]],
    title: str | None = None,
    highlight: Collection[str] = (),
) -> Figure:
    """Draw eras as blocks over a line of years, each with its milestones, one a row, in order of the years.

    `eras` maps a name to (first year, first year after it, or None if it lasts); `milestones` maps the same
    names to (year, text). Texts in `highlight` are drawn in vermilion.
    Raises ValueError for an era without milestones, a year outside its era, a text that does not fit, and a
    highlight that is not there.
    """
    if not eras or set(eras) != set(milestones) or not all(milestones.values()):
        raise ValueError("timeline() needs milestones for each era, and no others")
    unknown = set(highlight) - {text for entries in milestones.values() for _, text in entries}
    if unknown:
        raise ValueError(f"timeline() finds no milestone {min(unknown)!r} to highlight")
    rows = sum(len(entries) + 1 for entries in milestones.values())
    first = min(start for start, _ in eras.values()) - 2
    last = max(year for entries in milestones.values() for year, _ in entries) + 3
    figure, ax = subplots(height=rows * _ROW + 80)
    row = 0
    with style():
        ax.set(xlim=(first, last), ylim=(rows - 0.3, -0.7), xlabel="year")
        for name, (start, end) in eras.items():
            entries = sorted(milestones[name], key=lambda entry: entry[0])
            bottom = row + len(entries) + 0.5
            ax.fill_betweenx([row - 0.5, bottom], start, last if end is None else end, color="#ececec", linewidth=0)
            years = f"since {start}" if end is None else f"{start} to {end}"
            _beside(ax, start, row, f"{name}, {years}", weight="bold")
            for year, text in entries:
                row += 1
                if year < start or (end is not None and year >= end):
                    raise ValueError(f"{year} {text!r} lies outside its era, {name!r}: {years}")
                colour = GENERATED if text in highlight else NEUTRAL
                ax.plot(year, row, "o", color=colour, markersize=5)
                _beside(ax, year, row, f"{year}  {text}", color=_darker(colour))
            row += 1
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    if title:
        add_title(figure, title)
    return figure


def _beside(ax: Axes, year: int, row: int, text: str, **options) -> None:
    """Write a text right of a year, or left of it if there is more room; ValueError if it does not fit."""
    first, last = ax.get_xlim()
    right = last - year >= year - first
    room = (last - year if right else year - first) / (last - first) * (_WIDEST - 4 * _MARGIN)
    if _text_width(text, bold="weight" in options) + _GAP > room:
        raise ValueError(f"the text {text!r} does not fit beside {year}: shorten it")
    ax.annotate(text, (year, row), xytext=(6 if right else -6, 0), textcoords="offset points",
                ha="left" if right else "right", va="center_baseline", **options)


# --- one number for each of several things -------------------------------------------------------------------


def dots(
    rows: Mapping[str, Mapping[str, float]],
    x_label: str,
    title: str | None = None,
    reference: float | None = None,
    log: bool = False,
) -> Figure:
    """Draw numbers as dots, one row for each thing and one colour and shape for each kind of number.

    `rows` maps a row's name to {kind: value}, the same kinds in every row; `reference` is drawn as a dashed line;
    `log` makes the axis logarithmic. Raises ValueError for no rows and for rows with other kinds than the first.
    """
    kinds = list(next(iter(rows.values()), {}))
    if not 1 <= len(kinds) <= 5 or any(list(row) != kinds for row in rows.values()):
        raise ValueError("dots() needs rows that all have the same one to five kinds of numbers")
    figure, ax = subplots(height=34 * len(rows) + 120)
    with style():
        colours = NEUTRAL, "#56B4E9", DISCRIMINATOR, "#CC79A7", INK
        for kind, marker, colour in zip(kinds, "osD^v", colours, strict=False):
            values = [row[kind] for row in rows.values()]
            ax.plot(values, range(len(rows)), marker, color=colour, markersize=7, label=kind)
        if reference is not None:
            ax.axvline(reference, color=NEUTRAL, linestyle=(0, (4, 3)), linewidth=1)
        ax.set_yticks(range(len(rows)), list(rows))
        ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel=x_label)
        if log:
            ax.set_xscale("log")
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.xaxis.set_major_formatter("{x:g}")
            ax.xaxis.set_minor_formatter("")
        figure.legend(loc="outside lower center", ncols=len(kinds))
    if title:
        add_title(figure, title)
    return figure


# --- curves over one axis -----------------------------------------------------------------------------------

_OTHERS = ["#CC79A7", "#56B4E9", "#E69F00", NEUTRAL, INK, "#882255"]  # none of the three colours with a meaning
_DASHES = ["-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (2, 2)), (0, (9, 3))]


def curves(
    x: np.ndarray,
    panels: Mapping[str, Mapping[str, np.ndarray]],
    x_label: str,
    title: str | None = None,
    columns: int = 1,
    log: bool = False,
) -> Figure:
    """Draw named curves over one x axis in one or more panels, with one legend for all of them.

    `panels` maps the name of a y axis to curves, a name and as many numbers as `x` has. A name has the same
    colour and dashes in every panel: "real", "generated" and "discriminator" in a name give it the course's colour.
    NaN leaves a gap. `log` makes the y axes logarithmic. Raises ValueError for no panel and for other lengths.
    """
    x, names = np.asarray(x, dtype="float64"), list(dict.fromkeys(name for lines in panels.values() for name in lines))
    if not names:
        raise ValueError('curves() needs at least one panel with a curve: {"loss": {"generator": y}}')
    rows, columns = -(-len(panels) // columns), min(columns, len(panels))
    others = iter(_OTHERS * len(names))
    looks = {name: (_role(name) if _role(name) != NEUTRAL else next(others), _DASHES[i % len(_DASHES)])
             for i, name in enumerate(names)}  # fmt: skip
    height = 90 + (210 if rows > 1 else 250) * rows + 25 * (len(names) > 4)
    figure, axes = subplots(rows, columns, height=height, sharex=True, squeeze=False)
    with style():
        for ax, (label, lines) in zip(axes.flat, panels.items(), strict=False):
            for name, values in lines.items():
                if np.shape(values) != x.shape:
                    raise ValueError(f"curves(): {name!r} has shape {np.shape(values)}, and x has {x.shape}")
                colour, dashes = looks[name]
                ax.plot(x, values, color=colour, linestyle=dashes, label=name)
            ax.set(ylabel=label, xlim=(x.min(), x.max()))
            if log:
                ax.set_yscale("log")
                ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
                ax.yaxis.set_minor_formatter(NullFormatter())
        for ax in axes.flat[len(panels) :]:
            ax.remove()
        for ax in axes.flat[max(0, len(panels) - columns) : len(panels)]:
            ax.set_xlabel(x_label)
            ax.tick_params(labelbottom=True)
        figure.align_ylabels()
        if len(names) > 1:
            found = dict(zip(*reversed(_legend(axes.flat[: len(panels)])), strict=True))
            across = len(names) if len(names) <= 4 else 3
            figure.legend([found[name] for name in names], names, loc="outside lower center", ncols=across,
                          handlelength=3.2)  # fmt: skip
    if title:
        add_title(figure, title)
    return figure


def _legend(axes: Sequence[Axes]) -> tuple[list, list[str]]:
    """The handles and labels of several axes in one list each."""
    pairs = [ax.get_legend_handles_labels() for ax in axes]
    return [handle for handles, _ in pairs for handle in handles], [label for _, labels in pairs for label in labels]


# --- balls around points: precision and recall ---------------------------------------------------------------


def balls(real: np.ndarray, generated: np.ndarray, k: int = 3, title: str | None = None) -> Figure:
    """Draw what precision and recall count: around each point a disc that reaches to its k-th neighbour in its own set.

    Left the discs of the `real` points (n, 2) with the `generated` ones (m, 2) on top, right the other way round. A
    point in no disc is a cross. Raises ValueError for points of another shape and unless 1 <= k < n, m.
    """
    real, generated = _plane(real, "real points"), _plane(generated, "generated points")
    if not 1 <= k < min(len(real), len(generated)):
        raise ValueError(f"balls(): k is {k}, for {len(real)} real and {len(generated)} generated points: make it less")
    figure, axes = subplots(1, 2, height=350 + (30 if title else 0), sharex=True, sharey=True)
    sets = {"real": (real, REAL), "generated": (generated, GENERATED)}
    with style():
        for ax, below, above, share in (
            (axes[0], "real", "generated", "precision"),
            (axes[1], "generated", "real", "recall"),
        ):
            (centres, colour), (points, other) = sets[below], sets[above]
            among = np.linalg.norm(centres[:, None] - centres, axis=2)
            radii = np.sort(among, axis=1)[:, k]  # place 0 is the centre itself
            for centre, radius in zip(centres, radii, strict=True):
                ax.add_patch(Circle(centre, radius, facecolor=colour, alpha=0.13, linewidth=0))
            ax.plot(*centres.T, ".", color=colour, markersize=3)
            inside = (np.linalg.norm(points[:, None] - centres, axis=2) < radii).any(axis=1)
            ax.plot(*points[inside].T, "o", color=_darker(other), markersize=3.5, markeredgewidth=0)
            ax.plot(*points[~inside].T, "x", color=_darker(other), markersize=5.5, markeredgewidth=1.3)
            ax.set(aspect="equal", xlabel="$x_1$")
            ax.set_title(f"discs of the {below} points: {share} {inside.mean():.0%}", size=_TEXT_SIZE)
            ax.grid(False)
        axes[0].set_ylabel("$x_2$")
    if title:
        add_title(figure, title)
    return figure


# --- clouds of points and paths in the plane ------------------------------------------------------------------


def clouds(
    panels: Mapping[str, np.ndarray],
    real: np.ndarray | None = None,
    reach: float = 1.6,
    title: str | None = None,
    path: tuple[str, str] | None = None,
) -> Figure:
    """Draw generated points in the square [-reach, reach]², one panel for each of one to eight sets, more than
    four in two rows.

    `panels` maps names to points (n, 2); `real`, points (n, 2), lie beneath in every panel. A panel says which share of
    its points lies outside it. With `path`, the names of the two axes, points are joined in their order and the last
    one is marked. Raises ValueError for other numbers of panels and points of another shape.
    """
    if not 1 <= len(panels) <= 8:
        raise ValueError(f"clouds() draws one to eight panels, got {len(panels)}")
    columns = len(panels) if len(panels) <= 4 else -(-len(panels) // 2)
    rows = -(-len(panels) // columns)
    width = {1: 380, 2: 560}.get(columns, PAGE_WIDTH)
    height = (width - 60) // columns * rows + 60 * rows + 30 * (title is not None) + 25 * (path is None)
    figure, axes = subplots(rows, columns, width=width, height=height, squeeze=False, sharex=True, sharey=True)
    with style():
        for ax, (name, points) in zip(axes.flat, panels.items(), strict=False):
            points = _plane(points, f"points of {name!r}")
            if real is not None:
                beneath = _plane(real, "real points").T
                ax.plot(*beneath, "o", color=REAL, markersize=2.2, markeredgewidth=0, label="real")
            if path:
                ax.plot(*points.T, color=GENERATED, linewidth=0.9)
                ax.plot(*points[-1], "o", color=_darker(GENERATED), markersize=6)
                ax.plot(0, 0, "+", color=INK, markersize=9)
            else:
                ax.plot(*points.T, "o", color=GENERATED, markersize=2.2, markeredgewidth=0, label="generated")
            _square(ax, reach, name)
            outside = np.mean(np.abs(points).max(axis=1) > reach)
            if outside > 0.005:
                ax.text(0.04, 0.04, f"{outside:.0%} outside", transform=ax.transAxes, color=INK,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})
        for ax in axes.flat[len(panels) :]:
            ax.remove()
        for ax in axes.flat:
            ax.set_xlabel(path[0] if path else "$x_1$")
        for ax in axes[:, 0]:
            ax.set_ylabel(path[1] if path else "$x_2$")
        _name_points(figure, axes[0, 0])
    if title:
        add_title(figure, title)
    return figure


# --- placing things in drawn pixels, measured from the top left ---------------------------------------------


def _sheet(width: float, height: float, title_lines: Sequence[str]) -> Figure:
    """Return an empty figure with a title; `width` without margins, `height` with the top margin only."""
    pixels = (math.ceil(width) + 2 * _MARGIN, math.ceil(height) + _MARGIN)
    with style():
        # A hair more than a whole number of pixels, because matplotlib cuts the product of inches and dpi.
        figure = Figure(figsize=[(p + 1e-3) / _DPI for p in pixels])
    for i, line in enumerate(title_lines):
        _write(figure, _MARGIN, _MARGIN + (i + 1) * _LINE - 14, line, size=_TITLE_SIZE, weight="bold")
    return figure


def _place(figure: Figure, grid: np.ndarray, x: float, y: float, scale: int) -> Axes:
    """Draw an array with its top left corner at (x, y), every element `scale` pixels wide and high."""
    height, width = grid.shape[0] * scale, grid.shape[1] * scale
    total_x, total_y = figure.bbox.width, figure.bbox.height
    with style():
        axes = figure.add_axes((x / total_x, 1 - (y + height) / total_y, width / total_x, height / total_y))
        axes.imshow(grid, cmap="gray", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
        axes.set_axis_off()
    return axes


def _write(figure: Figure, x: float, y: float, text: str, **options) -> None:
    with style():
        figure.text(x / figure.bbox.width, 1 - y / figure.bbox.height, text, **options)


def _text_width(text: str, size: float = _TEXT_SIZE, bold: bool = False) -> float:
    with style():
        font = FontProperties(size=size, weight="bold" if bold else "normal")
        return RendererAgg(1, 1, _DPI).get_text_width_height_descent(text, font, is_math_text(text))[0]


def _width(title_lines: Sequence[str]) -> float:
    return max((_text_width(line, _TITLE_SIZE, bold=True) for line in title_lines), default=0)


def _wrap(text: str | None, width: float, size: float = _TITLE_SIZE) -> list[str]:
    """Break a text into lines of at most `width` drawn pixels; a formula between dollar signs stays whole."""
    lines: list[str] = []
    for word in re.findall(r"(?:\$[^$]*\$|\S)+", text or ""):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _text_width(longer, size, bold=size == _TITLE_SIZE) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _role(name: str) -> str:
    colours = {"real": REAL, "generated": GENERATED, "discriminator": DISCRIMINATOR}
    words = re.findall(r"[a-z]+", name.lower())
    return next((colours[word] for word in words if word in colours), NEUTRAL)


def _darker(colour: str) -> str:
    """Return the colour for text: a quarter darker, so that it has a contrast of 4.5 on white."""
    return to_hex([0.75 * part for part in to_rgb(colour)])
