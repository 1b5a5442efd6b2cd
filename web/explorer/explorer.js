// The page: a point in a plane through latent space, a choice, a walk; the digit that G draws and what the judge sees.
(function (E) {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const EDGE = 3, SIDE = 7, LATENTS = 64; // the plane from -3 to 3; SIDE × SIDE small digits on it
  const P = {};
  for (const part of ganParts) part(P);
  const start = performance.now();
  const generator = new E.Generator(explorerWeights), judge = new E.Judge(explorerWeights);
  const { choices } = explorerWeights;
  const whole = (text, most, otherwise) => (/^\d+$/.test(text ?? "") && Number(text) <= most ? Number(text) : otherwise);
  const within = (text, edge, otherwise) => (text !== null && Math.abs(Number(text)) <= edge ? Number(text) : otherwise);

  class Explorer {
    constructor() {
      const option = (k) => Object.assign(document.createElement("option"), { value: k, textContent: `${k} (mostly ${choices[k]})` });
      for (const id of ["choice", "to"]) $(id).append(...choices.map((_, k) => option(k)));
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

    // The next choice that mostly draws this digit.
    ask(digit) {
      const next = choices.map((_, k) => (this.choice + 1 + k) % choices.length).find((k) => choices[k] === digit);
      this.set({ choice: next, walk: 0 });
    }

    read() {
      const address = new URLSearchParams(location.hash.slice(1)), most = choices.length - 1;
      this.seed = null;
      this.set({
        seed: whole(address.get("seed"), 2 ** 32 - 1, 0), choice: whole(address.get("choice"), most, 13),
        to: whole(address.get("to"), most, 9), x: within(address.get("x"), EDGE, 0), y: within(address.get("y"), EDGE, 0),
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
      const shares = generator.only(this.choice, generator.weight * (1 - walk));
      shares[this.to] += generator.weight * walk;
      return [latents, shares];
    }

    draw() {
      const before = performance.now(), pixels = generator.draw(...this.inputs(this.x, this.y)), after = performance.now();
      this.pixels = pixels;
      paint($("digit"), pixels);
      this.probabilities = judge.look(pixels);
      $("speed").textContent = `Drawn in ${(after - before).toFixed(1)} ms, judged in ${(performance.now() - after).toFixed(1)} ms.`;
      this.#opinion();
      this.#plane();
      this.first ??= performance.now();
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
          for (let c = 0; c < SIDE; c++) paint(sheet, generator.draw(...this.inputs(at(c), -at(r))), 28 * c, 28 * r);
        }
        this.sheet = sheet;
        this.#plane();
      }, 60);
    }

    // When the point rests: Safari allows a page a hundred addresses in thirty seconds.
    #write() {
      clearTimeout(this.writing);
      this.writing = setTimeout(() => {
        const { seed, choice, to, x, y, walk } = this;
        this.written = new URLSearchParams({ seed, choice, to, x, y, walk }).toString();
        history.replaceState(null, "", `#${this.written}`);
      }, 300);
    }
  }

  function paint(canvas, pixels, left = 0, top = 0) {
    const context = canvas.getContext("2d"), image = context.createImageData(28, 28);
    pixels.forEach((grey, i) => image.data.set([255 * grey, 255 * grey, 255 * grey, 255], 4 * i));
    context.putImageData(image, left, top);
  }

  E.page = new Explorer();
  E.milliseconds = E.page.first - start;
})(globalThis.Explorer);
