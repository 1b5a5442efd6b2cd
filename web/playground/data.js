// What G should learn: points in the plane, between -2 and 2 in both directions.
// Sources: ring, Metz et al. 2017, and grid, Srivastava et al. 2017 (VEEGAN), both with wider modes, as lesson 06 has.
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  const STD = 0.05;
  P.EDGE = 2; // of the picture
  P.MOST_DRAWN = 300;

  function mixture(modes, std) {
    return {
      modes, std,
      sample(random, out, at) {
        const [x, y] = modes[random.below(modes.length)];
        out[at] = x + std * random.normal();
        out[at + 1] = y + std * random.normal();
      },
    };
  }

  function ring() {
    const angles = Array.from({ length: 8 }, (_, k) => (2 * Math.PI * k) / 8);
    return mixture(angles.map((angle) => [Math.cos(angle), Math.sin(angle)]), STD);
  }

  function grid() {
    const places = [-1.4, -0.7, 0, 0.7, 1.4];
    return mixture(places.flatMap((x) => places.map((y) => [x, y])), STD);
  }

  const line = () => ({
    sample(random, out, at) {
      const along = 2.4 * random.uniform() - 1.2;
      out[at] = along + STD * random.normal();
      out[at + 1] = 0.6 * along + STD * random.normal();
    },
  });

  const moons = () => ({
    sample(random, out, at) {
      const upper = random.uniform() < 0.5, angle = Math.PI * random.uniform();
      const x = upper ? Math.cos(angle) : 1 - Math.cos(angle);
      const y = upper ? Math.sin(angle) : 0.5 - Math.sin(angle);
      out[at] = 1.1 * (x - 0.5) + STD * random.normal();
      out[at + 1] = 1.1 * (y - 0.25) + STD * random.normal();
    },
  });

  function drawn(points) {
    const { sample } = mixture(points.length ? points : [[0, 0]], STD);
    return { sample };
  }

  // `modes` and `std` are there where the data has modes that can be counted.
  P.distribution = (name, points = []) => ({ ring, grid, line, moons, drawn })[name](points);

  // Modes with a sample within 3 standard deviations, and the share of samples that near; as
  // ganlib.evaluation.metrics.mode_coverage. Source: Srivastava et al. 2017, section 4.
  P.countModes = function (points, { modes, std }) {
    const found = new Set();
    let near = 0;
    for (let i = 0; i < points.length; i += 2) {
      let best = Infinity, mode = -1;
      modes.forEach(([x, y], k) => {
        const square = (points[i] - x) ** 2 + (points[i + 1] - y) ** 2;
        if (square < best) [best, mode] = [square, k];
      });
      if (best <= 9 * std * std) {
        near++;
        found.add(mode);
      }
    }
    return { found: found.size, of: modes.length, near: near / (points.length / 2) };
  };

  // A drawn point is two letters in the address: 64 places in each direction.
  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const place = (letter) => ((LETTERS.indexOf(letter) + 0.5) / 64 - 0.5) * 2 * P.EDGE;
  const letter = (x) => LETTERS[Math.max(0, Math.min(63, Math.floor((x / (2 * P.EDGE) + 0.5) * 64)))];

  P.packPoints = (points) => points.map(([x, y]) => letter(x) + letter(y)).join("");
  P.unpackPoints = (text) =>
    (text.match(/[A-Za-z0-9_-]{2}/g) ?? []).slice(0, P.MOST_DRAWN).map((pair) => [place(pair[0]), place(pair[1])]);
});
