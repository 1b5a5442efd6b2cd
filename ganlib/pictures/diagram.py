"""The course's one drawing of the game: two networks, two phases, and what each phase changes."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from ganlib.pictures.page import DISCRIMINATOR, GENERATED, INK, NEUTRAL, PAGE_WIDTH, REAL, add_title, darker, style

TWO_PHASES_ALT = (
    "Two rows. D's phase: noise z goes through G, held still, to generated samples G(z); these and real samples x "
    "go through D to D's loss, and an arrow leads back from the loss to D alone: D learns. G's phase: z goes through "
    "G and D, held still, to G's loss, no real sample takes part, and an arrow leads back through D to G: G learns."
)
_ROW = 215  # CSS pixels of one phase
_TEXT = 11  # points: still legible where the figure is shown 390 pixels wide


def two_phases(title: str = "Two networks, two phases: in each of them both compute, and one learns") -> Figure:
    """Draw a training step: D's phase above, G's phase below. Show it with `TWO_PHASES_ALT` as its alt text.

    A network with a filled box learns; one with a dashed outline is held still. Thin arrows carry samples and
    logits forwards, the thick one carries the gradient back to the weights that change.
    Source: Goodfellow et al. 2014, Algorithm 1.
    """
    head = 40 if title else 0
    height = head + 2 * _ROW
    with style():
        figure = Figure(figsize=(PAGE_WIDTH / 100, height / 100))
        ax = figure.add_axes((0, 0, 1, 1), xlim=(0, PAGE_WIDTH), ylim=(height, 0))
        ax.set_axis_off()
        _d_phase(ax, head)
        ax.plot([14, PAGE_WIDTH - 14], [head + _ROW - 4] * 2, color="#d4d4d4", linewidth=1)
        _g_phase(ax, head + _ROW)
    if title:
        add_title(figure, title)
    return figure


def _d_phase(ax: Axes, top: float) -> None:
    _heading(ax, top, "1  D's phase:", "D learns, G is held still", DISCRIMINATOR)
    upper, lower = top + 66, top + 126
    _box(ax, 330, upper, 92, "real x", REAL)
    _forward(ax, lower, GENERATED)
    _box(ax, 210, lower, 62, "G", GENERATED, learns=False)
    _box(ax, 462, (upper + lower) / 2, 62, "D", DISCRIMINATOR, tall=100, learns=True)
    _arrow(ax, (376, upper), (430, upper))
    _arrow(ax, (376, lower), (430, lower))
    _loss(ax, (upper + lower) / 2, "D's loss\nD(x) up, D(G(z)) down", DISCRIMINATOR)
    low = top + 186
    _back(ax, [(590, low - 56), (590, low), (462, low), (462, top + 149)], "gradient in D's weights", (526, low + 14),
          DISCRIMINATOR)  # fmt: skip


def _g_phase(ax: Axes, top: float) -> None:
    _heading(ax, top, "2  G's phase:", "G learns, D is held still; no real sample takes part", GENERATED)
    middle = top + 94
    _forward(ax, middle, GENERATED)
    _box(ax, 210, middle, 62, "G", GENERATED, learns=True)
    _box(ax, 462, middle, 62, "D", DISCRIMINATOR, tall=100, learns=False)
    _arrow(ax, (376, middle), (430, middle))
    _loss(ax, middle, "G's loss\nD(G(z)) up", GENERATED)
    low = top + 182
    _back(ax, [(590, low - 60), (590, low), (474, low), (474, middle + 53)], "through D …", (534, low + 14), GENERATED)
    _back(ax, [(450, middle + 53), (450, low), (210, low), (210, middle + 31)], "… gradient in G's weights",
          (330, low + 14), GENERATED)  # fmt: skip


def _heading(ax: Axes, top: float, name: str, text: str, colour: str) -> None:
    ax.text(16, top + 20, name, size=_TEXT, weight="bold", color=darker(colour), va="center")
    ax.text(138, top + 20, text, size=_TEXT, va="center")


def _forward(ax: Axes, y: float, colour: str) -> None:
    """Noise on its way through G; the box of G itself is drawn by the phase."""
    _box(ax, 64, y, 92, "noise z", NEUTRAL)
    _arrow(ax, (110, y), (178, y))
    _arrow(ax, (242, y), (283, y))
    _box(ax, 330, y, 92, "G(z)", colour)


def _box(ax: Axes, x: float, y: float, width: float, text: str, colour: str, tall: float = 40, learns=None) -> None:
    """A sample (`learns` is None: rounded), a network that learns (filled) or one that is held still (dashed)."""
    network = learns is not None
    corner = "round,pad=0,rounding_size=4" if network else f"round,pad=0,rounding_size={tall / 2}"
    tall = max(tall, 56) if network else tall
    ax.add_patch(FancyBboxPatch(
        (x - width / 2, y - tall / 2), width, tall, boxstyle=corner, edgecolor=colour,
        facecolor=colour if learns else "white", linewidth=2 if network else 1.6,
        linestyle="--" if learns is False else "-",
    ))  # fmt: skip
    shown = "white" if learns else darker(colour)
    ax.text(x, y, text, size=16 if network else _TEXT, weight="bold", color=shown, ha="center", va="center")


def _loss(ax: Axes, y: float, text: str, colour: str) -> None:
    _arrow(ax, (494, y), (541, y))
    ax.text(516, y - 14, "logit", size=9, ha="center", va="center")
    for i, line in enumerate(text.split("\n")):
        size, weight, shown = (9, "normal", INK) if i else (_TEXT, "bold", darker(colour))
        ax.text(548, y - 9 + 17 * i, line, size=size, weight=weight, color=shown, va="center")


def _back(ax: Axes, path: list[tuple[float, float]], text: str, place: tuple[float, float], colour: str) -> None:
    """One leg of the gradient's way back: a thick line along `path`, an arrow at its end, and a text."""
    ax.plot(*zip(*path[:-1], strict=True), color=colour, linewidth=2.6, solid_capstyle="round")
    _arrow(ax, path[-2], path[-1], colour, 2.6)
    ax.text(*place, text, size=9, color=darker(colour), ha="center", va="center")


def _arrow(ax: Axes, start: tuple, end: tuple, colour: str = INK, width: float = 1.4) -> None:
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=8 + 4 * width, color=colour,
                                 linewidth=width, shrinkA=0, shrinkB=0))  # fmt: skip
