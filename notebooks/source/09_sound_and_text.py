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
# # 09 · Sound and text
#
# **"GANs can make images, audio and text."** You have seen images. You will test the other two promises at a size that
# two processor cores can train: plucked strings that you can hear, and strings of letters whose every valid one is
# known.
#
# *Core path: two parts of 45 minutes that stand alone, sound (sections 1 to 5) and text (6 to 11). "Further" is
# optional. You need lesson 04, and for sound lesson 07, section 2.*
#
# After this lesson you can
#
# * measure whether a sound has a pitch, and whether it is the one you asked for,
# * say why a chosen letter has no slope, and name two ways round it with their price,
# * judge generated strings by three numbers at once, beside a perfect sampler and a simple rival.

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
import inspect

import keras
import numpy as np

from ganlib import GAN, claim, pictures
from ganlib.data import load_arrays
from ganlib.lessons import sound, text, writers
from ganlib.lessons.exercises import lesson09, use
from ganlib.pictures import listen


def compiled(generator, discriminator, steps, rate, r1, kind=GAN):
    def adam():
        return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.1), 0.0, 0.99)

    gan = kind(generator, discriminator)
    gan.compile(adam(), adam(), r1=r1)
    return gan


# %% [markdown]
# # Part one: sound
#
# ## 1 · Listen
#
# A sound is a row of numbers: how far the air is pushed, 8,000 times a second. Here a sound is a plucked string of
# 1,024 numbers, an eighth of a second. There are eight notes, C4 to C5. Where the string is plucked, how loud, how
# long it sounds, and at which moment of its swing it begins is random. So two sounds of one note hardly look alike.

# %%
real, notes = sound.plucks(8192)
names = list(sound.NOTES)
firsts = [np.flatnonzero(notes == note)[0] for note in range(8)]
scale = sound.joined(real[firsts])
listen("Real plucks: C major, up", scale, sound.RATE)

# %% tags=["hide-input"]
A4 = real[notes == names.index("A4")]
times = 1000 * np.arange(100, 200) / sound.RATE
pictures.show(
    pictures.curves(times, {"wave": {f"real A4, no. {k + 1}": A4[k, 100:200] for k in range(3)}}, "time (ms)",
                    title="The same note three times: other phase, other shape, the same period"),
    alt="Three waves of the note A4 over 12 milliseconds. They differ in height, shape and phase, and all repeat every "
    "2.3 milliseconds.",
)  # fmt: skip

# %% [markdown]
# ## 2 · A measure that hears
#
# The judge of digits is of no use here. But a note has a **pitch**: the wave repeats after a period, 440 times a
# second for A4. So compare the wave with itself, some samples (a **lag**) later. The likeness at lag k is
#
# $$c(k) = \frac{\sum_t x_t\,x_{t+k}}{\sqrt{\sum_t x_t^2 \;\sum_t x_{t+k}^2}} ,$$
#
# where t runs over all places that have a partner: 1 if the sound repeats, near 0 if it does not.
#
# **Exercise 1.** Write it. `wave` is one row of numbers, `lag` a whole number above 0.
#
# <details><summary>Hint</summary>Cut two stretches from the wave: <code>wave[:-lag]</code> and
# <code>wave[lag:]</code>. Each has an energy of its own, the sum of its squares.</details>


# %% tags=["exercise"]
def likeness(wave, lag):
    return ...


lesson09.likeness(likeness)


# solution
def likeness(wave, lag):
    early, late = wave[:-lag], wave[lag:]
    return np.sum(early * late) / np.sqrt(np.sum(early**2) * np.sum(late**2))


lesson09.likeness(likeness)

# %%
alike = use(lesson09.likeness, likeness, lesson09.right_likeness)
lags = np.arange(1, 80)
noise = np.random.default_rng(0).standard_normal((2000, sound.LENGTH))
by_lag = {"real pluck, A4": [alike(A4[0], k) for k in lags], "noise": [alike(noise[0], k) for k in lags]}
best = lags[10 + np.argmax(by_lag["real pluck, A4"][10:30])]  # lags 11 to 40: 727 to 200 Hz
print(f"best lag: {best} samples, so {sound.RATE / best:.0f} Hz")
claim("whole samples miss A4's 440 Hz by some cents", 1200 * np.log2(sound.RATE / best / 440), above=10, below=25)

# %% tags=["hide-input"]
pictures.show(
    pictures.curves(lags / 8, {"likeness": {name: np.array(row) for name, row in by_lag.items()}}, "lag (ms)",
                    title="A pluck is like itself after each period, noise never is"),
    alt="Likeness over the lag. For the pluck it rises to nearly 1 at 2.3, 4.5, 6.8 and 9 milliseconds; for noise it "
    "stays near 0.",
)  # fmt: skip

