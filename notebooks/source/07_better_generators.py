# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 07 · Better generators
#
# **You will build a generator that draws the digit you ask for.** Then you will test, at equal cost, what people say
# makes a generator better: convolutions, six leashes for D, and what to do with few images.
#
# *Core path: two classes of 45 minutes, with a break after section 5 (30 to read and 20 for three exercises, estimated;
# computing six minutes, measured, partly while you read). "Further" is optional. You need lesson 04, and the measures
# of lesson 05: distance, recall, coverage.*
#
# After this lesson you can
#
# * tell both networks a label, and ask the generator for a digit,
# * say why "the asked digit came" is not enough,
# * compare two trainings at equal cost, and say when a table tells them apart,
# * read a benchmark of "a thousand modes" by its floor.

# %% tags=["setup"]
import importlib.util as util, os, pathlib, sys  # Set-up, the same in every lesson: find the course's package, ganlib.
repository = ""  # the address of the course, once it has one
sys.path[:0] = [str(f) for f in pathlib.Path("gan-course/-").resolve().parents if os.path.exists(f / "ganlib/gan.py")]
if repository and not (util.find_spec("ganlib") or os.system(f"git clone -q --depth=1 {repository} gan-course")):
    sys.path.insert(0, os.path.abspath("gan-course"))
if not hasattr(ganlib := util.find_spec("ganlib") and __import__("ganlib"), "start"):
    sys.exit("There is no ganlib here. Open this notebook in the folder of the course (for Colab: course.py colab).")
print(ganlib.start())

# %%
import time

import keras
import numpy as np
import tensorflow as tf

from ganlib import GAN, claim, load_mnist, models, pictures, to_images
from ganlib.data import load_arrays
from ganlib.evaluation import metrics
from ganlib.evaluation.judge import load_judge
from ganlib.lessons.exercises import lesson07, use
from ganlib.lessons.exercises.tensors import use_in_training

(x_train, y_train), (x_test, y_test) = load_mnist()
judge = load_judge()
test_features = judge.features(x_test)

# %% [markdown]
# ## 1 · You get what comes
#
# The generator that the course ships draws good digits. Which digit? The one that the latent vector happens to mean.
# Under each picture stands what the judge of lesson 05 reads.

# %%
drawn = to_images(models.load_generator()(np.random.default_rng(4).standard_normal((24, 64), dtype="float32")))
read = judge.predict(drawn)
print("drawn:", *read)

# %% tags=["hide-input"]
pictures.show(
    pictures.digits(drawn, columns=12, labels=[str(digit) for digit in read], title="Digits in no order"),
    alt="Twenty-four good generated digits in no order, under each the digit that the judge reads.",
)

# %% [markdown]
# Nobody told the two networks that there are ten kinds. Let us tell both.
#
# ## 2 · Tell both players the label
#
# In a **conditional** GAN (Mirza and Osindero 2014) both networks know the label, the class of an image.
#
# * **G** gets it with the latent vector. In `ganlib`, the largest of the first ten latents chooses the label, and G
#   sees the choice. To ask for a 7, exchange two of the ten numbers so that the eighth is the largest.
# * **D** gets it behind the pixels: a sample is 784 pixels and 10 numbers, a 1 at the label and 0 elsewhere (one-hot).
#   Behind a real image stands its true label; behind a generated one, the label that was asked for.
#
# Now D can say: "a fine 4, but it was to be a 7". How should it use the label? One way is
# **projection** (Miyato and Koyama 2018). D's last hidden layer gives a vector of features *h*. Without labels the
# logit is the product *v* · *h* with one learned vector. With labels there is one more learned vector for each class:
#
# $$\ell(x, y) = v\cdot h(x) + v_y\cdot h(x) .$$
#
# **Exercise 1.** Write it. `features` is (images, n), `label` is one-hot (images, classes), `v` is (n, 1) and `vectors`
# (classes, n): row y is $v_y$. The result is (images, 1). Use `tf.reduce_sum`: D will be trained with your function.
#
# <details><summary>Hint 1</summary><code>label @ vectors</code> picks the right vector for every image.</details>
# <details><summary>Hint 2</summary>The product of two vectors is the sum of the products of their entries:
# <code>axis=1, keepdims=True</code>.</details>


# %% tags=["exercise"]
def told_logit(features, label, v, vectors):
    return ...


lesson07.told_logit(told_logit)


# solution
def told_logit(features, label, v, vectors):
    return features @ v + tf.reduce_sum((label @ vectors) * features, axis=1, keepdims=True)


lesson07.told_logit(told_logit)

