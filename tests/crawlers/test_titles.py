"""The title of a topic stands above every post in it: who renames it edits none of them."""

from collections.abc import Callable

import pytest

from crawlers.parsers import discourse, phpbb, tweakers_forum
from crawlers.parsers.page import Page
from tests.crawlers.conftest import START
from tests.crawlers.payloads_forums import (
    BOARD,
    BOARD_FEED,
    BOARD_POST,
    FORUM,
    GOT,
    GOT_FEED,
    GOT_MESSAGE,
    board,
    forum_post,
    forum_topic,
    got,
)

READ: dict[str, Callable[[str], Page]] = {
    "phpbb": lambda title: phpbb.thread(
        board(BOARD_POST.replace("Garantie geweigerd", title)),
        f"{BOARD}/viewtopic.php?t=9",
        BOARD,
        START,
        True,
    ),
    "phpbb feed": lambda title: phpbb.newest(
        BOARD_FEED.replace("Garantie geweigerd", title).encode(), BOARD, START
    ),
    "discourse": lambda title: discourse.topic(forum_topic(forum_post(topic_title=title)), FORUM),
    "tweakers": lambda title: tweakers_forum.topic(
        got(GOT_MESSAGE, f"{title} - Consumentenzaken - GoT"), GOT, True
    ),
    "tweakers feed": lambda title: tweakers_forum.messages(
        GOT_FEED.replace("Snelveld ligt eruit", title).encode(), GOT, START
    ),
}


@pytest.mark.parametrize("read", READ.values(), ids=READ)
def test_a_renamed_topic_edits_none_of_its_posts(read: Callable[[str], Page]) -> None:
    [before], [after] = read("Storing").records, read("[Opgelost] Storing").records

    assert (before.title, after.title) == ("Storing", "[Opgelost] Storing")
    assert before.content_hash == after.content_hash