# %% [markdown]
# A cent is a hundredth of a semitone. `ganlib`'s `pitch` does the same with quarters of a sample, takes the top of
# the parabola through a peak, and looks two, four and eight periods further. The height of the peak is the
# **clarity** c, and 10 log₁₀(c/(1 − c)) the **harmonic-to-noise ratio** in decibels. (A pluck without noise has about
# 20: it dies away.) A sound is **right** if its clarity is at least 0.9 and its pitch within 20 cents of the note
# asked for.

# %%
found = sound.pitch(real[:2000])
off = np.abs(sound.cents(found.hertz, np.array([*sound.NOTES.values()])[notes[:2000]]))
print(f"real plucks: off by {np.median(off):.2f} cents (median), {off.max():.2f} (worst)")
claim("no real pluck is off by a cent", off.max(), below=0.8)
claim("a real pluck is clear", np.median(found.clarity), above=0.97)
claim("noise is not", np.median(sound.pitch(noise).clarity), below=0.15)

# %% [markdown]
# ## 3 · Without a neural network
#
# Lesson 01 drew digits from a **Gaussian** with the right mean and covariance. Do the same with waves: 1,024 means,
# and their covariances.
#
# <details><summary><b>Predict before you run:</b> will it sound like a string? Will it have a pitch?</summary>
#
# It hums: all eight notes at once, swelling and fading at random. No note stands out, so there is hardly ever a
# pitch.
# </details>

# %%
rng = np.random.default_rng(0)
mean, covariance = real.mean(axis=0), np.cov(real.T)
values, vectors = np.linalg.eigh(covariance)
gaussian = mean + rng.standard_normal((2000, 1024)) * np.sqrt(np.maximum(values, 0)) @ vectors.T
listen("Eight draws of the Gaussian", sound.joined(gaussian[:8]), sound.RATE)
clear = np.mean(sound.pitch(gaussian).clarity >= 0.9)
print(f"clear: {clear:.1%} of the draws, {np.mean(found.clarity >= 0.9):.0%} of real plucks")
claim("the draws have the covariance of the data", np.abs(np.cov(gaussian.T) - covariance).max() / covariance.max(),
      below=0.15)  # fmt: skip
claim("hardly any draw has a pitch", 1 - clear, above=0.98)

# %% [markdown]
# ## 4 · Ask for a note
#
# Now the conditional GAN of lesson 07: the note stands behind the sample, and D projects. Two choices are new:
#
# * A sample is not the 1,024 numbers of the wave but its first 512 **cosine coefficients**: how much of each
#   frequency up to 2,000 Hz there is. That keeps nearly all the energy of these sounds, and halves the largest
#   matrices.
# * G's output is linear: coefficients have no bounds.
#
# <details><summary><b>Predict before you run:</b> 1,280 steps, some ten seconds. How often is the asked note right, of
# eight? One in eight is chance, at best.</summary>
#
# Nearly always.
# </details>

# %%
rows = sound.coefficients(real)
claim("512 coefficients keep the energy of the waves", np.sum(rows**2) / np.sum(real**2), above=0.99)
told = compiled(*sound.told_pair(), steps=1280, rate=2e-3, r1=1.0)
asked = np.arange(2000) % 8
tunings = []
for seed in range(3):
    told.restart(seed)
    told.fit(rows, labels=notes, batch_size=128, epochs=20, verbose=0)
    made = sound.to_waves(told.generate(2000, labels=asked))
    tunings.append(sound.tuning(made, asked))
    print(f"seed {seed}: right {tunings[-1].right:.1%}, notes {tunings[-1].notes} of 8, "
          f"harmonic to noise {tunings[-1].harmonic:.1f} dB")  # fmt: skip
listen("Generated: C major, up, as asked", sound.joined(made[:8]), sound.RATE)
claim("the asked note is right, in every seed", min(t.right for t in tunings), above=0.9, quality=True)
claim("every note comes, in every seed", min(t.notes for t in tunings), equals=8, quality=True)
claim("the sound is clear, in every seed: dB", min(t.harmonic for t in tunings), above=14, quality=True)
gap = sound.tuning(real[:2000], notes[:2000]).harmonic - np.mean([t.harmonic for t in tunings])
claim("though less clear than a real one, by dB", gap, above=1, below=6, quality=True)

# %% tags=["hide-input"]
pictures.show(
    pictures.spectrograms({"real plucks": scale, "generated, as asked": sound.joined(made[:8]),
                           "Gaussian": sound.joined(gaussian[:8])}, sound.RATE,
                          title="Real: the lines of one note. Generated: the strongest, in a haze. Gaussian: all"),
    alt="Three spectrograms of eight notes over 1.6 seconds. Real plucks: in each note up to six level lines, rising "
    "from note to note. Generated: the two or three lowest of them, over a haze below 2,000 Hz. Gaussian: the lines of "
    "all notes in every sound.",
)  # fmt: skip

