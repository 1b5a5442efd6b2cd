"""The figures: what they accept and refuse, what their PNG files are like, and how a notebook gets them."""

import io
import math
import os
import struct

import matplotlib
import numpy as np
import pytest
from PIL import Image

from ganlib import pictures
from ganlib.evaluation.metrics import prdc
from ganlib.pictures import page

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (100, 28, 28), dtype=np.uint8)
STROKES = np.zeros((100, 28, 28), np.uint8)
for i in range(100):
    STROKES[i, 4:24, 4 + i % 18 : 7 + i % 18] = 255


def history(n=20):
    t = np.arange(n)
    return {
        "d_loss": list(1.386 - 0.3 * np.exp(-t / 5)),
        "g_loss": list(0.693 + np.exp(-t / 5)),
        "d_real": list(0.5 + 0.3 * np.exp(-t / 5)),
        "d_fake": list(0.5 - 0.3 * np.exp(-t / 5)),
    }


def opened(data):
    return Image.open(io.BytesIO(data))


def chunks(data):
    names, at = [], 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        names.append(data[at + 4 : at + 8].decode())
        at += 12 + length
    return names


def texts(figure):
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def every_figure():
    frames = [pictures.tile(STROKES), pictures.tile(NOISE)]
    return {
        "digits": pictures.digits(STROKES, title="A long title that states the finding of the figure " * 3),
        "labels": pictures.digits(STROKES[:12], labels=[f"class {i % 10}" for i in range(12)]),
        "panels": pictures.side_by_side({"real": STROKES[:25], "generated": NOISE[:25]}, title="They differ"),
        "strips": pictures.side_by_side({"generated": NOISE[:10], "nearest real image": STROKES[:10]}, 10),
        "curves": pictures.training_curves(history(), title="Both settle"),
        "sheet": pictures.contact_sheet(frames, ["epoch 0 of 1", "epoch 1 of 1"], title="From strokes to noise"),
    }


# --- digits -------------------------------------------------------------------------------------------------


def test_tile_lays_images_out_row_by_row_and_pads_with_white():
    grid = pictures.tile(NOISE[:7], columns=3)
    assert grid.shape == (3 * 28, 3 * 28) and grid.dtype == np.uint8
    assert (grid[28:56, 56:84] == NOISE[5]).all()
    assert (grid[56:, 28:] == 255).all()


def test_uint8_flat_and_float_images_give_the_same_picture():
    reference = pictures.to_png(pictures.digits(NOISE))
    assert pictures.to_png(pictures.digits(NOISE.reshape(-1, 784))) == reference
    assert pictures.to_png(pictures.digits(NOISE.astype(np.float32) / 255)) == reference


@pytest.mark.parametrize("columns, n, scale", [(10, 100, 4), (5, 7, 4), (20, 40, 2), (40, 80, 1)])
def test_every_pixel_is_drawn_as_a_square_of_whole_pixels(columns, n, scale):
    grid = pictures.tile(NOISE[np.arange(n) % 100], columns)
    drawn = np.asarray(pictures.render(pictures.digits(NOISE[np.arange(n) % 100], columns)))
    expected = grid.repeat(scale, 0).repeat(scale, 1)
    height, width = expected.shape
    assert drawn.shape == (height + 24, width + 24)
    assert abs(drawn[12:-12, 12:-12].astype(int) - expected).max() <= 1


@pytest.mark.parametrize("shape", [(16, 24), (64, 20), (16, 24, 3), (64, 64, 3)])
def test_images_of_other_sizes_and_in_colour(shape):
    images = np.random.default_rng(0).integers(0, 256, (100, *shape), dtype=np.uint8)
    grid = pictures.tile(images)
    assert grid.shape == (10 * shape[0], 10 * shape[1], *shape[2:])
    np.testing.assert_array_equal(grid[shape[0] : 2 * shape[0], : shape[1]], images[10])
    drawn = np.asarray(pictures.render(pictures.digits(images)).convert("RGB"))[12:-12, 12:-12]
    scale = drawn.shape[0] // grid.shape[0]
    wanted = grid if len(shape) == 3 else grid[..., None].repeat(3, axis=2)
    assert np.abs(drawn[::scale, ::scale].astype(int) - wanted).max() <= 1
    pictures.to_png(pictures.side_by_side({"generated": images[:10], "real": images[10:20]}, columns=10))
    assert len(pictures.film(images.reshape(2, 50, *shape), [0, 1], what="images").frames) == 2


