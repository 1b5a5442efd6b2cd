// The generators, the judge and a discriminator. Layers as in ganlib.models (mixture, conditional by projection) and
// ganlib.evaluation.judge.
(function (E) {
  "use strict";
  const NORM = 1e-3; // Keras' epsilon

  function bytes(text) {
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out.buffer;
  }

  // float16 to float32; the files hold no infinity.
  function half(bits) {
    const sign = bits & 0x8000 ? -1 : 1, power = (bits >> 10) & 31, rest = bits & 1023;
    return sign * (power === 0 ? rest * 2 ** -24 : (1 + rest / 1024) * 2 ** (power - 15));
  }

  const halves = (text) => Float32Array.from(new Uint16Array(bytes(text)), half);

  function dense(x, matrix, bias) {
    const out = Float32Array.from(bias), outputs = out.length;
    for (let i = 0; i < x.length; i++) {
      if (x[i] === 0) continue;
      for (let j = 0, k = i * outputs; j < outputs; j++) out[j] += x[i] * matrix[k++];
    }
    return out;
  }

  // The slope in the inputs of a dense layer, for the slope in its outputs.
  function back(slope, matrix) {
    const inputs = new Float32Array(matrix.length / slope.length);
    for (let i = 0, k = 0; i < inputs.length; i++) {
      let sum = 0;
      for (let j = 0; j < slope.length; j++) sum += slope[j] * matrix[k++];
      inputs[i] = sum;
    }
    return inputs;
  }

  const leaky = (x) => x.map((value) => (value < 0 ? 0.2 * value : value));
  const sigmoid = (x) => x.map((value) => 1 / (1 + Math.exp(-value)));

  // Eight bits a weight, with a scale for each column.
  function layer({ shape: [, outputs], steps, scale, bias }) {
    const scales = new Float32Array(bytes(scale));
    const matrix = Float32Array.from(new Int8Array(bytes(steps)), (step, i) => step * scales[i % outputs]);
    return { matrix, bias: new Float32Array(bytes(bias)) };
  }

  class Generator {
    constructor({ generator, weight, choices }) {
      this.weight = weight;
      this.choices = choices;
      this.layers = generator.map(layer);
    }

    // 784 pixels in 0..1 for 64 latents and the weights of the choices.
    draw(latents, shares) {
      const start = Float32Array.from([...latents, ...shares]), end = this.layers.length - 1;
      return this.layers.reduce((x, { matrix, bias }, l) => (l === end ? sigmoid : leaky)(dense(x, matrix, bias)), start);
    }

    only(choice, weight = this.weight) {
      const shares = new Float32Array(this.choices.length);
      shares[choice] = weight;
      return shares;
    }
  }

  class Discriminator {
    constructor({ discriminator }) {
      this.layers = discriminator.map(layer);
    }

    // D's logit for an image, when it is told the digit, and the slope of the logit in each pixel.
    look(pixels, digit) {
      const [first, second, scores, last] = this.layers, classes = scores.bias.length;
      const a = dense(pixels, first.matrix, first.bias), b = dense(leaky(a), second.matrix, second.bias), features = leaky(b);
      const head = last.matrix.map((weight, j) => weight + scores.matrix[j * classes + digit]);
      const logit = features.reduce((sum, feature, j) => sum + feature * head[j], last.bias[0]);
      const through = (slope, before) => slope.map((value, j) => (before[j] < 0 ? 0.2 * value : value));
      return { logit, slope: back(through(back(through(head, b), second.matrix), a), first.matrix) };
    }
  }

  class Judge {
    constructor({ judge }) {
      this.arrays = Object.fromEntries(Object.entries(judge).map(([name, { half: text }]) => [name, halves(text)]));
    }

    // The probabilities of the ten digits.
    look(pixels) {
      let x = this.convolve("conv1", pixels, { side: 28, inputs: 1, filters: 32, size: 5, stride: 2, before: 1, end: 14 });
      x = this.convolve("conv2", x, { side: 14, inputs: 32, filters: 32, size: 3, stride: 1, before: 1, end: 14 });
      x = this.convolve("conv3", x, { side: 14, inputs: 32, filters: 64, size: 3, stride: 2, before: 0, end: 7 });
      x = this.convolve("conv4", x, { side: 7, inputs: 64, filters: 64, size: 3, stride: 2, before: 0, end: 3 });
      x = this.norm("features_norm", dense(x, this.arrays["features/kernel"], new Float32Array(64)));
      const logits = dense(x, this.arrays["probabilities/kernel"], this.arrays["probabilities/bias"]);
      const most = Math.max(...logits), powers = logits.map((l) => Math.exp(l - most));
      const sum = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / sum);
    }

    convolve(name, x, { side, inputs, filters, size, stride, before, end }) {
      const kernel = this.arrays[`${name}/kernel`], out = new Float32Array(end * end * filters);
      for (let r = 0, o = 0; r < end; r++) {
        for (let c = 0; c < end; c++, o += filters) {
          for (let a = 0; a < size; a++) {
            const row = r * stride + a - before;
            if (row < 0 || row >= side) continue;
            for (let b = 0; b < size; b++) {
              const column = c * stride + b - before;
              if (column < 0 || column >= side) continue;
              const from = (row * side + column) * inputs, at = (a * size + b) * inputs * filters;
              for (let i = 0; i < inputs; i++) {
                const value = x[from + i];
                if (value === 0) continue;
                for (let f = 0, k = at + i * filters; f < filters; f++) out[o + f] += value * kernel[k++];
              }
            }
          }
        }
      }
      return this.norm(`${name}_norm`, out);
    }

    // Batch norm with the averages of the training, then ReLU.
    norm(name, x) {
      const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map((part) => this.arrays[`${name}/${part}`]);
      const n = gamma.length, factor = gamma.map((g, f) => g / Math.sqrt(variance[f] + NORM));
      return x.map((value, i) => Math.max(0, factor[i % n] * (value - mean[i % n]) + beta[i % n]));
    }
  }

  E.Generator = Generator;
  E.Discriminator = Discriminator;
  E.Judge = Judge;
})((globalThis.Explorer ??= {}));
