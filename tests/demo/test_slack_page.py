from datetime import timedelta

from slack_sdk import WebClient

from demo.clock import PlayClock
from demo.replica.slack import FakeSlack
from demo.replica.slack_page import markup
from tests.demo.asking import get
from tests.demo.conftest import NOW


def test_markup_becomes_html() -> None:
    assert markup("*Veel* meer _dan_ anders, ~nee~ `ja`") == (
        "<strong>Veel</strong> meer <em>dan</em> anders, <s>nee</s> <code>ja</code>"
    )


def test_a_link_keeps_its_address_and_label() -> None:
    assert markup("Zie <http://x.nl/a_b_c?d=1&e=2|de *pagina*>.") == (
        'Zie <a href="http://x.nl/a_b_c?d=1&amp;e=2" rel="noreferrer">de <strong>pagina</strong></a>.'
    )


def test_what_the_sender_escaped_is_shown_as_text() -> None:
    assert markup("&lt;!channel&gt; &lt;script&gt; &amp;") == "&lt;!channel&gt; &lt;script&gt; &amp;"


def test_a_broadcast_that_would_fire_is_shown_as_one() -> None:
    assert markup("<!channel> let op") == '<span class="fired">@channel</span> let op'


def test_raw_html_is_harmless() -> None:
    assert "<script>" not in markup("<script>alert(1)</script>")
    assert "href" not in markup("<javascript:alert(1)|klik>")


def test_the_channel_shows_blocks_edits_and_threads(clock: PlayClock) -> None:
    with FakeSlack(clock) as slack:
        assert "Nog geen berichten" in get(f"{slack.url}/").text
        client = WebClient(token="xoxb-test", base_url=slack.api_url)
        blocks = [
            {"type": "header", "text": {"type": "plain_text", "text": "Veel klachten"}},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "> *Drie* weken"},
                "fields": [{"type": "mrkdwn", "text": "Bron: Mastodon"}],
            },
            {"type": "divider"},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "sinds 13:00"}]},
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "text": {"type": "plain_text", "text": "Bekijk"},
                        "url": "http://x.nl/1",
                    },
                    {"type": "button", "text": {"type": "plain_text", "text": "Fout"}, "url": "javascript:1"},
                ],
            },
        ]
        posted = client.chat_postMessage(channel="#reputatie", text="Veel klachten", blocks=blocks)
        clock.set(NOW + timedelta(minutes=1))
        client.chat_update(channel=posted["channel"], ts=posted["ts"], text="Veel klachten", blocks=blocks)
        client.chat_postMessage(channel=posted["channel"], text="Het wordt *erger*", thread_ts=posted["ts"])
        page = get(f"{slack.url}/").text
    assert "<h2>Veel klachten</h2>" in page
    assert "<blockquote><strong>Drie</strong> weken</blockquote>" in page
    assert '<div class="thread"><article>' in page
    assert "<p>Het wordt <strong>erger</strong></p>" in page
    assert "(bewerkt)" in page
    assert 'href="http://x.nl/1"' in page
    assert "javascript" not in page
    assert "# reputatie" in page
