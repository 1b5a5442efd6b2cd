// Canvases: sharp on every screen, coloured by the style sheet. The curves of both losses
// and of the distance of both clouds, and values and slopes of a pair.
(function (Page) {
  "use strict";
  Page.colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  Page.calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // A context in which one unit is one CSS pixel, cleared; and the size of the canvas.
  Page.canvas = function (canvas) {
    const { clientWidth: width, clientHeight: height } = canvas, scale = devicePixelRatio || 1;
    const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const context = canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
  };

  Page.path = function (context, points, colour, { width = 1.6, dash = [] } = {}) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.beginPath();
    points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
    context.setLineDash([]);
  };

  const short = (value) => String(Number.isInteger(value) ? value : Math.abs(value) >= 1000 ? value.toExponential(1) : Number(value.toPrecision(3)));

  // Axes of a chart: returns the two maps from numbers to pixels.
  function axes({ context, width, height }, [x0, x1], [y0, y1], xName) {
    const left = 44, right = width - 6, top = 8, bottom = height - 20;
    const x = (value) => left + ((value - x0) / (x1 - x0 || 1)) * (right - left);
    const y = (value) => bottom - ((value - y0) / (y1 - y0 || 1)) * (bottom - top);
    context.fillStyle = Page.colour("neutral-text");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    for (const value of [y0, (y0 + y1) / 2, y1]) {
      context.fillText(short(value), left - 6, y(value) + 4);
      Page.path(context, [[left, y(value)], [right, y(value)]], Page.colour("line"), { width: 0.5 });
    }
    context.fillText(`${xName} ${short(x1)}`, right, height - 5);
    context.textAlign = "left";
    context.fillText(short(x0), left, height - 5);
    context.save();
    context.beginPath();
    context.rect(left, top - 4, right - left, bottom - top + 8);
    context.clip();
    return { x, y };
  }

  // Means of at most `most` neighbours each: what a curve of this width can show.
  function thinned(values, most) {
    const size = Math.max(1, Math.ceil(values.length / most)), out = [];
    for (let start = 0; start < values.length; start += size) {
      const part = values.slice(start, start + size).filter(Number.isFinite);
      if (part.length) out.push([start + part.length / 2, part.reduce((sum, v) => sum + v, 0) / part.length]);
    }
    return out;
  }

  function span(numbers) {
    const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b), at = (q) => sorted[Math.floor(q * (sorted.length - 1))];
    if (!sorted.length) return [0, 1];
    const low = at(0.01), high = at(0.99), margin = 0.1 * (high - low) || 0.5;
    return [low - margin, high + margin];
  }

  Page.drawCurves = function (canvas, { d, g }, balance) {
    const sheet = Page.canvas(canvas), { context, width } = sheet;
    const lines = [thinned(d, width / 2), thinned(g, width / 2)], levels = Object.values(balance);
    const range = span([...lines.flat().map(([, value]) => value), ...levels]);
    const { x, y } = axes(sheet, [0, Math.max(10, d.length)], range, "step");
    const colours = { d: Page.colour("d"), g: Page.colour("generated") };
    for (const [name, level] of Object.entries(balance)) {
      Page.path(context, [[x(0), y(level)], [width, y(level)]], colours[name], { width: 1, dash: [4, 4] });
    }
    lines.forEach((line, k) => {
      Page.path(context, line.map(([step, value]) => [x(step), y(value)]), [colours.d, colours.g][k], { width: 1.3 });
    });
    context.restore();
  };

  // How far apart both clouds were when they were looked at: pairs of step and divergence.
  Page.drawApart = function (canvas, apart) {
    const sheet = Page.canvas(canvas), { x, y } = axes(sheet, [0, Math.max(10, apart.at(-1)[0])], [0, 0.7], "step");
    Page.path(sheet.context, apart.map(([step, value]) => [x(step), y(value)]), Page.colour("neutral-text"));
    sheet.context.restore();
  };

  Page.drawPair = function (canvas, pair, says) {
    const sheet = Page.canvas(canvas), { context } = sheet;
    const outputs = Array.from({ length: 81 }, (_, k) => (k - 40) / 10);
    const { x, y } = axes(sheet, [-4, 4], [-4, 4], "ℓ");
    Page.path(context, [[x(-4), y(0)], [x(4), y(0)]], Page.colour("neutral"), { width: 0.8 });
    for (const [side, name] of [[pair.fake, "d"], [pair.generator, "generated"]]) {
      const line = (f) => outputs.map((l) => [x(l), y(f(l))]), colour = Page.colour(name);
      Page.path(context, line(side.value), colour);
      Page.path(context, line(side.slope), colour, { dash: [5, 4] });
      if (!Number.isFinite(says)) continue;
      const at = Math.max(-4, Math.min(4, says));
      context.fillStyle = colour;
      for (const f of [side.value, side.slope]) {
        context.beginPath();
        context.arc(x(at), y(f(at)), 4, 0, 7);
        context.fill();
      }
    }
    context.restore();
  };
})((globalThis.Page ??= {}));