def test_one_picture_and_few_images():
    figure = pictures.digits(NOISE[:3], columns=10)
    assert len(figure.axes) == 1
    assert pictures.render(figure).width == 3 * 28 * 4 + 24


@pytest.mark.parametrize(
    "images, sentence",
    [
        (NOISE[:4] / 127.5 - 1, r"pixels run from -1 to 1; digits\(\) expects 0..1 or uint8: rescale with"),
        (NOISE[:4].astype(float), "divide by 255"),
        (NOISE[:4] * 100.0, "pixels run from 0 to"),
        (np.full((4, 28, 28), np.nan), "not finite"),
        (NOISE[:4].astype(np.int64), "not int64"),
        (NOISE[0], r"shape \(n, 28, 28\) or \(n, 784\), got \(28, 28\)"),
        (NOISE[:4, :, :, None], r"got \(4, 28, 28, 1\)"),
        (NOISE[:0], "got no images"),
    ],
)
def test_digits_says_what_is_wrong_with_images(images, sentence):
    with pytest.raises(ValueError, match=sentence):
        pictures.digits(images)


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"columns": 0}, "columns must be a whole number"),
        ({"columns": 2.5}, "columns must be a whole number"),
        ({"columns": 60}, "do not fit"),
        ({"labels": ["a"]}, "one label per image: got 1 for 100"),
        ({"labels": ["a very long label"] * 100}, "wider than its image"),
    ],
)
def test_digits_says_what_is_wrong_with_options(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        pictures.digits(NOISE, **options)


def test_side_by_side_frames_each_role_in_its_colour():
    figure = pictures.side_by_side({"real": STROKES[:4], "generated digits": NOISE[:4], "mean image": NOISE[:4]})
    colours = [matplotlib.colors.to_hex(axes.patches[0].get_edgecolor()) for axes in figure.axes]
    assert colours == [c.lower() for c in (pictures.REAL, pictures.GENERATED, pictures.NEUTRAL)]


def test_side_by_side_puts_single_rows_under_each_other():
    figure = pictures.side_by_side({"generated": NOISE[:10], "real": STROKES[:10]}, columns=10)
    first, second = (axes.get_position() for axes in figure.axes)
    assert first.x0 == second.x0 and first.y0 > second.y1


@pytest.mark.parametrize(
    "panels, sentence",
    [
        ({}, "needs a dictionary"),
        ([NOISE], "needs a dictionary"),
        ({"real": NOISE / 127.5 - 1}, r"side_by_side\(\)\['real'\] expects 0..1"),
        ({"a name that is longer than its panel is wide": NOISE[:4], "b": NOISE[:4]}, "wider than its panel"),
    ],
)
def test_side_by_side_says_what_is_wrong(panels, sentence):
    with pytest.raises(ValueError, match=sentence):
        pictures.side_by_side(panels, columns=2)


def test_contact_sheet_refuses_unequal_frames():
    with pytest.raises(ValueError, match=r"frame 1 is \(56, 28\), not \(28, 28\)"):
        pictures.contact_sheet([np.zeros((28, 28), np.uint8), np.zeros((56, 28), np.uint8)], ["a", "b"])
    with pytest.raises(ValueError, match="one caption per frame: 1 for 2"):
        pictures.contact_sheet([np.zeros((28, 28), np.uint8)] * 2, ["a"])


# --- training curves ----------------------------------------------------------------------------------------


def test_curves_have_a_panel_for_what_was_measured():
    assert len(pictures.training_curves(history()).axes) == 2
    assert len(pictures.training_curves({**history(), "fd": list(range(20, 0, -1))}).axes) == 3
    assert len(pictures.training_curves({"g_loss": [1, 2]}).axes) == 1


def test_curves_name_the_lines_and_their_balance():
    written = texts(pictures.training_curves(history()))
    for text in ("discriminator", "generator", "real images", "generated images", "1/2"):
        assert text in written
    assert "2 log 2 = 1.386" in written and "log 2 = 0.693" in written
    assert "loss (nats)" in written and "mean of D (probability)" in written
    assert "2 log 2 = 1.386" not in texts(pictures.training_curves(history(), balance={}))


def test_curves_take_the_columns_of_a_csv_file():
    figure = pictures.training_curves({"epoch": ["5", "6"], "d_loss": ["1.5", "1.4"], "fd": ["", "30.5"]})
    losses, fd = figure.axes
    assert list(losses.lines[0].get_xdata()) == [5, 6]
    assert list(fd.lines[0].get_xdata()) == [6]
    assert not any("not finite" in text for text in texts(figure))


def test_one_epoch_is_drawn_as_points():
    figure = pictures.training_curves({**history(1), "fd": [30.0]}, title="One epoch")
    assert all(axes.lines[0].get_marker() == "o" for axes in figure.axes)
    pictures.to_png(figure)


def test_values_that_are_not_finite_leave_a_gap_and_a_note():
    broken = history()
    broken["d_loss"][3] = math.nan
    broken["g_loss"][5] = math.inf
    broken["g_loss"][6] = -math.inf
    figure = pictures.training_curves(broken)
    assert "3 of 40 values are not finite and not drawn" in texts(figure)
    assert np.isfinite(figure.axes[0].get_ylim()).all()
    pictures.to_png(figure)
    pictures.to_png(pictures.training_curves({"d_loss": [math.nan] * 3, "g_loss": [math.nan] * 3}))


@pytest.mark.parametrize(
    "values, scale",
    [
        ([1, 2, 50], "linear"),
        ([1, 2, 500], "log"),
        ([1e-30, 1, 1e30], "log"),
        ([-1, 0.5, 2], "linear"),
        ([-1, 2, 5000, -8000, 3], "symlog"),
        ([0, 0, 1e9], "symlog"),
    ],
)
def test_the_scale_follows_the_range(values, scale):
    figure = pictures.training_curves({"g_loss": values}, balance={})
    assert figure.axes[0].get_yscale() == scale
    pictures.to_png(figure)


@pytest.mark.parametrize(
    "bad, sentence",
    [
        ({"loss": [1]}, "the history has loss"),
        ({}, "the history has nothing"),
        ({"d_loss": [1, 2], "g_loss": [1]}, "g_loss has 1 values for 2 epochs"),
        ({"d_loss": []}, "d_loss has 0 values"),
        ({"d_loss": ["one"]}, "expects numbers in d_loss"),
        ({"d_real": [1.7]}, "d_real is a mean probability but leaves 0..1"),
    ],
)
def test_curves_say_what_is_wrong(bad, sentence):
    with pytest.raises(ValueError, match=sentence):
        pictures.training_curves(bad)


# --- from a figure to a picture -----------------------------------------------------------------------------


def test_every_png_is_small_opaque_and_bare():
    for figure in every_figure().values():
        data = pictures.to_png(figure)
        picture = opened(data)
        assert len(data) <= pictures.LARGEST_FILE and picture.width <= 1400
        assert set(chunks(data)) <= {"IHDR", "PLTE", "IDAT", "IEND"}  # no transparency, date or program name
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_few_colours_keeps_white_and_the_colours_of_the_course():
    figure = pictures.training_curves(history(), title="Both settle")
    before = pictures.render(figure)
    after = pictures.few_colours([before])[0].convert("RGB")
    error = abs(np.asarray(before).astype(int) - np.asarray(after)).max(-1)
    assert error.max() <= 12 and error.mean() < 0.5
    assert (error[(np.asarray(before) == 255).all(-1)] == 0).all()


def test_equal_figures_give_equal_bytes_whatever_the_reader_set():
    first = {name: pictures.to_png(figure) for name, figure in every_figure().items()}
    own = {"font.size": 20, "savefig.dpi": 50, "savefig.bbox": "tight"}
    with matplotlib.style.context("dark_background"), matplotlib.rc_context(own):
        second = {name: pictures.to_png(figure) for name, figure in every_figure().items()}
        assert matplotlib.rcParams["font.size"] == 20
    assert first == second


def test_pyplot_knows_of_no_figure():
    import matplotlib.pyplot

    every_figure()
    assert matplotlib.pyplot.get_fignums() == []


def test_a_noisy_picture_is_drawn_with_less_detail(monkeypatch):
    monkeypatch.setattr(page, "LARGEST_FILE", 40_000)
    figure, axes = pictures.subplots(width=200, height=200)
    axes.imshow(RNG.integers(0, 256, (400, 400)), cmap="gray", aspect="auto")
    assert len(pictures.to_png(figure)) <= 40_000
    figure, axes = pictures.subplots(width=300, height=300)
    axes.imshow(RNG.integers(0, 256, (600, 600, 3), dtype=np.uint8), aspect="auto")
    with pytest.raises(ValueError, match="kB of 40 kB: draw less"):
        pictures.to_png(figure)


def test_text_too_small_to_read_is_refused():
    figure, axes = pictures.subplots()
    axes.set_title("tiny", size=6)
    with pytest.raises(ValueError, match="the text 'tiny' would be 8.3 pixels high"):
        pictures.to_png(figure)
    with pytest.raises(ValueError, match="1 to 700 pixels wide"):
        pictures.subplots(width=900)


def test_a_wide_figure_of_the_readers_own_is_measured_on_the_page():
    figure = matplotlib.figure.Figure(figsize=(14, 4))
    figure.subplots().set_xlabel("half as large on the page", size=10)
    with pytest.raises(ValueError, match="6.9 pixels"):
        pictures.to_png(figure)


def test_save_png_writes_what_to_png_returns(tmp_path):
    figure = pictures.digits(NOISE)
    pictures.save_png(figure, tmp_path / "noise.png")
    assert (tmp_path / "noise.png").read_bytes() == pictures.to_png(figure)
    assert [path.name for path in tmp_path.iterdir()] == ["noise.png"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")

    def no_space(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space left"):
        pictures.save_png(pictures.digits(NOISE), path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="cannot write a.png: the folder .*nowhere does not exist"):
        pictures.save_png(pictures.digits(NOISE), tmp_path / "nowhere" / "a.png")


# --- in a notebook ------------------------------------------------------------------------------------------


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell
    shell.clear_instance()
    yield shell.instance()
    shell.clear_instance()


def test_show_stores_the_alt_text_and_the_width(shell):
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        assert pictures.show(pictures.digits(NOISE), alt=" A hundred squares\n of noise. ") is None
    (output,) = captured.outputs
    assert output.metadata == {"image/png": {"alt": "A hundred squares of noise.", "width": 572}}
    assert "image/png" in output.data


@pytest.mark.parametrize("alt", ["", "  \n", None])
def test_show_refuses_an_empty_alt_text(alt):
    with pytest.raises(ValueError, match="one sentence that says what the picture shows"):
        pictures.show(pictures.digits(NOISE), alt)


def test_probabilities_near_zero_keep_a_straight_axis():
    history = {"d_real": [0.95, 0.99, 1.0], "d_fake": [0.02, 0.005, 1e-6]}
    ax = pictures.training_curves(history).axes[0]
    assert ax.get_yscale() == "linear" and ax.get_ylim() == (-0.03, 1.03)


# --- curves over one axis -----------------------------------------------------------------------------------


def test_a_curve_keeps_its_look_in_every_panel_and_the_legend_names_it_once():
    x, y = np.arange(5), np.arange(5.0)
    figure = pictures.curves(x, {"loss": {"real": y, "other": -y}, "slope": {"other": y}}, "D's output", columns=2)
    first, second = figure.axes
    assert [line.get_color() for line in first.lines][0] == pictures.REAL
    assert first.lines[1].get_color() == second.lines[0].get_color()
    assert first.lines[1].get_linestyle() == second.lines[0].get_linestyle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["real", "other"]
    assert (first.get_xlabel(), second.get_ylabel()) == ("D's output", "slope")
    assert len(pictures.to_png(figure)) < 300_000


def test_six_curves_differ_in_colour():
    y = np.ones(3)
    figure = pictures.curves(np.arange(3), {"loss": {str(i): i * y for i in range(6)}}, "x")
    assert len({line.get_color() for line in figure.axes[0].lines}) == 6


def test_curves_may_have_gaps_and_a_logarithmic_axis():
    y = np.array([1.0, np.nan, 100.0])
    figure = pictures.curves(np.arange(3), {"gradient": {"a": y}}, "x", title="A title", log=True)
    assert figure.axes[0].get_yscale() == "log" and not figure.legends
    pictures.to_png(figure)


@pytest.mark.parametrize(
    ("panels", "sentence"),
    [
        ({}, "at least one panel"),
        ({"loss": {}}, "at least one panel"),
        ({"loss": {"a": [1, 2]}}, r"'a' has shape \(2,\)"),
    ],
)
def test_curves_refuses_what_it_cannot_draw(panels, sentence):
    with pytest.raises(ValueError, match=sentence):
        pictures.curves(np.arange(3), panels, "x")


# --- what D says at every point, and what G does to noise


def half(points):
    return np.full(len(points), 0.5)


def rising(points):
    return 1 / (1 + np.exp(-3 * points[:, 0]))


def pixel(figure, axes, x, y):
    """The colour drawn at the data coordinates (x, y)."""
    picture = pictures.render(figure).convert("RGB")
    across, up = axes.transData.transform((x, y)) / figure.bbox.size
    return picture.getpixel((round(across * picture.width), round((1 - up) * picture.height)))


@pytest.mark.filterwarnings("error")
def test_a_field_is_white_at_one_half_blue_above_and_vermilion_below():
    figure = pictures.fields({"half": half, "rising": rising})
    even, slope = figure.axes[:2]
    for place in ((-1.5, 0.3), (0, 0), (1.5, 1)):
        assert pixel(figure, even, *place) == (255, 255, 255)
    red, _, blue = pixel(figure, slope, 1.7, 0.5)
    assert blue > red + 60
    red, _, blue = pixel(figure, slope, -1.7, 0.5)
    assert red > blue + 60
    assert [ax.get_title() for ax in (even, slope)] == ["half", "rising"]


def test_a_field_shows_the_points_it_is_given():
    real, fake = np.array([[1.0, 1.0]]), {"a": np.array([[-1.0, 1.0]])}
    figure = pictures.fields({"a": half, "b": half}, real, fake)
    one, two = figure.axes[:2]
    assert [line.get_label() for line in one.lines] == ["real", "generated"]
    assert [line.get_label() for line in two.lines] == ["real"]
    assert np.array_equal(one.lines[1].get_xydata(), fake["a"])
    assert pixel(figure, one, 1, 1) == (0, 86, 133)  # REAL, a quarter darker
    assert "generated" in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize(
    "panels, points, sentence",
    [
        ({}, None, "one to three panels, got 0"),
        (dict.fromkeys("abcd", half), None, "got 4"),
        ({"a": lambda x: 3 * x[:, 0]}, None, "one probability per point: sigmoid the logits"),
        ({"a": lambda x: x}, None, "one probability per point"),
        ({"a": lambda x: half(x) * np.nan}, None, "one probability per point"),
        ({"a": half}, np.zeros((3, 3)), r"real points: finite numbers of shape \(n, 2\)"),
    ],
)
def test_fields_say_what_is_wrong(panels, points, sentence):
    with pytest.raises(ValueError, match=sentence):
        pictures.fields(panels, points)


def test_a_bent_grid_draws_equal_cells_and_what_becomes_of_them():
    figure = pictures.bent_grid({"shifted": lambda z: z / 2 + [1, 0]}, np.zeros((1, 2)))
    noise, bent = figure.axes
    assert [ax.get_title() for ax in (noise, bent)] == ["noise z", "shifted"]
    rays, circles = noise.lines[:24], noise.lines[24:]
    assert len(circles) == 9
    # The share of the noise within radius r is 1 - exp(-r²/2).
    radii = [np.linalg.norm(circle.get_xydata(), axis=1) for circle in circles]
    assert [1 - math.exp(-(r[0] ** 2) / 2) for r in radii] == pytest.approx(np.arange(0.1, 0.95, 0.1))
    assert all(np.allclose(r, r[0]) for r in radii)
    directions = {tuple(np.round(ray.get_xydata()[-1], 4)) for ray in rays}
    assert len(directions) == 24
    moved = bent.lines[-1].get_xydata()
    assert np.allclose(moved, circles[-1].get_xydata() / 2 + [1, 0], atol=1e-6)


@pytest.mark.filterwarnings("error")
def test_a_bent_line_moves_as_many_numbers_as_it_gets():
    figure = pictures.bent_line(lambda z: 3 + 2 * z, n=2000)
    titles = [ax.get_title() for ax in figure.axes]
    assert "what comes out" in titles and "the machine: x = G(z)" in titles
    middle = figure.axes[titles.index("the machine: x = G(z)")]
    curve = max(middle.lines, key=lambda line: len(line.get_xdata())).get_xydata()
    assert np.allclose(curve[:, 1], 3 + 2 * curve[:, 0], atol=1e-5)
    left = figure.axes[titles.index("what comes out")]
    area = sum(bar.get_width() * bar.get_height() for bar in left.patches)
    assert area == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "draw, sentence",
    [
        (lambda: pictures.bent_grid({}), "one or two generators, got 0"),
        (lambda: pictures.bent_grid({"a": lambda z: z[:, 0]}), r"what 'a' returns: finite numbers of shape \(n, 2\)"),
        (lambda: pictures.bent_line(lambda z: z[:, 0]), "must make finite numbers"),
        (lambda: pictures.bent_line(lambda z: z * np.nan), "must make finite numbers"),
    ],
)
def test_bent_figures_say_what_is_wrong(draw, sentence):
    with pytest.raises(ValueError, match=sentence):
        draw()


# --- the timeline and the dots --------------------------------------------------------------------------------

ERAS = {"early": (1950, 1980), "late": (1970, None)}
MILESTONES = {"early": [(1956, "a workshop"), (1950, "a question")], "late": [(2014, "a game")]}


def test_timeline_puts_every_milestone_in_its_row_and_year():
    figure = pictures.timeline(ERAS, MILESTONES, "Two eras", ["a game"])
    dots = [(line.get_xdata()[0], line.get_ydata()[0], line.get_color()) for line in figure.axes[0].get_lines()]
    assert dots == [(1950, 1, pictures.NEUTRAL), (1956, 2, pictures.NEUTRAL), (2014, 4, pictures.GENERATED)]
    assert {"1950  a question", "2014  a game", "early, 1950 to 1980", "late, since 1970"} <= set(texts(figure))
    assert len(pictures.to_png(figure)) < pictures.LARGEST_FILE


@pytest.mark.parametrize(
    "milestones, highlight, message",
    [
        (MILESTONES | {"late": [(1969, "too early")]}, (), "1969 'too early' lies outside its era, 'late'"),
        (MILESTONES | {"early": [(1980, "too late")]}, (), "1980 'too late' lies outside its era"),
        (MILESTONES | {"early": [(1956, "a very long sentence " * 9)]}, (), "does not fit beside 1956: shorten it"),
        (MILESTONES, ["a gam"], "finds no milestone 'a gam'"),
        ({"early": MILESTONES["early"]}, (), "needs milestones for each era"),
        (MILESTONES | {"late": []}, (), "needs milestones for each era"),
    ],
)
def test_timeline_refuses_what_does_not_belong(milestones, highlight, message):
    with pytest.raises(ValueError, match=message):
        pictures.timeline(ERAS, milestones, highlight=highlight)


def test_dots_draw_one_row_for_each_thing():
    rows = {"one": {"a": 0.5, "b": 0.9}, "two": {"a": 0.6, "b": 0.7}}
    figure = pictures.dots(rows, "share", "Two things", reference=0.5)
    ax = figure.axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["one", "two"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top
    assert [list(line.get_xdata()) for line in ax.get_lines()[:2]] == [[0.5, 0.6], [0.9, 0.7]]


@pytest.mark.parametrize("rows", [{}, {"one": {}}, {"one": {"a": 1}, "two": {"b": 1}}])
def test_dots_need_equal_rows(rows):
    with pytest.raises(ValueError, match="same one to five kinds"):
        pictures.dots(rows, "share")


# --- balls around points ---------------------------------------------------------------------------------------


def test_balls_count_what_prdc_counts():
    rng = np.random.default_rng(0)
    real, generated = rng.normal(0, 1, (40, 2)), rng.normal(1, 1.5, (50, 2))
    figure = pictures.balls(real, generated, 3, "Two shares")
    score = prdc(real, generated, k=3)
    assert [ax.get_title().split()[-1] for ax in figure.axes] == [f"{score.precision:.0%}", f"{score.recall:.0%}"]
    assert [len(ax.patches) for ax in figure.axes] == [40, 50]
    inside, outside = (len(line.get_xdata()) for line in figure.axes[0].get_lines()[1:])
    assert (inside, inside + outside) == (round(50 * score.precision), 50)


@pytest.mark.parametrize(
    "real, k, message",
    [(np.zeros((4, 3)), 1, "real points: finite numbers of shape"), (np.zeros((4, 2)), 4, "k is 4, for 4 real"),
     (np.zeros((4, 2)), 0, "k is 0")],
)
def test_balls_say_what_is_wrong(real, k, message):
    with pytest.raises(ValueError, match=message):
        pictures.balls(real, np.zeros((9, 2)), k)


def test_clouds():
    points = RNG.normal(size=(50, 2))
    figure = pictures.clouds({"a": points, "b": points + 100}, real=points, title="One is far away")
    assert "100% outside" in texts(figure) and pictures.to_png(figure)
    assert pictures.to_png(pictures.clouds({str(i): points for i in range(7)}))
    path = pictures.clouds({"spiral": points}, path=("theta", "psi"))
    assert "theta" in texts(path) and pictures.to_png(path)
    with pytest.raises(ValueError, match="one to eight panels"):
        pictures.clouds({})
    with pytest.raises(ValueError, match="finite numbers of shape"):
        pictures.clouds({"a": points[:, :1]})


# --- named points ---------------------------------------------------------------------------------------------


def test_named_points_are_where_they_belong_and_their_names_do_not_touch():
    points = [("one", 1, 2.0, True), ("two", 1, 2.01, False), ("three", 1, 2.02, False), ("far", 500, 4.0, False)]
    figure = pictures.named_points({"data": points}, "evaluations", "FID", "Four models", log="x")
    ax = figure.axes[0]
    drawn = [(line.get_xdata()[0], line.get_ydata()[0], line.get_color()) for line in ax.get_lines()[:4]]
    assert drawn == [(x, y, pictures.GENERATED if marked else pictures.NEUTRAL) for _, x, y, marked in points]
    assert ax.get_xscale() == "log" and ax.get_yscale() == "linear"
    heights = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert sorted(heights) == ["far", "one", "three", "two"]
    near = sorted(heights[name] for name in ("one", "two", "three"))
    assert min(b - a for a, b in zip(near, near[1:], strict=False)) > 0.05
    assert heights["one"] < heights["two"] < heights["three"]


@pytest.mark.parametrize("panels", [{}, {"a": []}, {"a": [("x", 0, 1, True)]}, {"a": [("x", 1, float("nan"), True)]}])
def test_named_points_refuse_what_cannot_be_drawn(panels):
    with pytest.raises(ValueError, match="needs points in every panel"):
        pictures.named_points(panels, "x", "y", log="x")