# %%
shapes = np.ones((2, 3)), np.eye(4)[:2], np.ones((3, 1)), np.ones((4, 3))
logit = use_in_training(lesson07.told_logit, told_logit, lesson07.right_logit, *shapes)


class Projection(keras.layers.Layer):
    def build(self, shapes):
        (_, n), (_, classes) = shapes
        self.v = self.add_weight(shape=(n, 1), name="v")
        self.vectors = self.add_weight(shape=(classes, n), name="vectors")

    def call(self, inputs):
        return logit(*inputs, self.v.value, self.vectors.value)


def told_discriminator():
    sample = keras.Input((794,))
    pixels, label = sample[:, :784], keras.ops.stop_gradient(sample[:, 784:])  # R1 is to see the slope in pixels alone
    h = pixels
    for units in (512, 256):
        h = keras.layers.LeakyReLU(negative_slope=0.2)(keras.layers.Dense(units)(h))
    return keras.Model(sample, Projection()([h, label]))


# %% [markdown]
# Is it `ganlib`'s? Its pair is `models.conditional()` in `ganlib/models.py`. Give its D the weights of yours, and show
# both the same samples.

# %%
ours, theirs = told_discriminator(), models.conditional().discriminator
*hidden, v, vectors = ours.get_weights()
shared = {(256, 1): v, (1,): np.zeros(1), (256, 10): vectors.T}  # theirs adds one number to every logit: 0 here
theirs.set_weights([*hidden, *(shared[weight.shape] for weight in theirs.weights[len(hidden):])])
samples = np.concatenate([x_test[:100].reshape(100, 784) / 255, np.eye(10)[y_test[:100]]], axis=1)
claim("both give the same logits", np.abs(ours(samples) - theirs(samples)).max(), below=1e-4)

# %% [markdown]
# ## 3 · Ask for a digit
#
# The step of lesson 04 stays as it is; only the samples have become longer. `fit` takes the labels, and `generate` is
# asked for them.
#
# <details><summary><b>Predict before you run:</b> after five passes over MNIST, in how many of a hundred pictures does
# the judge read the digit that was asked for? And in how many real test images does it read the label?</summary>
#
# About 95, and 99.5: the judge errs, too.
# </details>


# %%
def compiled(generator, discriminator, steps, r1=0.1, kind=GAN, **settings):
    def adam():
        return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps, alpha=0.1), 0.0, 0.99)

    gan = kind(generator, discriminator)
    gan.compile(adam(), adam(), r1=r1, **settings)
    return gan


told = compiled(models.conditional().generator, told_discriminator(), steps=5 * 469)
told.restart(seed=0)
told.fit(x_train, labels=y_train, batch_size=128, epochs=5, verbose=0)
asked = np.arange(10_000) % 10
answers = to_images(told.generate(10_000, labels=asked))

# %% tags=["hide-input"]
pictures.show(
    pictures.digits(answers[:60], columns=10, title="Asked for 0 to 9, six times"),
    alt="Six rows of ten generated digits: in each column the same digit, from zero to nine, in six different hands.",
)


# %%
def right(images, labels):
    return np.mean(judge.predict(images) == labels)


print(f"right digit: {right(answers, asked):.1%} of generated, {right(x_test, y_test):.1%} of real images")
claim("the asked digit comes, nearly always", right(answers, asked), above=0.9, quality=True)
least = min(right(answers[digit::10], digit) for digit in range(10))
claim("each digit comes when it is asked for: the least often", least, above=0.7, quality=True)

# %% [markdown]
# ## 4 · Right digits, and yet bad
#
# Is "how often the asked digit comes" a good measure? Two rivals. **The miser** knows one picture of each digit, a real
# one, and shows it every time. **The mix-up** is a slip in the program: in D's phase, each generated image gets the
# label of its neighbour in the batch. Measure *recall* and the coverage of each class beside it (lesson 05);
# one seed each.
#
# <details><summary><b>Predict before you run:</b> does the mix-up harm the share of right digits?</summary>
#
# Hardly. D still sees real images with true labels. What suffers is something else.
# </details>


# %%
class MixedUp(GAN):
    in_d_phase = False

    def discriminator_phase(self, real, latents):
        self.in_d_phase = True
        results = super().discriminator_phase(real, latents)
        self.in_d_phase = False
        return results

    def samples(self, latents):
        samples = super().samples(latents)
        labels = tf.roll(samples[:, 784:], 1, axis=0) if self.in_d_phase else samples[:, 784:]
        return tf.concat([samples[:, :784], labels], axis=1)


