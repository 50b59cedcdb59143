"""Pages as the real sources give them, with invented Dutch texts."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

from crawlers.parameters.files import CsvParameters

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

REVIEW: dict[str, Any] = {
    "id": "673f0a1b2c3d4e5f60718293",
    "rating": 1,
    "title": "Na drie weken nog geen internet",
    "text": "Drie keer gebeld, telkens een andere opleverdatum. Geld terug krijg ik ook niet.",
    "language": "nl",
    "location": None,
    "likes": 2,
    "source": "Organic",
    "consumer": {
        "id": "601122334455667788990011",
        "displayName": "Marieke de V.",
        "countryCode": "NL",
        "numberOfReviews": 3,
        "isVerified": False,
    },
    "dates": {
        "experiencedDate": "2026-11-10T00:00:00.000Z",
        "publishedDate": "2026-11-18T09:41:22.000Z",
        "updatedDate": None,
    },
    "reply": {
        "message": "Beste Marieke, wat vervelend. We hebben je een bericht gestuurd.",
        "publishedDate": "2026-11-19T08:02:10.000Z",
        "updatedDate": None,
    },
    "labels": {"verification": {"isVerified": False, "verificationLevel": "not-verified"}},
}


def review(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(REVIEW) | changes


def trustpilot_props(*reviews: object, page: int = 1, pages: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "businessUnit": {"id": "5f1e2d3c4b5a697887766554", "identifyingName": "snelveld.nl"},
        "filters": {
            "pagination": {"currentPage": page, "perPage": 20, "totalCount": 3980, "totalPages": pages},
            "selected": {"languages": "nl"},
        },
        "reviews": list(reviews),
    } | changes


def trustpilot(props: object) -> bytes:
    data = json.dumps({"props": {"pageProps": props}}).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html><html lang="nl-NL"><head><title>Snelveld beoordelingen</title></head><body>'
        f'<script id="__NEXT_DATA__" type="application/json">{data}</script></body></html>'
    ).encode()


WAF_JSON = b'{"error": true, "message": "Automated access by bots is against our terms."}'
WAF_PAGE = (
    b"<!DOCTYPE html><html><head><title>Verifying Connection</title></head>"
    b'<body><div id="challenge-container"></div></body></html>'
)
SIGN_IN = {"__N_REDIRECT": "/users/connect?redirect=%2Freview%2Fsnelveld.nl", "__N_REDIRECT_STATUS": 307}

APPLE_ENTRY: dict[str, Any] = {
    "author": {
        "uri": {"label": "https://itunes.apple.com/nl/reviews/id123456789"},
        "name": {"label": "reiziger_nl"},
        "label": "",
    },
    "updated": {"label": "2026-11-17T05:12:09-07:00"},
    "im:rating": {"label": "1"},
    "im:version": {"label": "8.14.2"},
    "id": {"label": "13579246801"},
    "title": {"label": "Inloggen lukt niet meer"},
    "content": {"label": "Sinds de update krijg ik steeds fout 403.", "attributes": {"type": "text"}},
    "link": {
        "attributes": {
            "rel": "related",
            "href": "https://itunes.apple.com/nl/review?id=987654321&type=Purple%20Software",
        }
    },
    "im:voteSum": {"label": "4"},
    "im:voteCount": {"label": "5"},
}
APP_ENTRY = {
    "im:name": {"label": "Mijn Snelveld"},
    "title": {"label": "Mijn Snelveld - Snelveld B.V."},
    "id": {"label": "https://apps.apple.com/nl/app/id987654321"},
}


def apple_entry(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(APPLE_ENTRY) | changes


def apple(entry: object = None, **changes: Any) -> bytes:
    """The feed with `entry` as it stands; without it the key is missing."""
    feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}}
    if entry is not None:
        feed["entry"] = entry
    feed |= {
        "updated": {"label": "2026-11-21T03:00:00-07:00"},
        "title": {"label": "iTunes Store: Customer Reviews"},
        "link": [{"attributes": {"rel": "self", "href": "https://itunes.apple.com/nl/rss/customerreviews"}}],
        "id": {"label": "https://itunes.apple.com/nl/rss/customerreviews"},
    }
    return json.dumps({"feed": feed | changes}).encode()


STATUS: dict[str, Any] = {
    "id": "115570012345678901",
    "created_at": "2026-11-18T10:44:02.123Z",
    "in_reply_to_id": None,
    "sensitive": False,
    "spoiler_text": "",
    "visibility": "public",
    "language": "nl",
    "uri": "https://mastodon.example/users/annie/statuses/115570012345678901",
    "url": "https://mastodon.example/@annie/115570012345678901",
    "replies_count": 2,
    "reblogs_count": 5,
    "favourites_count": 9,
    "edited_at": None,
    "content": (
        '<p>Weer storing bij <a href="https://mastodon.example/tags/Snelveld" class="mention hashtag" '
        'rel="tag">#<span>Snelveld</span></a>, derde keer deze week &amp; niemand belt.</p>'
    ),
    "reblog": None,
    "account": {
        "id": "110000000000000001",
        "username": "annie",
        "acct": "annie",
        "display_name": "Annie",
        "bot": False,
        "discoverable": True,
        "indexable": True,
        "url": "https://mastodon.example/@annie",
        "followers_count": 210,
    },
}


def status(account: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(STATUS) | changes
    made["account"] |= account or {}
    return made


def mastodon(*statuses: object) -> bytes:
    return json.dumps(list(statuses)).encode()


LINK = (
    '<https://mastodon.example/api/v1/timelines/tag/snelveld?limit=40&max_id=115570012345670000>; rel="next", '
    '<https://mastodon.example/api/v1/timelines/tag/snelveld?limit=40&min_id=115570012345678901>; rel="prev"'
)

PUBLISHER = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <channel>
    <title>Voorbeeldkrant - Economie</title>
    <link>https://www.voorbeeldkrant.example/economie</link>
    <language>nl-nl</language>
    <ttl>60</ttl>
    <item>
      <title>Snelveld beboet om misleidende tarieven</title>
      <link>https://www.voorbeeldkrant.example/economie/63/snelveld.html?utm_source=rss&amp;utm_medium=feed</link>
      <description>De toezichthouder legt een boete op van 2 miljoen euro.</description>
      <pubDate>Fri, 20 Nov 2026 12:05:00 +0100</pubDate>
      <guid isPermaLink="false">https://www.voorbeeldkrant.example/-/63/</guid>
      <dc:creator>De redactie</dc:creator>
      <category>Economie</category>
    </item>
  </channel>
</rss>"""

