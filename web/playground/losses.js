// The six pairs of losses of ganlib.losses, under the same names, and the three penalties on D's slope.
// Every function is minimised; l is D's output as it is, the logit. Each has its value and its slope in l.
// Sources: Goodfellow et al. 2014; Mao et al. 2017; Arjovsky et al. 2017; Lim and Ye 2017 and Miyato et al. 2018 (hinge);
// Jolicoeur-Martineau 2019 (relativistic); Mescheder et al. 2018 (R1, R2); Gulrajani et al. 2017 (WGAN-GP).
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  const sigmoid = (l) => 0.5 * (1 + Math.tanh(l / 2)); // never overflows
  const softplus = (l) => Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l)));
  const clip = (share) => Math.min(1, Math.max(0, share));
  const fn = (value, slope) => ({ value, slope });

  const isReal = fn((l) => softplus(-l), (l) => -sigmoid(-l)); // -log D(x)
  const isFake = fn(softplus, sigmoid); // -log(1 - D(x))
  const up = fn((l) => -l, () => -1);
  const down = fn((l) => l, () => 1);
  const towards = (label) => fn((l) => (l - label) ** 2 / 2, (l) => l - label);
  const LOG_2 = Math.log(2);

  // `opinion(l, middle)` is the share of "real" that a map shows; `middle` is D's mean output, for pairs whose D is
  // free to add any constant.
  const byLogit = (l) => sigmoid(l);
  const byDifference = (l, middle) => sigmoid(l - middle);

  P.LOSSES = {
    "minimax": {
      real: isReal, fake: isFake, generator: fn((l) => -softplus(l), (l) => -sigmoid(l)), opinion: byLogit,
      balance: { d: 2 * LOG_2, g: -LOG_2 }, says: ["−log D(x) − log(1 − D(G(z)))", "log(1 − D(G(z)))"],
    },
    "non-saturating": {
      real: isReal, fake: isFake, generator: isReal, opinion: byLogit,
      balance: { d: 2 * LOG_2, g: LOG_2 }, says: ["−log D(x) − log(1 − D(G(z)))", "−log D(G(z))"],
    },
    "least-squares": {
      real: towards(1), fake: towards(0), generator: towards(1), opinion: clip,
      balance: { d: 1 / 4, g: 1 / 8 }, says: ["½(ℓ(x) − 1)² + ½ℓ(G(z))²", "½(ℓ(G(z)) − 1)²"],
    },
    "wasserstein": {
      real: up, fake: down, generator: up, opinion: byDifference,
      balance: { d: 0 }, says: ["ℓ(G(z)) − ℓ(x)", "−ℓ(G(z))"],
    },
    "hinge": {
      real: fn((l) => Math.max(0, 1 - l), (l) => (l < 1 ? -1 : 0)),
      fake: fn((l) => Math.max(0, 1 + l), (l) => (l > -1 ? 1 : 0)),
      generator: up, opinion: (l) => clip((l + 1) / 2),
      balance: { d: 2 }, says: ["max(0, 1 − ℓ(x)) + max(0, 1 + ℓ(G(z)))", "−ℓ(G(z))"],
    },
    // Both are functions of a difference: of how much more real G(z) looks than x.
    "relativistic": {
      relativistic: true, real: isReal, fake: isFake, generator: isReal, opinion: byDifference,
      balance: { d: LOG_2, g: LOG_2 }, says: ["softplus(ℓ(G(z)) − ℓ(x))", "softplus(ℓ(x) − ℓ(G(z)))"],
    },
  };

  // D's mean loss for n outputs on real and n on generated points. Writes its slope in each output.
  P.discriminatorLoss = function (pair, real, fake, realSlopes, fakeSlopes) {
    const n = real.length;
    let total = 0;
    for (let i = 0; i < n; i++) {
      if (pair.relativistic) {
        total += pair.fake.value(fake[i] - real[i]);
        fakeSlopes[i] = pair.fake.slope(fake[i] - real[i]) / n;
        realSlopes[i] = -fakeSlopes[i];
      } else {
        total += pair.real.value(real[i]) + pair.fake.value(fake[i]);
        realSlopes[i] = pair.real.slope(real[i]) / n;
        fakeSlopes[i] = pair.fake.slope(fake[i]) / n;
      }
    }
    return total / n;
  };

  // G's mean loss for n outputs on generated points; only a relativistic pair looks at the real ones.
  P.generatorLoss = function (pair, real, fake, fakeSlopes) {
    const n = fake.length;
    let total = 0;
    for (let i = 0; i < n; i++) {
      const l = pair.relativistic ? fake[i] - real[i] : fake[i];
      total += pair.generator.value(l);
      fakeSlopes[i] = pair.generator.slope(l) / n;
    }
    return total / n;
  };

  // Prices of q, the squared length of D's slope at a point. The tiny number is ganlib's: a root is steep at 0.
  P.zeroCentred = (gamma) => fn((q) => (gamma / 2) * q, () => gamma / 2); // R1 at real, R2 at generated points
  P.oneCentred = (lambda) => // WGAN-GP, at points between real and generated ones
    fn(
      (q) => lambda * (Math.sqrt(q + 1e-12) - 1) ** 2,
      (q) => lambda * (1 - 1 / Math.sqrt(q + 1e-12)),
    );

  P.sigmoid = sigmoid;
});
