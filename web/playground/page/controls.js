// The forms of settings, made from the tables of state.js. Every control is a native one: keyboards and screen readers
// know it. A slider stops at the table's numbers, and at any other that the address of the page has brought.
(function (Page) {
  "use strict";
  Page.P = {};
  for (const part of ganParts) part(Page.P);

  const GROUPS = {
    "The task": ["data", "loss"],
    "A price on D’s steepness": ["r1", "r2", "gp"],
    "Steps": ["dsteps", "gsteps", "order", "optimizer", "rateD", "rateG", "beta1", "beta2"],
    "A new game": ["fault", "ahead", "width", "layers", "latent", "latents", "batch", "seed"],
  };
  let made = 0;

  const element = (name, properties = {}, ...children) => {
    const made_ = Object.assign(document.createElement(name), properties);
    made_.append(...children);
    return made_;
  };

  Page.element = element;
  Page.$ = (id) => document.getElementById(id);
  Page.show = (value) => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(0) : String(value));

  function select(setting, id, changed) {
    const options = Object.entries(setting.among).map(([value, textContent]) => element("option", { value, textContent }));
    const input = element("select", { id }, ...options);
    input.addEventListener("change", () => changed(input.value));
    return { parts: [input], set: (value) => (input.value = value) };
  }

  function range(setting, id, changed) {
    const input = element("input", { type: "range", id, min: 0, step: 1 }), output = element("output", { htmlFor: id });
    let stops = setting.stops;
    const say = () => {
      output.textContent = Page.show(stops[input.value]);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    input.addEventListener("input", say);
    input.addEventListener("change", () => changed(stops[input.value]));
    const set = (value) => {
      stops = setting.stops.includes(value) ? setting.stops : [...setting.stops, value].sort((a, b) => a - b);
      input.max = stops.length - 1;
      input.value = stops.indexOf(value);
      say();
    };
    return { parts: [output, input], set };
  }

  function number(setting, id, changed) {
    const [min, max] = setting.range, input = element("input", { type: "number", id, min, max, step: 1 });
    input.addEventListener("change", () => {
      if (input.value !== "" && input.checkValidity()) changed(Number(input.value));
    });
    return { parts: [input], set: (value) => (input.value = value) };
  }

  function control(name, setting, changed) {
    const id = `control-${name}-${++made}`, make = setting.among ? select : setting.stops ? range : number;
    const { parts, set } = make(setting, id, (value) => changed(name, value));
    const row = element("div", { className: "control" }, element("label", { htmlFor: id, textContent: setting.label }), ...parts);
    row.dataset.setting = name;
    return { row, set };
  }

  // Fills a form; returns a function that shows a set of values in it. `changed(name, value)` hears of what people do.
  Page.controls = function (form, table, changed, groups = { "": Object.keys(table) }) {
    const setters = {};
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const [title, names] of Object.entries(groups)) {
      const set = element("fieldset", {}, ...(title ? [element("legend", { textContent: title })] : []));
      for (const name of names) {
        const { row, set: setter } = control(name, table[name], changed);
        setters[name] = setter;
        set.append(row);
      }
      form.append(set);
    }
    return (values) => Object.entries(setters).forEach(([name, setter]) => setter(values[name]));
  };
  Page.GROUPS = GROUPS;
})((globalThis.Page ??= {}));
