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
# # 03 · Losses
#
# **You will know what every number in a GAN's loss means, and check each formula yourself.**
#
# *About one minute of computing on two CPU cores and half an hour of reading. You need logarithms, derivatives and an
# idea of what a probability density is. Lessons 01 and 02 help, but this one stands alone.*
#
# After this lesson you can
#
# * write down the value function of a GAN and the discriminator that is best for it,
# * tell the saturating from the non-saturating loss, and say which number separates them,
# * find a wrong sign in a published loss, by running it,
# * read a loss of 0.693 or 1.386, and say what it does *not* tell you,
# * choose among six pairs of losses, knowing what each asks of D.

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
import keras
import numpy as np
import tensorflow as tf
from scipy.optimize import linear_sum_assignment
from scipy.special import expit as sigmoid
from scipy.special import xlogy
from scipy.stats import norm

from ganlib import GAN, claim, load_mnist, losses, models, pictures
from ganlib.lessons.exercises import lesson03 as check
from ganlib.losses import LOSSES

# %% [markdown]
# ## 1 · One number that two networks pull at
#
# The discriminator D looks at an example and says how likely it is to be real, a number D(x) between 0 and 1. How good
# is D? Give it log D(x) points for every real example and log(1 − D(x)) for every generated one. A certain and
# right answer scores log 1 = 0. A certain and wrong one scores −∞. The average score on real examples plus that on
# generated ones is the **value function** (Goodfellow and others 2014, equation 1):
#
# $$V(D, G) = \mathbb{E}_{x\ \text{real}}\big[\log D(x)\big] + \mathbb{E}_{z}\big[\log(1 - D(G(z)))\big]$$
#
# 𝔼 is an average. D plays to make V large, G to make it small. To check what follows, we need data of known density. So
# here an "image" is a single number. Real ones come from a normal distribution around 0, with density p. Generated
# ones come from one around θ, with density q. G has one knob, θ, and should turn it to 0.

# %%
x = np.linspace(-15, 25, 40_001)  # a fine grid on the line
real = norm.pdf(x)  # p, the density of N(0, 1)
generated = norm.pdf(x, loc=2)  # q, the density of N(2, 1): the knob stands at 2


def integral(f):
    return np.trapezoid(f, x)


near = abs(x - 1) < 5
pictures.show(
    pictures.curves(x[near], {"density": {"real": real[near], "generated": generated[near]}},
                 "x", title="Real numbers lie around 0, generated ones around 2"),
    alt="Two bell curves of the same width, the real one around 0 and the generated one around 2. They overlap.",
)  # fmt: skip

# %% [markdown]
# Three D's to try: a coin, which says 1/2 to everything, one that takes low numbers for real, and one that takes high
# numbers for real.
#
# <details><summary><b>Predict before you run:</b> what does the coin score?</summary>
#
# log 1/2 for the real and log 1/2 for the generated: together −2 log 2 = −log 4, whatever the data are.
# </details>

# %% tags=["nbval-check-output"]
def value(d):  # d: what D says at every point of the grid
    return integral(xlogy(real, d) + xlogy(generated, 1 - d))  # xlogy(a, b) = a log b, and 0 log 0 = 0


coin = value(np.full_like(x, 0.5))
print(f"V of a coin: {coin:.10f}")
claim("a coin scores −log 4", coin, equals=-1.3862943611, within=1e-9)

# %% tags=["nbval-check-output"]
low_is_real = np.where(x < 1, 0.8, 0.2)  # says 0.8 below 1 and 0.2 above
high_is_real = 1 - low_is_real
print(f"low is real: {value(low_is_real):.4f},  high is real: {value(high_is_real):.4f}")
claim("D gains by knowing where real numbers lie", value(low_is_real) - coin, above=0.3)
claim("D is worse than a coin with its answers swapped", value(high_is_real) - coin, below=-0.3)

# %% [markdown]
# Programs minimise. So the **loss** of D is −V, estimated from a batch. In `ganlib` it takes *logits*, the numbers
# before the sigmoid (section 8 says why). Is it the same thing?

# %%
rng = np.random.default_rng(0)
real_numbers, generated_numbers = rng.normal(0, 1, 200_000), rng.normal(2, 1, 200_000)


def logit(numbers):  # the same D: a logit of log(0.8/0.2) = log 4 below 1, and its negative above
    return tf.constant(np.where(numbers < 1, np.log(4), -np.log(4)))


loss = losses.discriminator_loss(logit(real_numbers), logit(generated_numbers))
claim("D's loss on 200,000 numbers is −V", loss, equals=-value(low_is_real), within=0.01)

# %% [markdown]
# ## 2 · The best discriminator
#
# What is the best that D can say at one point x? Let a be the density of real data there and b that of generated
# data. Say y, and the point contributes a log y + b log(1 − y) to V. The derivative is
#
# $$\frac{a}{y} - \frac{b}{1-y}, \qquad\text{zero at}\qquad y = \frac{a}{a+b}.$$
#
# The second derivative, −a/y² − b/(1 − y)², is negative, so this is the maximum. D is free to choose each answer by
# itself, so the best D, written D*, says p(x)/(p(x) + q(x)) at every x.
#
# <details><summary><b>Predict before you run:</b> at a point where four of five examples are real, what should D say?
# And why not "1"?</summary>
#
# 4/5. Saying 1 costs log 0 = −∞ for the one example in five that is generated.
# </details>

# %%
y = np.linspace(0.005, 0.995, 199)
points = {"a : b = 1 : 1": (0.5, 0.5), "a : b = 4 : 1": (0.8, 0.2), "a : b = 1 : 9": (0.1, 0.9)}
gains = {name: a * np.log(y) + b * np.log(1 - y) for name, (a, b) in points.items()}
pictures.show(pictures.curves(y, {"contribution to V": gains}, "what D says", title="Each curve is highest at a / (a + b)"),
           alt="Three curves over D's answer from 0 to 1, highest at 1/2, at 4/5 and at 1/10.")  # fmt: skip

# %% tags=["nbval-check-output"]
best = {name: y[np.argmax(gain)] for name, gain in gains.items()}
print(*(f"{name}: say {answer:.3f}" for name, answer in best.items()), sep="\n")
claim("all three are a / (a + b)", all(np.isclose(best[name], a / (a + b)) for name, (a, b) in points.items()))

# %% [markdown]
# ### Exercise 1: the best D
#
# Write the best discriminator for the two densities `p` (real) and `q` (generated) at some points. (Lesson 02 asked for
# it too. Now you can derive it.)
#
# <details><summary>Hint</summary>
#
# Above, a is p and b is q.
# </details>


# %% tags=["exercise"]
def best_discriminator(p, q):
    return ...


check.best_discriminator(best_discriminator)


# solution
def best_discriminator(p, q):
    return p / (p + q)


check.best_discriminator(best_discriminator)

