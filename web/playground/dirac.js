// The smallest GAN: all real data at 0, G makes one point theta, D's logit is psi·x. As ganlib.lessons.toys has it.
// Source: Mescheder, Geiger, Nowozin 2018, definition 2.1 (their D is high for generated data: their psi is our -psi).
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  P.DIRAC_LOSSES = ["minimax", "non-saturating", "wasserstein"];
  P.DIRAC_ORDERS = ["together", "D then G", "G then D"];

  // Where G moves theta and D moves psi.
  P.diracField = function (theta, psi, loss, r1) {
    const logit = psi * theta;
    const d = loss === "wasserstein" ? 1 : P.sigmoid(logit);
    const g = loss === "non-saturating" ? P.sigmoid(-logit) : d;
    return [psi * g, -theta * d - r1 * psi];
  };

  P.diracStep = function ([theta, psi], { loss, r1, rate, order }) {
    const move = () => P.diracField(theta, psi, loss, r1);
    if (order === "together") {
      const [g, d] = move();
      return [theta + rate * g, psi + rate * d];
    }
    for (const player of order === "D then G" ? "DG" : "GD") {
      if (player === "D") psi += rate * move()[1];
      else theta += rate * move()[0];
    }
    return [theta, psi];
  };

  P.diracPath = function (start, settings, steps) {
    const path = [start];
    for (let i = 0; i < steps; i++) path.push(P.diracStep(path[i], settings));
    return path;
  };

  // Both eigenvalues [real, imaginary] of a matrix with this half trace and this determinant.
  function eigenvalues(half, determinant) {
    const inside = half * half - determinant, root = Math.sqrt(Math.abs(inside));
    return inside >= 0 ? [[half + root, 0], [half - root, 0]] : [[half, root], [half, -root]];
  }

  // Of the field at (0, 0): real part below 0 draws in, above 0 drives out, imaginary part turns.
  P.diracEigenvalues = function ({ loss, r1 }) {
    const steep = loss === "wasserstein" ? 1 : 1 / 2;
    return eigenvalues(-r1 / 2, steep * steep);
  };

  // The largest factor by which one step near (0, 0) stretches: above 1 drives out whatever the field says.
  P.diracFactor = function ({ loss, r1, rate, order }) {
    const steep = rate * (loss === "wasserstein" ? 1 : 1 / 2), damp = 1 - rate * r1;
    const together = order === "together";
    const half = (1 + damp - (together ? 0 : steep * steep)) / 2;
    const determinant = together ? damp + steep * steep : damp;
    return Math.max(...eigenvalues(half, determinant).map(([re, im]) => Math.hypot(re, im)));
  };
});
