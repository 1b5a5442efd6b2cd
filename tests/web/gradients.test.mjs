// Slopes by hand against finite differences, in double precision.
import assert from "node:assert/strict";
import { test } from "node:test";
import { P } from "./engine.mjs";

const H = 1e-6, ROWS = 9;

function setting(sizes = [2, 16, 16, 1]) {
  const random = new P.Random(1), net = new P.Network(sizes, random, Float64Array);
  const x = Float64Array.from({ length: sizes[0] * ROWS }, () => random.normal());
  for (let i = 0; i < net.values.length; i++) net.values[i] += 0.1 * random.normal(); // biases too
  return { net, x, pass: new P.Pass(net, ROWS) };
}

function worst(net, value) {
  let most = 0;
  for (let i = 0; i < net.values.length; i++) {
    const old = net.values[i], at = (x) => ((net.values[i] = x), value());
    most = Math.max(most, Math.abs((at(old + H) - at(old - H)) / (2 * H) - net.slopes[i]));
    net.values[i] = old;
  }
  return most;
}

for (const [name, pair] of Object.entries(P.LOSSES)) {
  test(`${name}: the slope of every price is that of its value`, () => {
    for (const side of [pair.real, pair.fake, pair.generator]) {
      for (let l = -4.05; l < 4; l += 0.3) {
        assert.ok(Math.abs((side.value(l + H) - side.value(l - H)) / (2 * H) - side.slope(l)) < 1e-8);
      }
    }
  });

  test(`${name}: D's and G's losses have the right slopes in each output`, () => {
    const random = new P.Random(2), make = () => Float64Array.from({ length: 5 }, () => random.normal());
    const real = make(), fake = make(), [toReal, toFake, unused, toG] = Array.from({ length: 4 }, make);
    P.discriminatorLoss(pair, real, fake, toReal, toFake);
    P.generatorLoss(pair, real, fake, toG);
    const d = () => P.discriminatorLoss(pair, real, fake, unused, unused), g = () => P.generatorLoss(pair, real, fake, unused);
    for (const [array, slopes, value] of [[real, toReal, d], [fake, toFake, d], [fake, toG, g]]) {
      for (let i = 0; i < 5; i++) {
        const old = array[i], at = (x) => ((array[i] = x), value());
        assert.ok(Math.abs((at(old + H) - at(old - H)) / (2 * H) - slopes[i]) < 1e-8);
        array[i] = old;
      }
    }
  });
}

test("backward: slopes in weights and in inputs", () => {
  const { net, x, pass } = setting();
  const value = () => pass.forward(x).reduce((sum, y) => sum + y * y, 0);
  value();
  const slopes = pass.backward(pass.out.at(-1).map((y) => 2 * y), true, true).slice();
  assert.ok(worst(net, value) < 1e-6);
  for (let i = 0; i < x.length; i++) {
    const old = x[i], at = (t) => ((x[i] = t), value());
    assert.ok(Math.abs((at(old + H) - at(old - H)) / (2 * H) - slopes[i]) < 1e-6);
    x[i] = old;
  }
});

for (const [name, price] of [["R1 and R2", P.zeroCentred(0.7)], ["WGAN-GP", P.oneCentred(3)]]) {
  test(`${name}: a penalty on slopes has the right slopes in the weights`, () => {
    const { net, x, pass } = setting();
    const value = () => {
      pass.forward(x);
      const slopes = pass.backward(pass.ones, false, true);
      let total = 0;
      for (let r = 0; r < ROWS; r++) total += price.value(slopes[2 * r] ** 2 + slopes[2 * r + 1] ** 2) / ROWS;
      return total;
    };
    pass.forward(x);
    const mean = pass.penalty(price);
    assert.ok(Math.abs(mean - value()) < 1e-12);
    assert.ok(worst(net, value) < 1e-7);
  });
}

// The whole phases, faults included, each fault with a loss that makes it felt.
for (const fault of ["none", "labels", "sigmoids", "squashed"]) {
  test(`fault “${fault}”: both phases have the right slopes`, () => {
    const loss = fault === "labels" ? "relativistic" : "non-saturating";
    const settings = { ...P.defaults(), fault, loss, width: 6, batch: 7, r1: 0 };
    const game = new P.Game(settings, [], Float64Array);
    game.sample();
    game.lossD();
    game.drawLatents = () => {};
    const slopesD = game.D.slopes.slice();
    assert.ok(worst({ values: game.D.values, slopes: slopesD }, () => (game.lossD(), game.last.d)) < 1e-6);
    game.lossG();
    const slopesG = game.G.slopes.slice();
    assert.ok(worst({ values: game.G.values, slopes: slopesG }, () => (game.lossG(), game.last.g)) < 1e-6);
  });
}