# %% [markdown]
# The pitch is right, and the sound is not clean yet: a haze lies between the lines, and hides the weak ones.
#
# Two rivals to "it has learned what we asked". **First:** would it come out right without being told? Hide the note
# from D, and change nothing else. **Second:** does it play a single sound for each note? For two sounds of a note,
# measure the correlation, without its sign. It is 1 if one is a copy of the other.

# %%
hidden = compiled(*sound.told_pair(told=False), steps=1280, rate=2e-3, r1=1.0)
hidden.restart(0)
hidden.fit(rows, labels=notes, batch_size=128, epochs=20, verbose=0)
untold = sound.to_waves(hidden.generate(2000, labels=asked))
heard = sound.pitch(untold)
steps_off = np.abs(sound.cents(heard.hertz[:, None], np.array([*sound.NOTES.values()]))).min(axis=1)
share = np.mean((heard.clarity >= 0.9) & (steps_off <= 20))
right = sound.tuning(untold, asked).right
print(f"D not told, seed 0: {share:.1%} are one of the eight notes, {right:.1%} the one asked for")


def sameness(waves, labels):  # mean |correlation| of two different sounds of the same note
    units = [(w := waves[labels == k][:100]) / np.linalg.norm(w, axis=1, keepdims=True) for k in range(8)]
    return np.mean([np.abs(u @ u.T)[np.triu_indices(len(u), 1)].mean() for u in units])


alone = sameness(made, asked)
print(f"sameness: generated {alone:.2f}, real {sameness(real, notes):.2f}")
claim("without being told, most sounds are notes", share, above=0.45, quality=True)
more = np.mean([t.right for t in tunings]) - right
claim("but seldom the asked one: told less not told", more, above=0.5, quality=True)
excess = alone - sameness(real, notes)
claim("two sounds of a note: in the mean hardly more alike than real", excess, above=-0.1, below=0.15, quality=True)

# %% [markdown]
# ## 5 · A melody
#
# Fifteen notes by Beethoven.

# %%
tune = [names.index(f"{letter}4") for letter in "EEFGGFEDCCDEEDD"]
played = sound.to_waves(told.generate(len(tune), seed=5, labels=np.array(tune)))
listen("Ode to Joy, on generated strings", sound.joined(played, gap=0.12), sound.RATE)
claim("notes of the melody that are right", sound.tuning(played, np.array(tune)).right, above=0.7, quality=True)

# %% [markdown]
# **The verdict on sound:** the promise holds, for a sound of an eighth of a second, of a kind that we made ourselves,
# with the note told. It does not show that a GAN speaks or composes. Longer sounds are made with convolutions:
# WaveGAN (Donahue and others 2019) makes 16,384 samples, and its README calls training it on a CPU "prohibitively
# slow". More in sections 12 and 13.
#
# <hr>
#
# # Part two: text
#
# ## 6 · A choice has no slope
#
# G is trained through D's slope: "a little more of this". But a letter is a choice. Let G have four logits θ, one for
# each letter; take the letter with the largest; let D answer. Move a logit a little: the letter stays the same, and
# so does D's answer.

# %%
weights = np.array([-2.0, 0.0, 1.0, 1.5])  # a toy D: its answer to x is (weights · x)², so letter 0 pleases it most


def answer_to(x):
    return (x @ weights) ** 2


def chosen(theta):
    return np.eye(4)[np.argmax(theta)]


theta = np.array([0.3, 0.1, 0.2, 0.0])
moved = [answer_to(chosen(theta + 1e-3 * np.eye(4)[k])) - answer_to(chosen(theta)) for k in range(4)]
print("D's answer moves by", *moved)
claim("no logit moves D's answer to the best letter", np.abs(moved).max(), equals=0)

# %% [markdown]
# Let G **draw** the letter instead, with the probabilities p = softmax(θ). Then the mean answer does move. Its slope
# has a closed form, to measure all ways round the problem by. Three are in use:
#
# * **Soft letters:** hand D the probabilities p themselves, a quarter of each letter. There is a slope, but of D's
#   answer to a thing that is no letter.
# * **Straight-through** (Jang and others 2017): draw a letter, as the largest of θ + Gumbel noise; hand D the hard
#   letter; go back through the soft one, as if it had been that.
# * **REINFORCE** (Williams 1992): draw, ask D, and make what was drawn likelier, by as much as D liked it. D's slope
#   is not used at all. For each draw, the estimate is the reward times the slope of log p of the drawn letter. In the
#   logits, that is its one-hot row less p.
#
# **Exercise 2.** Write the estimates of REINFORCE: `drawn` is one-hot (draws, letters), `reward` (draws,), `p`
# (letters,). The result is (draws, letters).
#
# <details><summary>Hint</summary><code>reward[:, None]</code> stands beside every letter of its draw.</details>


