// A multilayer perceptron by hand, in typed arrays: forward, backward, backward of a backward (penalties), Adam.
// Layers as in ganlib.models.mlp: leaky ReLU of slope 0.2 between them, a linear end, a weight matrix (inputs, outputs).
// Sources: Glorot and Bengio 2010 (first weights); Kingma and Ba 2015 (Adam, in the form of Keras).
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  const LEAK = 0.2;

  // C = A·B, or C += A·B. Element (m, k) of A lies at m·row + k·column; rows of B and C have no gaps.
  // Two rows by four columns are summed in registers, which makes it four times as fast as the plain triple loop.
  function multiply(A, row, column, B, bAt, C, cAt, M, N, K, add) {
    const evenRows = M & ~1, wholeFours = N & ~3;
    for (let m = 0; m < evenRows; m += 2) {
      const p = m * row, q = p + row, o = cAt + m * N, u = o + N;
      for (let n = 0; n < wholeFours; n += 4) {
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
        for (let k = 0, i = p, j = q, b = bAt + n; k < K; k++, i += column, j += column, b += N) {
          const x = A[i], y = A[j], w0 = B[b], w1 = B[b + 1], w2 = B[b + 2], w3 = B[b + 3];
          s0 += x * w0; s1 += x * w1; s2 += x * w2; s3 += x * w3;
          t0 += y * w0; t1 += y * w1; t2 += y * w2; t3 += y * w3;
        }
        if (add) {
          s0 += C[o + n]; s1 += C[o + n + 1]; s2 += C[o + n + 2]; s3 += C[o + n + 3];
          t0 += C[u + n]; t1 += C[u + n + 1]; t2 += C[u + n + 2]; t3 += C[u + n + 3];
        }
        C[o + n] = s0; C[o + n + 1] = s1; C[o + n + 2] = s2; C[o + n + 3] = s3;
        C[u + n] = t0; C[u + n + 1] = t1; C[u + n + 2] = t2; C[u + n + 3] = t3;
      }
    }
    for (let m = 0; m < M; m++) {
      for (let n = m < evenRows ? wholeFours : 0; n < N; n++) {
        let s = add ? C[cAt + m * N + n] : 0;
        for (let k = 0, i = m * row, b = bAt + n; k < K; k++, i += column, b += N) s += A[i] * B[b];
        C[cAt + m * N + n] = s;
      }
    }
  }

  function leak(values, masks, count) {
    for (let i = 0; i < count; i++) if (masks[i] < 0) values[i] *= LEAK;
  }

  // The weights of a network in one array, layer by layer (matrix, then bias), their slopes, and what Adam remembers.
  class Network {
    constructor(sizes, random, Real = Float32Array) {
      this.sizes = sizes;
      this.layers = [];
      let count = 0;
      for (let l = 0; l + 1 < sizes.length; l++) {
        const inputs = sizes[l], outputs = sizes[l + 1];
        this.layers.push({ inputs, outputs, matrix: count, bias: count + inputs * outputs });
        count += (inputs + 1) * outputs;
      }
      this.Real = Real;
      [this.values, this.slopes, this.mean, this.square] = Array.from({ length: 4 }, () => new Real(count));
      this.updates = 0;
      for (const { inputs, outputs, matrix, bias } of this.layers) {
        const limit = Math.sqrt(6 / (inputs + outputs));
        for (let i = matrix; i < bias; i++) this.values[i] = (2 * random.uniform() - 1) * limit;
      }
    }

    adam(rate, beta1, beta2) {
      const { values, slopes, mean, square } = this, t = ++this.updates;
      const pace = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
      for (let i = 0; i < values.length; i++) {
        const slope = slopes[i];
        mean[i] += (1 - beta1) * (slope - mean[i]);
        square[i] += (1 - beta2) * (slope * slope - square[i]);
        values[i] -= (pace * mean[i]) / (Math.sqrt(square[i]) + 1e-7);
      }
    }

    descend(rate) {
      for (let i = 0; i < this.values.length; i++) this.values[i] -= rate * this.slopes[i];
    }
  }

  // The numbers that flow through a network for one batch of `rows` points. Several passes can share one network.
  class Pass {
    constructor(network, rows) {
      const { sizes, layers, Real } = network;
      this.network = network;
      this.rows = rows;
      [this.out, this.back, this.again] = Array.from({ length: 3 }, () => sizes.map((size) => new Real(rows * size)));
      this.turned = layers.map(({ matrix, bias }) => new Real(bias - matrix));
      this.ones = new Real(rows).fill(1);
    }

    // x: rows × inputs. Returns the outputs; the next call overwrites them.
    forward(x) {
      const { layers, values } = this.network, last = layers.length - 1;
      this.out[0].set(x);
      layers.forEach(({ inputs, outputs, matrix, bias }, l) => {
        const next = this.out[l + 1], start = values.subarray(bias, bias + outputs);
        for (let r = 0; r < this.rows; r++) next.set(start, r * outputs);
        multiply(this.out[l], inputs, 1, values, matrix, next, 0, this.rows, outputs, inputs, true);
        if (l < last) leak(next, next, next.length);
      });
      return this.out[layers.length];
    }

    // Takes the slopes of a loss in the outputs. Adds to the network's slopes if `learn`; returns the slopes in the
    // inputs if `deep`.
    backward(slopes, learn, deep) {
      const { layers } = this.network;
      this.back[layers.length].set(slopes);
      for (let l = layers.length - 1; l >= 0; l--) {
        if (learn) this.#collect(l);
        if (l === 0 && !deep) return null;
        this.#down(l);
      }
      return this.back[0];
    }

    #collect(l) {
      const { inputs, outputs, matrix, bias } = this.network.layers[l];
      const { slopes } = this.network, slope = this.back[l + 1];
      multiply(this.out[l], 1, inputs, slope, 0, slopes, matrix, inputs, outputs, this.rows, true);
      for (let r = 0, i = 0; r < this.rows; r++) for (let j = 0; j < outputs; j++) slopes[bias + j] += slope[i++];
    }

    #down(l) {
      const { inputs, outputs, matrix } = this.network.layers[l];
      const { values } = this.network, turned = this.turned[l], down = this.back[l];
      for (let i = 0; i < inputs; i++) {
        for (let j = 0; j < outputs; j++) turned[j * inputs + i] = values[matrix + i * outputs + j];
      }
      multiply(this.back[l + 1], outputs, 1, turned, 0, down, 0, this.rows, inputs, outputs, false);
      if (l > 0) leak(down, this.out[l], down.length);
    }

    // A price on the slope of the one output in the inputs, at the points of the last forward call: adds its slopes to
    // the network's and returns the mean price. `price.value(q)` and `price.slope(q)` take the squared length of a
    // point's slope. A network of leaky ReLUs is linear around each point, so its slope is a product of matrices and
    // masks; the slope of the price in the matrices is one more sweep, forward, through the same masks.
    penalty(price) {
      const { layers, values, slopes } = this.network, last = layers.length - 1;
      this.backward(this.ones, false, true);
      const total = this.#priceOfSlopes(price);
      layers.forEach(({ inputs, outputs, matrix }, l) => {
        const { again, back, rows } = this;
        multiply(again[l], 1, inputs, back[l + 1], 0, slopes, matrix, inputs, outputs, rows, true);
        if (l === last) return;
        multiply(again[l], inputs, 1, values, matrix, again[l + 1], 0, rows, outputs, inputs, false);
        leak(again[l + 1], this.out[l + 1], again[l + 1].length);
      });
      return total / this.rows;
    }

    #priceOfSlopes(price) {
      const size = this.network.sizes[0], slope = this.back[0], up = this.again[0];
      let total = 0;
      for (let r = 0, end = 0; r < this.rows; r++) {
        const start = end;
        end += size;
        let square = 0;
        for (let i = start; i < end; i++) square += slope[i] * slope[i];
        total += price.value(square);
        const factor = (2 * price.slope(square)) / this.rows;
        for (let i = start; i < end; i++) up[i] = factor * slope[i];
      }
      return total;
    }
  }

  P.Network = Network;
  P.Pass = Pass;
});
