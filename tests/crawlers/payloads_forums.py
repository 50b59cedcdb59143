"""Pages of forums as the real ones give them, with invented Dutch texts."""

import copy
import json
from typing import Any

FORUM = "https://forum.example"
FORUM_POST: dict[str, Any] = {
    "id": 90210,
    "name": "Ruud",
    "username": "ruud_k",
    "avatar_template": "/user_avatar/forum.example/ruud_k/{size}/12_2.png",
    "created_at": "2026-11-18T10:44:02.123Z",
    "cooked": (
        '<aside class="quote"><blockquote><p>Zelfde hier</p></blockquote></aside>'
        "<p>Al een week wachten op <b>antwoord</b> van de helpdesk &amp; niets.</p>"
    ),
    "post_number": 3,
    "post_type": 1,
    "updated_at": "2026-11-18T10:44:02.123Z",
    "reply_count": 1,
    "reply_to_post_number": None,
    "reads": 31,
    "topic_id": 4321,
    "topic_slug": "helpdesk-reageert-niet",
    "topic_title": "Helpdesk reageert niet",
    "version": 1,
    "staff": False,
    "user_id": 77,
    "hidden": False,
    "deleted_at": None,
    "user_deleted": False,
    "post_url": "/t/helpdesk-reageert-niet/4321/3",
}


