// The explorer's networks against ganlib's; tests/web/test_explorer.py writes the fixture and starts this.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const path = process.env.GANLIB_FIXTURE, options = path ? {} : { skip: "no fixture: started without test_explorer.py" };
for (const file of ["weights.js", "networks.js"]) await import(new URL(`../../web/explorer/${file}`, import.meta.url));
const { Explorer, explorerWeights } = globalThis;

test("the generator draws and the judge sees what ganlib's do", options, () => {
  const { inputs, images, probabilities } = JSON.parse(readFileSync(path, "utf8"));
  const generator = new Explorer.Generator(explorerWeights), judge = new Explorer.Judge(explorerWeights);
  inputs.forEach((input, k) => {
    const drawn = generator.draw(input.slice(0, 64), input.slice(64));
    drawn.forEach((pixel, i) => assert.ok(Math.abs(pixel - images[k][i]) < 1e-4, `image ${k}, pixel ${i}`));
    judge.look(Float32Array.from(images[k])).forEach((p, digit) => {
      assert.ok(Math.abs(p - probabilities[k][digit]) < 1e-4, `image ${k}, digit ${digit}`);
    });
  });
});
