// The tab of the one-point game: vector field, path, eigenvalues.
(function (Page) {
  "use strict";
  const { $, P } = Page;
  const EDGE = 2.5, MOST = 2000;

  class Dirac {
    constructor({ changed, ended }) {
      this.changed = changed;
      this.ended = ended;
      this.canvas = $("dirac-map");
      this.show = Page.controls($("dirac-controls"), P.DIRAC_SETTINGS, (name, value) => this.#set({ [name]: value }));
      $("dirac-run").addEventListener("click", () => (this.timer ? this.pause() : this.run()));
      $("dirac-step").addEventListener("click", () => this.step());
      $("dirac-reset").addEventListener("click", () => this.reset());
      this.canvas.addEventListener("click", (event) => this.#click(event));
    }

    load(settings, steps) {
      this.pause();
      this.settings = settings;
      this.show(settings);
      this.path = P.diracPath([settings.theta, settings.psi], settings, Math.min(steps, MOST));
      this.draw();
    }

    #set(values) {
      this.load({ ...this.settings, ...values }, 0);
      this.changed();
    }

    #click(event) {
      const box = this.canvas.getBoundingClientRect(), round = (x) => Math.round(x * 100) / 100;
      this.#set({
        theta: round((((event.clientX - box.left) / box.width) * 2 - 1) * EDGE),
        psi: round((1 - ((event.clientY - box.top) / box.height) * 2) * EDGE),
      });
    }

    reset() {
      this.#set({});
      $("dirac-run").textContent = "Run";
    }

    step() {
      this.pause();
      this.#advance();
      this.draw();
      this.changed();
      this.ended(this.spoken());
    }

    #advance() {
      const [theta, psi] = P.diracStep(this.path.at(-1), this.settings);
      if (this.path.length <= MOST && Number.isFinite(theta + psi)) this.path.push([theta, psi]);
    }

    // With reduced motion the whole way is drawn at once.
    run(until = this.path.length - 1 + 120) {
      const end = Math.min(until, MOST), goOn = () => {
        const before = this.path.length;
        this.#advance();
        return this.path.length > before && this.path.length - 1 < end;
      };
      if (Page.calm()) {
        while (goOn());
        return this.finish();
      }
      $("dirac-run").textContent = "Pause";
      this.timer = setInterval(() => {
        const more = goOn();
        this.draw();
        if (!more) this.finish();
      }, 40);
    }

    pause() {
      clearInterval(this.timer);
      this.timer = null;
      $("dirac-run").textContent = "Run";
    }

    finish() {
      this.pause();
      this.draw();
      this.changed();
      this.ended(this.spoken(), this.figures());
    }

    figures() {
      const far = (at) => Math.hypot(...this.path.at(at));
      return { first: far(0), distance: far(-1), step: this.path.length - 1 };
    }

    spoken() {
      const [theta, psi] = this.path.at(-1), { step, distance } = this.figures();
      return `Step ${step}. θ is ${Page.number(theta)}, ψ is ${Page.number(psi)}, the distance from the solution ${Page.number(distance)}.`;
    }

    draw() {
      const { context, width } = Page.canvas(this.canvas), unit = width / (2 * EDGE);
      if (!width) return;
      const at = ([x, y]) => [(x + EDGE) * unit, (EDGE - y) * unit];
      for (const axis of [[[-EDGE, 0], [EDGE, 0]], [[0, -EDGE], [0, EDGE]]]) {
        Page.path(context, axis.map(at), Page.colour("line"), { width: 1 });
      }
      this.#arrows(context, at, unit);
      Page.path(context, this.path.map(at), Page.colour("generated"), { width: 2 });
      this.#mark(context, at([0, 0]), Page.colour("real"), 5);
      this.#mark(context, at(this.path.at(-1)), Page.colour("generated"), 6);
      this.#tell();
    }

    #arrows(context, at, unit) {
      const { loss, r1 } = this.settings, colour = Page.colour("neutral");
      for (let x = -2.25; x < EDGE; x += 0.5) {
        for (let y = -2.25; y < EDGE; y += 0.5) {
          const [g, d] = P.diracField(x, y, loss, r1), share = 0.42 / (0.6 + Math.hypot(g, d)), [px, py] = at([x, y]);
          const dx = g * share * unit, dy = -d * share * unit;
          Page.path(context, [[px, py], [px + dx, py + dy]], colour, { width: 1.2 });
          const head = [[0.65 * dx - 0.22 * dy, 0.65 * dy + 0.22 * dx], [dx, dy], [0.65 * dx + 0.22 * dy, 0.65 * dy - 0.22 * dx]];
          Page.path(context, head.map(([u, v]) => [px + u, py + v]), colour, { width: 1.2 });
        }
      }
    }

    #mark(context, [x, y], colour, radius) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(x, y, radius, 0, 7);
      context.fill();
    }

    #tell() {
      const complex = ([re, im]) => `${Page.number(re)}${im ? ` ${im < 0 ? "−" : "+"} ${Page.number(Math.abs(im))}i` : ""}`;
      const [theta, psi] = this.path.at(-1), factor = P.diracFactor(this.settings), { step, distance } = this.figures();
      Page.fill($("dirac-figures"), [
        ["Step", String(step)], ["θ, G’s point", Page.number(theta)], ["ψ, D’s slope", Page.number(psi)],
        ["Distance from (0, 0)", Page.number(distance)],
        ["Eigenvalues of the field", P.diracEigenvalues(this.settings).map(complex).join(", ")],
        ["One step stretches by", factor.toFixed(4)],
      ]);
      const steps = factor > 1 + 1e-9 ? "the steps drive out" : factor < 1 - 1e-9 ? "the steps draw in" : "the steps neither draw in nor drive out";
      $("dirac-meaning").textContent = `Near (0, 0) ${steps}. Real part of an eigenvalue: below 0 draws in. Imaginary part: turns.`;
    }
  }

  Page.Dirac = Dirac;
})((globalThis.Page ??= {}));
