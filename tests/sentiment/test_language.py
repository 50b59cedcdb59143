import pytest

from sentiment.language import language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Al drie dagen geen internet en niemand neemt de telefoon op.", "nl"),
        ("Worst provider ever, three days without internet.", "en"),
        ("Sehr schlechter Service, nie wieder!", "de"),
        ("Très mauvais service, je ne recommande pas", "fr"),
        ("Çok kötü hizmet, tavsiye etmiyorum", "tr"),
    ],
)
def test_a_sentence_is_recognised(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["Super app !", "Verrassend snel.", "Top"])
def test_a_few_doubtful_words_count_as_dutch(text: str) -> None:
    assert language_of(text) == "nl"


@pytest.mark.parametrize("text", ["", "😡😡", "10/10 !!!"])
def test_a_text_without_letters_has_no_language(text: str) -> None:
    assert language_of(text) == "und"