# %% tags=["exercise"]
def estimates(drawn, reward, p):
    return ...


lesson09.estimates(estimates)


# solution
def estimates(drawn, reward, p):
    return reward[:, None] * (drawn - p)


lesson09.estimates(estimates)

# %% [markdown]
# <details><summary><b>Predict before you run:</b> D likes letter 0 best. Do soft letters teach G to write it?
# </summary>
#
# No: the slope for letter 0 is *negative*. D's answer to a mixture of all four says nothing of D's answer to letter
# 0.
# </details>

# %%
estimated = use(lesson09.estimates, estimates, lesson09.right_estimates)
rng, p, rewards = np.random.default_rng(0), np.full(4, 0.25), weights**2
exact = p * (rewards - p @ rewards)  # the slope of Σ p_k · reward_k in the logits
noisy = rng.gumbel(size=(200_000, 4))  # all logits are 0
drawn = np.eye(4)[noisy.argmax(axis=1)]
soft = np.exp(noisy) / np.exp(noisy).sum(axis=1, keepdims=True)
slope = 2 * (drawn @ weights)[:, None] * weights  # of D's answer, at the hard letter


def tried(reward):
    return np.array(estimated(drawn.copy(), reward, p.copy()))


ways = {
    "soft letters": 2 * (p @ weights) * (p * (weights - p @ weights))[None],
    "straight-through": soft * (slope - np.sum(soft * slope, axis=1, keepdims=True)),
    "REINFORCE": tried(drawn @ rewards),
    "less the mean reward": tried(drawn @ rewards - p @ rewards),
}
print(f"{'':22}{'slope for each logit':34}  bias  spread")
print(f"{'exact':20}", *(f"{value:7.2f}" for value in exact))
bias, spread = {}, {}
for way, rows_ in ways.items():
    bias[way] = np.linalg.norm(rows_.mean(axis=0) - exact)
    spread[way] = np.sqrt(rows_.var(axis=0).sum())
    print(f"{way:20}", *(f"{value:7.2f}" for value in rows_.mean(axis=0)), f"{bias[way]:10.2f}{spread[way]:8.2f}")

# %%
claim("soft letters push the best letter down", ways["soft letters"][0, 0] / exact[0], below=-0.2)
claim("straight-through is biased, though less", bias["straight-through"] / bias["soft letters"], above=0.4, below=0.8)
claim("REINFORCE is not biased", bias["REINFORCE"], below=0.03)
claim("but one draw is far off: its spread over the slope's length", spread["REINFORCE"] / np.linalg.norm(exact),
      above=2)  # fmt: skip
less = spread["less the mean reward"]
claim("less so when the mean reward is taken away", less / spread["REINFORCE"], below=0.7)
claim("then straight-through is the noisier", spread["straight-through"] / less, above=1.3, below=2)

# %% [markdown]
# Soft letters are wrong and quiet, REINFORCE is right and noisy; less the mean reward, it is both righter and quieter
# than straight-through. This D was made to show it; with a trained D, the next sections measure.
#
# ## 7 · Three numbers, never one
#
# The language **dates** has 10,958 strings of ten letters: all days from 2000-01-01 to 2029-12-31. We train on 5,376
# of them, just under half, and ask for 10,000 strings. Three shares:
#
# * **valid**: of the strings written, those that are dates,
# * **cover**: of all dates, those that were written at least once,
# * **new**: of the strings written, those that are dates and were not trained on.
#
# **Exercise 3.** Write them. `sample` is a list of strings; `valid` and `seen` are sets: all valid strings, and those
# trained on.
#
# <details><summary>Hint</summary><code>set(sample) &amp; valid</code> are the different valid strings.</details>


# %% tags=["exercise"]
def shares(sample, valid, seen):
    return ...


lesson09.shares(shares)


# solution
def shares(sample, valid, seen):
    right = [string for string in sample if string in valid]
    return len(right) / len(sample), len(set(right)) / len(valid), sum(s not in seen for s in right) / len(sample)


lesson09.shares(shares)

# %%
three = use(lesson09.shares, shares, lesson09.right_shares)
languages = {"dates": text.dates(), "brackets": text.brackets()}
seen = {"dates": languages["dates"].some(42 * 128), "brackets": languages["brackets"].some(32 * 128)}  # whole batches


def scored(name, strings, note):
    found = text.Scores(*three(list(strings), set(languages[name].valid), set(seen[name])))
    print(f"{note:30} valid {found.valid:6.1%}  cover {found.cover:6.1%}  new {found.new:6.1%}   {strings[0]}")
    return found


