"""The small pieces that all parsers share: markup, addresses, values, walls."""

from collections.abc import Iterator
from itertools import cycle

import pytest

from crawlers.causes import Cause
from crawlers.parsers.addresses import rebased, safe
from crawlers.parsers.blocks import challenge, wall, wall_at, wall_on_site
from crawlers.parsers.markup import LONGEST_LINE, LONGEST_MARKUP, TooLong, line_of, plain, unescaped
from crawlers.parsers.values import NotJson, count, everything, headed, json_of, language, number


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("Geen &amp; tags &euro;5", "Geen & tags €5"),
        ("<p>Een</p><p>Twee<br>Drie</p>", "Een\n\nTwee\nDrie"),
        ("<ul><li>a</li><li>b</li></ul>", "a\n\nb"),
        ("een<hr>twee", "een twee"),
        (
            "<table><tr><td>Glas</td><td>50</td></tr><tr><th>Kabel</th><td>40</td></tr></table>",
            "Glas 50\n\nKabel 40",
        ),
        ("<dl><dt>Sinds</dt><dd>maart</dd></dl>Nog niets", "Sinds maart Nog niets"),
        (
            "<details><summary>Log</summary>weg<pre><code>ping</code></pre>terug</details>dus",
            "Log weg ping terug dus",
        ),
        ("<p>Een</p><article>Twee</article><figure><figcaption>Drie</figcaption></figure>", "Een\nTwee Drie"),
        ("on<b>mid</b>del<code>l</code>ijk", "onmiddellijk"),
        ("<blockquote>citaat</blockquote>eigen", "eigen"),
        ('een<blockquote>citaat</blockquote>twee<div class="quotecontent">citaat</div>drie', "een twee drie"),
        ('<aside class="quote">citaat</aside>eigen', "eigen"),
        ('<aside class="onebox allowlistedgeneric"><article>Krant</article></aside><p>eigen</p>', "eigen"),
        ('<div class="quotetitle">Anna schreef:</div><div class="quotecontent">citaat</div>eigen', "eigen"),
        (
            'Kijk<div class="lightbox-wrapper"><a class="lightbox" title="image"><img src="y.png" alt="image">'
            '<div class="meta"><span class="filename">image</span><span class="informations">1920×1083 122 KB'
            "</span></div></a></div>hier",
            "Kijk hier",
        ),
        (
            'Kijk<div class="inline-attachment"><dl class="file"><dt class="attach-image"><img src="y.png" '
            'alt="IMG.jpg"></dt><dd>IMG.jpg (120 KiB) 261 keer bekeken</dd></dl></div>hier',
            "Kijk hier",
        ),
        ("voor<script>alert(1)</script>na<style>x{}</style>", "voorna"),
        ('<a href="x"><span class="invisible">https://</span>snelveld.nl</a>', "snelveld.nl"),
        ("dubbel &amp;amp;", "dubbel &amp;"),
        ("<b>&amp;lt;3</b>", "&lt;3"),
        ("<!-- weg -->wel", "wel"),
        ("<html><p>Een</p></html>\n<p>Twee</p></body></html><!-- weg -->Drie", "Een\n\nTwee\n\nDrie"),
        ("<", "<"),
        ("", ""),
        ('Boos <img class="emoji" alt="😠" title=":angry:"> hoor', "Boos 😠 hoor"),
        ('<p><img class="emoji only-emoji" alt=":rage:" title="😡"></p>', "😡"),
        ('Boos<img class="emoji" title=":rage:" alt=":rage:">!', "Boos:rage:!"),
        ('Slecht <img class="smilies" src="sad.gif" alt=":(" title="Sad">', "Slecht :("),
        ('Top <img src="x.png" alt="👍🏽" class="wp-smiley">', "Top 👍🏽"),
        ('<img src="x.png" alt="❤️ 👩‍👧">', "❤️ 👩‍👧"),
        ('Kijk <img src="router.jpg" alt="de router 😠">zelf', "Kijk zelf"),
        ('<img src="1.png" alt="1"><img alt=" "><img><img class="emoji">5', "5"),
        ('<blockquote><img class="emoji" alt="😠"></blockquote>eigen', "eigen"),
    ],
)
def test_markup_becomes_the_words_a_reader_sees(markup: str, words: str) -> None:
    assert plain(markup) == words


