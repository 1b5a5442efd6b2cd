// What the page shows of a game: D's field, G's points with the pull on each, G's bent grid, and figures.
// Looking uses latents of its own, so that it never changes the game.
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  const FIELD = 48; // cells of the map in each direction
  const SHOWN = 150; // points with arrows
  const COUNTED = 2500; // points for the count of modes, as many as VEEGAN's rule takes
  const LINES = 13, STOPS = 31, REACH = 2.4; // of the grid of latents

  class Watch {
    constructor(game) {
      const random = new P.Random(game.settings.seed ^ 0x5eed), { latent } = game.settings;
      this.game = game;
      this.cloud = new P.Pass(game.G, COUNTED);
      this.latents = Float32Array.from({ length: COUNTED * latent }, () => random.normal());
      this.points = new Float32Array(2 * COUNTED);
      this.shown = new P.Pass(game.D, SHOWN);
      this.map = new P.Pass(game.D, FIELD * FIELD);
      this.cells = cellCentres();
      this.gridLatents = latentGrid(latent);
      this.bent = new P.Pass(game.G, this.gridLatents.length / latent);
      this.real = new Float32Array(2 * 400);
      for (let i = 0; i < this.real.length; i += 2) game.data.sample(random, this.real, i);
      this.ofReal = new P.Pass(game.D, 400);
    }

    look() {
      const { game } = this, points = this.#points(), real = this.#says(this.ofReal, this.real);
      const shown = points.slice(0, 2 * SHOWN), fake = this.#says(this.shown, shown);
      const field = this.#field((average(real) + average(fake)) / 2);
      return {
        field, real: this.real.slice(), points: shown, pull: this.#pull(shown, fake, average(real)), bent: this.#bent(),
        lines: game.settings.latent > 1 ? LINES : 1,
        figures: this.#figures(points, real, fake, field),
      };
    }

    #points() {
      const latents = this.game.settings.fault === "noise" ? this.latents.map(() => 0) : this.latents;
      this.game.generate(this.cloud, latents, this.points);
      return this.points;
    }

    #says(pass, points) {
      const says = new Float32Array(pass.rows);
      this.game.judge(pass, points, says);
      return says;
    }

    #field(middle) {
      const { opinion } = P.LOSSES[this.game.settings.loss];
      return this.#says(this.map, this.cells).map((l) => opinion(l, middle));
    }

    // Where G's loss pushes each point: minus its slope in the point. The relativistic pair compares with a real point
    // of average output here.
    #pull(points, says, realSays) {
      const pair = P.LOSSES[this.game.settings.loss];
      const slopes = says.map((l) => pair.generator.slope(pair.relativistic ? l - realSays : l));
      return this.game.back(this.shown, says, slopes, false).map((slope) => -slope);
    }

    #bent() {
      const out = new Float32Array(2 * this.bent.rows);
      this.game.generate(this.bent, this.gridLatents, out);
      return out;
    }

    #figures(points, real, fake, field) {
      const { game } = this, { d, g, penalty, reach, phase } = game.last;
      const modes = game.data.modes ? P.countModes(points, game.data) : null;
      const corners = [0, FIELD - 1, FIELD * (FIELD - 1), FIELD * FIELD - 1].map((cell) => field[cell]);
      return {
        step: game.step, done: game.done, phase, d, g, penalty, reach, modes,
        dReal: average(real.map(P.sigmoid)), dFake: average(fake.map(P.sigmoid)),
        logitReal: average(real), logitFake: average(fake), corner: Math.min(...corners), checksum: P.checksum(game),
      };
    }
  }

  const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  function cellCentres() {
    const cells = new Float32Array(2 * FIELD * FIELD), at = (k) => ((k + 0.5) / FIELD - 0.5) * 2 * P.EDGE;
    for (let r = 0, i = 0; r < FIELD; r++) {
      for (let c = 0; c < FIELD; c++) [cells[i++], cells[i++]] = [at(c), at(r)];
    }
    return cells;
  }

  // Lines of latents in the first two directions, the others 0; with one latent number, one line.
  function latentGrid(latent) {
    const at = (k, n) => (n === 1 ? 0 : (k / (n - 1) - 0.5) * 2 * REACH), grid = [];
    const both = latent > 1 ? [false, true] : [false];
    for (const turned of both) {
      for (let line = 0; line < (latent > 1 ? LINES : 1); line++) {
        for (let stop = 0; stop < STOPS; stop++) {
          const place = [at(stop, STOPS), at(line, latent > 1 ? LINES : 1)];
          if (turned) place.reverse();
          grid.push(...Array.from({ length: latent }, (_, k) => place[k] ?? 0));
        }
      }
    }
    return Float32Array.from(grid);
  }

  P.FIELD = FIELD;
  P.STOPS = STOPS;
  P.Watch = Watch;
});
