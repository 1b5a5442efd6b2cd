// Figures in words: the list beside the map, what a screen reader hears, the phases of a step and the diagram of them.
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

  // What happens in a phase, and whose it is.
  const TOLD = {
    sample: ["Both", "A batch of real points is drawn, and a batch of noise z."],
    lossD: ["D", "G makes points of z. D judges both batches; its loss says how wrong it is."],
    updateD: ["D", "The loss’s slopes go back to D. Its weights move so that its loss falls; G stands still."],
    lossG: ["G", "G makes points of fresh z. D judges them; G’s loss says how little they pass for real."],
    updateG: ["G", "The loss’s slopes go back through D, which stands still, to G. Its weights move so that its loss falls."],
  };

  const beside = (value, balance) => (balance === undefined ? number(value) : `${number(value)} (balance ${number(balance)})`);

  function rows(f, speed, { balance }) {
    const modes = f.modes
      ? [["Modes found", `${f.modes.found} of ${f.modes.of}`], ["Points near a mode", percent(f.modes.near)]]
      : [["Modes found", "data has none"]];
    return [
      ["Step", String(f.step)], ["D’s loss", beside(f.d, balance.d)], ["G’s loss", beside(f.g, balance.g)],
      ["Penalty on D", number(f.penalty)], ["D(x), real", number(f.dReal)], ["D(G(z)), generated", number(f.dFake)],
      ...modes, ["Apart (JSD, 0 to 0.69)", number(f.apart)], ["Length of G’s gradient", number(f.reach, 3)],
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

  // Lights up what the last phase has used. At full pace there is no last phase to be seen.
  Page.showModel = function (svg, said, { phase }, seen) {
    const [whose, told] = (seen && TOLD[phase]) || ["none", "“Next phase” lights up what is at work, one phase after another."];
    svg.setAttribute("class", `of${whose}`);
    for (const part of svg.querySelectorAll("[data-lit]")) part.classList.toggle("lit", seen && part.dataset.lit.split(" ").includes(phase));
    said.textContent = told;
  };

  // The phases of a step as a list; the one that was done last is marked.
  Page.showPhases = function (list, plan, { done, phase }, seen) {
    const last = phase === null || !seen ? -1 : (done || plan.length) - 1;
    list.replaceChildren(...plan.map((name, k) => {
      const item = Page.element("li", { textContent: Page.PHASES[name] });
      if (k === last) item.setAttribute("aria-current", "step");
      return item;
    }));
  };
})((globalThis.Page ??= {}));
