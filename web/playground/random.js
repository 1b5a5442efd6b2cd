// Random numbers from one seed, so that settings and a seed are a whole experiment.
// Sources: mulberry32 (Tommy Ettinger 2017, public domain); Box and Muller 1958.
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";

  class Random {
    constructor(seed) {
      this.state = seed >>> 0;
      this.spare = null;
    }

    uniform() {
      this.state = (this.state + 0x6d2b79f5) >>> 0;
      let t = this.state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    }

    normal() {
      if (this.spare !== null) {
        const value = this.spare;
        this.spare = null;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      this.spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    }

    below(n) {
      return Math.floor(this.uniform() * n);
    }
  }

  P.Random = Random;
});
