// The game, its states and their addresses, the experiments, the one-point game.
import assert from "node:assert/strict";
import { test } from "node:test";
import { files, P } from "./engine.mjs";

const play = (game, steps) => {
  while (game.step < steps) game.play();
  return P.checksum(game);
};

test("the page loads files that exist, and every part of the engine was among them", () => {
  assert.ok(files.length > 10);
  for (const name of ["Random", "Pass", "LOSSES", "Game", "Watch", "serve", "decode", "EXPERIMENTS"]) assert.ok(P[name], name);
});

test("same settings and seed, same bits; another seed, others; looking changes nothing", () => {
  const settings = { ...P.defaults(), width: 8, batch: 16, gp: 1 };
  const first = new P.Game(settings), watch = new P.Watch(first);
  for (let i = 0; i < 20; i++, watch.look()) first.phase();
  const end = play(first, 30);
  assert.equal(end, play(new P.Game(settings), 30));
  assert.notEqual(end, play(new P.Game({ ...settings, seed: 1 }), 30));
});

test("phases: D moves in its update only, G in its own", () => {
  for (const order of ["alternating", "simultaneous"]) {
    const game = new P.Game({ ...P.defaults(), order, dsteps: 2, width: 8, batch: 16 });
    const copy = () => [game.D.values.join(), game.G.values.join()];
    const seen = [];
    do {
      const before = copy(), name = game.phase(), after = copy();
      seen.push(name);
      assert.equal(before[0] !== after[0], name === "updateD");
      assert.equal(before[1] !== after[1], name === "updateG");
    } while (game.done);
    const end = order === "simultaneous" ? ["sample", "lossD", "lossG", "updateD", "updateG"] : ["sample", "lossD", "updateD", "lossG", "updateG"];
    assert.deepEqual(seen, ["sample", "lossD", "updateD", ...end]);
  }
});

test("D alone first: G stands still for so many steps", () => {
  const game = new P.Game({ ...P.defaults(), ahead: 3, width: 8, batch: 16 }), start = game.G.values.join();
  play(game, 3);
  assert.equal(game.G.values.join(), start);
  play(game, 4);
  assert.notEqual(game.G.values.join(), start);
});

test("an address gives back the state it was made of", () => {
  const state = P.freshState();
  Object.assign(state.settings, { data: "drawn", loss: "hinge", r1: 0.25, rateD: 3e-4, seed: 4294967295, fault: "noise" });
  Object.assign(state.dirac, { order: "D then G", theta: -1.37 });
  Object.assign(state, { points: P.unpackPoints("AA__gH"), step: 700, done: 2, tab: "dirac", experiment: 12 });
  state.changes = [[200, "r1", 1], [200, "loss", "wasserstein"], [350, "dsteps", 5]];
  const { state: again, refused } = P.decode(`#${P.encode(state)}`);
  assert.deepEqual(again, state);
  assert.deepEqual(refused, []);
  assert.equal(P.encode(P.freshState()), "");
});

test("an address with nonsense is refused name by name, and the rest is used", () => {
  const text = "loss=foo&r1=-1&r2=NaN&gp=1e999&width=2.5&seed=&batch=100000&toString=1&dirac-rate=0&tab=x&step=1.5&then=5:seed:1,x&beta1=1&dsteps=3";
  const { state, refused } = P.decode(text);
  assert.equal(state.settings.dsteps, 3);
  assert.equal(refused.length, 13);
  assert.deepEqual(state.settings, { ...P.defaults(), dsteps: 3 });
});

const nextTurn = () => new Promise((done) => setTimeout(done, 5));

test("the worker comes back to the same bits, changes on the way and half a step included", async () => {
  const frames = [], port = { postMessage: (frame) => frames.push(frame) };
  P.serve(port);
  const order = (name, more = {}) => port.onmessage({ data: { order: name, ...more } });
  const restored = async (state) => {
    order("load", { state, rest: 0, number: 1 });
    while (frames.at(-1).mode !== "paused") await nextTurn();
    return frames.at(-1).figures;
  };
  const state = P.freshState();
  Object.assign(state.settings, { width: 8, batch: 16 });
  await restored(state);
  for (let i = 0; i < 20; i++) order("step");
  order("change", { name: "loss", value: "hinge" });
  for (let i = 0; i < 10; i++) order("step");
  order("phase");
  order("phase");
  order("change", { name: "r2", value: 1 }); // ends the step first
  order("step");
  for (let i = 0; i < 3; i++) order("phase");
  const end = frames.at(-1).figures;
  const changes = frames.filter(({ kind }) => kind === "changed").map(({ step, name, value }) => [step, name, value]);
  assert.deepEqual(changes, [[20, "loss", "hinge"], [31, "r2", 1]]);
  const address = P.encode({ ...state, changes, step: end.step, done: end.done });
  const again = await restored(P.decode(address).state);
  assert.deepEqual(again, end);
  assert.equal(end.step, 32);
  assert.equal(end.done, 3);
});

P.EXPERIMENTS.forEach((experiment, k) => {
  test(`experiment ${k + 1}, ${experiment.title}: what is called the answer happens`, () => {
    const { settings, dirac, points } = P.experimentState(k + 1), { steps, options, answer } = experiment;
    assert.ok(options.length === 3 && options[answer]);
    let figures;
    if (experiment.tab === "dirac") {
      const path = P.diracPath([dirac.theta, dirac.psi], dirac, steps);
      figures = { first: Math.hypot(...path[0]), distance: Math.hypot(...path.at(-1)), step: steps };
    } else {
      const game = new P.Game(settings, points);
      play(game, steps);
      ({ figures } = new P.Watch(game).look());
    }
    assert.ok(experiment.holds(figures), experiment.shows(figures));
  });
});

test("twelve experiments, six or more of them illnesses", () => {
  assert.equal(P.EXPERIMENTS.length, 12);
  assert.ok(P.EXPERIMENTS.filter(({ lesson }) => lesson.includes("illness")).length >= 6);
});