def classes(images):  # asked for 0, 1, …, 9, 0, 1, …: right digits, recall, least coverage of a class
    features = judge.features(images)
    found = metrics.covered(test_features[:5000], features[:5000])
    recall = metrics.prdc(test_features[:2000], features[:2000]).recall
    covered = [found[y_test[:5000] == digit].mean() for digit in range(10)]
    return right(images, np.arange(len(images)) % 10), recall, min(covered)


mixed = compiled(*models.conditional(), steps=2 * 469, kind=MixedUp)
honest = compiled(*models.conditional(), steps=2 * 469)
sets = {"real images": np.stack([x_train[y_train == d][:1000] for d in range(10)], axis=1).reshape(-1, 28, 28)}
for name, gan in {"honest, 2 epochs": honest, "mixed up, 2 epochs": mixed}.items():
    gan.restart(seed=0)
    gan.fit(x_train, labels=y_train, batch_size=128, epochs=2, verbose=0)
    sets[name] = to_images(gan.generate(10_000, labels=asked))
sets["the miser"] = sets["real images"][asked]
print(f"{'':20} right  recall  least coverage")
table = {name: classes(images) for name, images in sets.items()}
for name, (share, recall, least) in table.items():
    print(f"{name:20} {share:5.1%} {recall:6.2f} {least:9.2f}")

# %% tags=["hide-input"]
pictures.show(
    pictures.side_by_side({name: sets[name][7::10][:12] for name in list(sets)[1:]}, columns=12,
                          title="Asked for a 7, twelve times"),
    alt="Three rows of twelve pictures asked to be sevens: of the honest generator, of the mixed-up one, and of the "
    "miser, who shows the same seven twelve times.",
)  # fmt: skip

# %%
claim("the mixed-up program draws the asked digit, too", table["mixed up, 2 epochs"][0], above=0.8, quality=True)
lost = table["honest, 2 epochs"][1] - table["mixed up, 2 epochs"][1]
claim("its recall is far below the honest one's: less by", lost, above=0.2, quality=True)
claim("the miser is nearly always right", table["the miser"][0], above=0.85)
claim("yet other real images cover more of every class, by", table["real images"][2] - table["the miser"][2], above=0.5)

# %% [markdown]
# The share of right digits sees neither fault: it does not ask whether G knows more than one way to write a digit.
# **Report it with recall, or with the coverage of each class, never alone.** (Why the mix-up costs recall, we can only
# guess: a wrong label gives away the best image.)
#
# ## 5 · Three ways to tell D
#
# Projection is one way. Two others came before it:
#
# * **Concatenation** (after Mirza and Osindero 2014): D's first layer gets pixels and label side by side.
# * **An auxiliary classifier** (Odena and others 2017): D is not told the label but learns to name it, and G learns to
#   be named right.
#
# Each gets the same images, steps, and three seeds. One lucky seed can move a mean. So let **clearly better** mean that
# our worst seed beats their best. If all six were alike, chance would do that once in twenty times; so in a table of 21
# pairs, twice.
#
# **Exercise 2.** `ours` and `theirs` are lists of distances, smaller is better. Return whether ours is clearly better.
#
# <details><summary>Hint</summary>Which of our seeds is the worst? Which of theirs the best?</details>


# %% tags=["exercise"]
def clearly_better(ours, theirs):
    return ...


lesson07.clearly_better(clearly_better)


# solution
def clearly_better(ours, theirs):
    return max(ours) < min(theirs)


lesson07.clearly_better(clearly_better)

# %%
better = use(lesson07.clearly_better, clearly_better, lesson07.right_clearly_better)


def verdicts(distances):  # {name: its three distances}
    for name, ours in distances.items():
        beaten = [other for other, theirs in distances.items() if better(ours, theirs)]
        print(f"{name:15}", *(f"{value:6.1f}" for value in ours), "  clearly better than:", ", ".join(beaten) or "none")


def distance(images):
    return metrics.frechet_distance(judge.features(images), test_features)


ways, shares = {}, {}
for way in ("projection", "concatenation", "classifier"):
    gan = compiled(*models.conditional(way), steps=2 * 156)
    ways[way], shares[way] = [], []
    for seed in range(3):
        gan.restart(seed)
        gan.fit(x_train[: 156 * 128], labels=y_train[: 156 * 128], batch_size=128, epochs=2, verbose=0)
        images = to_images(gan.generate(5000, labels=asked[:5000]))
        ways[way].append(distance(images)), shares[way].append(right(images, asked[:5000]))
    print(f"{way:15} right digit:", *(f"{share:.0%}" for share in shares[way]))
