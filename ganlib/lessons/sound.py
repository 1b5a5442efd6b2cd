"""Sounds whose pitch is known: plucked strings, a measure of pitch, and a pair of networks that is told the note."""

from typing import NamedTuple

import keras
import numpy as np
from keras import layers
from scipy.fft import dct, idct

from ganlib.models import Choice, Pair, mlp

RATE = 8000  # samples a second
LENGTH = 1024  # samples of a pluck: 0.128 s
KEPT = 512  # of its cosine coefficients: frequencies up to 2,000 Hz
NOTES = {
    "C4": 261.626, "D4": 293.665, "E4": 329.628, "F4": 349.228,
    "G4": 391.995, "A4": 440.0, "B4": 493.883, "C5": 523.251,
}  # fmt: skip
LOWEST, HIGHEST = 180.0, 2000.0  # Hz, where pitches are looked for


class Plucks(NamedTuple):
    """Sounds and their notes: float32 (n, 1024) in [-1, 1] at 8,000 samples a second, and int64 (n,), 0 for C4."""

    waves: np.ndarray
    notes: np.ndarray


def plucks(n: int, seed: int | np.random.Generator = 0) -> Plucks:
    """Return `n` plucked strings of C major, C4 to C5, all notes equally likely; the same seed gives the same sounds.

    Six harmonics, in the strengths of an ideal string plucked at a random place between a tenth and a half of its
    length, sin(k pi place) / k². Random besides: the moment at which the sound begins within the string's period,
    loudness, and decay (0.05 to 0.2 s). The first 40 samples (5 ms) fade in.
    """
    rng = np.random.default_rng(seed)
    notes = rng.integers(len(NOTES), size=n)
    hertz = np.array([*NOTES.values()])[notes, None]
    place, shift, loudness, decay = (
        rng.uniform(low, high, (n, 1)) for low, high in ((0.1, 0.5), (0, 1), (0.5, 1), (0.05, 0.2))
    )
    seconds = np.arange(LENGTH) / RATE
    waves = np.zeros((n, LENGTH))
    for k in range(1, 7):
        waves += np.sin(k * np.pi * place) / k**2 * np.sin(2 * np.pi * k * (hertz * seconds + shift))
    waves *= loudness * np.exp(-seconds / decay) * np.minimum(np.arange(LENGTH) / 40, 1)
    return Plucks((0.7 * waves).astype("float32"), notes)


def coefficients(waves: np.ndarray) -> np.ndarray:
    """The first 512 cosine coefficients (DCT-II, orthonormal) of waves (n, 1024): float32 (n, 512)."""
    return dct(waves, norm="ortho")[:, :KEPT].astype("float32")


def to_waves(coefficients: np.ndarray) -> np.ndarray:
    """The waves (n, 1024) of 512 cosine coefficients (n, 512): what is above 2,000 Hz is left out."""
    return idct(coefficients, n=LENGTH, norm="ortho").astype("float32")


def joined(waves: np.ndarray, gap: float = 0.07) -> np.ndarray:
    """Sounds (n, samples) one after the other, each fading out in its last 8 ms, then `gap` seconds of silence."""
    fade = np.minimum(np.arange(waves.shape[1])[::-1] / 64, 1)
    return np.pad(waves * fade, ((0, 0), (0, round(gap * RATE)))).reshape(-1)


class Pitch(NamedTuple):
    """The pitch of sounds, Hz (n,), and how periodic they are: clarity (n,), 1 for a sound that repeats exactly."""

    hertz: np.ndarray
    clarity: np.ndarray


FINER = 4  # steps of a lag for each sample


def pitch(waves: np.ndarray, rate: int = RATE) -> Pitch:
    """Find the pitch of sounds (n, samples) between 180 and 2,000 Hz; a silent one has pitch 0 and clarity 0.

    The autocorrelation of a sound with itself a lag later is divided by the energies of both stretches. The period is
    the first lag with a peak of 0.93 of the highest; its height is the clarity. Two, four and eight periods later the
    peaks give the period more exactly, wherever they are there. Raises ValueError for another shape.
    """
    waves = np.asarray(waves, dtype="float64")
    if waves.ndim != 2 or waves.shape[1] < 3 * rate / LOWEST:
        raise ValueError(f"pitch() expects waves (n, samples) of 3 periods of {LOWEST:g} Hz, not {waves.shape}.")
    correlations = _autocorrelation(waves, round(10 * rate / LOWEST))
    found = [_period(row, FINER * rate) for row in correlations]
    hertz, clarity = np.array(found, dtype="float64").reshape(-1, 2).T
    return Pitch(hertz, clarity)


