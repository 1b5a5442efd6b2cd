"""The frame player: a film of pictures in one piece of HTML.

What a reader sees first is a still contact sheet; a script, where scripts may run, puts the player in its
place. So the same output works in JupyterLab, in Colab's frame, on a static page, offline, in print, and,
as a still picture, in a notebook that is not trusted.
"""

from __future__ import annotations

import base64
import html
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from ganlib.files import write_file
from ganlib.pictures import page
from ganlib.pictures.sheets import check_frames, tile

FRAME_BYTES = 16_000  # of HTML for one frame on average, so that 24 frames stay under 400 kB
GREYS = (16, 8, 6, 4)  # levels of a grey film, the first that fits: digits look the same with six

_STYLE = """
.ganlib-player{margin:8px 0;max-width:700px;color:inherit;font:14px/1.4 system-ui,sans-serif}
.ganlib-player .gp-still[hidden]{display:none}
.ganlib-player .gp-still img{display:block;width:100%;height:auto;margin:0}
.ganlib-player .gp-screen{display:grid}
.ganlib-player .gp-screen img{grid-area:1/1;display:block;width:100%;max-width:none;height:auto;
margin:0;visibility:hidden}
.ganlib-player .gp-screen .gp-now{visibility:visible}
.ganlib-player .gp-pixels img{image-rendering:pixelated}
.ganlib-player .gp-caption{margin:6px 0;font-weight:600;font-variant-numeric:tabular-nums}
.ganlib-player .gp-controls{display:flex;align-items:center;gap:12px}
.ganlib-player button{display:flex;align-items:center;gap:8px;box-sizing:border-box;min-width:92px;
height:36px;margin:0;padding:0 14px;border:1px solid currentColor;border-radius:4px;background:transparent;
color:inherit;font:inherit;cursor:pointer}
.ganlib-player button::before{content:"";width:10px;height:12px;background:currentColor;
clip-path:polygon(0 0,100% 50%,0 100%)}
.ganlib-player button.gp-playing::before{
clip-path:polygon(0 0,35% 0,35% 100%,65% 100%,65% 0,100% 0,100% 100%,0 100%)}
.ganlib-player input{flex:1;min-width:0;height:36px;margin:0;accent-color:#0072B2;cursor:pointer}
.ganlib-player button:focus-visible,.ganlib-player input:focus-visible{outline:3px solid #0072B2;
outline-offset:2px}
@media print{.ganlib-player .gp-live{display:none}.ganlib-player .gp-still[hidden]{display:block}}
"""

