// The plane: D's map, G's bent grid, the points and the pull on them; and drawing one's own data with mouse or keyboard.
(function (Page) {
  "use strict";
  const { P } = Page;
  const PULL = 0.35; // the longest arrow, in units of the plane

  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const small = () => (small.canvas ??= document.createElement("canvas"));

  class Map_ {
    constructor(canvas) {
      this.canvas = canvas;
      this.layers = { field: true, bent: true, pull: true, real: true };
      this.cursor = null;
    }

    draw(frame, drawn) {
      const { context, width, height } = Page.canvas(this.canvas);
      this.context = context;
      this.place = (x, y) => [((x / P.EDGE + 1) / 2) * width, ((1 - y / P.EDGE) / 2) * height];
      this.unit = width / (2 * P.EDGE);
      if (frame) {
        if (this.layers.field) this.#field(frame.field, width, height);
        if (this.layers.real) this.#dots(frame.real, Page.colour("real"), 1.8, 0.9);
        if (this.layers.bent) this.#bent(frame);
        if (this.layers.pull) this.#pull(frame);
        this.#dots(frame.points, Page.colour("generated"), 2.6, 1);
      }
      if (drawn) this.#dots(drawn.flat(), Page.colour("real"), 3, 1);
      if (this.cursor) this.#cross();
    }

    // Blue where D says real, vermilion where it says generated, the page's own colour where it cannot tell.
    #field(field, width, height) {
      const n = P.FIELD, canvas = small();
      canvas.width = canvas.height = n;
      const context = canvas.getContext("2d"), image = context.createImageData(n, n);
      const [middle, real, generated] = ["middle", "real", "generated"].map((name) => rgb(Page.colour(name)));
      field.forEach((opinion, cell) => {
        const end = opinion > 0.5 ? real : generated, share = Math.min(1, Math.abs(2 * opinion - 1)) * 0.6;
        const at = 4 * ((n - 1 - Math.floor(cell / n)) * n + (cell % n));
        for (let k = 0; k < 3; k++) image.data[at + k] = middle[k] + share * (end[k] - middle[k]);
        image.data[at + 3] = 255;
      });
      context.putImageData(image, 0, 0);
      this.context.drawImage(canvas, 0, 0, width, height);
      this.#undecided(field);
    }

    // The line on which D says one half: in each square between four cells, the edges that it crosses.
    #undecided(field) {
      const n = P.FIELD, { context } = this, at = (k) => ((k + 0.5) / n - 0.5) * 2 * P.EDGE;
      context.strokeStyle = Page.colour("ink");
      context.lineWidth = 1;
      context.globalAlpha = 0.7;
      context.beginPath();
      for (let r = 0; r + 1 < n; r++) {
        for (let c = 0; c + 1 < n; c++) {
          const corners = [[c, r], [c + 1, r], [c + 1, r + 1], [c, r + 1]], ends = [];
          corners.forEach(([x, y], k) => {
            const [u, v] = corners[(k + 1) % 4], a = field[y * n + x] - 0.5, b = field[v * n + u] - 0.5;
            if (a > 0 !== b > 0) ends.push(this.place(at(x + (u - x) * (a / (a - b))), at(y + (v - y) * (a / (a - b)))));
          });
          for (let k = 0; k + 1 < ends.length; k += 2) {
            context.moveTo(...ends[k]);
            context.lineTo(...ends[k + 1]);
          }
        }
      }
      context.stroke();
      context.globalAlpha = 1;
    }

    #dots(points, colour, radius, alpha) {
      const { context } = this;
      context.fillStyle = colour;
      context.globalAlpha = alpha;
      context.beginPath();
      for (let i = 0; i < points.length; i += 2) {
        const [x, y] = this.place(points[i], points[i + 1]);
        context.moveTo(x + radius, y);
        context.arc(x, y, radius, 0, 7);
      }
      context.fill();
      context.globalAlpha = 1;
    }

    #bent({ bent, lines }) {
      this.context.globalAlpha = 0.55;
      const stops = P.STOPS;
      for (let start = 0; start < bent.length; start += 2 * stops) {
        const line = Array.from({ length: stops }, (_, k) => this.place(bent[start + 2 * k], bent[start + 2 * k + 1]));
        Page.path(this.context, line, Page.colour("generated"), { width: lines > 1 ? 0.9 : 2.5 });
      }
      this.context.globalAlpha = 1;
    }

    // Long pulls are shortened, so that short ones can be seen beside them: |pull| / (1 + |pull|) of the longest arrow.
    #pull({ points, pull }) {
      const { context, unit } = this;
      context.strokeStyle = Page.colour("d-text");
      context.lineWidth = 1.3;
      context.beginPath();
      for (let i = 0; i < points.length; i += 2) {
        const length = Math.hypot(pull[i], pull[i + 1]), share = (PULL * unit) / (1 + length);
        const [dx, dy] = [pull[i] * share, -pull[i + 1] * share];
        if (!(Math.hypot(dx, dy) > 1)) continue;
        const [x, y] = this.place(points[i], points[i + 1]);
        context.moveTo(x, y);
        context.lineTo(x + dx, y + dy);
        context.moveTo(x + 0.7 * dx - 0.2 * dy, y + 0.7 * dy + 0.2 * dx);
        context.lineTo(x + dx, y + dy);
        context.lineTo(x + 0.7 * dx + 0.2 * dy, y + 0.7 * dy - 0.2 * dx);
      }
      context.stroke();
    }

    #cross() {
      const [x, y] = this.place(...this.cursor), colour = Page.colour("ink");
      Page.path(this.context, [[x - 8, y], [x + 8, y]], colour);
      Page.path(this.context, [[x, y - 8], [x, y + 8]], colour);
    }
  }

  // Lets people put points on the map while `active()`; `put`, `undo` and `end` hear of it.
  Page.drawing = function (map, { active, put, undo, end, moved }) {
    const { canvas } = map;
    const where = (event) => {
      const box = canvas.getBoundingClientRect();
      return [((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2].map((x) => x * P.EDGE);
    };
    let last = null;
    const drag = (event) => {
      const here = where(event);
      if (last && Math.hypot(here[0] - last[0], here[1] - last[1]) < 0.08) return;
      put((last = here));
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!active()) return;
      canvas.setPointerCapture(event.pointerId);
      last = null;
      drag(event);
    });
    canvas.addEventListener("pointermove", (event) => active() && last && drag(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, () => {
        if (last) end();
        last = null;
      });
    }
    canvas.addEventListener("keydown", (event) => {
      if (active() && key(map, event, { put, undo, end, moved })) event.preventDefault();
    });
    for (const [name, cursor] of [["focus", [0, 0]], ["blur", null]]) {
      canvas.addEventListener(name, () => {
        map.cursor = active() && canvas.matches(":focus-visible") ? cursor : null;
        moved();
      });
    }
  };

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

  function key(map, event, { put, undo, end, moved }) {
    const cursor = (map.cursor ??= [0, 0]), arrow = ARROWS[event.key];
    if (arrow) map.cursor = cursor.map((x, k) => Math.max(-P.EDGE, Math.min(P.EDGE, x + 0.125 * arrow[k])));
    else if (event.key === " ") put(cursor);
    else if (event.key === "Backspace") undo();
    else return false;
    if (arrow) moved();
    else end();
    return true;
  }

  Page.Map = Map_;
})((globalThis.Page ??= {}));