def _autocorrelation(waves: np.ndarray, lags: int) -> np.ndarray:
    """Normalised autocorrelations (n, 4 · lags) at quarters of a sample, by the spectrum with zeros behind it."""
    n, samples = waves.shape
    lags = min(lags, samples - samples // 4)
    power = np.abs(np.fft.rfft(waves, 2 * samples)) ** 2
    products = FINER * np.fft.irfft(power, 2 * samples * FINER)[:, : FINER * lags]
    energy = np.concatenate([np.zeros((n, 1)), np.cumsum(waves**2, axis=1)], axis=1)
    whole = np.arange(lags + 1)
    both = np.sqrt(energy[:, samples - whole] * (energy[:, [-1]] - energy[:, whole]))
    fine = np.arange(FINER * lags) / FINER
    low = fine.astype(int)
    between = both[:, low] + (both[:, low + 1] - both[:, low]) * (fine - low)
    return products / np.maximum(between, 1e-12)


def _period(correlation: np.ndarray, rate: float) -> tuple[float, float]:
    """Pitch (Hz) and clarity from one autocorrelation with `rate` lags a second."""
    first, last = int(rate / HIGHEST), int(rate / LOWEST)
    heights = correlation[first : last + 1]
    peaks = first + 1 + np.flatnonzero((heights[1:-1] >= heights[:-2]) & (heights[1:-1] > heights[2:]))
    if not len(peaks) or correlation[peaks].max() <= 0:
        return 0.0, 0.0
    peak = peaks[np.argmax(correlation[peaks] >= 0.93 * correlation[peaks].max())]
    place, clarity = _top(correlation, peak)
    period = place
    for k in (2, 4, 8):
        near = round(k * period)
        reach = max(2, round(0.1 * period))
        if near + reach + 1 >= len(correlation):
            break
        around = near - reach + np.argmax(correlation[near - reach : near + reach + 1])
        period = _top(correlation, around)[0] / k
    return rate / period, min(clarity, 1.0)


def _top(correlation: np.ndarray, peak: int) -> tuple[float, float]:
    """Place and height of the top of the parabola through a peak and its neighbours."""
    left, top, right = correlation[peak - 1 : peak + 2]
    bend = left - 2 * top + right
    move = 0.0 if bend >= 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))  # no peak: at an edge
    return peak + move, top - 0.25 * (left - right) * move


def cents(hertz: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """How far pitches are above a reference, in hundredths of a semitone; -inf for a pitch of 0."""
    with np.errstate(divide="ignore"):
        return 1200 * np.log2(np.asarray(hertz) / reference)


class Tuning(NamedTuple):
    """How well sounds answer the notes asked for: a share, a count of notes, and a ratio in dB."""

    right: float  # share of sounds that are clear (0.9) and within 20 cents of the note asked for
    notes: int  # notes of which at least half the sounds are so
    harmonic: float  # median of 10 log10(c / (1 - c)) for clarity c: the harmonic-to-noise ratio


def tuning(waves: np.ndarray, notes: np.ndarray) -> Tuning:
    """Measure sounds (n, samples) that were asked to be `notes` (n,), numbers of `NOTES`."""
    found = pitch(waves)
    off = np.abs(cents(found.hertz, np.array([*NOTES.values()])[notes]))
    right = (found.clarity >= 0.9) & (off <= 20)
    share = [right[notes == note].mean() for note in np.unique(notes)]
    clarity = np.clip(found.clarity, 1e-6, 1 - 1e-6)
    ratio = np.median(10 * np.log10(clarity / (1 - clarity)))
    return Tuning(right.mean(), int(np.sum(np.array(share) >= 0.5)), float(ratio))


def told_pair(told: bool = True, size: int = KEPT) -> Pair:
    """A pair for cosine coefficients with the note behind them: G 32 -> 256 -> 256 -> 512, D 520 -> 256 -> 256 -> 1.

    The largest of the first 8 latents chooses the note. D is told it by projection (Miyato and Koyama 2018, eq. 3);
    `told=False` hides it from D. `size` is how many numbers a sound has.
    """
    notes = len(NOTES)
    inner = mlp(32 + notes, (256, 256), size, None, "inner")
    generator = keras.Sequential([keras.Input((32,)), Choice(notes, 1.0), *inner.layers], name="generator")
    seen = keras.Input((size + notes,))
    sound, note = seen[:, :size], keras.ops.cast(seen[:, size:] > 0.5, "float32")
    features = keras.Sequential(mlp(size, (256, 256), 1, None, "inner").layers[:-1], name="features")(sound)
    logit = layers.Dense(1)(features)
    if told:
        logit = logit + keras.ops.sum(layers.Dense(notes, use_bias=False)(features) * note, -1, True)
    return Pair(generator, keras.Model(seen, logit, name="discriminator"))