@pytest.mark.parametrize("tag", ["b", "div"])
def test_words_after_elements_deep_within_each_other_stay(tag: str) -> None:
    deep = 1_000

    assert plain(f"voor {f'<{tag}>' * deep}diep{f'</{tag}>' * deep} na").split() == ["voor", "diep", "na"]


def test_a_smaller_than_sign_is_no_markup() -> None:
    assert unescaped("wachttijd < 5 minuten &amp; meer") == "wachttijd < 5 minuten & meer"


def test_more_markup_than_any_post_is_refused() -> None:
    with pytest.raises(TooLong):
        plain("x" * (LONGEST_MARKUP + 1))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a?utm_source=rss&id=7&fbclid=z", "https://x.example/a?id=7"),
        ("https://x.example/a?gclid=1#utm_campaign=x", "https://x.example/a"),
        ("https://x.example/a?b=c%20d#kop", "https://x.example/a?b=c%20d#kop"),
        ("/relatief", "https://page.example/relatief"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("http://[", None),
        ("https://x.example/" + "a" * 2_000, None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_only_web_addresses_are_kept_without_their_tracking(url: object, expected: str | None) -> None:
    assert safe(url, "https://page.example/map/") == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (None, "https://nieuws.example/rss?q=1"),
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099/rss?q=1"),
        ("http://127.0.0.1:8099/", "http://127.0.0.1:8099/rss?q=1"),
        ("http://127.0.0.1:8099/nep/", "http://127.0.0.1:8099/nep/rss?q=1"),
        ("http://127.0.0.1:8099/rs", "http://127.0.0.1:8099/rs/rss?q=1"),
        ("http://127.0.0.1:8099/rss", "http://127.0.0.1:8099/rss?q=1"),
    ],
)
def test_a_replica_takes_the_place_of_scheme_and_host(base: str | None, expected: str) -> None:
    assert rebased("https://nieuws.example/rss?q=1", base) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("8,4", 8.4),
        (" 3 ", 3),
        (4, 4),
        (True, None),
        ("x", None),
        (10**400, None),
        (float("nan"), None),
        ([], None),
    ],
)
def test_numbers_are_finite_or_absent(value: object, expected: float | None) -> None:
    assert number(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("4", 4), (0, 0), (-1, None), (1.5, None), (2**60, None), (None, None)]
)
def test_counters_are_whole_and_not_negative(value: object, expected: int | None) -> None:
    assert count(value) == expected


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nul"])
def test_unreadable_json_is_one_error(text: str) -> None:
    with pytest.raises(NotJson):
        json_of(text)


def test_numbers_that_json_does_not_have_become_none() -> None:
    assert json_of("[NaN, Infinity, " + "9" * 10_000 + "]") == [None, None, None]


def test_the_walk_over_values_is_bounded() -> None:
    deep: dict[str, object] = {}
    for _ in range(200):
        deep = {"in": deep}

    assert len(list(everything(deep, most=1_000, deepest=50))) == 51
    assert len(list(everything([{} for _ in range(100)], most=10, deepest=5))) == 9


@pytest.mark.parametrize(
    ("tag", "expected"), [("nl", "nl"), ("nl-NL", "nl-NL"), ("Nederlands", None), ("x" * 99, None)]
)
def test_only_language_tags_are_languages(tag: str, expected: str | None) -> None:
    assert language(tag) == expected