def independent(name):  # each place by itself, as often as in the training strings
    letters = np.array([list(string) for string in seen[name]])
    return ["".join(row) for row in np.stack([rng.choice(column, 10_000) for column in letters.T], axis=1)]


perfect = scored("dates", rng.choice(languages["dates"].valid, 10_000).tolist(), "dates: a perfect sampler")
scored("dates", [seen["dates"][0]] * 10_000, "dates: the miser")
alone_dates = scored("dates", independent("dates"), "dates: independent letters")
claim("a perfect sampler does not cover all: 1 − (1 − 1/N)ⁿ", perfect.cover,
      equals=1 - (1 - 1 / 10_958) ** 10_000, within=0.015)  # fmt: skip
claim("letters drawn without a look at each other are dates", alone_dates.valid, above=0.7, below=0.77)

# %% [markdown]
# The miser writes one date, always. And independent letters, no network at all, get nearly three in
# four. Validity alone is worth nothing.
#
# ## 8 · Dates, all letters at once
#
# G writes ten rows of probabilities at once: soft letters. Or it draws hard ones, straight-through, with noise from
# more latents. The hard one has a weak R1 as well (γ = 0.1). Three seeds each.
#
# <details><summary><b>Predict before you run:</b> which of the two writes more valid dates?</summary>
#
# The soft one, as a rule: nearly all. And it covers a few in a hundred. (Now and then it ends in no valid string.)
# </details>

# %%
dates = languages["dates"]
train = dates.rows(seen["dates"])  # one-hot letters side by side: (5376, 110)
plans = {"soft letters, no penalty": (writers.soft_pair, 0.0), "straight-through, R1": (writers.gumbel_pair, 0.1)}
written = {}
for name, (pair, r1) in plans.items():
    gan = compiled(*pair(dates), steps=32 * 42, rate=1e-3, r1=r1)
    written[name] = []
    for seed in range(3):
        gan.restart(seed)
        gan.fit(train, batch_size=128, epochs=32, verbose=0)
        written[name].append(scored("dates", dates.read(gan.generate(10_000)), name))
collapsed, hard = (np.array(written[name]) for name in plans)
claim("soft letters, the best seed: valid", collapsed[:, 0].max(), above=0.9, quality=True)
claim("but collapsed, in every seed: cover", collapsed[:, 1].max(), below=0.2, quality=True)
claim("straight-through with R1: valid, in every seed", hard[:, 0].min(), above=0.92, quality=True)
claim("cover, in every seed", hard[:, 1].min(), above=0.5, quality=True)
claim("and as many new ones as a perfect sampler, nearly", hard[:, 2].mean() / perfect.new, above=0.88, quality=True)

# %% [markdown]
# Which of the two changes did it, the hard letters or the penalty? Change one at a time:
# `benchmarks/sound_text.py` did, beforehand, three seeds each, with about equal CPU seconds (within a fifth).

# %%
stored = load_arrays("lesson09.npz")  # {"part: program": (3 measures, 3 seeds, temperatures)}
at_one = {name: rows_[:, :, 3 if rows_.shape[2] > 1 else 0] for name, rows_ in stored.items()}  # temperature 1


def show(part):
    print(f"{part:38}       valid              cover              new     (%, three seeds)")
    for name, rows_ in at_one.items():
        if name.startswith(part):
            print(f"{name.removeprefix(part + ': '):38}", *("  ".join(f"{100 * v:5.1f}" for v in row) for row in rows_),
                  sep="  ")  # fmt: skip


show("dates")
bare, leashed, hard_bare, firm = (at_one[f"dates: {name}"][1] for name in (
    "soft", "soft, R1", "straight-through, no R1", "straight-through"))  # fmt: skip
claim("the penalty alone raises the cover, in all three seeds", leashed.min() - bare.max(), above=0.15)
claim("hard letters alone raise it more, in all three", hard_bare.min() - leashed.max(), above=0.12)
claim("the penalty adds little to them, in the mean", firm.mean() - hard_bare.mean(), above=-0.01, below=0.06)

# %% [markdown]
# Hard letters alone nearly suffice. The penalty helps soft letters much, to about half of a perfect sampler's cover,
# and hard ones little.
#
# ## 9 · Brackets: one letter after the other
#
# In dates each place hardly depends on the others. The language **brackets** is different: six pairs, round or
# square, that close in order, such as `([])()[[]]()`. There are 132 · 2⁶ = 8,448 strings. Independent letters are of
# no use:

# %%
brackets = languages["brackets"]
claim("Catalan's number times 2⁶", len(brackets.valid), equals=132 * 2**6)
perfect = scored("brackets", rng.choice(brackets.valid, 10_000).tolist(), "brackets: a perfect sampler")
loose = scored("brackets", independent("brackets"), "independent letters")
claim("independent letters are hardly ever valid", loose.valid, above=0.001, below=0.006)
show("brackets")

