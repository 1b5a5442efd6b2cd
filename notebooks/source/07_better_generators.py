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
# computing five minutes, measured, partly while you read). "Further" is optional. You need lesson 04, and the measures
# of lesson 05: distance, recall, coverage.*
#
# After this lesson you can
#
# * tell both networks a label, and ask the generator for a digit,
# * say why "the asked digit came" is not enough,
# * compare two trainings at equal cost, and say when a table tells them apart,
# * read a benchmark of "a thousand modes", and keep D from learning a small training set by heart.

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
# The generator of `course.py train` draws good digits. Which digit? The one that the latent vector happens to mean.
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
# * **G** gets it with the latent vector. In `ganlib`, the largest of the first ten latents chooses the label, and G sees
#   the choice. To ask for a 7, exchange two of the ten numbers so that the eighth is the largest.
# * **D** gets it behind the pixels: a sample is 784 pixels and 10 numbers, a 1 at the label and 0 elsewhere (one-hot).
#   Behind a real image stands its true label; behind a generated one, the label that was asked for.
#
# Now D can say: "a fine 4, but it was to be a 7". How should it use the label? The most common way today is
# **projection** (Miyato and Koyama 2018). D's last hidden layer gives a vector of features *h*. Without labels the logit
# is the product *v* · *h* with one learned vector. With labels there is one more learned vector for each class:
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
# About 95, and 99.5. The second figure is the ceiling: nobody can ask the judge for more.
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
claim("each digit comes when it is asked for", min(right(answers[d::10], d) for d in range(10)), above=0.8, quality=True)

# %% [markdown]
# ## 4 · Right digits, and yet bad
#
# Is "how often the asked digit comes" a good measure of a conditional generator? Two rivals.
#
# * **The miser** knows one picture of each digit, a real one, and shows it every time.
# * **The mix-up**: a slip in the program. In D's phase, each generated image gets the label of its neighbour in the
#   batch; in G's phase everything is right.
#
# Beside the share of right digits, measure *recall* and the coverage of each class (lesson 05): the share of the real
# test images of a digit that have a generated image nearby.
#
# <details><summary><b>Predict before you run:</b> does the mix-up harm the share of right digits?</summary>
#
# Hardly. D still sees real images with true labels, and its slope still leads G to the asked digit. What suffers is
# something else.
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
    found = metrics.covered(test_features, features)
    recall = metrics.prdc(test_features[:2000], features[:2000]).recall
    return right(images, np.arange(len(images)) % 10), recall, min(found[y_test == d].mean() for d in range(10))


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