def test_a_long_title_is_not_cut() -> None:
    assert headed("t" * 1_001, "tekst") == {"title": None, "text": "t" * 1_001 + "\n\ntekst"}


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        ("<title>Verifying Connection</title>", Cause.WAF),
        ("<title>Just a moment...</title>", Cause.CAPTCHA),
        ('<div class="g-recaptcha"></div>', Cause.CAPTCHA),
        ("<title>Before you continue to Google</title>", Cause.CONSENT),
        ("<title>Inloggen - Snelveld</title>", Cause.SIGN_IN),
        ('{"error": true, "message": "bots"}', Cause.WAF),
        ('{"error": true', None),
        ("<title>Log  in</title>", Cause.SIGN_IN),
        ("<title>hCaptcha</title>", Cause.CAPTCHA),
        ("<title>Cookietoestemming</title>", Cause.CONSENT),
        ("<title>Reviews over inlogproblemen</title>", None),
        ("<title>Ons weblog in 2026</title>", None),
        ("<title>Interieurdesign in hout</title>", None),
        ("", None),
    ],
)
def test_walls_are_known_by_their_marks(page: str, cause: Cause | None) -> None:
    assert wall(page.encode()) is cause


WIDGET = '<div class="g-recaptcha" data-sitekey="6Lc"></div>'
LONG = "<p>" + 400 * "Wij bezorgen. " + "</p>"


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        (f"<form><input type=email name=e><textarea name=vraag></textarea>{WIDGET}</form>", None),
        (f"{LONG}{WIDGET}", None),
        (f'{LONG}<div class="cf-turnstile"></div><script src="/cookiewall.js"></script>', None),
        (f'{LONG}<a href="https://consent.google.com/">Uw keuze</a>', None),
        (f'<form id="captcha-form"><input type="hidden" name="q">{WIDGET}</form>', Cause.CAPTCHA),
        (f"<script>{LONG}</script>{WIDGET}", Cause.CAPTCHA),
        (f"<title>Inloggen</title>{LONG}", Cause.SIGN_IN),
        ('{"error": true, "message": "bots"}', Cause.WAF),
        ('{"error": true', None),
    ],
)
def test_on_a_page_of_any_site_a_captcha_may_guard_a_form(page: str, cause: Cause | None) -> None:
    assert wall_on_site(page.encode()) is cause


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        ("<title>Verifying Connection</title>", Cause.WAF),
        ("<title>Just a moment...</title>", Cause.CAPTCHA),
        ("<title>Attention Required! | Cloudflare</title>", Cause.WAF),
        ("<title>Access denied | w.example used Cloudflare to restrict access</title>", Cause.WAF),
        ('<title></title><div id="challenge-container"></div>', Cause.WAF),
        ('<title>w.example</title><script src="https://ct.captcha-delivery.com/c.js">', Cause.CAPTCHA),
        ('{"error": true, "message": "bots"}', Cause.WAF),
        ("<title>Access denied bij inloggen - Forum</title>", None),
        (f"<title>Just a moment</title>{LONG}", None),
        ("<p>Er staat challenge-container in de bron</p>", None),
        (f"<title>Contact</title>{WIDGET}", None),
        ("<title>Inloggen</title>", None),
    ],
)
def test_a_challenge_is_one_beyond_doubt(page: str, cause: Cause | None) -> None:
    assert challenge(page.encode()) is cause


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("https://nl.trustpilot.com/users/connect?redirect=x", Cause.SIGN_IN),
        ("https://consent.google.com/m?continue=x", Cause.CONSENT),
        ("https://krant.example/privacy-gate?callback=x", Cause.CONSENT),
        ("https://krant.example/nieuws/login-storing", None),
    ],
)
def test_walls_are_known_by_where_a_redirect_leads(address: str, cause: Cause | None) -> None:
    assert wall_at(address) is cause


def test_of_a_line_no_more_is_looked_at_than_it_holds() -> None:
    """Lines of a damaged page stand in each other, a thousand deep, and each is asked for its own."""

    class Endless:
        def itertext(self) -> Iterator[str]:
            return cycle(["  al drie ", "da", "gen\n"])

    assert line_of(Endless()) == ("al drie dagen " * 100)[:LONGEST_LINE]  # type: ignore[arg-type]
