"""Answers of social networks as they really are, with invented Dutch texts."""

import copy
import json
from collections.abc import Callable
from typing import Any

from crawlers.parsers import bluesky as bluesky_parser
from crawlers.parsers import meta_page, reddit, x, youtube
from crawlers.parsers.page import Page

REDDIT_POST: dict[str, Any] = {
    "kind": "t3",
    "data": {
        "id": "1p0abcd",
        "name": "t3_1p0abcd",
        "subreddit": "thenetherlands",
        "subreddit_id": "t5_30hrx",
        "author": "boze_klant",
        "author_fullname": "t2_abc12",
        "title": "Snelveld rekent kosten na opzegging, iemand ervaring?",
        "selftext": "Opgezegd in **september**, toch weer een factuur.",
        "selftext_html": '<div class="md"><p>Opgezegd in <strong>september</strong>, toch weer een factuur.</p></div>',
        "created_utc": 1794998642.0,
        "edited": False,
        "score": 42,
        "ups": 42,
        "upvote_ratio": 0.93,
        "num_comments": 17,
        "permalink": "/r/thenetherlands/comments/1p0abcd/snelveld_rekent_kosten_na_opzegging/",
        "url": "https://www.reddit.com/r/thenetherlands/comments/1p0abcd/snelveld_rekent_kosten_na_opzegging/",
        "is_self": True,
        "over_18": False,
        "link_flair_text": "question",
        "removed_by_category": None,
    },
}
REDDIT_COMMENT: dict[str, Any] = {
    "kind": "t1",
    "data": {
        "id": "l0xyz12",
        "name": "t1_l0xyz12",
        "author": "ook_klant",
        "body": "Bij mij ook, twee keer &lt;geïncasseerd&gt;.",
        "body_html": None,
        "link_id": "t3_1p0abcd",
        "link_title": "Snelveld rekent kosten na opzegging, iemand ervaring?",
        "parent_id": "t3_1p0abcd",
        "created_utc": 1794999000.0,
        "edited": 1795000000.0,
        "score": -3,
        "permalink": "/r/thenetherlands/comments/1p0abcd/x/l0xyz12/",
        "subreddit": "thenetherlands",
        "replies": "",
    },
}
REDDIT_MORE = {"kind": "more", "data": {"count": 3, "name": "t1_x", "id": "x", "children": ["x", "y", "z"]}}