verdicts(ways)

# %% tags=["hide-input"]
pictures.show(
    pictures.dots({way: {f"seed {s}": share for s, share in enumerate(row)} for way, row in shares.items()},
                  "share of right digits", title="Three ways to tell D the label, after 312 steps"),
    alt="Three rows of three dots: the share of right digits with projection, concatenation and a classifier.",
)  # fmt: skip

# %%
claim("concatenation's best seed is further off than projection's worst",
      min(ways["concatenation"]) / max(ways["projection"]), above=1.3, quality=True)  # fmt: skip
more = min(shares["projection"]) - max(shares["classifier"])
claim("projection draws the asked digit more often than the classifier, in every seed: by", more, above=0, quality=True)
further = min(ways["classifier"]) / max(ways["projection"])
claim("and is clearly nearer: in units of its worst distance the classifier's best", further, above=1.1, quality=True)

# %% [markdown]
# Projection leads in both, and concatenation comes last. After 312 steps this is a start, not a verdict. Over 22
# passes, three seeds ([measured](../docs/quality.md)), the order by distance is another: projection 0.22, concatenation
# 0.26, the classifier 0.32, and no seeds overlap. And the classifier draws the asked digit most often, in 99.1 % for
# 98.7 %, and has the smallest recall. It is paid for readable digits: the share alone would crown it.
#
# <hr>
#
# **Half-way. A good place for a break.** Next: what is said to make any generator better.
#
# ## 6 · What a convolution knows
#
# Our D has a weight for every pixel and every unit. A **convolution** looks with one small window of weights at many
# places. So it knows one thing before it has seen any image: *a stroke is a stroke one window on*. Move a digit by four
# pixels, and see what changes in D's first layer.
#
# The D of `models.patches()` cuts 49 windows of 8 × 8 pixels, 4 apart, and sees them all with the same weights: one
# matrix product, which a CPU does fast.

# %%
conv = models.patches().discriminator
windows, product = conv.layers[:2]
dense = models.wide().discriminator.layers[0]
digit = np.zeros((1, 28, 28), np.float32)
digit[0, 8:20, 8:20] = x_test[0, 8:20, 8:20] / 255  # the middle of a digit, with room to move
moved = np.roll(digit, 4, axis=2)
before, after = (product(windows(image.reshape(1, 784))).numpy() for image in (digit, moved))  # (1, 7, 7, 32)
claim("the convolution sees the same numbers, one place on", np.array_equal(after[:, :, 1:], before[:, :, :-1]))
half = product(windows(np.roll(digit, 2, axis=2).reshape(1, 784))).numpy()
change = np.abs(half - before).max() / np.abs(before).max()
claim("moved by half a window's step, it does not: largest change, in parts of the largest number", change, above=0.3)
a, b = (dense(image.reshape(1, 784)).numpy() for image in (digit, moved))
claim("in the dense layer nearly every number changes: the share", np.mean(abs(a - b) > 1e-3), above=0.9)
print(f"weights of the first layer: {product.count_params():,} and {dense.count_params():,}")

# %% [markdown]
# <details><summary><b>Predict before you run:</b> at equal cost, does D with windows make G's digits better?</summary>
#
# Look at all three measures. A new D can make G better in one and worse in another.
# </details>

# %%
racers, cost = {}, {}


def race(name, networks, steps, **settings):  # three seeds, the same images for all
    gan = compiled(*networks, steps=steps, **settings)
    gan.fit(x_train[: 26 * 128], batch_size=128, verbose=0)  # so that compiling does not count
    racers[name], cost[name] = [], []
    for seed in range(3):
        gan.restart(seed)
        began = time.process_time()
        gan.fit(x_train[: steps * 128], batch_size=128, verbose=0)
        cost[name].append(time.process_time() - began)
        features = judge.features(to_images(gan.generate(5000)))
        precision, recall, *_ = metrics.prdc(test_features[:2000], features[:2000])
        racers[name].append((metrics.frechet_distance(features, test_features), precision, recall))
    means = np.mean(racers[name], axis=0)
    print(f"{name:20} {steps} steps, {np.mean(cost[name]):2.0f} CPU s; distance, precision, recall",
          "{:5.1f} {:.2f} {:.2f}".format(*means))  # fmt: skip


