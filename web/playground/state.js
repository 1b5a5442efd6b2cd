// All that a state of the playground is made of, and its way into the address of the page and back.
// Address: #loss=hinge&r1=0.3&step=500&then=200:r1:1,350:loss:wasserstein  (only what differs from the defaults;
// `then`: settings changed on the way, each with the step before which it was changed).
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  const RATES = [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.5];
  const PENALTIES = [0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
  const FAULTS = {
    none: "none", frozen: "D is frozen", labels: "labels swapped", sigmoids: "two sigmoids",
    squashed: "G ends in a sigmoid", noise: "no noise",
  };
  const ORDERS = { alternating: "one after the other", simultaneous: "both at once" };
  const DATA = { ring: "ring", grid: "grid", line: "line", moons: "two moons", drawn: "draw your own" };

  // `start` is the default; `among` lists what can be chosen, `stops` where a slider stops (the address may say any
  // number between the first and the last of `range`). `fresh`: a change begins a new game.
  const choice = (label, among, start, more) => ({ label, among, start, ...more });
  const slider = (label, stops, start, range, more) => ({ label, stops, start, range, ...more });
  const whole = { whole: true };
  const fresh = { fresh: true };

  P.SETTINGS = {
    data: choice("Data", DATA, "ring", fresh),
    loss: choice("Loss", Object.fromEntries(Object.keys(P.LOSSES).map((name) => [name, name])), "non-saturating"),
    r1: slider("R1, at real points: γ", PENALTIES, 0.1, [0, 100]),
    r2: slider("R2, at generated ones: γ", PENALTIES, 0, [0, 100]),
    gp: slider("WGAN-GP, between: λ", PENALTIES, 0, [0, 100]),
    order: choice("D and G move", ORDERS, "alternating"),
    dsteps: slider("Steps of D", [1, 2, 3, 4, 5], 1, [1, 10], whole),
    gsteps: slider("then steps of G", [1, 2, 3, 4, 5], 1, [1, 10], whole),
    optimizer: choice("Optimiser", { adam: "Adam", descent: "gradient descent" }, "adam"),
    rateD: slider("D's rate", RATES, 1e-3, [1e-7, 10]),
    rateG: slider("G's rate", RATES, 1e-3, [1e-7, 10]),
    beta1: slider("Adam's β₁", [0, 0.3, 0.5, 0.7, 0.9, 0.95], 0.5, [0, 0.9999]),
    beta2: slider("Adam's β₂", [0.9, 0.99, 0.999], 0.99, [0, 0.99999]),
    width: slider("Neurons in a layer", [4, 8, 16, 32, 64], 32, [1, 128], { ...whole, ...fresh }),
    layers: slider("Hidden layers", [1, 2, 3], 2, [1, 4], { ...whole, ...fresh }),
    latent: slider("Latent numbers", [1, 2, 4, 8], 2, [1, 32], { ...whole, ...fresh }),
    latents: choice("Latents are", { normal: "normal", uniform: "uniform" }, "normal", fresh),
    batch: slider("Points in a batch", [16, 32, 64, 128, 256], 64, [1, 512], { ...whole, ...fresh }),
    ahead: slider("Steps of D alone first", [0, 100, 200, 300, 500, 1000], 0, [0, 100000], { ...whole, ...fresh }),
    fault: choice("A fault", FAULTS, "none", fresh),
    seed: { label: "Seed", start: 0, range: [0, 4294967295], whole: true, fresh: true },
  };
  const DIRAC = {
    loss: choice("Loss", Object.fromEntries(P.DIRAC_LOSSES.map((name) => [name, name])), "minimax"),
    order: choice("D and G move", Object.fromEntries(P.DIRAC_ORDERS.map((name) => [name, name])), "together"),
    r1: slider("R1, γ", [0, 0.1, 0.3, 0.5, 1, 2, 3], 0, [0, 100]),
    rate: slider("Rate", [0.01, 0.05, 0.1, 0.2, 0.5, 1], 0.2, [1e-4, 10]),
    theta: slider("Start θ", [-2, -1.5, -1, -0.5, 0.1, 0.5, 1, 1.5, 2], 1, [-2.5, 2.5]),
    psi: slider("Start ψ", [-2, -1.5, -1, -0.5, 0.1, 0.5, 1, 1.5, 2], -1, [-2.5, 2.5]),
  };
  P.DIRAC_SETTINGS = DIRAC;
  const MOST_STEPS = 1e6;

  const defaults = (table) => Object.fromEntries(Object.entries(table).map(([name, { start }]) => [name, start]));
  P.defaults = () => defaults(P.SETTINGS);
  P.diracDefaults = () => defaults(DIRAC);

  // The value that a text of the address stands for; undefined if it stands for none.
  function read(setting, text) {
    if (!setting) return undefined;
    if (setting.among) return Object.hasOwn(setting.among, text) ? text : undefined;
    const value = Number(text), [least, most] = setting.range;
    const possible = text.trim() !== "" && value >= least && value <= most;
    return possible && (!setting.whole || Number.isInteger(value)) ? value : undefined;
  }

  P.freshState = () => ({
    tab: "plane", settings: P.defaults(), dirac: P.diracDefaults(), points: [], changes: [], step: 0, done: 0,
    experiment: 0,
  });

  const differing = (values, table, prefix = "") =>
    Object.keys(table).filter((name) => values[name] !== table[name].start).map((name) => [prefix + name, values[name]]);

  P.encode = function (state) {
    const pairs = [...differing(state.settings, P.SETTINGS), ...differing(state.dirac, DIRAC, "dirac-")];
    if (state.tab !== "plane") pairs.unshift(["tab", state.tab]);
    if (state.points.length) pairs.push(["points", P.packPoints(state.points)]);
    if (state.changes.length) pairs.push(["then", state.changes.map((change) => change.join(":")).join(",")]);
    for (const name of ["step", "done", "experiment"]) if (state[name]) pairs.push([name, state[name]]);
    return pairs.map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%3A|%2C/g, unescape)}`).join("&");
  };

  // The state of an address, and what of it could not be used.
  P.decode = function (text) {
    const state = P.freshState(), refused = [];
    for (const [name, value] of new URLSearchParams(text.replace(/^#/, ""))) {
      if (!take(state, name, value)) refused.push(name);
    }
    state.changes = state.changes.filter(([step]) => step <= state.step);
    return { state, refused };
  };

  function take(state, name, value) {
    if (Object.hasOwn(SPECIAL, name)) return SPECIAL[name](state, value);
    const dirac = name.startsWith("dirac-"), key = dirac ? name.slice(6) : name;
    const table = dirac ? DIRAC : P.SETTINGS;
    const found = Object.hasOwn(table, key) ? read(table[key], value) : undefined;
    if (found !== undefined) (dirac ? state.dirac : state.settings)[key] = found;
    return found !== undefined;
  }

  const count = (name, most) => (state, value) => {
    const number = read({ range: [0, most], whole: true }, value);
    if (number !== undefined) state[name] = number;
    return number !== undefined;
  };

  const SPECIAL = {
    tab(state, value) {
      if (!["plane", "dirac"].includes(value)) return false;
      state.tab = value;
      return true;
    },
    points(state, value) {
      state.points = P.unpackPoints(value);
      return true;
    },
    then(state, value) {
      const changes = value.split(",").map(readChange);
      state.changes = changes.filter(Boolean).sort(([a], [b]) => a - b);
      return changes.every(Boolean);
    },
    step: count("step", MOST_STEPS),
    done: count("done", 100),
    experiment: count("experiment", 12),
  };

  function readChange(text) {
    const [step, name, value] = text.split(":");
    const setting = Object.hasOwn(P.SETTINGS, name ?? "") ? P.SETTINGS[name] : null;
    const when = read({ range: [0, MOST_STEPS], whole: true }, step), what = read(setting, value ?? "");
    return when === undefined || what === undefined || setting.fresh ? null : [when, name, what];
  }

  // The settings that hold at the end of all changes.
  P.settingsNow = (state) =>
    state.changes.reduce((all, [, name, value]) => ({ ...all, [name]: value }), { ...state.settings });
});
