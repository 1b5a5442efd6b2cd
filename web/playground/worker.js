// The loop around a game, in a worker: it takes orders and sends frames. `port` is the worker's own scope, or anything
// else with `postMessage` and `onmessage`.
(globalThis.ganParts ??= []).push(function (P) {
  "use strict";
  const SLICE = 24; // milliseconds of play between two looks at the orders
  const PACES = { full: Infinity, slow: 20, phases: 2 }; // steps, steps, phases a second

  class Player {
    constructor(port) {
      this.port = port;
      this.mode = "paused";
      this.until = Infinity;
      this.sent = 0; // losses already sent
      this.waiting = false; // for the page to have drawn a frame
      this.rest = 60; // milliseconds between two frames
      this.turn = 0; // an order makes the loop of an earlier one end
    }

    load({ state, rest, number }) {
      this.number = number;
      this.rest = rest;
      this.game = new P.Game(state.settings, state.points);
      this.watch = new P.Watch(this.game);
      this.changes = [...state.changes];
      this.sent = 0;
      this.waiting = false;
      this.goal = { step: state.step, done: state.done };
      this.start("restoring");
    }

    run({ pace, until = Infinity }) {
      this.pace = pace;
      this.until = until;
      this.start("running");
    }

    start(mode) {
      this.mode = mode;
      this.since = { time: performance.now(), count: 0 };
      this.loop(++this.turn);
    }

    pause() {
      this.turn++;
      this.mode = "paused";
      this.frame(true);
    }

    phase() {
      this.turn++;
      this.mode = "paused";
      this.game.phase();
      this.frame(true);
    }

    step() {
      this.turn++;
      this.mode = "paused";
      this.game.play();
      this.frame(true);
    }

    // A setting changes between two steps; the page is told before which step.
    change({ name, value }) {
      if (this.game.done) this.game.play();
      this.game.change(name, value);
      this.port.postMessage({ kind: "changed", number: this.number, step: this.game.step, name, value });
      this.frame(this.mode === "paused");
    }

    drawn() {
      this.waiting = false;
    }

    loop(turn) {
      if (turn !== this.turn) return;
      const over = this.mode === "restoring" ? this.catchUp() : this.play();
      if (over) this.mode = "paused";
      this.frame(over);
      if (!over) this.later(turn);
    }

    later(turn) {
      const slow = this.mode === "running" && this.pace !== "full";
      if (slow) setTimeout(() => this.loop(turn), 1000 / PACES[this.pace]);
      else soon(() => this.loop(turn));
    }

    play() {
      const { game } = this, end = performance.now() + SLICE;
      if (this.pace === "phases") {
        game.phase();
        return game.step >= this.until && !game.done;
      }
      do {
        game.play();
        this.since.count++;
      } while (this.pace === "full" && performance.now() < end && game.step < this.until);
      return game.step >= this.until;
    }

    catchUp() {
      const { game, goal } = this, end = performance.now() + SLICE;
      while (game.step < goal.step) {
        this.applyChanges();
        game.play();
        this.since.count++;
        if (performance.now() > end) return false;
      }
      this.applyChanges();
      while (game.done < goal.done && game.done < game.plan.length - 1) game.phase();
      return true;
    }

    applyChanges() {
      while (this.changes.length && this.changes[0][0] <= this.game.step) {
        const [, name, value] = this.changes.shift();
        this.game.change(name, value);
      }
    }

    frame(now) {
      const time = performance.now();
      if (!now && (this.waiting || time - (this.shown ?? 0) < this.rest)) return;
      this.shown = time;
      this.waiting = true;
      const { losses } = this.game, from = this.sent;
      this.sent = losses.d.length;
      const seconds = (time - this.since.time) / 1000;
      this.port.postMessage({
        kind: "frame", number: this.number, mode: this.mode, ...this.watch.look(), plan: this.game.plan,
        from, d: losses.d.slice(from), g: losses.g.slice(from),
        speed: this.since.count > 5 && seconds > 0.2 ? this.since.count / seconds : null,
      });
    }
  }

  // Sooner than setTimeout, which waits 4 ms, and after all orders that have come in.
  function soon(task) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      task();
    };
    port2.postMessage(null);
  }

  P.serve = function (port) {
    const player = new Player(port);
    port.onmessage = ({ data: { order, ...rest } }) => {
      if (order === "load" || player.game) player[order](rest);
    };
    return player;
  };
});
