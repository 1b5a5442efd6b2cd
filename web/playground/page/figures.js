// Figures in words: the list beside the map, what a screen reader hears, the names of the phases.
(function (Page) {
  "use strict";
  const percent = (share) => `${Math.round(100 * share)} %`;
  const number = (value, digits = 2) => {
    if (!Number.isFinite(value)) return "–";
    const large = Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 10 ** -digits);
    return large ? value.toExponential(1) : value.toFixed(digits);
  };
  Page.number = number;

  Page.PHASES = {
    sample: "sample", lossD: "D’s loss", updateD: "D’s update", lossG: "G’s loss through D", updateG: "G’s update",
  };

  const beside = (value, balance) => (balance === undefined ? number(value) : `${number(value)} (balance ${number(balance)})`);

  function rows(f, speed, { balance }) {
    const modes = f.modes
      ? [["Modes found", `${f.modes.found} of ${f.modes.of}`], ["Points near a mode", percent(f.modes.near)]]
      : [["Modes found", "data has none"]];
    return [
      ["Step", String(f.step)], ["D’s loss", beside(f.d, balance.d)], ["G’s loss", beside(f.g, balance.g)],
      ["Penalty on D", number(f.penalty)], ["D(x), real", number(f.dReal)], ["D(G(z)), generated", number(f.dFake)],
      ...modes, ["Length of G’s gradient", number(f.reach, 3)],
      ["Steps a second", speed ? speed.toFixed(0) : "–"], ["Check sum", f.checksum],
    ];
  }

  Page.fill = (list, rows_) =>
    list.replaceChildren(...rows_.flatMap(([name, value]) => [
      Page.element("dt", { textContent: name }), Page.element("dd", { textContent: value }),
    ]));

  Page.showFigures = (list, figures, speed, pair) => Page.fill(list, rows(figures, speed, pair));

  Page.spoken = function (f) {
    const modes = f.modes ? ` ${f.modes.found} of ${f.modes.of} modes, ${percent(f.modes.near)} of the points near one.` : "";
    const losses = Number.isFinite(f.d) ? ` D’s loss ${number(f.d)}, G’s loss ${number(f.g)}.` : "";
    const phase = f.done ? ` Last phase: ${Page.PHASES[f.phase]}.` : "";
    return `Step ${f.step}.${phase}${losses}${modes} D says ${number(f.dReal)} to real and ${number(f.dFake)} to generated points.`;
  };

  // The phases of a step as a list; the one that was done last is marked.
  Page.showPhases = function (list, plan, { done, phase }) {
    const last = phase === null ? -1 : (done || plan.length) - 1;
    list.replaceChildren(...plan.map((name, k) => {
      const item = Page.element("li", { textContent: Page.PHASES[name] });
      if (k === last) item.setAttribute("aria-current", "step");
      return item;
    }));
  };
})((globalThis.Page ??= {}));
