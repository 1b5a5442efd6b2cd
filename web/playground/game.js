// The game of two networks, one phase at a time: sample, D's loss, D's update, G's loss through D, G's update.
// A game is a pure function of its settings, its seed and the changes made on the way: no clock, no other chance.
// Source: Goodfellow et al. 2014, Algorithm 1; the step is that of ganlib.GAN. The faults are those of lesson 06.
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";

  // The phases of one step. Together: both gradients are taken before either network moves.
  function plan({ order, dsteps, ahead }, step) {
    const round = ["sample", "lossD", "updateD"];
    const before = Array.from({ length: dsteps - 1 }, () => round).flat();
    const last = order === "simultaneous" ? ["sample", "lossD", "lossG", "updateD"] : [...round, "lossG"];
    return [...before, ...last, ...(step < ahead ? [] : ["updateG"])];
  }

  class Game {
    constructor(settings, points = [], Real = Float32Array) {
      const { seed, latent, width, layers, batch, data } = settings;
      const hidden = Array(layers).fill(width);
      this.settings = { ...settings };
      this.random = new P.Random(seed);
      this.data = P.distribution(data, points);
      this.G = new P.Network([latent, ...hidden, 2], this.random, Real);
      this.D = new P.Network([2, ...hidden, 1], this.random, Real);
      this.making = new P.Pass(this.G, batch);
      [this.onReal, this.onFake, this.onMix] = Array.from({ length: 3 }, () => new P.Pass(this.D, batch));
      [this.real, this.fake, this.mixed] = Array.from({ length: 3 }, () => new Real(2 * batch));
      [this.realSays, this.fakeSays, this.realSlopes, this.fakeSlopes] = Array.from({ length: 4 }, () => new Real(batch));
      this.shares = new Real(batch);
      this.latents = new Real(latent * batch);
      this.step = 0;
      this.done = 0; // phases of this step
      this.plan = plan(this.settings, 0);
      this.losses = { d: [], g: [] };
      this.last = { d: NaN, g: NaN, penalty: 0, reach: NaN, phase: null };
    }

    // Between two steps only.
    change(name, value) {
      this.settings[name] = value;
      this.plan = plan(this.settings, this.step);
    }

    // Do the next phase and return its name.
    phase() {
      const name = this.plan[this.done++];
      this[name]();
      this.last.phase = name;
      if (this.done === this.plan.length) this.#endStep();
      return name;
    }

    play() {
      do this.phase(); while (this.done > 0);
    }

    #endStep() {
      this.losses.d.push(this.last.d);
      this.losses.g.push(this.last.g);
      this.step++;
      this.done = 0;
      this.plan = plan(this.settings, this.step);
    }

    sample() {
      for (let i = 0; i < this.real.length; i += 2) this.data.sample(this.random, this.real, i);
      this.drawLatents();
      if (this.settings.gp) for (let i = 0; i < this.shares.length; i++) this.shares[i] = this.random.uniform();
    }

    drawLatents() {
      const scale = this.settings.fault === "noise" ? 0 : 1;
      for (let i = 0; i < this.latents.length; i++) this.latents[i] = scale * this.random.normal();
    }

    lossD() {
      const { onReal, onFake, settings, realSlopes, fakeSlopes } = this;
      this.D.slopes.fill(0);
      this.generate(this.making, this.latents, this.fake);
      this.judge(onReal, this.real, this.realSays);
      this.judge(onFake, this.fake, this.fakeSays);
      const sides = [[this.realSays, realSlopes], [this.fakeSays, fakeSlopes]];
      if (settings.fault === "labels") sides.reverse();
      const [[high, highSlopes], [low, lowSlopes]] = sides;
      this.last.d = P.discriminatorLoss(P.LOSSES[settings.loss], high, low, highSlopes, lowSlopes);
      this.back(onReal, this.realSays, realSlopes, true);
      this.back(onFake, this.fakeSays, fakeSlopes, true);
      this.last.penalty = this.penalties();
    }

    penalties() {
      const { r1, r2, gp } = this.settings;
      let total = 0;
      if (r1) total += this.onReal.penalty(P.zeroCentred(r1));
      if (r2) total += this.onFake.penalty(P.zeroCentred(r2));
      if (gp) {
        for (let i = 0; i < this.mixed.length; i++) {
          const share = this.shares[i >> 1];
          this.mixed[i] = share * this.real[i] + (1 - share) * this.fake[i];
        }
        this.onMix.forward(this.mixed);
        total += this.onMix.penalty(P.oneCentred(gp));
      }
      return total;
    }

    updateD() {
      if (this.settings.fault !== "frozen") this.update(this.D, this.settings.rateD);
    }

    // Fresh latents, as ganlib has them; the real batch is the one that D has just seen.
    lossG() {
      const pair = P.LOSSES[this.settings.loss];
      this.G.slopes.fill(0);
      this.drawLatents();
      this.generate(this.making, this.latents, this.fake);
      if (pair.relativistic) this.judge(this.onReal, this.real, this.realSays);
      this.judge(this.onFake, this.fake, this.fakeSays);
      this.last.g = P.generatorLoss(pair, this.realSays, this.fakeSays, this.fakeSlopes);
      const pull = this.back(this.onFake, this.fakeSays, this.fakeSlopes, false);
      this.unsquash(pull, this.fake);
      this.making.backward(pull, true, false);
      this.last.reach = Math.sqrt(this.G.slopes.reduce((sum, slope) => sum + slope * slope, 0));
    }

    updateG() {
      this.update(this.G, this.settings.rateG);
    }

    update(network, rate) {
      const { optimizer, beta1, beta2 } = this.settings;
      if (optimizer === "adam") network.adam(rate, beta1, beta2);
      else network.descend(rate);
    }

    // G's points for some latents.
    generate(pass, latents, out) {
      out.set(pass.forward(latents));
      if (this.settings.fault === "squashed") for (let i = 0; i < out.length; i++) out[i] = P.sigmoid(out[i]);
    }

    unsquash(slopes, out) {
      if (this.settings.fault === "squashed") for (let i = 0; i < out.length; i++) slopes[i] *= out[i] * (1 - out[i]);
    }

    // D's outputs for some points, as the loss gets them.
    judge(pass, points, out) {
      out.set(pass.forward(points));
      if (this.settings.fault === "sigmoids") for (let i = 0; i < out.length; i++) out[i] = P.sigmoid(out[i]);
    }

    back(pass, says, slopes, learn) {
      if (this.settings.fault === "sigmoids") for (let i = 0; i < says.length; i++) slopes[i] *= says[i] * (1 - says[i]);
      return pass.backward(slopes, learn, !learn);
    }
  }

  // A number for all the bits that the next step depends on. Source: FNV-1a (Fowler, Noll, Vo 1991), word by word.
  P.checksum = function (game) {
    let hash = 0x811c9dc5;
    for (const network of [game.G, game.D]) {
      for (const array of [network.values, network.mean, network.square]) {
        for (const word of new Uint32Array(array.buffer)) hash = Math.imul(hash ^ word, 0x01000193);
      }
    }
    for (const word of [game.step, game.done, game.random.state]) hash = Math.imul(hash ^ word, 0x01000193);
    return (hash >>> 0).toString(16).padStart(8, "0");
  };

  P.plan = plan;
  P.Game = Game;
});