# %% [markdown]
# ### Does a trained network find it?
#
# Nobody tells a network the densities. It sees samples and the loss. We train three networks from different random
# weights on 800 batches.
#
# <details><summary><b>Predict before you run:</b> how close do they come to p / (p + q)?</summary>
#
# To within 0.03, wherever there are samples. That is what makes the formula useful: it tells what a real D will do,
# given time.
# </details>


# %%
def train_discriminator(seed, batches=800):
    keras.utils.set_random_seed(seed)
    D = models.mlp(1, (32, 32), 1, None, "discriminator")
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(5e-3, batches, alpha=0.02))
    adam.build(D.trainable_variables)

    @tf.function
    def train():
        for _ in tf.range(batches):
            batch, fake = tf.random.normal([1024, 1]), 2 + tf.random.normal([1024, 1])
            with tf.GradientTape() as tape:
                loss = losses.discriminator_loss(D(batch), D(fake))
            adam.apply_gradients(zip(tape.gradient(loss, D.trainable_variables), D.trainable_variables))

    train()
    return sigmoid(D(x[:, None]).numpy()[:, 0].astype("float64"))  # what it says on the grid


trained = [train_discriminator(seed) for seed in range(3)]
d_star = real / (real + generated)  # the formula

# %%
here = (x > -2) & (x < 4)
curves = {"best discriminator": d_star[here], **{f"trained, seed {i}": d[here] for i, d in enumerate(trained)}}
pictures.show(
    pictures.curves(x[here], {"D(x)": curves}, "x", title="Three trained networks lie on the formula"),
    alt="Four curves that fall from 1 to 0 around x = 1, so close that they look like one.",
)
deviation = max(abs(d - d_star)[here].max() for d in trained)
claim("no trained D is off by more than 0.03 anywhere from −2 to 4", deviation, below=0.03, quality=True)
best_value = value(d_star)
print(f"best possible V: {best_value:.5f};  trained: " + ", ".join(f"{value(d):.3f}" for d in trained))
claim("no trained D beats the formula", best_value - max(value(d) for d in trained), above=0)
claim("each comes within 0.002 of it", best_value - min(value(d) for d in trained), below=0.002, quality=True)

# %% [markdown]
# ## 3 · What G is really fighting
#
# Put the best D into V. With m = (p + q)/2, the halfway mixture, p + q = 2m. So D* = p / 2m, and
#
# $$V(D^*) = \int p\log\frac{p}{2m} + q\log\frac{q}{2m}
# = -\log 4 + \mathrm{KL}(p\|m) + \mathrm{KL}(q\|m) = -\log 4 + 2\,\mathrm{JSD}(p, q).$$
#
# KL is the Kullback–Leibler divergence, KL(a‖b) = ∫ a log(a/b). JSD is the **Jensen–Shannon divergence**: the mean of
# the two KL terms. It is 0 for equal distributions and at most log 2. So a G that plays against a perfect D makes
# a kind of *distance* small. (In the strict sense its square root is one.)
#
# <details><summary><b>Predict before you run:</b> how does V(D*) change as θ goes from 0.5 to 8?</summary>
#
# It rises from near −log 4 (nearly equal) to near 0 (no overlap), and then it cannot rise any more.
# </details>


# %%
def kl(a, b):
    return integral(xlogy(a, a) - xlogy(a, b))


def jsd(a, b):
    m = (a + b) / 2
    return (kl(a, m) + kl(b, m)) / 2


def best_v(theta):
    generated = norm.pdf(x, loc=theta)
    both = real + generated
    return integral(xlogy(real, real / both) + xlogy(generated, generated / both))  # D* and 1 − D*


# %% tags=["nbval-check-output"]
thetas = [0.5, 1, 2, 3, 5, 8]
divergences = [jsd(real, norm.pdf(x, loc=theta)) for theta in thetas]
values = [best_v(theta) for theta in thetas]
print("theta    V(D*)       JSD")
print(*(f"{t:<5g} {v:9.5f}  {j:8.5f}" for t, v, j in zip(thetas, values, divergences)), sep="\n")
gap = max(abs(v - (-np.log(4) + 2 * j)) for v, j in zip(values, divergences))
claim("V(D*) = −log 4 + 2 JSD for every θ", gap < 1e-9)
claim("V(D*) rises with θ and never reaches 0", np.all(np.diff([*values, 0]) > 0))
claim("equal distributions: V(D*) is −log 4", best_v(0), equals=-1.3862943611, within=1e-9)
claim("JSD stays below log 2 = 0.6931471806, and at θ = 5 it is above 97 % of it",
      0.97 * 0.6931471806 < divergences[4] < max(divergences) < 0.6931471806)  # fmt: skip

# %% [markdown]
# The first claim says that two integrals agree, V of the best D and the divergence. The trained networks of section 2
# reached −0.713; the row θ = 2 says that no D can do better.
#
# ### Exercise 2: Jensen–Shannon for arrays
#
# Write the divergence for two arrays of probabilities, like two histograms. Each adds up to 1, and some entries
# may be 0.
#
# <details><summary>Hint 1</summary>
#
# First the mixture m = (a + b)/2. Then KL of a against m and of b against m, and the mean of the two.
# </details>
# <details><summary>Hint 2</summary>
#
# `xlogy(a, a) - xlogy(a, m)` is a log(a/m), and 0 where a is 0. Sum it.
# </details>


# %% tags=["exercise"]
def jensen_shannon(a, b):
    return ...


check.jensen_shannon(jensen_shannon)


# solution
def jensen_shannon(a, b):
    m = (a + b) / 2
    kl_a = np.sum(xlogy(a, a) - xlogy(a, m))
    kl_b = np.sum(xlogy(b, b) - xlogy(b, m))
    return (kl_a + kl_b) / 2


check.jensen_shannon(jensen_shannon)

# %% [markdown]
# ## 4 · A distance without a slope
#
# G does not see the distance. It sees its slope: which way to turn θ, and how hard. There are two losses for G:
#
# * **saturating** (minimax): E[log(1 − D(G(z)))], its part of V;
# * **non-saturating**: −E[log D(G(z))], which Goodfellow and others (2014, section 3) use in practice.
#
# Both want D(G(z)) large. Now hold D at D* and ask for the slope in θ. A generated number is x = θ + noise: it moves
# just as θ does. So, by the chain rule, the slope is a product of two factors, averaged over the generated numbers:
# how the loss depends on D's logit, and how the logit depends on x. TensorFlow finds the first, by differentiating
# `ganlib`'s losses. For the second, the logit of D* is log D* − log(1 − D*) = log p − log q, here θ²/2 − θx: a straight
# line of slope −θ.
#
# <details><summary><b>Predict before you run:</b> G is far off, θ = 8. Which loss tells it so?</summary>
#
# Only the non-saturating one. The distance has almost reached its ceiling log 2, and a ceiling is flat.
# </details>


