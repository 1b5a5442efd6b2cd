// Against ganlib: tests/web/test_playground.py writes the file that GANLIB_FIXTURE names, and starts this.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { P } from "./engine.mjs";

const path = process.env.GANLIB_FIXTURE;
const fixture = path ? JSON.parse(readFileSync(path, "utf8")) : null;
const options = fixture ? {} : { skip: "no fixture: started without tests/web/test_playground.py" };
const TOLERANCE = 1e-5;

function near(actual, expected, what, tolerance = TOLERANCE) {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i]));
    assert.ok(error < tolerance, `${what} [${i}]: ${actual[i]}, ganlib has ${expected[i]}`);
  }
}

test("losses, penalties and gradients of both phases are ganlib's", options, () => {
  const { width, batch, real, latents, shares, G, D, cases } = fixture;
  for (const { loss, r1, r2, gp, d, penalty, gradientD, g, gradientG } of cases) {
    const game = new P.Game({ ...P.defaults(), width, batch, loss, r1, r2, gp }, [], Float64Array);
    const what = `${loss}, r1 ${r1}, r2 ${r2}, gp ${gp}`;
    game.G.values.set(G);
    game.D.values.set(D);
    game.real.set(real);
    game.shares.set(shares);
    game.latents.set(latents[0]);
    game.lossD();
    near([game.last.d, game.last.penalty], [d, penalty], `${what}: D's loss and penalty`);
    near(game.D.slopes, gradientD, `${what}: D's gradient`);
    game.drawLatents = () => game.latents.set(latents[1]);
    game.lossG();
    near([game.last.g], [g], `${what}: G's loss`);
    near(game.G.slopes, gradientG, `${what}: G's gradient`);
  }
});

test("all names of losses, and their balances", options, () => {
  assert.deepEqual(Object.keys(P.LOSSES), Object.keys(fixture.balance));
  for (const [name, { d_loss, g_loss }] of Object.entries(fixture.balance)) {
    const { d, g } = P.LOSSES[name].balance;
    near([d], [d_loss], name);
    assert.equal(g === undefined, g_loss === undefined, name);
    if (g !== undefined) near([g], [g_loss], name);
  }
});

test("Adam is Keras'", options, () => {
  const { start, gradients, rate, beta1, beta2, ends } = fixture.adam;
  const net = new P.Network([start.length - 1, 1], new P.Random(0), Float64Array);
  net.values.set(start);
  gradients.forEach((gradient, k) => {
    net.slopes.set(gradient);
    net.adam(rate, beta1, beta2);
    near(net.values, ends[k], `update ${k + 1}`, 1e-6);
  });
});

test("modes are counted as ganlib counts them", options, () => {
  for (const { data, points, found, near: share } of fixture.modes) {
    const count = P.countModes(Float64Array.from(points), P.distribution(data));
    assert.deepEqual([count.found, count.near], [found, share]);
  }
});

test("the one-point game is ganlib's", options, () => {
  for (const { settings, start, path: expected, eigenvalues } of fixture.dirac) {
    near(P.diracPath(start, settings, expected.length - 1).flat(), expected.flat(), JSON.stringify(settings), 1e-10);
    if (eigenvalues) near(P.diracEigenvalues(settings).flat(), eigenvalues.flat(), "eigenvalues", 1e-12);
  }
});

test("the factor of one step is what its path shows", () => {
  for (const loss of P.DIRAC_LOSSES) {
    for (const order of P.DIRAC_ORDERS) {
      const settings = { loss, order, rate: 0.2, r1: 0.3 }, path = P.diracPath([1e-6, 1e-6], settings, 400);
      const shrunk = Math.hypot(...path.at(-1)) / Math.hypot(...path[200]);
      assert.ok(Math.abs(shrunk ** (1 / 200) - P.diracFactor(settings)) < 2e-3, `${loss}, ${order}`);
    }
  }
});
