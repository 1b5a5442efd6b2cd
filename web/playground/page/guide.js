// The guided experiments: choose one, predict, run, compare.
(function (Page) {
  "use strict";
  const { $, element, P } = Page;

  // The site makes links of what names lessons in the page's head; elsewhere they are words.
  const linked = (lesson) => lesson.split(/\b(0\d)\b/).map((part) => {
    const link = document.querySelector(`a[data-page^="lessons/${part}_"]`);
    return link ? element("a", { href: link.href, textContent: part }) : part;
  });

  class Guide {
    // `start(number)` plays an experiment and hands its figures to `finish`.
    constructor({ start, chosen }) {
      this.start = start;
      this.chosen = chosen;
      this.number = 1;
      const options = P.EXPERIMENTS.map(({ title }, k) => element("option", { value: k + 1, textContent: `${k + 1} · ${title}` }));
      this.select = element("select", { id: "which" }, ...options);
      this.select.addEventListener("change", () => this.open(Number(this.select.value)));
      this.body = element("div");
      $("experiment").append(element("label", { htmlFor: "which", textContent: "Experiment " }), this.select, this.body);
      this.open(1, true);
    }

    open(number, quiet = false) {
      this.number = number;
      this.select.value = number;
      const { question, options, lesson } = P.EXPERIMENTS[number - 1];
      const choices = options.map((option, k) => this.#option(option, k));
      const legend = element("legend", { textContent: question });
      this.button = element("button", { textContent: "Run this experiment", className: "main", disabled: true });
      this.button.addEventListener("click", () => this.start(this.number));
      this.outcome = element("div", { className: "outcome", hidden: true });
      this.body.replaceChildren(
        element("p", { className: "n" }, ...linked(lesson), ". Choose what you expect, then run."),
        element("fieldset", {}, legend, ...choices), this.button, this.outcome,
      );
      if (!quiet) this.chosen(number);
    }

    #option(text, k) {
      const input = element("input", { type: "radio", name: "prediction", value: k });
      input.addEventListener("change", () => {
        this.predicted = k;
        this.button.disabled = false;
      });
      return element("label", {}, input, ` ${text}`);
    }

    running() {
      this.outcome.hidden = true;
      this.button.disabled = true;
    }

    // Shows the outcome; returns what a screen reader should hear.
    finish(figures) {
      const { shows, why, options, answer } = P.EXPERIMENTS[this.number - 1], right = this.predicted === answer;
      const verdict = right ? "As you predicted." : `You predicted “${options[this.predicted] ?? "nothing"}”; it is: ${options[answer]}.`;
      const said = [verdict, shows(figures), why];
      this.outcome.replaceChildren(...said.map((textContent) => element("p", { textContent })));
      this.outcome.hidden = false;
      this.button.disabled = false;
      return said.join(" ");
    }
  }

  Page.Guide = Guide;
})((globalThis.Page ??= {}));