# %% [markdown]
# Soft letters are often valid and cover little. Straight-through, all at once, is lost. The same trick **letter by
# letter** is not: G draws a letter, looks at all it has written, and draws the next. We suppose that this is what
# made the difference: it sees what it has written. (Its network is another, too.)
#
# The fourth trains the same letter-by-letter G by REINFORCE. All that is new is printed first; the rest is `GAN`.
#
# <details><summary><b>Predict before you run:</b> D sees only finished strings, and each gets one number. Does that
# teach G which bracket to close?</summary>
#
# For about four in five, yes.
# </details>

# %%
print(inspect.getsource(writers.Reinforced.generator_phase))
gan = compiled(*writers.letter_pair(brackets), steps=1024, rate=1e-3, r1=0.1, kind=writers.Reinforced)
gan.restart(0)
gan.fit(brackets.rows(seen["brackets"]), batch_size=128, epochs=32, verbose=0)
ours = scored("brackets", sample := brackets.read(gan.generate(10_000)), "letter by letter, REINFORCE")
print(*sample[:8], sep="   ")
claim("valid", ours.valid, above=0.7, quality=True)
claim("cover", ours.cover, above=0.12, quality=True)
one, many, rewarded = (at_one[f"brackets: {name}"] for name in (
    "straight-through", "letter by letter, straight-through", "letter by letter, REINFORCE"))  # fmt: skip
claim("all at once, straight-through is lost, in every seed", one[0].max(), below=0.15)
claim("letter by letter it is not, in every seed", many[0].min(), above=0.5)
claim("REINFORCE is more often valid, in every seed", rewarded[0].min() - many[0].max(), above=0.05)
claim("but covers less, in every seed", many[1].min() - rewarded[1].max(), above=0.02)

# %% [markdown]
# ## 10 · And without D?
#
# The same letter-by-letter G gives every string a probability. So it can be trained as language models are: make the
# training strings likely (**maximum likelihood**). No D, no reward, no slope through a choice.
#
# <details><summary><b>Predict before you run:</b> the same network, fewer CPU seconds. Better or worse than
# REINFORCE?</summary>
#
# Better: nearly every string is valid, and two to three times as many are covered.
# </details>

# %%
keras.utils.set_random_seed(0)
plain = writers.letter_pair(brackets).generator
loss = writers.fit_likelihood(plain, brackets.rows(seen["brackets"]), steps=1024)
likely = scored("brackets", brackets.read(writers.write(plain, 10_000)), "maximum likelihood")
print(f"{loss:.3f} nats a letter; log(8448)/12 = {np.log(8448) / 12:.3f} if all strings are equally likely")
claim("valid", likely.valid, above=0.92, quality=True)
claim("it covers more than REINFORCE, by", likely.cover - ours.cover, above=0.15, quality=True)

# %% [markdown]
# Perhaps these are only different balances: fewer kinds of strings, each more carefully? A letter-by-letter model has
# a knob for that, its **temperature** T: divide the logits by T. Below 1 it writes what is likely, above 1 it dares
# more. So compare curves, not points (Caccia and others 2020). From the benchmark, equal CPU seconds, three seeds, T
# from 0.25 to 1.5:

# %%
curve = {name: rows_ for name, rows_ in stored.items() if name.startswith("brackets") and rows_.shape[2] > 1}
valid, cover, new = at_one["brackets: likelihood"]
many_curve = curve["brackets: letter by letter, straight-through"]
claim("likelihood: valid, in every seed", valid.min(), above=0.95)
claim("cover, in every seed", cover.min(), above=0.55)
reach = max(rows_[1].max() for name, rows_ in curve.items() if "letter" in name)
claim("the GANs cover less at every temperature, in every seed: by", cover.min() - reach, above=0.05)
among = np.max(new / valid)
claim("but of its valid strings few are new, in every seed", among, above=0.3, below=0.42)
claim("of the GAN's more: by", np.min(rewarded[2] / rewarded[0]) - among, above=0.04)
cooled = many_curve[:, :, 1].mean(axis=1) - rewarded.mean(axis=1)  # straight-through at T = 0.5
claim("straight-through cooled to 0.5 is as often valid as REINFORCE: more by", cooled[0], above=0.015)
claim("and covers no less: more by", cooled[1], above=0.01)
early = likely.new / likely.valid - np.mean(new / valid)
claim("it falls with training: after 1,024 steps higher, by", early, above=0.02, quality=True)
ahead = at_one["dates: straight-through"].mean(axis=1) - at_one["dates: likelihood"].mean(axis=1)
claim("dates: the GAN is less often valid, by", -ahead[0], above=0.005, below=0.03)
best = stored["dates: likelihood"][1].mean(axis=0).max()
ahead_by = at_one["dates: straight-through"][1].mean() - best
claim("but at no temperature covers less, in the mean: by", ahead_by, above=0.004)
claim("and more of it is new, by", ahead[2], above=0.02, below=0.07)