# JupyterLab runs scripts detached from their place in the page, so a script finds its player by what it is:
# one that no script has started yet. JupyterLab also takes arrow keys before the page gets them, unless the
# focused element says data-lm-suppress-shortcuts; combinations with Ctrl and the like stay JupyterLab's.
_SCRIPT = """
(() => {
  "use strict";
  const start = (root, film) => {
    root.querySelector(".gp-live")?.remove();
    const make = (tag, attributes, parent) => {
      const element = parent.appendChild(document.createElement(tag));
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    const live = make("div", {class: "gp-live", role: "group", "aria-label": "Frame player"}, root);
    live.style.maxWidth = film.show + "px";
    const screen = make("div", {class: "gp-screen", role: "img", "aria-label": film.alt}, live);
    screen.classList.toggle("gp-pixels", film.pixels);
    const stills = root.querySelectorAll(".gp-still img");
    const frames = film.frames.map((data) => make("img", {
      alt: "", width: film.width, height: film.height, decoding: "sync",
      src: typeof data === "number" ? stills[data].src : "data:image/png;base64," + data}, screen));
    const last = frames.length - 1;
    const caption = make("div", {class: "gp-caption"}, live);
    const controls = make("div", {class: "gp-controls"}, live);
    const button = make("button", {type: "button"}, controls);
    const slider = make("input", {type: "range", min: 0, max: last, "aria-label": "Frame"}, controls);
    let at = 0, timer = null;
    const show = (frame) => {
      frames[at].classList.remove("gp-now");
      at = Math.min(Math.max(frame, 0), last);
      frames[at].classList.add("gp-now");
      slider.value = at;
      caption.textContent = film.captions[at];
      slider.setAttribute("aria-valuetext", film.captions[at]);
    };
    const stop = () => {
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
      button.classList.remove("gp-playing");
    };
    const play = () => {
      if (at === last) show(0);
      button.textContent = "Pause";
      button.classList.add("gp-playing");
      timer = setInterval(() => {
        show(at + 1);
        if (at === last || !root.isConnected) stop();
      }, matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 250);
    };
    const toggle = () => timer === null ? play() : stop();
    button.addEventListener("click", toggle);
    slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
    const modifiers = ["Control", "Alt", "Meta", "Shift"];
    const keepKeys = (yes) => {
      for (const control of [button, slider]) control.toggleAttribute("data-lm-suppress-shortcuts", yes);
    };
    keepKeys(true);
    live.addEventListener("focusin", () => keepKeys(true));
    live.addEventListener("keyup", (event) => { if (modifiers.includes(event.key)) keepKeys(true); });
    live.addEventListener("keydown", (event) => {
      if (modifiers.includes(event.key)) keepKeys(false);
      if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      const target = {ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last}[event.key];
      if (target !== undefined) { stop(); show(target); }
      else if (event.key === " " && event.target === slider) toggle();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    stop();
    show(0);
    root.querySelector(".gp-still").hidden = true;
  };
  for (const root of document.querySelectorAll(".ganlib-player")) {
    const film = root.querySelector('script[type="application/json"]');
    if (film && !root.ganlibStarted) {
      root.ganlibStarted = true;
      start(root, JSON.parse(film.textContent));
    }
  }
})();
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="ganlib">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body{{margin:0 auto;max-width:700px;padding:16px;font:16px/1.5 system-ui,sans-serif;
background:Canvas;color:CanvasText}}
h1{{margin:0 0 12px;font-size:22px;line-height:1.3}}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{player}
</main>
</body>
</html>
"""