NEWS_SEARCH = """<rss xmlns:media="http://search.yahoo.com/mrss/" version="2.0">
  <channel>
    <generator>NFE/5.0</generator>
    <title>"Snelveld when:7d" - Google Nieuws</title>
    <link>https://news.google.com/search?q=Snelveld+when:7d&amp;hl=nl&amp;gl=NL&amp;ceid=NL:nl</link>
    <language>nl</language>
    <item>
      <title>Klanten Snelveld zitten weer zonder internet - al een week - Voorbeeldkrant</title>
      <link>https://news.google.com/rss/articles/CBMiVoorbeeldOndoorzichtig?oc=5</link>
      <guid isPermaLink="false">CBMiVoorbeeldOndoorzichtig</guid>
      <pubDate>Fri, 20 Nov 2026 14:30:00 GMT</pubDate>
      <description>&lt;a href="https://news.google.com/rss/articles/CBMi"&gt;Klanten Snelveld zitten
 weer zonder internet - al een week&lt;/a&gt;
&amp;nbsp;&lt;font color="#6f6f6f"&gt;Voorbeeldkrant&lt;/font&gt;</description>
      <source url="https://www.voorbeeldkrant.example">Voorbeeldkrant</source>
    </item>
  </channel>
</rss>"""

ALERT = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:idx="urn:atom-extension:indexing">
  <id>tag:google.com,2005:reader/user/00000000000000000000/state/com.google/alerts/1234567890</id>
  <title>Google-melding - Snelveld</title>
  <link href="https://www.google.com/alerts/feeds/00000000000000000000/1234567890" rel="self"/>
  <updated>2026-11-20T15:02:11Z</updated>
  <entry>
    <id>tag:google.com,2013:googlealerts/feed:9876543210987654321</id>
    <title type="html">Storing bij &lt;b&gt;Snelveld&lt;/b&gt; houdt aan</title>
    <link href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://www.voorbeeldkrant.example/storing&amp;ct=ga&amp;usg=AO"/>
    <published>2026-11-20T15:02:11Z</published>
    <updated>2026-11-20T15:02:11Z</updated>
    <content type="html">Duizenden klanten van &lt;b&gt;Snelveld&lt;/b&gt; zonder verbinding&amp;nbsp;...</content>
    <author><name/></author>
  </entry>