race("dense D", models.wide(), steps=338, r1=1.0)
race("windows", models.patches(), steps=286, r1=1.0)
race("windows, equal steps", models.patches(), steps=338, r1=1.0)
verdicts({name: [row[0] for row in rows] for name, rows in racers.items()})
means = [np.mean(rows, axis=0) for rows in racers.values()]
(far, _, recall), (far_windows, _, recall_windows), (far_equal, *_) = means
claim("the distance with windows is larger", far_windows / far, above=1.03, quality=True)
claim("with equal steps, too", far_equal / far, above=1.03, quality=True)
claim("at equal cost the recall is smaller, by", recall - recall_windows, above=0.03, quality=True)

# %% [markdown]
# This early, at equal cost and with equal steps, the D that knows about places makes G's digits *worse* by distance:
# knowing something true is not enough. (On large images most use it: a dense layer would need a weight for every pixel
# and unit.)
#
# ## 7 · Six leashes on equal terms
#
# R1 keeps D from becoming steep (lesson 04). There are other leashes:
#
# | leash | what it does | source |
# |---|---|---|
# | R1 | penalty on D's slope at real images | Mescheder and others 2018 |
# | R1 + R2, relativistic | the same at generated ones, too; D compares pairs | Huang and others 2024 (R3GAN) |
# | relativistic, R1 | R1, and D compares pairs of a real and a generated image | after Jolicoeur-Martineau 2019 |
# | WGAN-GP | no sigmoid; pulls D's slope to 1 between the two | Gulrajani and others 2017 |
# | spectral norm, hinge | every matrix of D divided by its largest singular value | Miyato and others 2018 |
# | two time scales | no penalty; D's rate is twice G's | Heusel and others 2017 |
#
# **Equal terms:** the same networks, images, batches, and about the same 15 CPU seconds: a costlier leash gets fewer
# steps. (WGAN-GP gets one step of D for each of G; its authors let D make five.) Each leash has a *strength*, such as
# R1's γ, and got the best of four or five, found at the same cost with a seed that is not in the race, and never at the
# edge of what was tried. "None" is no leash, and its strength the rate of both networks; the others' rate was not
# tuned. That takes a quarter of an hour, so `benchmarks/leashes.py` did it beforehand; your function reads the result.
#
# <details><summary><b>Predict before you run:</b> is the newest leash, of 2024, clearly better than R1, of 2018?
# </summary>
#
# No. R1 is clearly better than each of the others.
# </details>

# %%
measured = load_arrays("lesson07.npz")  # {leash: distance and coverage (2, 3) of three seeds}
leashes = {name: distances.tolist() for name, (distances, _) in measured.items()}
verdicts(leashes)

# %% tags=["hide-input"]
pictures.show(
    pictures.dots({name: {f"seed {s}": v for s, v in enumerate(row)} for name, row in leashes.items()},
                  "Fréchet distance to the test images",
                  title="After 15 CPU seconds R1 is nearest; no leash at all keeps up with the newest"),
    alt="Seven rows of three dots. R1 has the smallest distances. No leash overlaps the two relativistic ones; "
    "WGAN-GP, spectral normalisation and two time scales are further off.",
)  # fmt: skip

# %%
others = min(min(row) for name, row in leashes.items() if name != "R1")
claim("R1's worst seed is nearer than the best of every other leash", others / max(leashes["R1"]), above=1)
overlap = max(leashes["R1 + R2"]) / min(leashes["none"])
claim("R1 + R2 is not clearly better than no leash at all", overlap, above=1)
claim("and no leash is clearly better than WGAN-GP", min(leashes["WGAN-GP"]) / max(leashes["none"]), above=1)
coverage = {name: row for name, (_, row) in measured.items()}
claim("and no leash covers more than R1, in every seed", min(coverage["none"]) / max(coverage["R1"]), above=1)

# %% [markdown]
# **The strength matters as much as the kind:** a game without any leash, at twice the rate, keeps up with the newest
# one and beats three. **The measure matters:** by coverage, it is ahead of R1. So take R1, cheap and simple; tune it;
# and believe no table without its terms, this one included: one size of network, 15 CPU seconds, 28 × 28 pixels. (What
# `course.py train` has beside R1: a D that also sees how much a *batch* varies, `models.spread`, after Karras and
# others 2018. Over a whole training that brought the digits nearer to real ones, [by three seeds](../docs/quality.md).)
#
# ## 8 · A thousand modes
#
# To have more kinds than ten, Metz and others (2017) stack three digits, one in each colour channel: 1,000
# combinations. A generator draws 26,000 such images, and a classifier names each channel. Two figures are reported: how
# many combinations occur, and the **Kullback-Leibler divergence** of their shares from equal ones, Σ pᵢ log(pᵢ · K).
#
# | published (Lin and others 2018, tables 2 and 3) | modes | divergence |
# |---|---|---|
# | DCGAN | 99 | 3.40 |
# | Unrolled GAN | 48.7 | 4.32 |
# | VEEGAN | 150 | 2.95 |
# | PacDCGAN2 | 1000 | 0.06 |
#
# **Exercise 3.** Write the divergence for counts of K classes. A class with no images adds nothing: 0 log 0 = 0.
#
# <details><summary>Hint</summary>The shares are the counts over their sum. Leave out the empty classes before you take
# the logarithm, but not from K.</details>


