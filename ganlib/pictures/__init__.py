"""The course's figures and films; every public name of this room can be had as `pictures.NAME`."""

from ganlib.pictures.charts import BALANCE, curves, dots, timeline, training_curves
from ganlib.pictures.diagram import TWO_PHASES_ALT, two_phases
from ganlib.pictures.films import GREYS, Player, film, player
from ganlib.pictures.page import (
    DISCRIMINATOR,
    GENERATED,
    INK,
    LARGEST_FILE,
    NEUTRAL,
    PAGE_WIDTH,
    REAL,
    add_title,
    encode,
    few_colours,
    few_greys,
    render,
    save_png,
    show,
    style,
    subplots,
    to_png,
)
from ganlib.pictures.plane import OPINION, balls, bent_grid, bent_line, clouds, fields
from ganlib.pictures.points import named_points
from ganlib.pictures.sheets import check_frames, contact_sheet, digits, side_by_side, tile

__all__ = [
    "BALANCE", "DISCRIMINATOR", "GENERATED", "GREYS", "INK", "LARGEST_FILE", "NEUTRAL", "OPINION", "PAGE_WIDTH",
    "Player", "REAL", "TWO_PHASES_ALT", "add_title", "balls", "bent_grid", "bent_line", "check_frames", "clouds",
    "contact_sheet",
    "curves", "digits", "dots", "encode", "few_colours", "few_greys", "fields", "film", "named_points", "player",
    "render", "save_png",
    "show", "side_by_side", "style", "subplots", "tile", "timeline", "to_png", "training_curves",
    "two_phases",
]  # fmt: skip
