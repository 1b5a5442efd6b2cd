// The page: a point in a plane through latent space, a choice, a walk; the digit that G draws and what the judge sees.
// What is only loaded when somebody asks for it is in closer.js.
(function (E) {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const EDGE = 3, SIDE = 7, LATENTS = 64; // the plane from -3 to 3; SIDE × SIDE small digits on it
  const P = {};
  for (const part of ganParts) part(P);
  const start = performance.now();
  const own = new E.Generator(explorerWeights), judge = new E.Judge(explorerWeights);
  const whole = (text, most, otherwise) => (/^\d+$/.test(text ?? "") && Number(text) <= most ? Number(text) : otherwise);
  const within = (text, edge, otherwise) => (text !== null && Math.abs(Number(text)) <= edge ? Number(text) : otherwise);

  class Explorer {
    constructor() {
      this.closer = new E.Closer({ draw: () => this.draw(), ask: () => this.turnTo("asked") });
      for (let digit = 0; digit < 10; digit++) $("digits").append(this.#asking(digit));
      this.#listen();
      this.read();
    }

    #asking(digit) {
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: digit });
      button.addEventListener("click", () => this.ask(digit));
      return button;
    }

    #listen() {
      $("controls").addEventListener("submit", (event) => event.preventDefault());
      $("net").addEventListener("change", () => this.turnTo($("net").value));
      for (const id of ["choice", "to"]) $(id).addEventListener("change", () => this.set({ [id]: Number($(id).value) }));
      $("walk").addEventListener("input", () => this.set({ walk: Number($("walk").value) }));
      $("seed").addEventListener("change", () => $("seed").checkValidity() && this.set({ seed: whole($("seed").value, 2 ** 32 - 1, 0) }));
      $("other").addEventListener("click", () => this.set({ seed: (this.seed + 1) % 2 ** 32 }));
      addEventListener("hashchange", () => location.hash.slice(1) !== this.written && this.read());
      addEventListener("resize", () => this.draw());
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
      const plane = $("plane"), move = (event) => this.#point(event);
      plane.addEventListener("pointerdown", (event) => {
        plane.setPointerCapture(event.pointerId);
        move(event);
      });
      plane.addEventListener("pointermove", (event) => event.buttons && move(event));
      plane.addEventListener("keydown", (event) => this.#key(event));
    }

    #point(event) {
      const box = $("plane").getBoundingClientRect(), clip = (x) => Math.round(100 * Math.max(-EDGE, Math.min(EDGE, x))) / 100;
      this.set({
        x: clip((((event.clientX - box.left) / box.width) * 2 - 1) * EDGE),
        y: clip((1 - ((event.clientY - box.top) / box.height) * 2) * EDGE),
      });
    }

    #key(event) {
      const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!arrow) return;
      event.preventDefault();
      const move = (x, by) => Math.round(100 * Math.max(-EDGE, Math.min(EDGE, x + 0.1 * by))) / 100;
      this.set({ x: move(this.x, arrow[0]), y: move(this.y, arrow[1]) });
    }

    get generator() {
      return this.net === "asked" ? this.closer.generator : own;
    }

    // The next choice that mostly draws this digit; with a generator that can be asked, the digit itself.
    ask(digit) {
      const { choices } = this.generator;
      const next = choices.map((_, k) => (this.choice + 1 + k) % choices.length).find((k) => choices[k] === digit);
      this.set({ choice: next, walk: 0 });
    }

    // Another generator, with the same digits where it has them.
    async turnTo(net) {
      const { choices } = this.generator, digits = [choices[this.choice], choices[this.to]];
      if (net === "asked" && !(await this.closer.pair())) net = "own";
      this.#use(net);
      const [choice, to] = digits.map((digit) => this.generator.choices.indexOf(digit));
      this.sheet = null;
      this.set({ choice, to });
    }

    // "own", the course's, or "asked", the conditional one.
    #use(net) {
      const name = (k) => (net === "asked" ? `digit ${k}` : `${k} (mostly ${own.choices[k]})`);
      this.net = net;
      $("net").value = net;
      for (const id of ["choice", "to"]) {
        const options = this.generator.choices.map((_, k) => Object.assign(document.createElement("option"), { value: k, textContent: name(k) }));
        $(id).replaceChildren(...options);
      }
    }

    async read() {
      const address = new URLSearchParams(location.hash.slice(1));
      if (address.get("net") === "asked") await this.closer.pair();
      if (address.get("near") === "1") this.closer.images();
      this.#use(address.get("net") === "asked" && this.closer.generator ? "asked" : "own");
      const most = this.generator.choices.length - 1, start = this.net === "asked" ? [4, 9] : [13, 9];
      this.seed = null;
      this.set({
        seed: whole(address.get("seed"), 2 ** 32 - 1, 0), choice: whole(address.get("choice"), most, start[0]),
        to: whole(address.get("to"), most, start[1]), x: within(address.get("x"), EDGE, 0), y: within(address.get("y"), EDGE, 0),
        walk: Math.abs(within(address.get("walk"), 1, 0)),
      });
    }

    set(changes) {
      const fresh = changes.seed !== undefined && changes.seed !== this.seed;
      const scene = ["seed", "choice", "to", "walk"].some((name) => changes[name] !== undefined && changes[name] !== this[name]);
      Object.assign(this, changes);
      if (fresh) this.#drawLatents();
      for (const id of ["choice", "to", "seed", "walk"]) $(id).value = this[id];
      $("walked").textContent = `${Math.round(100 * this.walk)} %`;
      if (scene) this.sheet = null;
      this.draw();
      this.#write();
    }

    // Where the walk starts and ends, and two directions of the length that latents have in one direction.
    #drawLatents() {
      const random = new P.Random(this.seed), make = () => Float32Array.from({ length: LATENTS }, () => random.normal());
      const unit = (v) => v.map((x) => x * (2.5 / Math.hypot(...v)));
      this.from = make();
      this.end = make();
      const a = unit(make()), b = make(), share = a.reduce((sum, x, i) => sum + x * b[i], 0) / 2.5 ** 2;
      this.directions = [a, unit(b.map((x, i) => x - share * a[i]))];
    }

    // Along a circle, since a mean of two latents is shorter than latents are.
    inputs(x, y) {
      const { walk, directions: [a, b] } = this, angle = (walk * Math.PI) / 2, [c, s] = [Math.cos(angle), Math.sin(angle)];
      const latents = this.from.map((z, i) => c * z + s * this.end[i] + x * a[i] + y * b[i]);
      const { weight } = this.generator, shares = this.generator.only(this.choice, weight * (1 - walk));
      shares[this.to] += weight * walk;
      return [latents, shares];
    }

    draw() {
      const before = performance.now(), pixels = this.generator.draw(...this.inputs(this.x, this.y)), after = performance.now();
      this.pixels = pixels;
      E.paint($("digit"), pixels);
      this.probabilities = judge.look(pixels);
      $("speed").textContent = `Drawn in ${(after - before).toFixed(1)} ms, judged in ${(performance.now() - after).toFixed(1)} ms.`;
      this.#opinion();
      this.#plane();
      E.milliseconds ??= performance.now() - start;
      this.closer.show(pixels, this.net === "asked" ? (this.walk < 0.5 ? this.choice : this.to) : null);
    }

    #opinion() {
      const list = $("opinion"), best = this.probabilities.indexOf(Math.max(...this.probabilities));
      list.replaceChildren(...Array.from(this.probabilities, (probability, digit) => {
        const row = document.createElement("li"), parts = [digit, "", `${Math.round(100 * probability)} %`];
        row.append(...parts.map((textContent) => Object.assign(document.createElement("span"), { textContent })));
        row.children[1].style.width = `${100 * probability}%`;
        return row;
      }));
      clearTimeout(this.speaking); // one sentence when the point rests, not one for each place on its way
      this.speaking = setTimeout(() => {
        const sure = Math.round(100 * this.probabilities[best]);
        $("spoken").textContent = `At ${this.x}, ${this.y} the judge sees a ${best}, ${sure} percent sure.`;
        $("digit").setAttribute("aria-label", `The generated digit: the judge sees a ${best}, ${sure} percent sure.`);
        this.closer.speak();
      }, 400);
    }

    #plane() {
      const canvas = $("plane"), size = Math.round(canvas.clientWidth * (devicePixelRatio || 1));
      if (canvas.width !== size) canvas.width = canvas.height = size;
      const context = canvas.getContext("2d"), at = (x) => ((x / EDGE + 1) / 2) * size;
      context.imageSmoothingEnabled = false;
      if (this.sheet) context.drawImage(this.sheet, 0, 0, size, size);
      else this.#later();
      context.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--generated");
      context.lineWidth = size / 120;
      context.beginPath();
      context.arc(at(this.x), at(-this.y), size / 40, 0, 7);
      context.stroke();
    }

    // The small digits of the plane, when the large one has been shown.
    #later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        const sheet = Object.assign(document.createElement("canvas"), { width: 28 * SIDE, height: 28 * SIDE });
        const at = (k) => ((k + 0.5) / SIDE - 0.5) * 2 * EDGE;
        for (let r = 0; r < SIDE; r++) {
          for (let c = 0; c < SIDE; c++) E.paint(sheet, this.generator.draw(...this.inputs(at(c), -at(r))), 28 * c, 28 * r);
        }
        this.sheet = sheet;
        this.#plane();
      }, 60);
    }

    // When the point rests: Safari allows a page a hundred addresses in thirty seconds.
    #write() {
      clearTimeout(this.writing);
      this.writing = setTimeout(() => {
        const { seed, choice, to, x, y, walk } = this, more = this.net === "asked" ? { net: "asked" } : {};
        if (this.closer.near) more.near = 1;
        this.written = new URLSearchParams({ seed, choice, to, x, y, walk, ...more }).toString();
        history.replaceState(null, "", `#${this.written}`);
      }, 300);
    }
  }

  E.page = new Explorer();
})(globalThis.Explorer);