# %% tags=["exercise"]
def kl_to_uniform(counts):
    return ...


lesson07.kl_to_uniform(kl_to_uniform)


# solution
def kl_to_uniform(counts):
    shares = counts[counts > 0] / counts.sum()
    return np.sum(shares * np.log(shares * len(counts)))


lesson07.kl_to_uniform(kl_to_uniform)

# %% [markdown]
# Three rows that the published tables lack: **perfect draws** from exactly equal shares; **real stacks** of training
# images; and **three draws** of the generator of section 1, which has never seen a stack.
#
# <details><summary><b>Predict before you run:</b> what is the divergence of perfect draws? And does the generator that
# never saw a stack beat VEEGAN's 150 modes?</summary>
#
# Not 0: 26 images in each class are 26 on the average only. And it does, by far: see below.
# </details>

# %%
divergence = use(lesson07.kl_to_uniform, kl_to_uniform, lesson07.right_kl)
rng = np.random.default_rng(0)


def modes(named):  # (n, 3): the digits read in three channels
    counts = np.bincount(named @ [100, 10, 1], minlength=1000).astype(float)
    return np.count_nonzero(counts), divergence(counts)


generator, latents = models.load_generator(), rng.standard_normal((78_000, 64), dtype="float32")
singles = np.concatenate([judge.predict(to_images(generator(part))) for part in np.split(latents, 26)])
stacks = {
    "perfect draws": rng.integers(0, 10, (26_000, 3)),
    "real stacks": rng.choice(y_train, (26_000, 3)).astype(int),
    "three draws": singles.reshape(26_000, 3),
}
found = {name: modes(named) for name, named in stacks.items()}
for name, (count, kl) in found.items():
    print(f"{name:14} {count:4} modes, divergence {kl:.3f}")
floor = 999 / (2 * 26_000)
claim("perfect draws have about (K − 1)/(2n)", found["perfect draws"][1], equals=floor, within=0.005, digits=2)
claim("three draws: all modes but a handful", found["three draws"][0], above=990, quality=True)
claim("and a smaller divergence than PacDCGAN2", found["three draws"][1], below=0.06, quality=True)

# %% [markdown]
# A generator that knows nothing of stacks is near the floor. So the benchmark does not ask for a thousand *kinds*. It
# asks whether G learns that three things vary *independently*; who puts that in by hand has the full score.
#
# Now without the trick: **train on stacks.** These networks have three times the pixels; nothing in them knows of
# parts.
#
# <details><summary><b>Predict before you run:</b> three passes over 60,000 stacks: how many of the 1,000
# modes?</summary>
#
# Most of them, more than any row of the table but the last. Equally often? Look at the divergence.
# </details>

# %%
joint = compiled(*models.wide(3 * 784), steps=3 * 469, r1=0.3)
joint.restart(seed=0)
joint.fit(x_train[rng.integers(60_000, size=(60_000, 3))].reshape(-1, 3 * 784), batch_size=128, epochs=3, verbose=0)
drawn = np.rint(255 * joint.generate(26_000)).astype("uint8").reshape(-1, 3, 28, 28)
found["trained"] = modes(np.stack([judge.predict(drawn[:, channel]) for channel in range(3)], axis=1))
print("trained: {} modes, divergence {:.2f}".format(*found["trained"]))
claim("trained on stacks, most modes occur", found["trained"][0], above=600, quality=True)
further = found["trained"][1] / found["three draws"][1]
claim("but far less equally than in three draws: times the divergence", further, above=15, quality=True)

# %% tags=["hide-input"]
pictures.show(
    pictures.digits(np.moveaxis(drawn[:24], 1, -1), columns=12, title="Three digits at once, one in each colour"),
    alt="Twenty-four generated stacks: three digits over each other in red, green and blue, some of them clear.",
)

