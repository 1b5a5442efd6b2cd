"""Figures in the plane: D's opinion, G's bent grid and line, clouds of points, balls around points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator

from ganlib.pictures.page import (
    GENERATED,
    INK,
    NEUTRAL,
    PAGE_WIDTH,
    REAL,
    TEXT_SIZE,
    add_title,
    darker,
    style,
    subplots,
)

# White at 1/2; the ends are pale, so that points in the full colours stand out on them.
OPINION = LinearSegmentedColormap.from_list("opinion", ["#E8A06A", "#FFFFFF", "#6FAEDB"], N=257)
# Bands of one colour each, narrower near 1/2: there the opinion of a D that has a good opponent differs little.
_BANDS = (0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.45, 0.48, 0.495, 0.505, 0.52, 0.55, 0.6, 0.7, 0.8, 0.9, 0.98, 1)
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
    [0, 1]: white is 0.495 to 0.505, blue above, vermilion below, in bands narrower near 1/2. `real` and `generated`,
    points (n, 2), lie on top in every panel (`generated` may also map panels to points of their own); those outside the
    square are not drawn. Raises ValueError for no panel, more than three, other numbers than probabilities, and points
    of another shape.
    """
    if not 1 <= len(panels) <= 3:
        raise ValueError(f"fields() draws one to three panels, got {len(panels)}")
    line = np.linspace(-reach, reach, 121, dtype="float32")
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    width = PAGE_WIDTH if len(panels) > 1 else 460
    height = {1: 400, 2: 350, 3: 270}[len(panels)] + (30 if title else 0)
    colours = OPINION(np.linspace(0, 1, len(_BANDS) - 1))
    figure, axes = subplots(1, len(panels), width=width, height=height, squeeze=False, sharey=True)
    with style():
        for ax, (name, probability) in zip(axes[0], panels.items(), strict=True):
            values = np.asarray(probability(points), dtype="float64").reshape(-1)
            if len(values) != len(points) or not ((values >= 0) & (values <= 1)).all():
                raise ValueError(f"fields()[{name!r}] must return one probability per point: sigmoid the logits")
            drawn = ax.contourf(line, line, values.reshape(121, 121), _BANDS, colors=colours)
            if values.min() < 0.48 and values.max() > 0.52:  # on a flat map the line would mean nothing
                ax.contour(line, line, values.reshape(121, 121), [0.5], colors=NEUTRAL, linewidths=1)
            fake = generated.get(name) if isinstance(generated, Mapping) else generated
            for label, some, colour in (("real", real, REAL), ("generated", fake, GENERATED)):
                if some is not None:
                    some = _plane(some, f"{label} points")
                    ax.plot(*some.T, "o", color=darker(colour), markersize=2.2, markeredgewidth=0, label=label)
            _square(ax, reach, name)
        axes[0, 0].set_ylabel("$x_2$")
        bar = figure.colorbar(drawn, ax=axes[0], spacing="uniform")
        bar.set_ticks([0, 0.1, 0.3, 0.45, 0.55, 0.7, 0.9, 1], labels=["0", ".1", ".3", ".45", ".55", ".7", ".9", "1"])
        bar.set_label("D(x), probability of real", labelpad=8)
        bar.outline.set(edgecolor=NEUTRAL, linewidth=0.5)  # white must not melt into the page
        _name_points(figure, axes[0, 0])
    return add_title(figure, title)


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
    return add_title(figure, title)


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
        left.set(xlabel="density", ylabel="generated number x", title="what comes out")
        left.invert_xaxis()
        left.tick_params(labelbottom=True)
        below.tick_params(labelleft=True)
        below.set(xlabel="noise z", ylabel="density")
        for ax in (left, middle, below):
            ax.grid(False)
            ax.title.set_size(TEXT_SIZE)
    return add_title(figure, title)


def _draw_path(ax: Axes, points: np.ndarray) -> None:
    ax.plot(*points.T, color=GENERATED, linewidth=0.9)
    ax.plot(*points[-1], "o", color=darker(GENERATED), markersize=6)
    ax.plot(0, 0, "+", color=INK, markersize=9)


def _draw_cloud(ax: Axes, points: np.ndarray) -> None:
    ax.plot(*points.T, "o", color=GENERATED, markersize=2.2, markeredgewidth=0, label="generated")


def _square(ax: Axes, reach: float, name: str) -> None:
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="$x_1$")
    ax.set_title(name, size=TEXT_SIZE)
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
            ax.plot(*points[inside].T, "o", color=darker(other), markersize=3.5, markeredgewidth=0)
            ax.plot(*points[~inside].T, "x", color=darker(other), markersize=5.5, markeredgewidth=1.3)
            ax.set(aspect="equal", xlabel="$x_1$")
            ax.set_title(f"discs of the {below} points: {share} {inside.mean():.0%}", size=TEXT_SIZE)
            ax.grid(False)
        axes[0].set_ylabel("$x_2$")
    return add_title(figure, title)


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
            draw = _draw_path if path else _draw_cloud
            draw(ax, points)
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
    return add_title(figure, title)
