"""Images on a page, digits or others: grids, named sets side by side, and the still contact sheet of a film."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from ganlib.pictures.page import (
    GAP,
    LINE,
    MARGIN,
    TEXT_SIZE,
    WIDEST,
    darker,
    place,
    role,
    sheet,
    text_width,
    title_width,
    wrap,
    write,
)


def digits(
    images: np.ndarray, columns: int = 10, title: str | None = None, labels: Sequence[str] | None = None
) -> Figure:
    """Draw digits, or other images, in a grid, row by row.

    `images` is (n, h, w), in colour (n, h, w, 3), or (n, 784), uint8 in 0..255 or float in [0, 1]; `labels`, one per
    image, stand under the images. Raises ValueError for other shapes and ranges, and for a grid too large for the page.
    """
    images = _pixels(images, "digits()")
    if labels is not None and len(labels) != len(images):
        raise ValueError(f"digits() needs one label per image: got {len(labels)} for {len(images)} images")
    columns = min(_count(columns, "columns"), len(images))
    rows = -(-len(images) // columns)
    height, width = images.shape[1:3]
    scale = _scale(columns, rows, width, height)
    strip = 0 if labels is None else math.ceil((LINE - 6) / scale)
    grid = tile(images, columns, strip)
    title_lines = wrap(title, WIDEST - 2 * MARGIN)
    top = MARGIN + LINE * len(title_lines)
    figure = sheet(max(grid.shape[1] * scale, title_width(title_lines)), top + grid.shape[0] * scale, title_lines)
    place(figure, grid, MARGIN, top, scale)
    for i, label in enumerate(labels or ()):
        if text_width(str(label)) > width * scale:
            raise ValueError(f"label {str(label)!r} is wider than its image: shorten it or use fewer columns")
        row, column = divmod(i, columns)
        middle, bottom = (column + 0.5) * width * scale, (row + 1) * (height + strip) * scale
        write(figure, MARGIN + middle, top + bottom - 10, str(label), ha="center")
    return figure


def side_by_side(panels: Mapping[str, np.ndarray], columns: int = 5, title: str | None = None) -> Figure:
    """Draw sets of images of one size as named panels: "real" framed in blue, "generated" in vermilion, others in grey.

    `panels` maps a name to images as `digits` takes them. Panels of one row stand under each other, so that
    columns can be compared; larger ones stand side by side. Raises ValueError as `digits` does.
    """
    if not isinstance(panels, Mapping) or not panels:
        raise ValueError('side_by_side() needs a dictionary of images: {"real": x, "generated": y}')
    sets = {name: _pixels(images, f"side_by_side()[{name!r}]") for name, images in panels.items()}
    columns = min(_count(columns, "columns"), max(map(len, sets.values())))
    grids = {name: tile(images, columns) for name, images in sets.items()}
    cell_height, cell_width = next(iter(sets.values())).shape[1:3]
    width, height = columns * cell_width, max(grid.shape[0] for grid in grids.values())
    abreast = 1 if height == cell_height else min(len(grids), max(1, (WIDEST - 2 * MARGIN + GAP) // (2 * width + GAP)))
    lines = -(-len(grids) // abreast)
    rows, room = lines * height // cell_height, {"across": (abreast - 1) * GAP, "down": lines * (LINE + GAP)}
    scale = _scale(abreast * columns, rows, cell_width, cell_height, **room)
    title_lines = wrap(title, WIDEST - 2 * MARGIN)
    top = MARGIN + LINE * len(title_lines)
    step_x, step_y = width * scale + GAP, height * scale + LINE + GAP
    longest = max(grids, key=lambda name: text_width(name, bold=True))
    longest_width = text_width(longest, bold=True)
    if longest_width > (width * scale if abreast > 1 else WIDEST - 2 * MARGIN):
        raise ValueError(f"the name {longest!r} is wider than its panel: shorten it or use more columns")
    wide = max(abreast * step_x - GAP, longest_width, title_width(title_lines))
    figure = sheet(wide, top + lines * step_y - GAP, title_lines)
    for i, (name, grid) in enumerate(grids.items()):
        x, y = MARGIN + i % abreast * step_x, top + i // abreast * step_y
        write(figure, x, y + LINE - 14, name, weight="bold", color=darker(role(name)))
        axes = place(figure, grid, x, y + LINE, scale)
        axes.add_patch(Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, clip_on=False,
                                 edgecolor=role(name), linewidth=2))
    return figure


def tile(images: np.ndarray, columns: int = 10, strip: int = 0) -> np.ndarray:
    """Lay images out in rows of `columns`: uint8 (rows * (h + strip), columns * w), in colour with 3 channels.

    `images` as `digits` takes them. White fills the cells of the last row without an image, and `strip`
    pixels under every image. Raises ValueError as `digits` does.
    """
    images = _pixels(images, "tile()")
    rows = -(-len(images) // _count(columns, "columns"))
    height, width, *channels = images.shape[1:]
    cells = np.full((rows * columns, height + strip, width, *channels), 255, np.uint8)
    cells[: len(images), :height] = images
    cells = cells.reshape(rows, columns, height + strip, width, *channels).swapaxes(1, 2)
    return cells.reshape(rows * (height + strip), columns * width, *channels)


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
    cell = (WIDEST - 2 * MARGIN - (columns - 1) * GAP) // columns
    scale = cell // width
    if scale < 2:  # no whole number of pixels fits well: resample
        scale, width, height = 1, cell, max(1, round(height * cell / width))
        frames = [np.asarray(Image.fromarray(frame).resize((width, height))) for frame in frames]
    wide, high = width * scale, height * scale
    wrapped = [wrap(caption, wide, TEXT_SIZE) for caption in captions]
    head = LINE * max(map(len, wrapped))
    title_lines = wrap(title, WIDEST - 2 * MARGIN)
    top = MARGIN + LINE * len(title_lines)
    rows = -(-len(frames) // columns)
    step_x, step_y = wide + GAP, head + high + GAP
    total = max(columns * step_x - GAP, title_width(title_lines))
    figure = sheet(total, top + rows * step_y - GAP, title_lines)
    for i, (frame, caption_lines) in enumerate(zip(frames, wrapped, strict=True)):
        x, y = MARGIN + i % columns * step_x, top + i // columns * step_y + head
        for j, text in enumerate(reversed(caption_lines)):
            write(figure, x, y - j * LINE - 10, text)
        place(figure, frame, x, y, scale)
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
    """Return images as uint8 (n, h, w) or (n, h, w, 3), or say in one sentence what is wrong with them."""
    images = np.asarray(images)
    if images.ndim == 2 and images.shape[1] == 784:
        images = images.reshape(-1, 28, 28)
    if images.ndim not in (3, 4) or images.shape[3:] not in ((), (3,)) or min(images.shape[1:3]) < 4:
        raise ValueError(
            f"{caller} expects images of shape (n, 28, 28) or (n, 784), got {images.shape}; of other sizes, "
            "(n, h, w) or (n, h, w, 3)"
        )
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


def _scale(columns: int, rows: int, width: int, height: int, across: int = 0, down: int = 0) -> int:
    """Return how many pixels to draw per pixel, 1 to 4, so that a grid of such images fits on a square page."""
    room_x, room_y = WIDEST - 2 * MARGIN - across, max(WIDEST - down, WIDEST // 2)
    scale = min(4, room_x // (columns * width), room_y // (rows * height))
    if scale < 1:
        raise ValueError(
            f"{rows} rows of {columns} images do not fit on the page, "
            f"at most {room_y // height} rows of {room_x // width}: draw fewer images"
        )
    return scale