</feed>"""

SHOP_URL = "https://www.snelveld.example/ervaringen"
GRAPH: dict[str, Any] = {
    "@context": "https://schema.org",
    "@graph": [
        {
            "@type": "LocalBusiness",
            "@id": "https://www.snelveld.example/#bedrijf",
            "name": "Snelveld",
            "aggregateRating": {
                "@type": "AggregateRating",
                "ratingValue": "8,4",
                "bestRating": "10",
                "worstRating": "1",
                "reviewCount": 97,
            },
            "review": [
                {
                    "@type": "Review",
                    "author": {"@type": "Person", "name": "Joost"},
                    "datePublished": "2026-11-15",
                    "name": "Dure monteur",
                    "reviewBody": "Offerte &amp; factuur kwamen niet overeen.",
                    "reviewRating": {"@type": "Rating", "ratingValue": 4, "bestRating": 10, "worstRating": 1},
                }
            ],
        }
    ],
}


def graph_with(**changes: Any) -> dict[str, Any]:
    """The graph, its one review with other fields; None takes a field away."""
    made = copy.deepcopy(GRAPH)
    one = made["@graph"][0]["review"][0]
    one |= changes
    made["@graph"][0]["review"] = [{key: value for key, value in one.items() if value is not None}]
    return made


def page_with(*blocks: object, kind: str = "application/ld+json", body: str = "") -> bytes:
    scripts = "".join(
        f'<script type="{kind}">{block if isinstance(block, str) else json.dumps(block)}</script>'
        for block in blocks
    )
    return (
        f'<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Ervaringen</title>{scripts}</head>'
        f"<body><h1>Wat klanten zeggen</h1>{body}</body></html>"
    ).encode()


MICRODATA = """
<div itemscope itemtype="http://schema.org/LocalBusiness"><span itemprop="name">Snelveld</span>
 <div itemprop="review" itemscope itemtype="http://schema.org/Review">
  <span itemprop="author" itemscope itemtype="http://schema.org/Person"><span itemprop="name">Els</span></span>
  <meta itemprop="datePublished" content="2026-11-14T09:30:00+01:00">
  <b itemprop="name">Wachttijd &amp; wachtmuziek</b>
  <p itemprop="reviewBody">Een uur in de wacht, en toen opgehangen.</p>
  <span itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating">
   <meta itemprop="ratingValue" content="2"></span>
 </div>
</div>"""

CSV = """Nummer;Datum;Klant;Klacht;Cijfer;Antwoord;Beantwoord
A-1;18-11-2026 09:41;Marieke;Al drie weken geen internet;2,5;;
A-2;19-11-2026;Joost;"Monteur kwam niet;
en niemand belt";1;"Sorry, we bellen je.";20-11-2026 10:00
"""
CSV_COLUMNS = CsvParameters.model_validate(
    {
        "path": "klachten.csv",
        "columns": {
            "id": "Nummer",
            "date": "Datum",
            "author": "Klant",
            "text": "Klacht",
            "rating": "Cijfer",
            "reply": "Antwoord",
            "reply_date": "Beantwoord",
        },
        "rating_max": 10,
    }
)

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
  <url><loc>https://snelveld.example/ervaringen/1?utm_source=map</loc><lastmod>2026-11-18T10:44:02+01:00</lastmod></url>
  <url><loc> /ervaringen/2 </loc><lastmod>2026-11-18</lastmod><changefreq>daily</changefreq></url>
  <url><loc>https://snelveld.example/nieuws/3</loc><news:news><news:title>Nieuw</news:title></news:news></url>
  <url><loc>javascript:alert(1)</loc></url>
</urlset>
"""
