"""Figures of named points: one number of each thing against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from ganlib.pictures.page import GENERATED, NEUTRAL, WIDEST, add_title, darker, style, subplots, text_width

_LINE = 0.062  # the height of one name, as a part of the axes' height
_GAP = 14  # drawn pixels between a point and its name

Point = tuple[str, float, float, bool]


def named_points(
    panels: Mapping[str, Sequence[Point]], x_label: str, y_label: str, title: str | None = None, log: str = ""
) -> Figure:
    """Draw named points, panel by panel, each with its name beside it; names that would touch are moved apart.

    `panels` maps a panel's name to points (name, x, y, marked): marked ones are vermilion, the others grey. `log` names
    the axes that are logarithmic: "", "x", "y" or "xy". Raises ValueError for no points, and for a number that is not
    finite or, on a logarithmic axis, not above 0.
    """
    points = [point for panel in panels.values() for point in panel]
    numbers = np.array([(x, y) for _, x, y, _ in points], float).reshape(-1, 2)
    low = [0 if axis in log else -np.inf for axis in "xy"]
    if not points or not all(panels.values()) or not (np.isfinite(numbers) & (numbers > low)).all():
        raise ValueError("named_points() needs points in every panel, and finite numbers, above 0 where it is log")
    figure, axes = subplots(1, len(panels), height=380, squeeze=False)
    with style():
        for ax, (name, panel) in zip(axes[0], panels.items(), strict=True):
            for _, x, y, marked in panel:
                ax.plot(x, y, "o", color=GENERATED if marked else NEUTRAL, markersize=6)
            for axis in log:
                _make_log(ax, axis)
            ax.margins(0.1)
            ax.set(xlabel=x_label, ylabel=y_label if ax is axes[0, 0] else "")
            ax.set_title(name, loc="left")
            _name_points(ax, panel, WIDEST / len(panels) - 120)
    return add_title(figure, title)


def _make_log(ax: Axes, axis: str) -> None:
    """A logarithmic axis with plain numbers: at 1, 2 and 5 of each decade, or at 1 if there are many decades."""
    getattr(ax, f"set_{axis}scale")("log")
    low, high = getattr(ax, f"get_{axis}lim")()
    line = getattr(ax, f"{axis}axis")
    line.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 300 * low else (1,), numticks=20))
    line.set_major_formatter("{x:g}")
    line.set_minor_formatter(NullFormatter())


def _name_points(ax: Axes, points: Sequence[Point], width: float) -> None:
    """Write each point's name to its right, or to its left in the right half of axes `width` drawn pixels wide."""
    ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
    places = ax.transAxes.inverted().transform(ax.transData.transform([(x, y) for _, x, y, _ in points]))
    names, gap = [], _GAP / width
    for (text, _, _, marked), (x, y) in zip(points, places, strict=True):
        long, right = text_width(text) / width, x < 0.5
        start = x + gap if right else x - gap - long
        looks = {"ha": "left" if right else "right", "color": darker(GENERATED if marked else NEUTRAL)}
        names.append([y, x, y, start, start + long, text, x + gap if right else x - gap, looks])
    names.sort(key=lambda name: name[0])
    for _ in range(300):
        for i, lower in enumerate(names):
            for upper in names[i + 1 :]:
                overlap = _LINE - (upper[0] - lower[0])
                if overlap > 0 and lower[3] < upper[4] and upper[3] < lower[4]:
                    lower[0] -= overlap / 2
                    upper[0] += overlap / 2
        for name in names:
            name[0] = min(max(name[0], 0.03), 0.97)
    for height, x, y, _, _, text, place, looks in names:
        if abs(height - y) > _LINE / 2:
            ax.plot([x, x + 0.75 * (place - x)], [y, height], transform=ax.transAxes, color=NEUTRAL, linewidth=0.6)
        ax.text(place, height, text, transform=ax.transAxes, va="center", **looks)
