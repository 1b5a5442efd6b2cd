"""Figures over one axis: training curves, curves, dots with their spread, the timeline."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from ganlib.pictures.page import (
    DISCRIMINATOR,
    GAP,
    GENERATED,
    INK,
    MARGIN,
    NEUTRAL,
    REAL,
    TEXT_SIZE,
    WIDEST,
    add_title,
    darker,
    role,
    style,
    subplots,
    text_width,
)

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
    return add_title(figure, title)


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
            names.append((finite[-1], name, darker(colour)))
    everything = np.concatenate(list(curves.values()))
    finite = everything[np.isfinite(everything)]
    for key, value in references.items():
        colour = _LINES[key][1] if key in _LINES else NEUTRAL
        ax.axhline(value, color=colour, linestyle=(0, (4, 3)), linewidth=1)
        names.append((value, _reference_name(value), darker(colour)))
    if not {"d_real", "d_fake"} & curves.keys():  # probabilities are read on a straight axis from 0 to 1
        _choose_scale(ax, finite)
    missing = sum(np.isnan(values).sum() for key, values in curves.items() if key != "fd")
    if missing:
        text = f"{missing} of {len(everything)} values are not finite and not drawn"
        ax.set_title(text, loc="left", size=TEXT_SIZE, color=INK)
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
                _beside(ax, year, row, f"{year}  {text}", color=darker(colour))
            row += 1
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    return add_title(figure, title)


def _beside(ax: Axes, year: int, row: int, text: str, **options) -> None:
    """Write a text right of a year, or left of it if there is more room; ValueError if it does not fit."""
    first, last = ax.get_xlim()
    right = last - year >= year - first
    room = (last - year if right else year - first) / (last - first) * (WIDEST - 4 * MARGIN)
    if text_width(text, bold="weight" in options) + GAP > room:
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
    return add_title(figure, title)


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
    looks = {name: (role(name) if role(name) != NEUTRAL else next(others), _DASHES[i % len(_DASHES)])
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
            _legend_below(figure, axes.flat[: len(panels)], names)
    return add_title(figure, title)


def _legend_below(figure: Figure, axes: Sequence[Axes], names: Sequence[str]) -> None:
    found = dict(zip(*reversed(_legend(axes)), strict=True))
    across = len(names) if len(names) <= 4 else 3
    figure.legend([found[name] for name in names], names, loc="outside lower center", ncols=across, handlelength=3.2)


def _legend(axes: Sequence[Axes]) -> tuple[list, list[str]]:
    """The handles and labels of several axes in one list each."""
    pairs = [ax.get_legend_handles_labels() for ax in axes]
    return [handle for handles, _ in pairs for handle in handles], [label for _, labels in pairs for label in labels]