# %% tags=["hide-input"]
figure, ax = pictures.subplots(height=400)
with pictures.style():
    looks = [(pictures.GENERATED, "^:"), (pictures.GENERATED, "o-"), (pictures.NEUTRAL, "s--")]
    for (name, rows_), (colour, line) in zip(curve.items(), looks):
        for k in range(3):
            percent = 100 * rows_[:2, k]
            label = name.removeprefix("brackets: ") if k == 0 else None
            ax.plot(*percent, line, color=colour, markersize=4, label=label)
            ax.plot(*percent[:, 3], line[0], color=colour, markersize=10)
    ax.plot([100], [100 * perfect.cover], "*", color=pictures.REAL, markersize=13, label="perfect sampler")
    ax.set(xlabel="valid (%)", ylabel="cover (%)", ylim=(0, 75))
    figure.legend(loc="outside lower center", ncols=2)
pictures.show(
    pictures.add_title(figure, "Brackets: at no temperature is a GAN as good as likelihood (large: T = 1)"),
    alt="Cover against valid for temperatures from 0.25 to 1.5, three seeds each. The curves of the likelihood model "
    "lie above those of the two GANs: 60 per cent where they have 30 to 50. A star at 100 and 69 per cent marks a "
    "perfect sampler.",
)

# %% [markdown]
# No temperature brings a GAN onto the other curve. Straight-through, cooled to 0.5, is no worse than REINFORCE on
# average (three seeds, which differ more): perhaps only another balance. The GANs have one point in
# their favour: of a perfect sampler's strings half are new, and they are nearer to that. But that share of the
# likelihood model falls as it trains: 45 % of its valid strings were new after the 1,024 steps above, 40 % after
# twice as many.
#
# Caccia and others found the same on news sentences: at equal quality (3.40 and 3.39 nats) the likelihood model,
# cooled a little, had 4.02 nats for variety, their best GAN 4.49; less is better. A text GAN of de Masson d'Autume
# and others (2019) "performs comparably" to maximum likelihood. So does ours for dates: less often valid, a little
# more cover. (Its rate fell and its weights were averaged; the likelihood model's not.)
#
# ## 11 · Three promises
#
# | promise | here | verdict |
# |---|---|---|
# | images | lessons 04, 05, 07 | yes: digits, hardly told from real ones by our measures |
# | sound | sections 4, 5 | yes, for short sounds with a known note |
# | text | sections 8 to 10 | dates: as well as a plain likelihood model; brackets: much worse, at the same cost |
#
# What we suppose, and have not tested: where a sample is made of numbers, D's slope says how to change it, and a
# likelihood over so many numbers is costly. Where it is made of choices, D's slope has to be replaced, and a
# likelihood is cheap: one softmax after the other.
#
# ## What you now know
#
# * A pitch is a lag at which a sound is like itself. Noise has none, and a Gaussian with the right covariance
#   neither.
# * A conditional GAN plays the note that it is asked for; a D that is not told the note does not teach it to.
# * A choice has no slope. Soft letters and straight-through are biased, REINFORCE is noisy.
# * Valid, cover and new only mean something together, beside a perfect sampler and independent letters.
#
# ## What usually goes wrong here
#
# * **All sounds click.** They are cut off in full swing: let them fade out.
# * **The pitch is an octave off.** The best peak of the likeness is often two periods away: take the first high one.
# * **A text GAN "beats" maximum likelihood.** At one temperature, or on a curve?
#
# **A knob.** In section 8, give soft letters an R1 of 0.1.

# %% [markdown] tags=["further"]
# ## 12 · Further: why convolutions hum
#
# Generators of long sounds are built of **transposed convolutions**: each number is spread over several places by one
# kernel, a few places apart (the stride). Let three of them, with stride 4, make 1,024 numbers of 16. Every place is
# reached six times, but by other parts of the kernel; which parts, repeats every 4 samples. A thing that repeats
# every 4 samples is a tone of 2,000 Hz. Listen to *untrained* networks:
#
# <details><summary><b>Predict before you run:</b> does another kind of upsampling, repeating each number four times
# before an ordinary convolution, cure it?</summary>
#
# It turns the tone into a hole: that frequency is then missing.
# </details>