@dataclass(frozen=True, repr=False)
class Player:
    """A film ready to be shown: the last value of a notebook cell, or a page of its own with `save`."""

    frames: tuple[bytes, ...]  # PNG
    captions: tuple[str, ...]
    alt: str
    size: tuple[int, int]  # pixels of a frame: width, height
    show_width: int  # CSS pixels
    pixels: bool  # whether frames are enlarged pixel by pixel
    stills: tuple[int, ...]  # which frames stand on the contact sheet
    columns: int  # of the contact sheet

    def __repr__(self) -> str:
        return f"Player({len(self.frames)} frames, from {self.captions[0]!r} to {self.captions[-1]!r})"

    def _repr_html_(self) -> str:
        return self.to_html()

    def to_html(self) -> str:
        """Return the player as a fragment of HTML that needs nothing else; any number may share a page."""
        # A frame of the contact sheet is not stored twice: the film names it by its place there.
        frames = [self.stills.index(i) if i in self.stills else _base64(frame)
                  for i, frame in enumerate(self.frames)]
        film = {"alt": self.alt, "captions": self.captions, "frames": frames, "width": self.size[0],
                "height": self.size[1], "show": self.show_width, "pixels": self.pixels}
        # "<" is the only character that could end the script element early.
        data = json.dumps(film, separators=(",", ":")).replace("<", "\\u003c")
        return (
            f'<div class="ganlib-player">\n<style>{_STYLE}</style>\n<div class="gp-still">\n'
            f"{''.join(map(self._still, self.stills))}"
            f"<div>{len(self.stills)} of {len(self.frames)} frames. The film plays where scripts may run; "
            f"in a notebook, run the cell.</div>\n</div>\n"
            f'<script type="application/json">{data}</script>\n<script>{_SCRIPT}</script>\n</div>'
        )

    def _still(self, i: int) -> str:
        caption = html.escape(self.captions[i])
        alt = caption if i else f"{html.escape(self.alt)} {caption}"
        width = min(self.show_width, page.PAGE_WIDTH // self.columns - 16)
        height = round(width * self.size[1] / self.size[0])
        # Styles inline, because JupyterLab drops style elements of notebooks that are not trusted.
        return (
            f'<div style="display:inline-block;width:{100 // self.columns - 1}%;max-width:{width}px;'
            f'margin:0 1% 8px 0;vertical-align:top">'
            f'<img src="data:image/png;base64,{_base64(self.frames[i])}" alt="{alt}" '
            f'width="{width}" height="{height}">{caption}</div>'
        )

    def save(self, path: str | os.PathLike, title: str = "Training film") -> None:
        """Write the player as a page of its own, all of it or nothing; equal players give equal bytes."""
        content = _PAGE.format(title=html.escape(title), player=self.to_html())
        write_file(path, content.encode("utf-8"))


def player(frames: Sequence[np.ndarray | Figure], captions: Sequence[str], alt: str) -> Player:
    """Return a player of `frames`, each with its caption; `alt` says in one sentence what the film shows.

    `frames`, all of one size, are either figures, shown as large as `page.show` would, or uint8 arrays
    (height, width) grey or (height, width, 3) colour, enlarged pixel by pixel. Grey frames are stored in 16
    levels or fewer, colour ones in 256 colours: 24 frames of 100 digits take less than 400 kB.
    Raises ValueError for no frames, unequal sizes, other arrays, a missing caption or an empty `alt`.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("player() needs an alt text: one sentence that says what the film shows")
    if not all(isinstance(caption, str) and caption.strip() for caption in captions):
        raise ValueError("player() needs captions that are texts and not empty")
    figures = all(isinstance(frame, Figure) for frame in frames)
    if figures:
        frames = [np.asarray(page.render(figure).convert("RGB")) for figure in frames]
    check_frames(frames, captions, "player()")
    height, width = frames[0].shape[:2]
    if figures:
        show_width = min(page.PAGE_WIDTH, width // 2)
        columns = max(1, min(3, page.PAGE_WIDTH // show_width))
    else:
        show_width = width * max(1, 560 // width)
        columns = 3
    count = min(len(frames), {1: 3, 2: 4, 3: 6}[columns])
    stills = np.linspace(0, len(frames) - 1, count).round().astype(int)
    return Player(
        frames=_pack([Image.fromarray(frame) for frame in frames]),
        captions=tuple(captions),
        alt=" ".join(alt.split()),
        size=(width, height),
        show_width=show_width,
        pixels=not figures,
        stills=tuple(stills.tolist()),
        columns=columns,
    )


def film(images: np.ndarray, epochs: Sequence[int], alt: str | None = None, what: str = "digits") -> Player:
    """Return the player of a training run: one grid of digits per epoch, captioned "epoch 3 of 20".

    `images` is uint8 (frames, n, h, w), in colour (frames, n, h, w, 3), drawn from the same n latent vectors each
    time; `epochs` has one number per frame; `what` names the images. Raises ValueError for other shapes and as
    `player` does.
    """
    if np.ndim(images) not in (4, 5) or len(images) == 0 or len(images) != len(epochs):
        raise ValueError(
            f"film() needs images (frames, n, 28, 28) and one epoch per frame, "
            f"got {np.shape(images)} and {len(epochs)} epochs"
        )
    n = len(images[0])
    columns = math.ceil(math.sqrt(n))
    columns = next((c for c in range(columns, 2 * columns) if n % c == 0), columns)  # no gaps, if that can be
    captions = [f"epoch {epoch} of {epochs[-1]}" for epoch in epochs]
    alt = alt or (f"{n} generated {what}, each from its own fixed noise, "
                  f"from epoch {epochs[0]} to epoch {epochs[-1]} of training.")
    return player([tile(batch, columns) for batch in images], captions, alt)


def _pack(pictures: Sequence[Image.Image]) -> tuple[bytes, ...]:
    """Return pictures as small PNGs in few greys or colours, with one palette for all of them."""
    if all(picture.mode == "L" for picture in pictures):
        for greys in GREYS:
            packed = tuple(page.encode(page.few_greys(picture, greys)) for picture in pictures)
            if 4 / 3 * sum(map(len, packed)) <= FRAME_BYTES * len(packed):
                break
        return packed
    return tuple(map(page.encode, page.few_colours([picture.convert("RGB") for picture in pictures])))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
