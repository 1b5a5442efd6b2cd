// The page: one state, the worker that plays it, and what people do.
(function (Page) {
  "use strict";
  const { $, P } = Page;
  const FRAME = Page.calm() ? 1000 : 60; // milliseconds between two pictures; few of them where motion is reduced
  const DIVERGED = "The game has diverged: its numbers have grown beyond all bounds. Press Reset, and choose smaller rates or a price on D’s slope.";
  const SPEAK_EVERY = 10_000, WRITE_EVERY = 1000;

  // A page opened as file:// may not load a worker's file. So the worker gets the text of the same functions.
  function startWorker() {
    const text = `const P = {};\n${ganParts.map((part) => `(${part})(P);`).join("\n")}\nP.serve(self);`;
    try {
      return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    } catch {
      return inPage();
    }
  }

  // Without workers the game is played between the page's other work.
  function inPage() {
    const port = { postMessage: (data) => setTimeout(() => outside.onmessage({ data })) };
    const outside = { postMessage: (data) => setTimeout(() => port.onmessage({ data })) };
    P.serve(port);
    return outside;
  }

  class App {
    constructor() {
      this.worker = startWorker();
      this.worker.onmessage = ({ data }) => this[data.kind](data);
      this.number = 0; // of the game: frames of an earlier one are dropped
      this.losses = { d: [], g: [] };
      this.map = new Page.Map($("map"));
      this.showControls = Page.controls($("controls"), P.SETTINGS, (name, value) => this.set(name, value), Page.GROUPS);
      this.dirac = new Page.Dirac({ changed: () => this.write(), ended: (text, figures) => this.diracEnded(text, figures) });
      this.guide = new Page.Guide({ start: (number) => this.startExperiment(number), chosen: (number) => this.choose(number) });
      this.#listen();
      this.read();
    }

    #listen() {
      $("run").addEventListener("click", () => (this.mode === "running" ? this.order("pause") : this.run()));
      for (const name of ["phase", "step"]) $(name).addEventListener("click", () => this.order(name));
      $("reset").addEventListener("click", () => this.reset());
      for (const id of ["link", "dirac-link"]) $(id).addEventListener("click", () => this.copy());
      $("pace").addEventListener("change", () => this.mode === "running" && this.run());
      for (const box of document.querySelectorAll("[data-layer]")) {
        box.addEventListener("change", () => {
          this.map.layers[box.dataset.layer] = box.checked;
          this.draw();
        });
      }
      for (const tab of document.querySelectorAll("[role=tab]")) {
        tab.addEventListener("click", () => this.turnTo(tab.id.slice(4)));
        tab.addEventListener("keydown", (event) => this.#tabKey(event));
      }
      addEventListener("hashchange", () => location.hash.slice(1) !== this.written && this.read());
      addEventListener("resize", () => this.draw());
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
      this.#listenToDrawing();
    }

    #tabKey(event) {
      if (!["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) return;
      const other = event.key === "Home" || (event.key !== "End" && this.state.tab === "dirac") ? "plane" : "dirac";
      this.turnTo(other);
      $(`tab-${other}`).focus();
      event.preventDefault();
    }

    #listenToDrawing() {
      const points = () => this.state.points;
      Page.drawing(this.map, {
        active: () => this.now().data === "drawn",
        put: (place) => {
          if (points().length < P.MOST_DRAWN) points().push(...P.unpackPoints(P.packPoints([place])));
          this.draw();
        },
        undo: () => points().pop(),
        end: () => this.reset(),
        moved: () => this.draw(),
      });
      $("clear").addEventListener("click", () => {
        this.state.points = [];
        this.reset();
      });
    }

    // --- the state ---

    now() {
      return this.settings ?? this.state.settings;
    }

    read() {
      const { state, refused } = P.decode(location.hash);
      this.load(state);
      if (refused.length) this.warn(`Not understood in the address, and left out: ${refused.join(", ")}.`);
    }

    load(state) {
      const diracSteps = state.tab === "dirac" ? state.step : 0;
      if (state.tab === "dirac") state = { ...state, step: 0, done: 0, changes: [] };
      this.state = state;
      this.settings = P.settingsNow(state);
      this.losses = { d: [], g: [] };
      this.apart = [];
      this.last = null;
      this.mode = undefined; // until the worker tells
      this.experiment = null;
      this.warn("");
      if (state.experiment) {
        this.guide.open(state.experiment, true);
        $("guide").open = true;
      }
      this.showSettings();
      this.order("load", { state, rest: FRAME, number: ++this.number });
      this.turnTo(state.tab, diracSteps);
    }

    showSettings() {
      const { settings } = this, drawn = settings.data === "drawn";
      this.showControls(settings);
      $("drawing").hidden = !drawn;
      $("map").classList.toggle("draws", drawn);
      $("map").tabIndex = drawn ? 0 : -1;
      const { says: [d, g] } = P.LOSSES[settings.loss];
      $("pair-name").textContent = `The pair: ${settings.loss}`;
      $("pair").textContent = `D minimises the mean of ${d}; G that of ${g}.`;
      for (const row of $("controls").querySelectorAll("[data-setting^=beta]")) {
        row.classList.toggle("off", settings.optimizer !== "adam");
      }
    }

    set(name, value) {
      if (P.SETTINGS[name].fresh || !this.last || (this.last.figures.step === 0 && this.mode !== "running")) {
        this.fresh({ [name]: value });
      } else {
        this.order("change", { name, value });
      }
    }

    // A new game with the settings of now and some changed.
    fresh(changed = {}) {
      const { tab, points, dirac } = this.state, settings = { ...this.settings, ...changed };
      this.load({ ...P.freshState(), tab, points, dirac: this.dirac.settings ?? dirac, settings });
    }

    reset() {
      this.fresh();
    }

    // --- orders to the worker, and what comes back ---

    order(order, more = {}) {
      this.worker.postMessage({ order, ...more });
    }

    run(until) {
      this.order("run", { pace: $("pace").value, until });
    }

    changed({ number, step, name, value }) {
      if (number !== this.number) return;
      const { changes } = this.state;
      this.state.changes = [...changes.filter((change) => change[0] !== step || change[1] !== name), [step, name, value]];
      this.settings = { ...this.settings, [name]: value };
      this.showSettings();
    }

    frame(frame) {
      if (frame.number !== this.number) return;
      const before = this.mode;
      this.last = frame;
      this.mode = frame.mode;
      for (const name of ["d", "g"]) this.losses[name].push(...frame[name]);
      this.#keepApart(frame.figures);
      $("run").textContent = frame.mode === "running" ? "Pause" : frame.mode === "restoring" ? "Wait" : "Run";
      for (const id of ["run", "phase", "step"]) $(id).disabled = frame.mode === "restoring";
      requestAnimationFrame(() => this.draw());
      this.order("drawn");
      this.write(frame.mode === "running");
      this.tell(frame, before);
    }

    #keepApart({ step, apart }) {
      if (step > (this.apart.at(-1)?.[0] ?? -1)) this.apart.push([step, apart]);
      if (this.apart.length > 1000) this.apart = this.apart.filter((_, k) => k % 2 === 0);
    }

    warn(text) {
      $("trouble").hidden = !text;
      $("trouble").textContent = text;
    }

    // A screen reader hears of every stop, and every ten seconds of a run if it is asked to.
    tell({ mode, figures }, before) {
      const time = performance.now(), due = $("speak").checked && time - (this.spoke ?? 0) > SPEAK_EVERY;
      const { experiment } = this;
      if (figures.step > 0 && !Number.isFinite(figures.d)) this.warn(DIVERGED);
      if (mode === "paused" && before === "running" && experiment && figures.step >= experiment.steps) {
        this.experiment = null;
        this.say(this.guide.finish(figures));
      } else if (mode === "paused" ? before !== undefined : due) {
        this.say(Page.spoken(figures));
      }
    }

    say(text) {
      this.spoke = performance.now();
      $("spoken").textContent = text;
    }

    draw() {
      if (this.state.tab === "dirac") return this.dirac.draw();
      const { last, settings } = this, pair = P.LOSSES[settings.loss];
      this.map.draw(last, settings.data === "drawn" ? this.state.points : null);
      if (!last) return;
      const { figures } = last, seen = last.mode === "paused" || $("pace").value === "phases";
      Page.showFigures($("figures"), figures, last.speed, pair);
      Page.showPhases($("phases"), last.plan, figures, seen);
      Page.showModel($("model"), $("phase-said"), figures, seen);
      Page.drawCurves($("curves"), this.losses, pair.balance);
      Page.drawApart($("apart"), this.apart);
      Page.drawPair($("pair-chart"), pair, figures.logitFake);
      $("map").setAttribute("aria-label", `The plane. ${Page.spoken(figures)}`);
      this.#describe(pair, figures);
    }

    #describe(pair, { d, g, apart, logitFake }) {
      const { number } = Page, of = (side) => `value ${number(side.value(logitFake))}, slope ${number(side.slope(logitFake))}`;
      const text = `At ℓ = ${number(logitFake)}: D’s loss has ${of(pair.fake)}; G’s has ${of(pair.generator)}.`;
      $("slopes").textContent = text;
      $("curves").setAttribute("aria-label", `Both losses over the steps. Now D’s is ${number(d)} and G’s ${number(g)}.`);
      $("apart").setAttribute("aria-label", `How far apart both clouds are over the steps, from 0 to 0.69. Now ${number(apart)}.`);
      $("pair-chart").setAttribute("aria-label", `Values and slopes of both losses over D’s output. ${text}`);
    }

    // --- tabs, address, experiments ---

    turnTo(name, diracSteps = null) {
      this.state.tab = name;
      for (const tab of ["plane", "dirac"]) {
        $(tab).hidden = tab !== name;
        $(`tab-${tab}`).setAttribute("aria-selected", tab === name);
        $(`tab-${tab}`).tabIndex = tab === name ? 0 : -1;
      }
      if (name === "dirac" && this.mode === "running") this.order("pause");
      if (diracSteps !== null || !this.dirac.settings) this.dirac.load(this.state.dirac, diracSteps ?? 0);
      this.draw();
      this.write();
    }

    address() {
      const { state } = this, figures = this.last?.figures ?? { step: state.step, done: state.done };
      const dirac = this.dirac.settings ?? state.dirac, steps = this.dirac.path ? this.dirac.path.length - 1 : 0;
      const place = state.tab === "dirac" ? { step: steps, done: 0, changes: [] } : { step: figures.step, done: figures.done };
      return P.encode({ ...state, dirac, ...place });
    }

    write(running = false) {
      const time = performance.now();
      if (this.mode === "restoring" || (running && time - (this.wrote ?? 0) < WRITE_EVERY)) return;
      this.wrote = time;
      this.written = this.address();
      history.replaceState(null, "", `#${this.written}`);
    }

    async copy() {
      this.write();
      try {
        await navigator.clipboard.writeText(location.href);
        this.say("The link is copied.");
      } catch {
        this.say("The link is in the address bar of this page.");
      }
      this.warn($("spoken").textContent);
    }

    choose(number) {
      this.state.experiment = number;
      this.write();
    }

    startExperiment(number) {
      const experiment = P.EXPERIMENTS[number - 1];
      const { predicted } = this.guide, state = P.experimentState(number);
      this.load(state);
      this.guide.predicted = predicted;
      this.guide.body.querySelectorAll("input")[predicted].checked = true;
      this.guide.running();
      this.experiment = experiment;
      if (state.tab === "dirac") this.dirac.run(experiment.steps);
      else this.order("run", { pace: "full", until: experiment.steps });
    }

    diracEnded(text, figures) {
      const { experiment } = this;
      if (!experiment || experiment.tab !== "dirac" || !figures) return this.say(text);
      this.experiment = null;
      this.say(this.guide.finish(figures));
    }
  }

  Page.app = new App();
})((globalThis.Page ??= {}));
