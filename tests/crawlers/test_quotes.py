"""What somebody quotes is not what they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.parsers.page import Gathering
from crawlers.parsers.quotes import own_words
from storage.records import Kind

MAIL = (
    "Ze lossen niets op.\n\nOp ma 3 nov 2026 om 12:04 schreef Klantenservice <info@snelveld.example>:\n\n"
    "> Beste klant,\n> Alles is in orde.\n\nEn dat was het dan."
)
FORWARDED = (
    "Zie hieronder, schandalig!\n\nVan: Snelveld\nVerzonden: maandag 3 november 2026\nAan: klant@x.example\n"
    "Onderwerp: factuur\n\nWij zijn erg tevreden over onze dienst."
)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("> Altijd top!\n\nNou, bij mij niet.", "Nou, bij mij niet."),
        (">Altijd top!\nNou, bij mij niet.\n> > nog ouder", "Nou, bij mij niet."),
        ("> 3 weken wachten\n>2 uur in de wacht", "> 3 weken wachten\n>2 uur in de wacht"),
        (">€50 extra\n> € 20 te veel\nDuur.", ">€50 extra\n> € 20 te veel\nDuur."),
        ("> EUR 30\n> ca. 3 uur\n>=10 keer\nEcht.", "> EUR 30\n> ca. 3 uur\n>=10 keer\nEcht."),
        (">!spoiler!< Slecht", ">!spoiler!< Slecht"),
        ("> alleen een citaat", "> alleen een citaat"),
        ("a > b en niet andersom", "a > b en niet andersom"),
        (">Dank u, Snelveld!\n>: dat zei hij\n>> en zij\n>Och\nMooi niet.", "Mooi niet."),
        ("> :( dat vond hij\n>(nou ja)\n>...\nIk niet.", "Ik niet."),
    ],
)
def test_lines_marked_as_quotes_are_not_the_writers(text: str, own: str) -> None:
    assert own_words(text, quotes=True) == own


@pytest.mark.parametrize(
    "face",
    [
        ">:(",
        ">:-(",
        ">:'(",
        ">:[",
        ">:|",
        ">:/",
        ">:@",
        ">:D",
        ">:O",
        ">;(",
        ">=(",
        ">.<",
        ">_<",
        ">_>",
        "><",
    ],
)
def test_a_line_that_begins_with_a_face_is_the_writers(face: str) -> None:
    text = f"{face} Snelveld ligt er weer uit\nAl de hele dag"

    assert own_words(text, quotes=True) == text


@pytest.mark.parametrize("quotes", [True, False])
def test_the_mail_that_is_answered_is_not_the_writers(quotes: bool) -> None:
    assert own_words(MAIL, quotes=quotes) == "Ze lossen niets op.\n\nEn dat was het dan."
    assert own_words(FORWARDED, quotes=quotes) == "Zie hieronder, schandalig!"
    assert own_words("Slecht.\n-----Oorspronkelijk bericht-----\nBeste klant", quotes=quotes) == "Slecht."


@pytest.mark.parametrize(
    "text",
    [
        "Nadelen:\n> duur\n> traag",
        "Op maandag 3 november schreef ik ze aan:\ngeen antwoord gekregen",
        "Van: Amsterdam\nNaar Utrecht in 3 uur, bedankt",
    ],
)
def test_a_review_that_looks_a_little_like_a_mail_stays_whole(text: str) -> None:
    assert own_words(text, quotes=False) == text


@pytest.mark.parametrize(("kind", "kept"), [(Kind.POST, "b"), (Kind.COMMENT, "b"), (Kind.REVIEW, "> a\nb")])
def test_every_parser_stores_own_words(kind: Kind, kept: str) -> None:
    gathering = Gathering()
    gathering.add("post 1", namespace="x", external_id="1", kind=kind, text="> a\nb")
    assert gathering.page().records[0].text == kept


@given(st.text(alphabet=st.sampled_from("> \n:abOp schreef-<@3é"), max_size=200), st.booleans())
def test_there_is_always_something_left(text: str, quotes: bool) -> None:
    own = own_words(text, quotes=quotes)
    assert own == text or any(character.isalnum() for character in own)
