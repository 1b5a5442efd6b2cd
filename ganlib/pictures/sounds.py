"""Figures of sounds: which frequencies sound when, and a player beside them."""

from __future__ import annotations

import html
from collections.abc import Mapping

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ganlib.pictures.page import add_title, darker, role, style, subplots

WINDOW, HOP, DEPTH = 512, 64, 60  # samples of a window and from one to the next; decibels from colour to white


def spectrograms(sounds: Mapping[str, np.ndarray], rate: int, title: str | None = None, highest: float = 0) -> Figure:
    """Draw sounds (samples,) below one another: time to the right, frequency up, louder is darker.

    Each sound is drawn relative to its own loudest place, white being 60 dB below. A name with "real" or "generated"
    gives the course's colour. `rate` is samples a second, `highest` the top frequency, Hz (default: half the rate).
    Raises ValueError for no sound, and for one that is shorter than a window of 512 samples.
    """
    sounds = {name: np.asarray(sound, dtype="float64") for name, sound in sounds.items()}
    if not sounds or any(sound.ndim != 1 or len(sound) < WINDOW for sound in sounds.values()):
        raise ValueError(f"spectrograms() needs sounds of one axis with {WINDOW} samples or more")
    figure, axes = subplots(len(sounds), height=70 + 150 * len(sounds), sharex=True, squeeze=False)
    with style():
        for ax, (name, sound) in zip(axes[:, 0], sounds.items(), strict=True):
            colours = LinearSegmentedColormap.from_list(name, ["white", role(name), darker(darker(role(name)))])
            extent = (0, len(sound) / rate, 0, rate / 2)
            ax.imshow(decibels(sound), cmap=colours, vmin=-DEPTH, vmax=0, origin="lower", aspect="auto", extent=extent)
            ax.set(ylim=(0, highest or rate / 2), ylabel="frequency (Hz)")
            ax.set_title(name, loc="left", size=9, color=darker(role(name)))
            ax.grid(False)
        axes[-1, 0].set_xlabel("time (s)")
        figure.align_ylabels()
    return add_title(figure, title)


def decibels(sound: np.ndarray) -> np.ndarray:
    """Loudness of frequency bins in overlapping Hann windows, (257, windows), in dB below the loudest: at most 0."""
    padded = np.pad(np.asarray(sound, dtype="float64"), WINDOW // 2)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(windows, axis=1)).T ** 2
    return 10 * np.log10(np.maximum(power / max(power.max(), 1e-30), 1e-12))


def listen(about: str, sound: np.ndarray, rate: int) -> None:
    """Show a player for a sound (samples,), under a line that says what it is; it plays when the reader starts it.

    The sound travels inside the notebook (16 bits a sample) and is made as loud as it can be. Raises ValueError for
    an empty `about` and for a sound that is not one row of numbers, all finite.
    """
    sound = np.asarray(sound, dtype="float64")
    if not about.strip() or sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
        raise ValueError("listen() needs a line that says what the sound is, and a sound of one axis, all finite")
    from IPython.display import HTML, Audio, display

    player = Audio(sound / max(np.abs(sound).max(), 1e-12), rate=rate, normalize=False)._repr_html_()
    name = html.escape(about, quote=True)
    player = player.replace("<audio ", f'<audio aria-label="{name}" ', 1)
    display(HTML(f"<div>{name}</div>{player}"))