def forum_post(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(FORUM_POST) | changes


def forum(*posts: object) -> bytes:
    return json.dumps({"latest_posts": list(posts)}).encode()


def forum_topic(*posts: object, **changes: Any) -> bytes:
    topic = {"post_stream": {"posts": list(posts), "stream": [90210]}, "id": 4321, "title": "Helpdesk zwijgt"}
    return json.dumps(topic | changes).encode()


FORUM_LIST: dict[str, Any] = {
    "topic_list": {
        "topics": [
            {"id": 12, "title": "Huisregels", "last_posted_at": "2024-02-01T10:00:00.000Z", "pinned": True},
            {"id": 4321, "title": "Helpdesk zwijgt", "last_posted_at": "2026-11-18T10:44:02.123Z"},
            {"id": 4320, "title": "Modem", "last_posted_at": "2026-11-17T10:44:02.123Z", "pinned": False},
            {"id": 4322, "title": "Zonder berichten", "last_posted_at": None},
        ]
    }
}
FORUM_SEARCH: dict[str, Any] = {
    "posts": [
        {"id": 90210, "topic_id": 4321, "created_at": "2026-11-18T10:44:02.123Z", "blurb": "Al een week"}
    ],
    "topics": [{"id": 4321, "title": "Helpdesk reageert niet"}],
    "grouped_search_result": {"more_full_page_results": True},
}

BOARD = "https://forum.example"
BOARD_POST = """
<div id="p501234" class="post has-profile bg2">
  <div class="inner">
    <dl class="postprofile" id="profile501234"><dt class="no-profile-rank no-avatar">
      <a href="./memberlist.php?mode=viewprofile&amp;u=88" class="username">willem56</a></dt></dl>
    <div class="postbody"><div id="post_content501234">
      <h3 class="first"><a href="./viewtopic.php?p=501234&amp;sid=0123abc#p501234">Garantie geweigerd</a></h3>
      <p class="author"><span class="responsive-hide">door <strong>
        <a href="./memberlist.php?mode=viewprofile&amp;u=88&amp;sid=0123abc" class="username">willem56</a></strong>
        &raquo; </span><time datetime="2026-11-18T10:44:02+00:00">wo 18 nov 2026, 11:44</time></p>
      <div class="content"><blockquote><div><cite>anna schreef:</cite>Zelfde hier</div></blockquote>Winkel zegt dat de
        wasmachine buiten garantie valt.</div>
      <div class="notice">Laatst gewijzigd door <a href="./u=88">willem56</a> op wo 18 nov 2026, 12:01, 1 keer totaal
        gewijzigd.</div>
      <div id="sig501234" class="signature">Groeten</div>
    </div></div>
  </div>
</div>"""
BOARD_NEXT = (
    '<ul><li class="arrow next"><a href="./viewtopic.php?t=9&amp;sid=0123abc&amp;start=10" rel="next">2</a></li>'
    "</ul>"
)
BOARD_ROW = """
<ul class="topiclist topics">
 <li class="row bg1 sticky"><dl><dt><a href="./viewtopic.php?t=1" class="topictitle">Regels</a></dt>
  <dd class="posts">0 <dfn>Reacties</dfn></dd></dl></li>
 <li class="row bg2"><dl class="row-item"><dt><div class="list-inner">
  <a href="./viewtopic.php?f=69&amp;t=17863&amp;sid=0123abc" class="topictitle">Snelveld levert niet</a></div></dt>
  <dd class="posts">12 <dfn>Reacties</dfn></dd><dd class="views">340</dd>
  <dd class="lastpost"><span>door <a class="username">anna</a> <a href="./viewtopic.php?p=9#p9"></a><br>
   <time datetime="2026-11-18T10:44:02+00:00">wo 18 nov 2026, 11:44</time></span></dd></dl></li>
</ul>"""


def board(inner: str) -> bytes:
    return (
        '<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Forum - Bekijk onderwerp</title></head>'
        f'<body id="phpbb" class="nojs section-viewtopic ltr">{inner}</body></html>'
    ).encode()


BOARD_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="nl"><title>Forum</title><id>https://forum.example/feed</id>
<entry><author><name><![CDATA[willem56]]></name></author>
<updated>2026-11-18T11:44:02+01:00</updated><published>2026-11-18T11:44:02+01:00</published>
<id>https://forum.example/viewtopic.php?p=501234#p501234</id>
<link href="https://forum.example/viewtopic.php?p=501234#p501234"/>
<title type="html"><![CDATA[Internet en bellen • Re: Garantie geweigerd]]></title>
<content type="html" xml:base="https://forum.example/viewtopic.php?p=501234#p501234"><![CDATA[
Winkel zegt dat het &quot;niet&quot; onder garantie valt.<p>Statistieken: Geplaatst door
willem56 — wo 18 nov 2026</p><hr />
]]></content></entry></feed>"""

GOT = "https://gathering.tweakers.net"
GOT_MESSAGE = """
<div class="message topicstarter" data-message-id="81234567" data-owner-id="445566">
  <a name="81234567"></a>
  <div class="messageheader">
    <div class="date"><p>
      <a href="https://gathering.tweakers.net/forum/list_message/81234567#81234567" rel="nofollow">
        <span data-shortdate="18 november 2026 11:44" data-time="11:44" data-timestamp="1794998642"><span>woensdag
        18 november 2026 11:44</span></span>
      </a></p></div>
    <div class="message_actions"><ul class="action_list">
      <li class="action-icon rating" data-messageid="81234567"><span class="ratingcount">3</span></li></ul></div>
  </div>
  <div class="poster avatar"><div class="userheader">
    <p class="username"><a href="https://tweakers.net/gallery/445566" rel="nofollow" class="user ellipsis">
      GlasvezelFan</a></p>
    <span class="labelCard single topicstarter"><a>Topicstarter</a></span></div></div>
  <div class="messagecontent"><blockquote>Zelfde hier</blockquote><p>Al drie dagen geen internet bij Snelveld.</p></div>
</div>"""
GOT_NEXT = (
    '<div class="pageDistribution"><a href="/forum/list_messages/2112233/1" class="next">Volgende</a></div>'
)
GOT_SEARCH = """
<table class="forumlisting"><tr class="preview"><td><p class="searchPreview">
 <a href="/forum/list_messages/2112233/4#81234567">Snelveld ligt eruit</a></p></td></tr></table>"""


def got(inner: str, title: str = "Snelveld ligt eruit - Consumentenzaken - GoT") -> bytes:
    return f'<!DOCTYPE html><html lang="nl"><head><title>{title}</title></head><body>{inner}</body></html>'.encode()


GOT_FEED = """<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Snelveld ligt eruit</title>
<link>https://gathering.tweakers.net/forum</link><description>GoT</description>
<item><title>Snelveld ligt eruit</title>
<link>https://gathering.tweakers.net/forum/list_message/81234567#81234567</link>
<description>&lt;p&gt;Al drie dagen geen internet.&lt;/p&gt;</description>
<pubDate>Wed, 18 Nov 2026 11:44:02 +0100</pubDate></item></channel></rss>"""
