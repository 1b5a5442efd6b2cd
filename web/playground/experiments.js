// Twelve guided experiments: predict, then run. Each names the lesson it belongs to; six and more are illnesses of the
// clinic. `holds` says of the figures at the end whether the answer is what happened: a test runs them all.
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  const percent = (share) => `${Math.round(100 * share)} %`;
  const modes = ({ modes: { found, of, near } }) => `${found} of ${of} modes, ${percent(near)} of the points near one`;
  const opinions = ({ dReal, dFake }) => `D says ${dReal.toFixed(2)} to real and ${dFake.toFixed(2)} to generated points`;

  // Data so far from G's first points that D can become certain.
  const CERTAIN = { data: "drawn", ahead: 400, r1: 0, rateD: 5e-3 };
  const FAR = P.unpackPoints("DDD8E6E58D888DFD");

  P.EXPERIMENTS = [
    {
      title: "D alone", lesson: "Lesson 02, section 5", steps: 200, settings: { ahead: 200, r1: 0 },
      question: "G stands still and draws a small patch near the centre. D trains for 200 steps. What does D’s map say far outside, where there is no data at all?",
      options: ["one half: D has seen nothing there", "real", "generated"], answer: 1,
      shows: (f) => `In the corners D says at least ${f.corner.toFixed(2)}.`,
      why: "Nothing in the training makes D right where there is no data. It carries on what it saw at the edge of the patch.",
      holds: (f) => f.corner > 0.7,
    },
    {
      title: "Both, in turns", lesson: "Lesson 02, section 5", steps: 1000, settings: {},
      question: "Now both learn, one after the other, for 1,000 steps. How many of the ring’s eight clouds will G reach?",
      options: ["one: it is enough to fool D", "about half of them", "all eight"], answer: 2,
      shows: (f) => `${modes(f)}; ${opinions(f)}.`,
      why: "As soon as G’s points crowd somewhere, D marks the place as generated, and the slope of its map drives them on.",
      holds: (f) => f.modes.found === 8 && f.modes.near > 0.4,
    },
    {
      title: "D is too slow", lesson: "Lessons 02 and 06: an illness", steps: 800, settings: { rateD: 2e-5, r1: 0 },
      question: "D’s rate is fifty times smaller than G’s. After 800 steps, what does D say to generated points, and where are they?",
      options: ["about one half or more, and few are on the clouds", "near 0, and few are on the clouds", "about one half, and most are on the clouds"], answer: 0,
      shows: (f) => `${opinions(f)}; ${modes(f)}.`,
      why: "G runs uphill on a map that is out of date. One half then says that D is weak, not that G is good.",
      holds: (f) => f.dFake > 0.4 && f.modes.near < 0.3,
    },
    {
      title: "A certain D, minimax", lesson: "Lessons 03 and 06: an illness", steps: 400, settings: { loss: "minimax", ...CERTAIN }, points: FAR,
      question: "The real points are far away, in the corners. D trains alone for 400 steps and becomes certain. G has the minimax loss, log(1 − D(G(z))). How long is the gradient that G would get now?",
      options: ["longer than at the start: there is most to learn", "about as long", "nearly nothing"], answer: 2,
      shows: (f) => `The length of G’s gradient is ${f.reach.toExponential(1)}; D says ${f.dFake.toExponential(1)} to generated points. No arrow can be seen.`,
      why: "The slope of log(1 − D) in D’s output is −D. Where D is certain, it vanishes: the loss saturates.",
      holds: (f) => f.reach < 0.02,
    },
    {
      title: "A certain D, non-saturating", lesson: "Lessons 03 and 06", steps: 400, settings: { loss: "non-saturating", ...CERTAIN }, points: FAR,
      question: "The same certain D. G has the non-saturating loss, −log D(G(z)). How long is its gradient?",
      options: ["nearly nothing, as before", "about 1 or longer", "it cannot be said: the loss is infinite"], answer: 1,
      shows: (f) => `The length of G’s gradient is ${f.reach.toFixed(2)}.`,
      why: "The slope of −log D is −(1 − D): it is largest where D is certain that a point is generated.",
      holds: (f) => f.reach > 0.8,
    },
    {
      title: "Wasserstein without a leash", lesson: "Lesson 03, sections 7 and 13", steps: 800, settings: { loss: "wasserstein", r1: 0, rateD: 5e-3, rateG: 1e-4 },
      question: "The Wasserstein loss has no lower end, and here nothing bounds D’s slope. D learns fast, G slowly. Where does D’s loss go?",
      options: ["to 0, its balance", "to minus the distance between both clouds of points, about −1", "far below: it falls on and on"], answer: 2,
      shows: (f) => `D’s loss is ${f.d.toFixed(1)} after ${f.step} steps.`,
      why: "A D of ten times the slope has ten times the loss. Only with a bound on the slope is it a distance. Move the WGAN-GP slider and run again.",
      holds: (f) => f.d < -10,
    },
    {
      title: "Reading least squares", lesson: "Lesson 03, sections 6 and 7", steps: 800, settings: { loss: "least-squares" },
      question: "Least squares, a healthy game. Near which number does D’s loss settle?",
      options: ["1.39, two times log 2", "0.25", "0, D has learnt its task"], answer: 1,
      shows: (f) => `D’s loss is ${f.d.toFixed(2)}; ${modes(f)}.`,
      why: "When D cannot tell, the best it can say is 1/2 to everything: (½² + ½²) / 2. Every pair has a balance of its own, the dashed line.",
      holds: (f) => Math.abs(f.d - 0.25) < 0.05,
    },
    {
      title: "D is frozen", lesson: "Lesson 06, section 2: an illness", steps: 600, settings: { fault: "frozen", r1: 0 },
      question: "Somebody froze D “to protect it in G’s phase”, and it stays frozen in its own. What becomes of G’s loss?",
      options: ["it stays where it was", "it falls towards 0: G has won", "it grows without end"], answer: 1,
      shows: (f) => `G’s loss is ${f.g.toFixed(2)}, D’s is ${f.d.toFixed(2)}; ${modes(f)}.`,
      why: "A map that never changes can be outrun. G’s loss looks splendid, and its points have left the picture. D’s loss grows.",
      holds: (f) => f.g < 0.1 && f.modes.near < 0.2,
    },
    {
      title: "The labels are swapped", lesson: "Lesson 06, section 3: an illness", steps: 600, settings: { fault: "labels", r1: 0 },
      question: "D is told that real points are generated, and the other way round. G still wants to pass for real. What do the two losses do?",
      options: ["both go near 0", "D’s grows, G’s falls", "both stay at their balance"], answer: 0,
      shows: (f) => `D’s loss is ${f.d.toFixed(2)}, G’s ${f.g.toFixed(2)}; ${opinions(f)}.`,
      why: "Both now want the same: generated points rated high. A game in which both win is no game. Look at D(x) below D(G(z)).",
      holds: (f) => f.d < 0.1 && f.g < 0.1 && f.dFake > f.dReal,
    },
    {
      title: "Two sigmoids", lesson: "Lesson 06, section 4: an illness", steps: 400, settings: { fault: "sigmoids", ahead: 400, r1: 0 },
      question: "D ends in a sigmoid, and the loss puts a second one behind it. D trains alone for 400 steps, which is easy. Which opinions can it reach?",
      options: ["near 1 for real, near 0 for generated points", "between 0.50 and 0.73 only", "one half for everything"], answer: 1,
      shows: (f) => `${opinions(f)}; D’s loss is ${f.d.toFixed(2)}.`,
      why: "The sigmoid of a number between 0 and 1 lies between 0.5 and 0.731. So D’s loss cannot fall below 1.006, however easy the task.",
      holds: (f) => f.dFake > 0.49 && f.dReal < 0.732 && f.d > 1,
    },
    {
      title: "Rates × 20: modes are lost", lesson: "Lesson 06, section 5: an illness", steps: 600, settings: { rateG: 2e-2, rateD: 2e-2, beta1: 0, r1: 0 },
      question: "Both rates are twenty times larger than before. Which sign of it do the picture and the figures show?",
      options: ["all eight modes, only faster", "nothing moves any more", "modes are missing"], answer: 2,
      shows: (f) => `${modes(f)}; D’s loss is ${f.d.toFixed(2)}.`,
      why: "Is it G’s rate, or D’s? Raise one of them alone, and look; lesson 06 has nine seeds of each. Which modes are lost is luck: try other seeds.",
      holds: (f) => f.modes.found < 8,
    },
    {
      title: "Oscillation", lesson: "Lesson 06, section 8: an illness", tab: "dirac", steps: 120, dirac: { order: "together", loss: "minimax" },
      question: "The one-point game, minimax, both at once. Its eigenvalues are ±i/2: they neither draw in nor drive out. Where does the point go?",
      options: ["it circles for ever", "it spirals outwards", "it spirals into (0, 0)"], answer: 1,
      shows: (f) => `It began at a distance of ${f.first.toFixed(2)} and is now at ${f.distance.toFixed(2)}.`,
      why: "A step of some length along a circle ends outside of it. Now try one after the other, and R1.",
      holds: (f) => f.distance > 1.2 * f.first,
    },
  ];

  // The state from which an experiment starts.
  P.experimentState = function (number) {
    const { settings = {}, dirac = {}, tab = "plane", points = [] } = P.EXPERIMENTS[number - 1], state = P.freshState();
    Object.assign(state.settings, settings);
    Object.assign(state.dirac, dirac);
    return { ...state, tab, points: [...points], experiment: number };
  };
});
