// The explorer's networks against those of Keras; tests/web/test_explorer.py writes the fixture and starts this.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const path = process.env.GANLIB_FIXTURE, options = path ? {} : { skip: "no fixture: started without test_explorer.py" };
for (const file of ["weights.js", "asked.js", "images.js", "networks.js", "closer.js"]) {
  await import(new URL(`../../web/explorer/${file}`, import.meta.url));
}
const { Explorer, explorerWeights, explorerPair, explorerImages } = globalThis;
const { own, asked, near } = path ? JSON.parse(readFileSync(path, "utf8")) : {};

const close = (found, wanted, name) => {
  assert.equal(found.length, wanted.length);
  found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 1e-4, `${name}, ${i}: ${value}, ${wanted[i]}`));
};
const drawn = (generator, { inputs, images }) =>
  inputs.forEach((input, k) => close(generator.draw(input.slice(0, 64), input.slice(64)), images[k], `image ${k}`));

test("the course's generator draws what Keras draws, and the judge sees what it sees", options, () => {
  drawn(new Explorer.Generator(explorerWeights), own);
  const judge = new Explorer.Judge(explorerWeights);
  own.images.forEach((image, k) => close(judge.look(Float32Array.from(image)), own.probabilities[k], `opinion ${k}`));
});

test("the conditional pair: images, D's logits and their slopes in the pixels", options, () => {
  drawn(new Explorer.Generator(explorerPair), asked);
  const discriminator = new Explorer.Discriminator(explorerPair);
  asked.images.forEach((image, k) => {
    const { logit, slope } = discriminator.look(Float32Array.from(image), asked.digits[k]);
    close([logit], [asked.logits[k]], `logit ${k}`);
    close(slope, asked.slopes[k], `slope ${k}`);
  });
});

test("the nearest training image, and how far it is", options, async () => {
  const images = new Explorer.Images(explorerImages, await Explorer.inflated(explorerImages.pixels));
  near.images.forEach((image, k) => {
    const { number, distance } = images.nearest(Float32Array.from(image));
    assert.equal(number, near.nearest[k]);
    close([distance], [near.distances[k]], `distance ${k}`);
  });
});
