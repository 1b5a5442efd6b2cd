// A closer look, each with a file that is loaded when somebody asks for it: a conditional pair, whose D says of every
// pixel what it would rather see, and training images, of which the nearest is shown.
(function (E) {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const SIDE = 28, LEVELS = 15; // the white of a training image, in four bits a pixel
  const scripts = {};

  // fetch() may not read files; a script tag may.
  function load(file) {
    scripts[file] ??= new Promise((done) => {
      const tag = Object.assign(document.createElement("script"), { src: file, onload: () => done(true), onerror: () => done(false) });
      document.head.append(tag);
    });
    return scripts[file];
  }

  async function inflated(text) {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  // Training images to look up in; two pixels in a byte.
  class Images {
    constructor({ labels, typical }, nibbles) {
      this.labels = labels;
      this.typical = typical;
      this.levels = new Uint8Array(2 * nibbles.length);
      nibbles.forEach((both, i) => this.levels.set([both >> 4, both & 15], 2 * i));
    }

    image(k) {
      return Float32Array.from(this.levels.subarray(784 * k, 784 * (k + 1)), (level) => level / LEVELS);
    }

    // The number of the nearest image and its distance, Euclidean over pixels from 0 to 1.
    nearest(pixels) {
      const { levels } = this, scaled = pixels.map((pixel) => LEVELS * pixel);
      let best = Infinity, found = 0;
      for (let start = 0; start < levels.length; start += 784) {
        let sum = 0;
        for (let i = 0; i < 784 && sum < best; ) {
          for (const end = i + SIDE; i < end; i++) sum += (scaled[i] - levels[start + i]) ** 2;
        }
        if (sum < best) [best, found] = [sum, start / 784];
      }
      return { number: found, label: this.labels[found], distance: Math.sqrt(best) / LEVELS };
    }
  }

  class Closer {
    // `draw` draws the page again; `ask` turns to the conditional generator.
    constructor({ draw, ask }) {
      this.draw = draw;
      $("find-near").addEventListener("click", () => this.images());
      $("find-slope").addEventListener("click", ask);
    }

    // Loads the conditional pair; says whether it is there.
    async pair() {
      if (!(await load("asked.js"))) this.#missing("slope-text", "asked.js");
      else if (!this.generator) {
        this.generator = new E.Generator(explorerPair);
        this.discriminator = new E.Discriminator(explorerPair);
      }
      return Boolean(this.generator);
    }

    async images() {
      $("find-near").disabled = true;
      if (!globalThis.DecompressionStream || !(await load("images.js"))) return this.#missing("near-text", "images.js");
      this.near ??= new Images(explorerImages, await inflated(explorerImages.pixels));
      this.draw();
    }

    #missing(id, file) {
      $(id).textContent = `${file} could not be loaded: it lies beside this page, and wants a browser of 2023 or later.`;
    }

    // Shows what has been loaded; `asked` is the digit that D is told, null for a generator whose D is not there.
    show(pixels, asked) {
      $("find-near").hidden = Boolean(this.near);
      $("near").hidden = !this.near;
      $("find-slope").hidden = asked !== null;
      $("slope").hidden = asked === null;
      if (this.near) this.#showNearest(pixels);
      if (asked !== null) this.#showSlope(pixels, asked);
    }

    #showNearest(pixels) {
      const { number, label, distance } = this.near.nearest(pixels), { typical, labels } = this.near;
      E.paint($("near"), this.near.image(number));
      $("near-text").textContent = `A ${label}, number ${number}: the nearest of the first ${labels.length.toLocaleString("en")} training images, ` +
        `${distance.toFixed(1)} away (Euclidean; a copy: 0.3 at most). A test image is typically ${typical.toFixed(1)} from its nearest of them.`;
    }

    #showSlope(pixels, asked) {
      const { logit, slope } = this.discriminator.look(pixels, asked), most = Math.max(...slope.map(Math.abs));
      paintSlope($("slope"), pixels, slope, most);
      const share = Math.round(100 / (1 + Math.exp(-logit))), says = logit.toFixed(2).replace("-", "−");
      $("slope-text").textContent = `D, told that it is a ${asked}, has the logit ${says}: ${share} % real. In colour, the slope of the logit in each ` +
        `pixel: blue, more ink there would look more real to D; vermilion, less real. The steepest pixel: ${most.toFixed(2)} from black to white.`;
    }

    // What screen readers read in place of the pictures, when the point rests.
    speak() {
      for (const id of ["near", "slope"]) $(id).setAttribute("aria-label", $(`${id}-text`).textContent);
    }
  }

  const colour = (name) => {
    const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  };

  // The slope in blue and vermilion over a faint image.
  function paintSlope(canvas, pixels, slope, most) {
    const context = canvas.getContext("2d"), image = context.createImageData(SIDE, SIDE);
    const [page, ink, more, less] = ["middle", "ink", "real", "generated"].map(colour);
    slope.forEach((value, i) => {
      const share = Math.abs(value) / (most || 1), end = value > 0 ? more : less;
      for (let k = 0; k < 3; k++) {
        const faint = page[k] + 0.25 * pixels[i] * (ink[k] - page[k]);
        image.data[4 * i + k] = faint + share * (end[k] - faint);
      }
      image.data[4 * i + 3] = 255;
    });
    context.putImageData(image, 0, 0);
  }

  E.paint = function (canvas, pixels, left = 0, top = 0) {
    const context = canvas.getContext("2d"), image = context.createImageData(SIDE, SIDE);
    pixels.forEach((grey, i) => image.data.set([255 * grey, 255 * grey, 255 * grey, 255], 4 * i));
    context.putImageData(image, left, top);
  };
  E.Closer = Closer;
  E.Images = Images;
  E.inflated = inflated;
})(globalThis.Explorer);