# %%
def upwards(kind):
    layers, stack = keras.layers, [keras.Input((32,)), keras.layers.Dense(16 * 64), keras.layers.Reshape((16, 64))]
    for channels in (32, 16, 1):
        stack.append(layers.LeakyReLU(negative_slope=0.2))
        if kind == "transposed":
            stack.append(layers.Conv1DTranspose(channels, 24, strides=4, padding="same"))
        else:
            stack += [layers.UpSampling1D(4), layers.Conv1D(channels, 24, padding="same")]
    return keras.Sequential([*stack, layers.Flatten()])


def hum(waves):  # dB of the bin at 2,000 Hz above those near it, and the mean spectrum
    power = np.mean(np.abs(np.fft.rfft(waves * np.hanning(1024), axis=1)) ** 2, axis=0)
    near = np.median([*power[248:253], *power[260:265]])
    return 10 * np.log10(power[256] / near), 10 * np.log10(power / np.median(power))


z = np.random.default_rng(0).standard_normal((500, 32), dtype="float32")
builders = {
    "transposed": lambda: upwards("transposed"),
    "repeated": lambda: upwards("repeated"),
    "dense": lambda: ganlib.models.mlp(32, (256, 256), 1024, None, "dense"),
}
hums, spectra = {}, {}
for kind, build in builders.items():
    hums[kind] = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        waves = build()(z).numpy()
        height, spectra[kind] = hum(waves)
        hums[kind].append(height)
    listen(f"Untrained, {kind}", waves[:6].reshape(-1), sound.RATE)
    print(f"{kind:11} at 2,000 Hz:", *(f"{value:6.1f}" for value in hums[kind]), "dB")

# %% tags=["hide-input"]
pictures.show(
    pictures.curves(np.arange(513) * sound.RATE / 1024, {"power (dB)": spectra}, "frequency (Hz)",
                    title="Untrained: transposed convolutions have a tone at a quarter of the rate"),
    alt="Mean power over frequency of three untrained networks. Transposed convolutions: sharp peaks at 500, 1,000, "
    "2,000 Hz and so on. Repeated numbers: holes there. Dense: flat.",
)  # fmt: skip

# %%
claim("a tone, in every seed: dB", min(hums["transposed"]), above=8)
claim("a hole, in every seed: dB", max(hums["repeated"]), below=-10)
claim("neither, on average", np.mean(hums["dense"]), above=-4, below=4)

# %% [markdown]
# The dense network excludes the rival "any untrained network hums". Training can unlearn the tone, but must; WaveGAN
# shifts D's features at random ("phase shuffle") so that D cannot tell by the tone alone (Donahue and others 2019).

# %% [markdown] tags=["further"]
# ## 13 · Further: other ways to write a sound
#
# From `benchmarks/sound_text.py`: the same plucks, equal CPU seconds, three seeds. *waveform* is the same pair with
# the 1,024 samples instead of 512 coefficients; *convolutions* are a small WaveGAN (16 channels at the wide end).

# %%
print(f"{'':22}{'right (%)':24}{'notes of 8':22}harmonic to noise (dB)")
for name, rows_ in at_one.items():
    if name.startswith("sound"):
        right, count, decibels = rows_
        print(f"{name.removeprefix('sound: '):16}", "  ".join(f"{100 * value:5.1f}" for value in right), "    ",
              "  ".join(f"{value:3.0f}" for value in count), "        ",
              "  ".join(f"{value:5.1f}" for value in decibels))  # fmt: skip
sounds = {name: at_one[f"sound: {name}"][0] for name in ("coefficients", "waveform", "convolutions", "D not told")}
claim("convolutions are far behind after equal seconds, in every seed",
      sounds["coefficients"].min() - sounds["convolutions"].max(), above=0.4)  # fmt: skip
ahead = np.mean(sounds["coefficients"] - sounds["waveform"])
claim("coefficients are ahead of the waveform, on average", ahead, above=0)
claim("D not told: the asked note seldom comes, in every seed", sounds["D not told"].max(), below=0.35)

# %% [markdown]
# So at this size the convolutions' knowledge, "the same thing may come later", does not pay for its steps: the same
# finding as with images in lesson 07, section 6. On long sounds a dense layer is out of the question.
#
# ### References
#
# * Chris Donahue, Julian McAuley, Miller Puckette, *Adversarial Audio Synthesis* (WaveGAN), 2019, and its README.
# * Takeru Miyato and Masanori Koyama, *cGANs with Projection Discriminator*, 2018.
# * Eric Jang, Shixiang Gu, Ben Poole, *Categorical Reparameterization with Gumbel-Softmax*, 2017.
# * Ronald Williams, *Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning*,
#   1992.
# * Lantao Yu, Weinan Zhang, Jun Wang, Yong Yu, *SeqGAN*, 2017.
# * Massimo Caccia and others, *Language GANs Falling Short*, 2020: the files csv/news of its repository.
# * Cyprien de Masson d'Autume and others, *Training Language GANs from Scratch*, 2019.