def reddit_thing(thing: dict[str, Any] = REDDIT_POST, **changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(thing)
    made["data"] |= changes
    return made


def reddit_listing(*children: object, after: str | None = None) -> dict[str, Any]:
    data = {"after": after, "before": None, "dist": len(children), "modhash": None, "geo_filter": ""}
    return {"kind": "Listing", "data": data | {"children": list(children)}}


REDDIT_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">
  <category term="thenetherlands" label="r/thenetherlands"/>
  <updated>2026-11-18T11:00:00+00:00</updated>
  <id>/r/thenetherlands/new/.rss</id>
  <link rel="self" href="https://www.reddit.com/r/thenetherlands/new/.rss" type="application/atom+xml"/>
  <title>newest submissions : thenetherlands</title>
  <entry>
    <author><name>/u/boze_klant</name><uri>https://www.reddit.com/user/boze_klant</uri></author>
    <category term="thenetherlands" label="r/thenetherlands"/>
    <content type="html">&lt;!-- SC_OFF --&gt;&lt;div class=&quot;md&quot;&gt;&lt;p&gt;Opgezegd in &lt;strong&gt;september&lt;/strong&gt;, toch weer een factuur.&lt;/p&gt;&lt;/div&gt;&lt;!-- SC_ON --&gt; submitted by &lt;a href=&quot;https://www.reddit.com/user/boze_klant&quot;&gt; /u/boze_klant &lt;/a&gt; &lt;span&gt;&lt;a href=&quot;https://www.reddit.com/r/thenetherlands/comments/1p0abcd/x/&quot;&gt;[link]&lt;/a&gt;&lt;/span&gt; &lt;span&gt;&lt;a href=&quot;https://www.reddit.com/r/thenetherlands/comments/1p0abcd/x/&quot;&gt;[comments]&lt;/a&gt;&lt;/span&gt;</content>
    <id>t3_1p0abcd</id>
    <link href="https://www.reddit.com/r/thenetherlands/comments/1p0abcd/x/"/>
    <updated>2026-11-18T10:44:02+00:00</updated>
    <published>2026-11-18T10:44:02+00:00</published>
    <title>Snelveld rekent kosten na opzegging, iemand ervaring?</title>
  </entry>
  <entry>
    <author><name>/u/deler</name><uri>https://www.reddit.com/user/deler</uri></author>
    <content type="html"> submitted by &lt;a href=&quot;https://www.reddit.com/user/deler&quot;&gt; /u/deler &lt;/a&gt; &lt;span&gt;&lt;a href=&quot;https://krant.example/&quot;&gt;[link]&lt;/a&gt;&lt;/span&gt;</content>
    <id>t3_1p0link</id>
    <link href="https://www.reddit.com/r/thenetherlands/comments/1p0link/x/"/>
    <updated>2026-11-18T10:44:02+00:00</updated>
    <published>2026-11-18T10:40:02+00:00</published>
    <title>Snelveld beboet</title>
  </entry>
</feed>"""  # noqa: E501 - one line in the real feed

BLUESKY_POST: dict[str, Any] = {
    "uri": "at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3m5abcdefgh2x",
    "cid": "bafyreigvoorbeeld",
    "author": {
        "did": "did:plc:abcdefghijklmnopqrstuvwx",
        "handle": "jan.bsky.social",
        "displayName": "Jan",
        "avatar": "https://cdn.bsky.app/img/avatar/x",
        "labels": [],
        "createdAt": "2024-10-01T10:00:00.000Z",
    },
    "record": {
        "$type": "app.bsky.feed.post",
        "text": "Monteur van Snelveld al de derde dag 'onderweg'.",
        "createdAt": "2026-11-18T10:44:02.000Z",
        "langs": ["nl"],
    },
    "replyCount": 1,
    "repostCount": 0,
    "likeCount": 4,
    "quoteCount": 0,
    "indexedAt": "2026-11-18T10:44:03.512Z",
    "labels": [],
}


def bluesky_post(record: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(BLUESKY_POST) | changes
    made["record"] |= record or {}
    return made


def bluesky(*posts: object, cursor: str | None = "100") -> dict[str, Any]:
    return ({"cursor": cursor} if cursor else {}) | {"hitsTotal": 231, "posts": list(posts)}


TWEET: dict[str, Any] = {
    "id": "1990000000000000001",
    "edit_history_tweet_ids": ["1990000000000000001"],
    "text": "@snelveld al 2 uur in de wacht &amp; nog niemand gesproken",
    "created_at": "2026-11-18T10:44:02.000Z",
    "lang": "nl",
    "author_id": "123456789",
    "conversation_id": "1990000000000000001",
    "public_metrics": {
        "retweet_count": 1,
        "reply_count": 2,
        "like_count": 5,
        "quote_count": 0,
        "bookmark_count": 0,
        "impression_count": 640,
    },
}
X_USER = {
    "id": "123456789",
    "username": "pietje",
    "name": "Pietje",
    "public_metrics": {
        "followers_count": 300,
        "following_count": 200,
        "tweet_count": 1200,
        "listed_count": 1,
    },
}


def tweet(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(TWEET) | changes


def x_search(*tweets: dict[str, Any], **meta: Any) -> dict[str, Any]:
    """What a search gives; without hits there is no `data`."""
    found = {"data": list(tweets), "includes": {"users": [X_USER]}} if tweets else {}
    ids = {"newest_id": tweets[0].get("id"), "oldest_id": tweets[-1].get("id")} if tweets else {}
    return found | {"meta": ids | {"result_count": len(tweets)} | meta}


YOUTUBE_COMMENT: dict[str, Any] = {
    "kind": "youtube#comment",
    "etag": "x",
    "id": "UgzVoorbeeldCommentId",
    "snippet": {
        "channelId": "UCvoorbeeld",
        "videoId": "abc123DEF45",
        "textDisplay": "Reclame van Snelveld is leuk, klantenservice niet.",
        "textOriginal": "Reclame van Snelveld is leuk, klantenservice niet.",
        "authorDisplayName": "@karin",
        "authorProfileImageUrl": "https://yt3.ggpht.com/x",
        "authorChannelUrl": "http://www.youtube.com/@karin",
        "authorChannelId": {"value": "UCkarin"},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 6,
        "publishedAt": "2026-11-18T10:44:02Z",
        "updatedAt": "2026-11-18T10:50:00Z",
    },
}


def youtube_comment(key: str = "UgzVoorbeeldCommentId", **snippet: Any) -> dict[str, Any]:
    made = copy.deepcopy(YOUTUBE_COMMENT) | {"id": key}
    made["snippet"] |= snippet
    return made


def youtube_thread(
    comment: object = None, *replies: dict[str, Any], total: int | None = None
) -> dict[str, Any]:
    top = youtube_comment() if comment is None else comment
    return {
        "kind": "youtube#commentThread",
        "etag": "x",
        "id": "UgzVoorbeeldCommentId",
        "snippet": {
            "channelId": "UCvoorbeeld",
            "videoId": "abc123DEF45",
            "topLevelComment": top,
            "canReply": True,
            "totalReplyCount": len(replies) if total is None else total,
            "isPublic": True,
        },
    } | ({"replies": {"comments": list(replies)}} if replies else {})


def youtube_threads(*threads: object, token: str | None = None) -> dict[str, Any]:
    return {
        "kind": "youtube#commentThreadListResponse",
        "etag": "x",
        "pageInfo": {"totalResults": 100, "resultsPerPage": 100},
        "items": list(threads),
    } | ({"nextPageToken": token} if token else {})


def youtube_error(reason: str, code: int = 403) -> dict[str, Any]:
    said = {"message": "…", "domain": "youtube", "reason": reason}
    return {"error": {"code": code, "message": "…", "errors": [said]}}


RECOMMENDATION: dict[str, Any] = {
    "created_time": "2026-11-18T10:44:02+0000",
    "has_rating": False,
    "has_review": True,
    "recommendation_type": "negative",
    "review_text": "Monteur van Snelveld drie keer niet verschenen.",
    "open_graph_story": {"id": "1122334455"},
}
META_COMMENT: dict[str, Any] = {
    "id": "100_200",
    "message": "Al drie dagen geen internet, Snelveld!",
    "created_time": "2026-11-18T10:44:02+0000",
    "from": {"id": "998877", "name": "Karin"},
    "like_count": 3,
    "comment_count": 1,
}


def meta(*nodes: object, after: str | None = None) -> dict[str, Any]:
    cursors = {"cursors": {"before": "QVFIU", "after": after or "QVFIV"}}
    following = {"next": f"https://graph.facebook.com/v26.0/1/ratings?after={after}"} if after else {}
    return {"data": list(nodes), "paging": cursors | following}


def written_out(tree: object) -> bytes:
    return json.dumps(tree, ensure_ascii=True).encode()


JSON: dict[str, tuple[Callable[[bytes], Page], Any]] = {
    "reddit": (reddit.parse, reddit_listing(reddit_thing(), REDDIT_COMMENT, REDDIT_MORE, after="t3_1p0abcd")),
    "bluesky": (bluesky_parser.parse, bluesky(bluesky_post())),
    "x": (x.parse, x_search(tweet(), next_token="b26v89c19zqg8o3x")),
    "youtube": (
        youtube.parse,
        youtube_threads(youtube_thread(None, youtube_comment("Ugz.1")), token="QURTSl9x"),
    ),
    "youtube replies": (youtube.parse_replies, youtube_threads(youtube_comment("Ugz.1"))),
    "meta comments": (meta_page.parse_comments, meta(META_COMMENT, after="QVFIV")),
    "meta ratings": (lambda body: meta_page.parse_ratings(body, "1"), meta(RECOMMENDATION, after="QVFIV")),
}
"""Every kind whose answers are JSON: how they are read, and one of them."""
