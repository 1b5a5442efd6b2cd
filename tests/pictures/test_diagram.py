"""The drawing of the two phases: legible, of the page's width, with an alt text."""

from matplotlib.text import Text

from ganlib import pictures


def test_the_drawing_fits_the_page_and_names_both_phases():
    figure = pictures.two_phases()
    picture = pictures.render(figure)
    assert picture.width == 2 * pictures.PAGE_WIDTH
    assert len(pictures.to_png(figure)) < 60_000
    texts = " ".join(text.get_text() for text in figure.findobj(Text))
    for words in ("D's phase", "G's phase", "noise z", "real x", "G(z)", "logit", "D's loss", "G's loss"):
        assert words in texts


def test_without_a_title_it_is_lower():
    assert pictures.two_phases(title="").get_figheight() < pictures.two_phases().get_figheight()


def test_the_alt_text_says_what_each_phase_changes():
    assert "to D alone" in pictures.TWO_PHASES_ALT and "through D to G" in pictures.TWO_PHASES_ALT