# %%
def slope(loss, logits):  # the slope of the loss of each single example, in its own logit
    logits = tf.constant(logits, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        total = loss(logits) * len(logits)  # the loss is a mean: undo the division
    return tape.gradient(total, logits).numpy()


def gradient(loss, theta):  # of the loss in theta, with D held at D*
    logits = theta**2 / 2 - theta * x
    return integral(norm.pdf(x, loc=theta) * slope(loss, logits) * -theta)


# %% tags=["nbval-check-output"]
saturating = [gradient(losses.minimax_generator_loss, theta) for theta in thetas]
non_saturating = [gradient(losses.non_saturating_generator_loss, theta) for theta in thetas]
print("theta  saturating  non-saturating      sum")
print(*(f"{t:<5g} {s:11.5f} {n:15.5f} {s + n:8.5f}" for t, s, n in zip(thetas, saturating, non_saturating)), sep="\n")
claim("the two add up to θ", max(abs(s + n - t) for s, n, t in zip(saturating, non_saturating, thetas)) < 1e-9)

# %% [markdown]
# What do the two gradients descend? The saturating one is the slope of 2 JSD: D moves too when θ does, but at its
# maximum a small move of D changes nothing. The non-saturating one is the slope of KL(q‖p) − 2 JSD (Arjovsky and
# Bottou 2017, Theorem 2.5). Here KL(q‖p) = θ²/2, with slope θ: hence the sum. Check both with slopes measured between
# two values of θ close together.


# %% tags=["nbval-check-output"]
def derivative(f, theta, h=1e-3):
    return (f(theta + h) - f(theta - h)) / (2 * h)


def two_jsd(theta):
    return 2 * jsd(real, norm.pdf(x, loc=theta))


def reverse_kl(theta):
    generated = norm.pdf(x, loc=theta)
    return integral(generated * (norm.logpdf(x, loc=theta) - norm.logpdf(x)))  # KL(q‖p)


falling = [derivative(two_jsd, theta) for theta in thetas]
rising = [derivative(lambda t: reverse_kl(t) - two_jsd(t), theta) for theta in thetas]
claim("KL(q‖p) is θ²/2: at θ = 3 it is 4.5", abs(reverse_kl(3) - 4.5) < 1e-9)
claim("the saturating gradient is the slope of 2 JSD", np.allclose(saturating, falling, rtol=0, atol=1e-5))
claim("the non-saturating one is that of KL(q‖p) − 2 JSD", np.allclose(non_saturating, rising, rtol=0, atol=1e-5))

# %%
knob = np.linspace(0.1, 8, 80)
lines = {
    "saturating": np.array([gradient(losses.minimax_generator_loss, t) for t in knob]),
    "non-saturating": np.array([gradient(losses.non_saturating_generator_loss, t) for t in knob]),
}
pictures.show(
    pictures.curves(knob, {"gradient in θ": lines}, "θ, the distance between real and generated",
                 title="Far away, the saturating loss has nothing to say", log=True),
    alt="On a logarithmic axis the non-saturating gradient grows with the distance, while the saturating one "
    "peaks between one and two and falls below a thousandth at eight.",
)  # fmt: skip
ratio = lines["non-saturating"][-1] / lines["saturating"][-1]
claim("at θ = 8 the non-saturating gradient is over 20,000 times larger", ratio, above=20_000)

# %% tags=["nbval-check-output"]
# Let G walk: 100 steps of plain gradient descent from θ = 8 with each loss, D always the best one.
ends = {}
for name in ("minimax", "non-saturating"):
    theta = 8.0
    for _ in range(100):
        theta -= 0.1 * gradient(LOSSES[name].generator, theta)
    ends[name] = theta
    print(f"{name}: from 8.00 to {theta:.2f}")
claim("the saturating loss leaves G where it was", abs(ends["minimax"] - 8) < 0.01)
claim("the non-saturating loss brings it home", abs(ends["non-saturating"]) < 0.1)

# %% [markdown]
# ## 5 · The same in one logit
#
# The reason is in the first factor. Look at a single generated image that D has seen through, D(G(z)) = 0.01.
#
# $$\Big|\frac{\partial}{\partial\,\text{logit}}\log(1-D)\Big| = D, \qquad
# \Big|\frac{\partial}{\partial\,\text{logit}}\big(-\log D\big)\Big| = 1 - D.$$
#
# <details><summary><b>Predict before you run:</b> what is the ratio of the two at D = 0.01, and at 0.001?</summary>
#
# (1 − D)/D: 99 and 999. The better D knows, the less the saturating loss teaches G.
# </details>

# %% tags=["nbval-check-output"]
d = np.array([0.5, 0.1, 0.01, 0.001])
s = slope(losses.minimax_generator_loss, np.log(d / (1 - d)))
n = slope(losses.non_saturating_generator_loss, np.log(d / (1 - d)))
print("D(G(z))  saturating  non-saturating  ratio")
print(*(f"{row[0]:<7g} {row[1]:11.3f} {row[2]:15.3f} {row[2] / row[1]:6.0f}" for row in zip(d, s, n)), sep="\n")
claim("the saturating slope is −D", np.allclose(s, -d))
claim("the non-saturating slope is −(1 − D)", np.allclose(n, -(1 - d)))
claim("their ratio at D = 0.01", n[2] / s[2], equals=99, within=1e-6)
claim("their ratio at D = 0.001", n[3] / s[3], equals=999, within=1e-6)

# %% [markdown]
# Both slopes are negative: both losses push the logit *up*. They agree on the direction and on the goal, not on the
# strength.
#
# ### Exercise 3: G's loss
#
# Write the non-saturating loss, a mean over the batch, from logits. (NumPy; D(G(z)) is the sigmoid of the logit.)
#
# <details><summary>Hint 1</summary>
#
# −log sigmoid(t) = log(1 + e^(−t)).
# </details>
# <details><summary>Hint 2</summary>
#
# `np.logaddexp(0, t)` is log(1 + eᵗ) without overflow.
# </details>


# %% tags=["exercise"]
def generator_loss(fake_logits):
    return ...


check.generator_loss(generator_loss)


# solution
def generator_loss(fake_logits):
    return np.mean(np.logaddexp(0, -fake_logits))


check.generator_loss(generator_loss)

# %% [markdown]
# ## 6 · A published formula, taken at its word
#
# The blog article that this course grew out of gives these two losses:
#
# > L_D = E[log D(x)] + E[log(1 − D(G(z)))]  and  L_G = −E[log D(x)] + E[log(1 − D(G(z)))]
#
# A loss is minimised. So take a D that is right and one that is wrong, both 90 % sure. Which has the lower L_D?
# (In the code, log D is −softplus(−t) and log(1 − D) is −softplus(t). Here t is D's logit, and softplus(t) is
# log(1 + eᵗ).)
#
# <details><summary><b>Predict before you run:</b> the one that is right, or the one that is wrong?</summary>
#
# The wrong one. The printed L_D is V, which D *maximises*: the minus sign is missing.
# </details>


# %% tags=["nbval-check-output"]
def printed_d(real_logits, fake_logits):
    return -tf.reduce_mean(tf.nn.softplus(-real_logits)) - tf.reduce_mean(tf.nn.softplus(fake_logits))


def printed_g(real_logits, fake_logits):
    return tf.reduce_mean(tf.nn.softplus(-real_logits)) - tf.reduce_mean(tf.nn.softplus(fake_logits))


sure = tf.constant([np.log(9)], tf.float64)  # the logit of 0.9
right, wrong = float(printed_d(sure, -sure)), float(printed_d(-sure, sure))
print(f"printed L_D: {right:.5f} for the right D, {wrong:.5f} for the wrong one")
claim("minimising the printed L_D prefers the wrong D", wrong < right)
claim("the printed L_D is V = 2 log 0.9 for the right D", right, equals=2 * np.log(0.9), within=1e-9)
loss_d = losses.discriminator_loss(sure, -sure)
claim("ganlib's loss of D is its negative, so the right D pays little", float(loss_d), equals=-right, within=1e-9)

# %% tags=["nbval-check-output"]
shift = tf.Variable(2.0)  # now L_G: here G adds this number to its noise
real_logits = tf.constant(rng.normal(size=(500, 1)), tf.float32)  # some D's answers to real images
noise = tf.constant(rng.normal(size=(500, 1)), tf.float32)
with tf.GradientTape(persistent=True) as tape:
    fake_logits = 1 - (shift + noise)  # a D that takes low numbers for real, on G's output
    first_term = tf.reduce_mean(tf.nn.softplus(-real_logits))
    printed = printed_g(real_logits, fake_logits)
    saturating_loss = losses.minimax_generator_loss(fake_logits)
claim("the first term of the printed L_G has no gradient in G", tape.gradient(first_term, shift) is None)
a, b = tape.gradient(printed, shift), tape.gradient(saturating_loss, shift)
claim("so its gradient is that of the saturating loss", np.isclose(float(a), float(b), rtol=1e-5))
claim("it pushes G's numbers to where this D says real: downwards", float(a) > 0)

# %% [markdown]
# The first term of L_G is about real images, and G does not touch those. What is left is the saturating loss. So there
# is one wrong sign and one harmless term. What happens if you minimise both as printed? Real numbers lie around −2,
# generated ones start around +2. Three random starts, with the printed losses and with the right ones.
#
# <details><summary><b>Predict before you run:</b> what becomes of D, and what of G?</summary>
#
# D learns to be wrong: it calls generated numbers real. That is just what G wants, so nobody corrects anybody. They
# work together, and G goes wherever D praises it: away from the data.
# </details>


# %%
def play(G, D, loss_d, loss_g, batch, latents, steps, rate_g=2e-4, rate_d=2e-4):
    """Play `steps` steps; returns D's accuracy on real and on generated examples and G's mean output after each."""
    adam_g, adam_d = keras.optimizers.Adam(rate_g), keras.optimizers.Adam(rate_d)
    adam_g.build(G.trainable_variables), adam_d.build(D.trainable_variables)

    @tf.function
    def train():
        log = tf.TensorArray(tf.float32, steps)
        for i in tf.range(steps):
            real, z = batch(i), tf.random.normal([2, *latents])  # one set of latents for each phase
            with tf.GradientTape() as tape:
                loss = loss_d(D(real), D(G(z[0])))
            adam_d.apply_gradients(zip(tape.gradient(loss, D.trainable_variables), D.trainable_variables))
            with tf.GradientTape() as tape:
                fake = G(z[1])
                loss = loss_g(D(real), D(fake))
            adam_g.apply_gradients(zip(tape.gradient(loss, G.trainable_variables), G.trainable_variables))
            correct = [tf.reduce_mean(tf.cast(good, tf.float32)) for good in (D(real) > 0, D(fake) < 0)]
            log = log.write(i, tf.stack([*correct, tf.reduce_mean(fake)]))
        return log.stack()

    return train.get_concrete_function()().numpy()  # trace once, run once


# %%
def play_1d(loss_d, loss_g, seed, steps=200):
    keras.utils.set_random_seed(seed)
    G, D = models.mlp(1, (), 1, None, "generator"), models.mlp(1, (32,), 1, None, "discriminator")
    G.set_weights([np.array([[0.5]]), np.array([2.0])])  # x = 0.5 z + 2
    return play(G, D, loss_d, loss_g, lambda i: -2 + 0.5 * tf.random.normal([256, 1]), (256, 1), steps, 0.02, 0.01)


def right_g(real_logits, fake_logits):
    return losses.non_saturating_generator_loss(fake_logits)


as_printed = np.array([play_1d(printed_d, printed_g, seed) for seed in range(3)])  # (seed, step, figure)
with_right_signs = np.array([play_1d(losses.discriminator_loss, right_g, seed) for seed in range(3)])

# %%
names = {"as printed": as_printed, "right signs": with_right_signs}
accuracy = {name: runs[:, :, :2].mean(axis=(0, 2)) for name, runs in names.items()}  # mean of three runs
place = {name: runs[:, :, 2].mean(axis=0) for name, runs in names.items()}
pictures.show(
    pictures.curves(np.arange(1, 201), {"D's accuracy": accuracy, "mean of G's numbers": place}, "step",
                 title="As printed, D learns to be wrong and G runs away from the data at −2"),
    alt="Two panels over 200 steps. As printed, D's accuracy falls to 0 and G's mean rises from 2 to about 9. With the "
    "right signs, the accuracy first rises to almost 1 and then falls as G's mean comes to minus 2.",
)  # fmt: skip

# %%
claim("as printed, D's accuracy falls to 0 in every run", as_printed[:, -50:, :2].mean(axis=(1, 2)).max(), below=0.02)
claim("and G moves away from the data", as_printed[:, -1, 2].min(), above=5)
claim("with the right signs, G comes to the data, to within 1", abs(with_right_signs[:, -1, 2] + 2).max(), below=1)
d_right = with_right_signs[:, :, :2].mean(axis=2)
claim("there D is right at first, in every run", d_right.max(axis=1).min(), above=0.95)
claim("and in the end G has fooled it", d_right[:, -20:].mean(axis=1).max(), below=0.75)

# %% [markdown]
# And on digits? The article's networks (G: 100 → 128 → 128 → 784, D: 784 → 128 → 128 → 1), its optimiser and its batch
# size; 100 steps. We count how many *generated* images D recognises.

# %%
(x_train, _), _ = load_mnist()
pixels = tf.constant(x_train[:12_800].reshape(100, 128, 784) / np.float32(255))  # 100 batches


def play_mnist(loss_d, loss_g, seed):
    keras.utils.set_random_seed(seed)
    return play(*models.article(), loss_d, loss_g, lambda i: pixels[i], (128, 100), 100)[-20:].mean(axis=0)


digits_printed = np.array([play_mnist(printed_d, printed_g, seed) for seed in range(3)])
digits_right = play_mnist(losses.discriminator_loss, right_g, 0)

# %%
print("share of generated images that D recognises, of real ones that it accepts:")
print(f"as printed   {digits_printed[:, 1].mean():.2f}  {digits_printed[:, 0].mean():.2f}")
print(f"right signs  {digits_right[1]:.2f}  {digits_right[0]:.2f}")
claim("as printed, D recognises no generated image, in all three runs", digits_printed[:, 1].max(), below=0.05)
claim("but accepts the real ones", digits_printed[:, 0].min(), above=0.9)
claim("with the right signs it recognises them", digits_right[1], above=0.9)

# %% [markdown]
# On digits D takes another way to the same end: it calls *everything* real. The printed L_D has no lower bound, and one
# class is enough to run down it for ever.
#
# What the article says the losses are *for* is right: D's should be low when it tells real from generated, G's
# when its images pass for real. The right formulas do just that:

# %% tags=["nbval-check-output"]
claim("the printed L_D falls below −2,000 for a D that calls everything real",
      float(printed_d(1000 * sure, 1000 * sure)), below=-2000)  # fmt: skip
steps = [0 * sure, sure, 2 * sure]  # D ever surer, and right
costs = [float(losses.discriminator_loss(logit, -logit)) for logit in steps]
print("D's loss, ever surer and right:  ", *(f"{cost:.4f}" for cost in costs))
fooled = [float(losses.non_saturating_generator_loss(logit)) for logit in steps]
print("G's loss, D ever more often fooled:", *(f"{cost:.4f}" for cost in fooled))
claim("D's loss falls as D tells them apart", costs[0] > costs[1] > costs[2])
claim("G's loss falls as its images pass for real", fooled[0] > fooled[1] > fooled[2])

# %% [markdown]
# ## 7 · Reading the numbers
#
# A D that says 1/2 to everything has a known loss. But programs differ in how they add up:
#
# * −E[log D(x)] − E[log(1 − D(G(z)))] is a **sum** of two means: 2 log 2 = log 4;
# * one cross-entropy over real and generated images in one batch is a **mean** over both: log 2.

# %% tags=["nbval-check-output"]
cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
half = np.zeros((100, 1), "float32")  # logits of 1/2
labels = np.concatenate([np.ones((100, 1)), np.zeros((100, 1))])  # 1 is real, 0 generated
claim("the mean is log 2", cross_entropy(labels, np.concatenate([half, half])), equals=0.6931471806, within=2e-6)
claim("the sum is log 4", losses.discriminator_loss(half, half), equals=1.3862943611, within=2e-6)
claim("G's loss is log 2", losses.non_saturating_generator_loss(half), equals=0.6931471806, within=2e-6)

# %% [markdown]
# So before you read a curve, find out which of the two you see. And then?
#
# <details><summary><b>Predict before you run:</b> D's loss is log 4, G's is log 2. Is the training a success?</summary>
#
# It cannot be told. If q = p, the best D says 1/2: success. If D ignores its input, it says 1/2 as well.
# </details>

# %% tags=["nbval-check-output"]
blind = np.full_like(x, 0.5)
for name, theta, d in (("G is perfect, D the best", 0, real / (real + norm.pdf(x, loc=0))), ("D is blind", 8, blind)):
    generated = norm.pdf(x, loc=theta)
    d_loss, g_loss = -integral(real * np.log(d) + generated * np.log(1 - d)), -integral(generated * np.log(d))
    print(f"{name}: JSD {abs(jsd(real, generated)):.4f}, D's loss {d_loss:.6f}, G's loss {g_loss:.6f}")
    claim("these are log 4 and log 2", np.allclose([d_loss, g_loss], [1.3862943611, 0.6931471806], rtol=0, atol=1e-9))

# %%
wide = abs(x - 4) < 8
flat = {"discriminator says": blind[wide]}
pictures.show(
    pictures.curves(x[wide], {
        "G is perfect": {"real": real[wide], "generated": real[wide], **flat},
        "D is blind": {"real": real[wide], "generated": norm.pdf(x[wide], loc=8), **flat},
    }, "x", title="Two games with the same two losses: success above, failure below"),
    alt="Above, the real and the generated density are the same. Below, they lie eight apart. In both, D says one half "
    "everywhere.",
)  # fmt: skip

# %% [markdown]
# The loss measures the *game*, not the pictures. Look at the pictures (and, in lesson 05, measure them).
#
# ### Exercise 4: read three pairs of losses
#
# D's loss is the sum, G's the non-saturating mean. Write "D wins", "G wins" or "cannot tell" for each:
#
# | | D's loss | G's loss |
# |---|---|---|
# | A | 0.02 | 6.1 |
# | B | 1.386 | 0.693 |
# | C | 4.3 | 0.05 |
#
# <details><summary>Hint</summary>
#
# exp(−G's loss) is, roughly, the D(G(z)) that G reaches.
# </details>

# %% tags=["exercise"]
diagnosis = {"A": ..., "B": ..., "C": ...}
check.read_the_losses(diagnosis)
# solution
diagnosis = {"A": "D wins", "B": "cannot tell", "C": "G wins"}
check.read_the_losses(diagnosis)

# %% [markdown]
# ## 8 · From logits, not from probabilities
#
# The formulas say log D. A program that first computes D = sigmoid(logit) and then log D is right on paper. But a
# number of 32 bits has about seven digits, and one that is too small becomes 0.
#
# <details><summary><b>Predict before you run:</b> what is log(sigmoid(−200)) on your computer? And 1 − sigmoid(20)?
# </summary>
#
# −∞ and 0. The first should be −200, the second 0.000000002.
# </details>

# %% tags=["nbval-check-output"]
logits = tf.constant([-200.0, 20.0])
probability = tf.sigmoid(logits)
print("log of sigmoid(-200):", tf.math.log(probability[0]).numpy(), "  from the logit:", -tf.nn.softplus(200.0).numpy())
print("1 - sigmoid(20):", (1 - probability[1]).numpy(), f"  from the logit: {tf.sigmoid(-20.0).numpy():.1e}")
claim("log of a probability is −∞", np.isneginf(tf.math.log(probability[0])))
claim("1 − D has no digit left", float(1 - probability[1]) == 0)

# %% [markdown]
# A loss of ∞ is bad; its slope is worse, because it reaches every weight.


# %%
def slope_at(loss, logit):
    logit = tf.constant(logit)
    with tf.GradientTape() as tape:
        tape.watch(logit)
        value = loss(logit)
    return float(tape.gradient(value, logit))


# %% tags=["nbval-check-output"]
from_probability = slope_at(lambda t: -tf.math.log(tf.sigmoid(t)), -200.0)
from_logit = slope_at(losses.non_saturating_generator_loss, -200.0)
print(f"slope from the probability: {from_probability}, from the logit: {from_logit}")
claim("the slope from the probability is not a number", np.isnan(from_probability))
claim("from the logit it is −1: G is told to move", from_logit, equals=-1, within=1e-6)

# %% [markdown]
# Keras has the same in one option. `BinaryCrossentropy(from_logits=True)` for real (label 1) plus that for
# generated images (label 0) is our loss of D:

# %% tags=["nbval-check-output"]
r, f = np.array([[3.0], [-50.0], [200.0]], "float32"), np.array([[-4.0], [0.5], [-200.0]], "float32")
keras_d = float(cross_entropy(np.ones_like(r), r) + cross_entropy(np.zeros_like(f), f))
keras_g = float(cross_entropy(np.ones_like(f), f))
claim("D's loss equals Keras'", np.isclose(keras_d, losses.discriminator_loss(r, f), rtol=1e-5))
claim("G's loss equals Keras'", np.isclose(keras_g, losses.non_saturating_generator_loss(f), rtol=1e-5))
print(f"D {keras_d:.3f}, G {keras_g:.3f}")

# %% [markdown]
# ### Exercise 5: D's loss, finite for every logit
#
# Write D's loss in NumPy: mean of −log D(x) plus mean of −log(1 − D(G(z))), from logits.
#
# <details><summary>Hint</summary>
#
# −log sigmoid(t) = softplus(−t) and −log(1 − sigmoid(t)) = softplus(t), with `np.logaddexp(0, t)` for softplus(t).
# </details>


# %% tags=["exercise"]
def discriminator_loss(real_logits, fake_logits):
    return ...


check.discriminator_loss(discriminator_loss)


# solution
def discriminator_loss(real_logits, fake_logits):
    return np.mean(np.logaddexp(0, -real_logits)) + np.mean(np.logaddexp(0, fake_logits))


check.discriminator_loss(discriminator_loss)

# %% [markdown]
# ## 9 · Two parallel lines
#
# Pictures fill a tiny part of pixel space. Real and generated ones may not overlap at all. The simplest such case
# (Arjovsky, Chintala and Bottou 2017): real points lie on a vertical line at 0, generated ones on one at θ.
#
# Compare three distances. KL and JSD ask how often the same place is hit: we count the points in the cells of a grid.
# The **Wasserstein distance** asks how far one must carry the sand of one heap to make the other: we compute it by
# pairing 200 real with 200 generated points so that the total way is shortest.
#
# <details><summary><b>Predict before you run:</b> which of the three tells a G at θ = 1 that it should move left?
# </summary>
#
# Only the Wasserstein distance: it is |θ|. JSD is log 2 for every θ but 0, and KL is infinite.
# </details>

# %%
height = np.linspace(0, 1, 200)


def line(theta):
    return np.stack([np.full_like(height, theta), height], axis=1)  # (200, 2)


def wasserstein(a, b):
    ways = np.linalg.norm(a[:, None] - b[None], axis=2)  # (200, 200), from each point to each
    return ways[linear_sum_assignment(ways)].mean()


def histogram(points):
    cells = np.histogram2d(*points.T, bins=[np.linspace(-2.05, 2.05, 42), np.linspace(0, 1, 11)])[0]
    return (cells / cells.sum()).ravel()


# %%
def divergences_of_lines(theta):
    a, b = histogram(line(0)), histogram(line(theta))
    m = (a + b) / 2
    jsd = np.sum(xlogy(a, a) + xlogy(b, b) - 2 * xlogy(m, m)) / 2
    kl = np.inf if np.any((b > 0) & (a == 0)) else np.sum(xlogy(b, b) - xlogy(b, a))
    return wasserstein(line(0), line(theta)), abs(jsd), kl  # in truth 0, the JSD may come out as -0.0


# %% tags=["nbval-check-output"]
lines = {theta: divergences_of_lines(theta) for theta in (-1, -0.5, 0, 0.5, 1, 2)}
print("theta  Wasserstein     JSD  KL(q‖p)")
print(*(f"{theta:<5g} {w:12.4f} {j:7.4f} {k:8.4f}" for theta, (w, j, k) in lines.items()), sep="\n")
claim("Wasserstein is |θ|", all(np.isclose(w, abs(theta)) for theta, (w, _, _) in lines.items()))
claim("JSD is log 2 for every θ but 0", all(np.isclose(j, np.log(2) * (t != 0)) for t, (_, j, _) in lines.items()))
claim("and KL is infinite there", all(np.isinf(k) == (theta != 0) for theta, (_, _, k) in lines.items()))

# %%
places = np.linspace(-2, 2, 41)
table = np.array([divergences_of_lines(theta)[:2] for theta in places])
table[np.isclose(places, 0), 1] = np.nan  # one point at height 0: no line leads there
pictures.show(
    pictures.curves(places, {"distance": {"Wasserstein": table[:, 0], "Jensen–Shannon": table[:, 1]}},
                 "θ, where the generated line stands", title="Only the Wasserstein distance has a slope to follow"),
    alt="The Wasserstein distance is a V with its tip at zero. The Jensen–Shannon divergence is flat at 0.69 on both "
    "sides, with a gap at zero.",
)  # fmt: skip

# %% [markdown]
# The **Wasserstein loss** makes a D, then called critic, measure that distance. Its output is any number, not a
# probability. It minimises E[D(G(z))] − E[D(x)]. The best critic whose slope is nowhere above 1 reaches minus the
# distance (a theorem of Kantorovich and Rubinstein). For two lines that critic is simple: for θ > 0, it is minus the
# first coordinate, D(x) = −x₁.

# %% tags=["nbval-check-output"]
def critic(points, steepness):
    return tf.constant(-steepness * points[:, :1])  # (200, 1)


loss_1, loss_10 = (losses.wasserstein_discriminator_loss(critic(line(0), s), critic(line(1.5), s)) for s in (1, 10))
print(f"critic's loss at θ = 1.5: {loss_1:.4f} with slope 1, {loss_10:.4f} with slope 10")
claim("minus the loss is the Wasserstein distance", -loss_1, equals=wasserstein(line(0), line(1.5)), within=1e-9)
claim("without a limit on its slope the critic could go on for ever", loss_10 < loss_1)

# %% [markdown]
# So a limit on the slope is part of this loss. Section 11 comes back to it.
#
# ## 10 · Six pairs of losses
#
# | pair | D minimises | G minimises |
# |---|---|---|
# | minimax | −E log D(x) − E log(1 − D(G(z))) | E log(1 − D(G(z))) |
# | non-saturating | the same | −E log D(G(z)) |
# | least-squares (Mao 2017) | ½ E(d(x) − 1)² + ½ E d(G(z))² | ½ E(d(G(z)) − 1)² |
# | Wasserstein (Arjovsky 2017) | E d(G(z)) − E d(x) | −E d(G(z)) |
# | hinge (Lim and Ye 2017, Miyato 2018) | E max(0, 1 − d(x)) + E max(0, 1 + d(G(z))) | −E d(G(z)) |
# | relativistic (Jolicoeur-Martineau 2019) | E softplus(d(G(z)) − d(x)) | E softplus(d(x) − d(G(z))) |
#
# Here d is D's output as it is; in the first two rows D is its sigmoid. The relativistic pair never asks whether an
# image is real, only which of two is *more* real. It is the pairing in R3GAN (Huang and others 2024).
#
# Next: each loss for one generated image, and its slope. Where a line changes colour from dash to dash, several pairs
# share it.
#
# <details><summary><b>Predict before you run:</b> which of G's losses pulls less and less on an image that already
# passes for real? Which never lets go?</summary>
#
# Non-saturating and relativistic let go gently. Wasserstein and hinge pull with the same force for ever. Least
# squares even pulls *back* an output above 1. Minimax pulls hardest where nothing is left to do.
# </details>

# %%
output = np.linspace(-4, 4, 81)
anchor = np.zeros_like(output)  # the relativistic pair compares with a real image of output 0


def loss_and_slope(loss):
    one_by_one = np.array([float(loss(tf.constant([o], tf.float64))) for o in output])
    return one_by_one, slope(loss, output)


panels = {"D's loss, generated image": {}, "G's loss": {}, "slope of D's loss": {}, "slope of G's loss": {}}
for name, pair in LOSSES.items():
    of_d = loss_and_slope(lambda o, pair=pair: pair.discriminator(anchor[: len(o)], o))

    def g_loss(o, pair=pair):  # only a relativistic G also needs D's answers to real images
        return pair.generator(anchor[: len(o)], o) if pair.relativistic else pair.generator(o)

    of_g = loss_and_slope(g_loss)
    for label, curve in zip(panels, (of_d[0], of_g[0], of_d[1], of_g[1])):
        panels[label][name] = curve

# %%
pictures.show(
    pictures.curves(output, panels, "D's output for a generated image", columns=2,
                 title="Between outputs 0 and 1 every D pushes down and every G pulls up, each with its force"),
    alt="Four panels: the loss of D and of G for one generated image, and their slopes, over D's output from minus "
    "four to four, for six pairs of losses.",
)  # fmt: skip

# %%
g, d = panels["slope of G's loss"], panels["slope of D's loss"]
between = (output > 0) & (output < 1)
claim("between 0 and 1, every D pushes down and every G pulls up",
      all(np.all(d[name][between] > 0) and np.all(g[name][between] < 0) for name in LOSSES))  # fmt: skip
claim("minimax hardly pulls where G is worst, at −4", abs(g["minimax"][0]), below=0.02)
gentle = np.abs([g["non-saturating"], g["relativistic"]])
claim("and pulls hardest where G has won, at 4", np.argmax(np.abs(g["minimax"])) == len(output) - 1)
claim("non-saturating and relativistic pull at −4", gentle[:, 0].min(), above=0.98)
claim("and let go at 4", gentle[:, -1].max(), below=0.02)
claim("hinge and Wasserstein never let go", set(g["hinge"]) == set(g["wasserstein"]) == {-1.0})
claim("least squares pulls back an output above 1", g["least-squares"][-1], equals=3, within=1e-9)

# %% [markdown]
# ### What does each D learn to say?
#
# Section 2 asked for the best answer at a point where four in five examples are real. Ask the six losses:

# %% tags=["nbval-check-output"]
answers = tf.constant(np.linspace(-3, 3, 301)[:, None])  # (301, 1), in steps of 0.02
zero = tf.zeros(1, tf.float64)
learned = {}
for name, pair in LOSSES.items():
    cost = [0.8 * pair.discriminator(o, zero) + 0.2 * pair.discriminator(zero, o) for o in answers]
    learned[name] = float(answers[np.argmin(cost), 0])  # what the zeros add is constant
    print(f"{name:15} {learned[name]:.2f}")
print(f"log(0.8 / 0.2) = {np.log(4):.4f}")
claim("the cross-entropies learn log p/q",
      all(abs(learned[name] - np.log(4)) < 0.02 for name in ("minimax", "non-saturating", "relativistic")))  # fmt: skip
claim("least squares learns p / (p + q)", learned["least-squares"], equals=0.8, within=1e-9)
claim("the hinge learns the side, 1", learned["hinge"], equals=1, within=1e-9)
claim("the Wasserstein critic goes to the end of the scale", learned["wasserstein"], equals=3, within=1e-9)

# %% tags=["nbval-check-output"]
for name, pair in LOSSES.items():  # where the losses settle when real and generated data are alike
    print(f"{name:15}", ", ".join(f"{key} {number:.4f}" for key, number in pair.balance.items()))
lowest = [min(float(pair.discriminator(o, o)) for o in answers[::5]) for pair in LOSSES.values()]
balance = [pair.balance["d_loss"] for pair in LOSSES.values()]
claim("D can do no better when both kinds get the same answer", np.allclose(lowest, balance, atol=1e-5))
claim("the hinge costs the same when both get 1", LOSSES["hinge"].discriminator(zero + 1, zero + 1), equals=2)

# %% [markdown]
# The cross-entropies learn the *logit* log p/q, least squares the *probability* p/(p + q). The hinge only learns the
# side, 1 or −1. The Wasserstein critic runs to the end of the scale, here 3: only a limit on its slope gives it an
# answer. (The relativistic D is asked here with a partner of output 0.)
#
# So a loss can only be read with its pair in mind. The second table says where the losses settle when real and
# generated data are alike. Wasserstein and hinge name none for G: there D may shift all its answers together at no
# cost, with the hinge between −1 and 1.
#
# ### Do they work?
#
# `GAN.compile(loss=…)` takes each name. The task: 12,800 numbers from N(3, ½²). Equal networks, batches, steps and
# seed. `r1=0.3` keeps D from becoming steep; section 11 says how.

# %%
numbers = np.random.default_rng(0).normal(3, 0.5, (12_800, 1)).astype("float32")


def train_pair(loss, epochs=15):
    keras.utils.set_random_seed(0)
    gan = GAN(models.mlp(1, (32,), 1, None, "generator"), models.mlp(1, (32, 32), 1, None, "discriminator"))
    rates = [keras.optimizers.schedules.CosineDecay(3e-3, epochs * 100, alpha=0.02) for _ in range(2)]
    gan.compile(*[keras.optimizers.Adam(rate, beta_1=0, beta_2=0.99) for rate in rates], loss=loss, r1=0.3)
    history = gan.fit(numbers, 128, epochs, verbose=0).history
    return gan.generate(5000), history["d_loss"][-1]


results = {loss: train_pair(loss) for loss in LOSSES}

# %%
for name, (samples, d_loss) in results.items():
    print(f"{name:15} mean {samples.mean():.1f}, spread {samples.std():.1f}, D's loss {d_loss:z.2f}")
worst = max(abs(samples.mean() - 3) for samples, _ in results.values())
claim("every pair brings G to the mean of the data", worst, below=0.15, quality=True)
off = max(abs(d_loss - LOSSES[name].balance["d_loss"]) for name, (_, d_loss) in results.items())
claim("and D's loss to its balance", off, below=0.05, quality=True)

# %% [markdown]
# All six find the place. The spread (½ in the data) is harder: look at the column. But this is one run, with one seed,
# and no reason to choose a loss. Lucic and others (2018) compared seven kinds of GAN over many settings and seeds and
# found none that was consistently better than the non-saturating one of 2014.
#
# ## 11 · A price on D's slope
#
# Many recipes keep D from becoming steep. Three penalties do it, each a mean over examples of something made of the
# **slope** ‖∇d‖, the length of the gradient of D's output in its input:
#
# | penalty | what is averaged | where | source |
# |---|---|---|---|
# | R1 | ‖∇d‖² | at real images | Mescheder and others 2018 |
# | R2 | ‖∇d‖² | at generated images | Mescheder and others 2018 |
# | WGAN-GP | (‖∇d‖ − 1)² | on the way between them | Gulrajani and others 2017 |
#
# R1 and R2 want a flat D, WGAN-GP one of slope 1. Try a D whose slope is known: d(x) = 3x₁ + 4x₂ has slope 5
# everywhere.


# %%
def gradients_of(d, points):
    points = tf.constant(points)
    with tf.GradientTape() as tape:
        tape.watch(points)
        total = tf.reduce_sum(d(points))  # examples do not mix, so this gives each its own gradient
    return tape.gradient(total, points)  # (batch, 2)


gradients = gradients_of(lambda p: 3 * p[:, 0] + 4 * p[:, 1], rng.normal(size=(8, 2)))
two_slopes = tf.constant([[2.0, 0.0], [0.0, 0.0]])  # another D at two images: too steep by 1, too flat by 1

# %% tags=["nbval-check-output"]
print(gradients.shape, gradients[0].numpy())
claim("R1 is 5²", float(losses.r1_penalty(gradients)), equals=25, within=1e-6)
claim("R2 is the same formula, at generated points", float(losses.r2_penalty(gradients)), equals=25, within=1e-6)
claim("WGAN-GP is (5 − 1)²", float(losses.wgan_gp_penalty(gradients)), equals=16, within=1e-6)
claim("slopes of 2 and 0 do not cancel: square first", abs(float(losses.wgan_gp_penalty(two_slopes)) - 1) < 1e-4)
claim("a fifth of that D costs WGAN-GP nothing", abs(float(losses.wgan_gp_penalty(gradients / 5))) < 1e-6)

# %% [markdown]
# "On the way between them" means: w · real + (1 − w) · generated, with one weight w per example, drawn evenly from 0
# to 1. Programs that draw w from a normal distribution instead miss the way more often than not:

# %% tags=["nbval-check-output"]
mixed = losses.mix(tf.ones((3, 2)), 3 * tf.ones((3, 2)), tf.constant([1.0, 0.25, 0.0])).numpy()
print(mixed)  # real: all 1, generated: all 3, one row per weight
claim("weight 1 is the real example, weight 0 the generated one", np.all(mixed[0] == 1) and np.all(mixed[2] == 3))
claim("weight 1/4 lies three quarters of the way to the generated one", np.all(mixed[1] == 2.5))
w = np.random.default_rng(0).standard_normal(100_000)
claim("a normal w leaves the way between them in over half of all cases", np.mean((w < 0) | (w > 1)) > 0.5)

# %% [markdown]
# ### Exercise 6: the WGAN-GP penalty
#
# Write it, without the factor λ, for gradients of shape (batch, pixels), in NumPy.
#
# <details><summary>Hint 1</summary>
#
# `np.linalg.norm(gradients, axis=1)` is one slope per example.
# </details>
# <details><summary>Hint 2</summary>
#
# Subtract 1, square, and only then take the mean. Slopes of 2 and 0 deserve a penalty.
# </details>


# %% tags=["exercise"]
def gradient_penalty(gradients):
    return ...


check.gradient_penalty(gradient_penalty)


# solution
def gradient_penalty(gradients):
    slopes = np.linalg.norm(gradients, axis=1)
    return np.mean((slopes - 1) ** 2)


check.gradient_penalty(gradient_penalty)

# %% [markdown]
# ## What you now know
#
# * D maximises V, so its loss is −V. The best D says p/(p + q), and a trained network comes close to it.
# * Against the best D, G makes −log 4 + 2 JSD small. Far from the data that has no slope, so G uses −log D(G(z)).
# * log 2 and log 4 are the same opinion, averaged or added. It can mean a perfect G or a blind D.
# * Other pairs ask D for other things: a probability, a side, a height, an order. Each has its own numbers.
# * Compute from logits.
#
# ## What usually goes wrong here
#
# * **A sign.** D's loss falls below 0 and keeps falling: you minimise V. (The Wasserstein loss may be negative.)
# * **Labels swapped** in one of the two terms: D learns to call everything the same.
# * **A sigmoid in the network *and* `from_logits=True`**: the loss never comes near 0 (lesson 06 shows it). Or neither:
#   logits are taken for probabilities, and the log of a negative number is NaN. (Keras cuts at 0 and 1 first: slope 0.)
# * **Comparing losses of different pairs**, or a sum with a mean. Look up the balance first.
# * **WGAN-GP averaged before squaring**, or one mixing weight for the whole batch.
#
# ## Where this comes from
#
# * Goodfellow and others (2014), *Generative adversarial nets*: equation 1, Proposition 1, Theorem 1, section 3.
# * Arjovsky, Bottou (2017), *Towards principled methods for training generative adversarial networks*: Theorem 2.5.
# * Arjovsky, Chintala, Bottou (2017), *Wasserstein GAN*: Example 1, the parallel lines.
# * Mao and others (2017), *Least squares generative adversarial networks*.
# * Gulrajani and others (2017), *Improved training of Wasserstein GANs*.
# * Lim, Ye (2017), *Geometric GAN*; Miyato and others (2018), *Spectral normalization for generative adversarial
#   networks*: the hinge.
# * Mescheder, Geiger, Nowozin (2018), *Which training methods for GANs do actually converge?*: R1 and R2.
# * Lucic and others (2018), *Are GANs created equal? A large-scale study*.
# * Jolicoeur-Martineau (2019), *The relativistic discriminator: a key element missing from standard GAN*; Huang and
#   others (2024), *The GAN is dead; long live the GAN! A modern baseline GAN*: the relativistic pair.