# %% [markdown]
# Longer training brings them nearer to equal shares: after 84 passes all 1,000 occur, with a divergence of 0.09 to 0.11
# in three seeds ([measured](../docs/quality.md)). The floor of 26,000 images is 0.02. Read a benchmark by its floor,
# and by the simplest thing that passes.
#
# ## What you now know
#
# * A conditional GAN is the same game with longer samples: the label stands behind the pixels of every one.
# * The share of right digits does not see a generator that has lost most of its ways to write them.
# * "Better" needs equal cost, several seeds, and strengths chosen for every rival. Not all differences survive.
# * A benchmark has a floor. Look for it, and for the simplest thing that passes.
#
# ## What usually goes wrong here
#
# * **The asked digit comes, in few hands.** A mix-up of labels in D's phase, or a lost mode. Measure recall.
# * **The asked digit comes one time in ten.** The labels of real images are shuffled against the images, or G's label
#   and the one behind its samples differ.
# * **A leash "does not work".** Was its strength tried, or taken from a paper with other pixels and networks?

# %% [markdown] tags=["further"]
# ## 9 · Further: few images
#
# With 60,000 images D never sees the same one often. With 500 it can learn them by heart: it then says "real" to these
# and "fake" to all others, unseen real ones included. The sign is a **gap**: D's mean logit for its 500 training images
# less that for unseen real ones, in units of the spread of these logits: else a D with small logits would seem to have
# none.
#
# A cure: let D see each image at another place, moved by a random pixel or so. Real images alone must not be moved: G
# would learn to draw moved digits. So move *both* kinds, whenever D looks (Zhao and others 2020, "DiffAugment"). The
# move stands in D, as its first layer; the slope reaches G through it.
#
# <details><summary><b>Predict before you run:</b> name a rival cure that needs no moving.</summary>
#
# A stronger leash. It stands in the table.
# </details>


# %%
class Move(keras.layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator(0)

    def call(self, samples, training=False):
        if not training:  # only while D learns
            return samples
        images = keras.ops.reshape(samples, (-1, 28, 28))
        by = keras.random.randint((2, keras.ops.shape(images)[0]), 0, 3, seed=self.seeds)  # up, not, down; left …
        moves = keras.ops.stack([keras.ops.eye(28, k=k) for k in (-1, 0, 1)])  # matrices that move rows or columns
        images = keras.ops.take(moves, by[0], axis=0) @ images @ keras.ops.take(moves, by[1], axis=0)
        return keras.ops.reshape(images, (-1, 784))


def small():
    G = models.mlp(64, (256, 256), 784, "sigmoid", "generator")
    return G, models.mlp(784, (256, 128), 1, None, "discriminator")


def moving():
    G, D = small()
    return G, keras.Sequential([keras.Input((784,)), Move(), *D.layers])


few = np.tile(x_train[:500], (24, 1, 1))  # the same 500 images 24 times over: one pass is 96 steps
rows = {
    "60,000 images": (small(), x_train, {"r1": 1.0}),
    "500": (small(), few, {"r1": 1.0}),
    "500, moved": (moving(), few, {"r1": 1.0}),
    "500, R1 × 10": (small(), few, {"r1": 10.0}),
}
gaps, sizes, far = {}, {}, {}
for name, (networks, data, settings) in rows.items():
    gan = compiled(*networks, steps=960, **settings)
    gaps[name], sizes[name], far[name] = [], [], []
    for seed in range(3):
        gan.restart(seed)
        gan.fit(data, batch_size=125, epochs=960 * 125 // len(data), verbose=0)
        seen, unseen = (gan.discriminator(x.reshape(-1, 784) / 255).numpy() for x in (data[:500], x_test[:500]))
        sizes[name].append(unseen.std())
        gaps[name].append((seen.mean() - unseen.mean()) / unseen.std())
        far[name].append(distance(to_images(gan.generate(5000))))
    print(name)
    for title, found in {"gap": gaps, "spread of the logits": sizes, "distance": far}.items():
        print(f"    {title:22}", *(f"{value:6.2f}" for value in found[name]))

# %%
gap = {name: np.mean(row) for name, row in gaps.items()}
claim("with 500 images D has a gap, in every seed", min(gaps["500"]), above=0.5, quality=True)
claim("with 60,000 in the same steps it is smaller, by", gap["500"] - gap["60,000 images"], above=0.5, quality=True)
claim("moving makes it smaller, in parts of the gap", gap["500, moved"] / gap["500"], below=0.6, quality=True)
claim("a stronger leash leaves more of it", gap["500, R1 × 10"] / gap["500"], above=0.6, quality=True)
small_logits = np.mean(sizes["500, R1 × 10"]) / np.mean(sizes["500"])
claim("it makes all logits small, in parts of the spread", small_logits, below=0.3, quality=True)
nearer = max(far["500"]) / min(far["60,000 images"])
claim("the digits of 500 images are clearly nearer than those of 60,000", nearer, below=1, quality=True)
worse = min(far["500, moved"]) / max(far["500"])
claim("but clearly further off with moving", worse, above=1.1, quality=True)

# %% [markdown]
# Moving shrinks the gap. The leash makes all logits small alike: in units of their spread most of the gap stays. And
# the distances say more: after 960 steps the digits made of 500 images are nearer than those made of 60,000, gap or
# not; moving has made them *worse*. So a gap is a sign, not the harm. In long trainings on few images the harm is well
# documented, and moving helps there (Zhao and others 2020); at this length we do not see it. Measure what you care
# about before you cure it.

# %% [markdown] tags=["further"]
# ## 10 · Further: your own images
#
# `course.py train` takes any folder of pictures, 16 to 64 pixels wide, grey or in colour, an `.npz`, an `.npy` or an
# IDX file. Sub-folders are classes. Here is a folder of drawn shapes, and what the command does with it.

# %%
import subprocess
from pathlib import Path

from PIL import Image

rng, folder = np.random.default_rng(0), Path("runs/shapes")
y, x = np.mgrid[:20, :20]
for i in range(300):
    (cy, cx), r = rng.uniform(8, 12, 2), rng.uniform(4, 7)
    ring = abs(np.hypot(y - cy, x - cx) - r) < 1.2
    cross = (abs(y - cy) < 1.2) & (abs(x - cx) < r) | (abs(x - cx) < 1.2) & (abs(y - cy) < r)
    for name, shape in {"rings": ring, "crosses": cross}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray((255 * shape).astype("uint8")).save(folder / name / f"{i}.png")
run = Path("runs/own-shapes")
if not run.exists():  # a run that is there already is not overwritten
    options = ["--architecture", "conditional", "--r1", "1", "--epochs", "60", "--images", "200", "--batch-size", "50"]
    command = [sys.executable, "-P", "-m", "ganlib", "train", "--data", str(folder), "--out", str(run), *options]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # so that the new process finds ganlib, too
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=found, check=True)
    print(*done.stdout.splitlines()[:2], sep="\n")
drawn = np.load(run / "generated_images.npz")["images"]
print(drawn.shape, drawn.dtype)

# %% tags=["hide-input"]
pictures.show(
    pictures.digits(drawn[:24], columns=12, title="Rings and crosses, drawn by a network trained on a folder"),
    alt="Twenty-four generated pictures of 20 by 20 pixels: rings and crosses of several sizes, some of them ragged.",
)

# %% [markdown]
# `course.py evaluate runs/own-shapes` measures such a run against its own images: precision, recall, coverage, copies.
# It leaves out what the digit judge would say, and says so.
#
# ### References
#
# * Mehdi Mirza and Simon Osindero, *Conditional Generative Adversarial Nets*, 2014.
# * Augustus Odena, Christopher Olah, Jonathon Shlens, *Conditional Image Synthesis with Auxiliary Classifier GANs*,
#   2017.
# * Takeru Miyato and Masanori Koyama, *cGANs with Projection Discriminator*, 2018.
# * Lars Mescheder, Andreas Geiger, Sebastian Nowozin, *Which Training Methods for GANs do actually Converge?*, 2018.
# * Alexia Jolicoeur-Martineau, *The Relativistic Discriminator: a Key Element Missing from Standard GAN*, 2019.
# * Yiwen Huang, Aaron Gokaslan, Volodymyr Kuleshov, James Tompkin, *The GAN is dead; long live the GAN! A Modern GAN
#   Baseline*, 2024.
# * Ishaan Gulrajani and others, *Improved Training of Wasserstein GANs*, 2017.
# * Takeru Miyato and others, *Spectral Normalization for Generative Adversarial Networks*, 2018.
# * Martin Heusel and others, *GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium*, 2017.
# * Luke Metz, Ben Poole, David Pfau, Jascha Sohl-Dickstein, *Unrolled Generative Adversarial Networks*, 2017.
# * Akash Srivastava and others, *VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning*, 2017.
# * Tero Karras and others, *Progressive Growing of GANs for Improved Quality, Stability, and Variation*, 2018.
# * Zinan Lin and others, *PacGAN: The Power of Two Samples in Generative Adversarial Networks*, 2018.
# * Shengyu Zhao and others, *Differentiable Augmentation for Data-Efficient GAN Training*, 2020.
