"""A phpBB forum: both forms of address, posts of every page once, what is pinned, quoted or polled left out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawlers.causes import Cause
from crawlers.parameters.forums import PhpbbParameters, forum_number, topic_number
from crawlers.parsers import phpbb
from crawlers.parsers.markup import LONGEST_MARKUP
from crawlers.parsers.page import Blocked, FormatChanged, Page
from crawlers.parsers.phpbb import numbers
from demo.replica import Fault, Kind
from demo.replica import phpbb as replica
from demo.replica.loopback import Answer
from demo.replica.phpbb import topic_id
from demo.replica.server import PLAYED
from storage.models import Health
from storage.records import Kind as Written
from storage.records import Status
from tests.crawlers import payloads, payloads_forums
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling
from tests.crawlers.payloads import NOW
from tests.crawlers.payloads_forums import BOARD, BOARD_NEXT, BOARD_POST, BOARD_ROW, board

TOPIC = f"{BOARD}/viewtopic.php?t=9"
WORDS = BOARD_POST[BOARD_POST.index("Winkel zegt") : BOARD_POST.index('</div>\n      <div class="notice')]


PANEL = '<div class="panel"><div class="inner">{}</div></div>'
SIGN_IN = PANEL.format('<div class="content"><input type="password" id="password" name="password"></div>')
TERMS = PANEL.format(
    '<div class="content"><p><strong><a href="./ucp.php?mode=terms">Terms</a></strong></p></div>'
)


def thread(inner: str = BOARD_POST, opening: bool = True) -> Page:
    return phpbb.thread(board(inner), TOPIC, BOARD, NOW, opening)


def test_a_post_becomes_a_record() -> None:
    [record] = thread().records

    assert (record.namespace, record.external_id, record.kind) == (
        "phpbb:forum.example",
        "501234",
        Written.POST,
    )
    assert (record.title, record.text) == (
        "Garantie geweigerd",
        "Winkel zegt dat de wasmachine buiten garantie valt.",
    )
    assert record.url == "https://forum.example/viewtopic.php?p=501234#p501234"
    assert (record.author_name, record.author_id) == ("willem56", "88")
    assert record.published_at == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)
    assert (record.status, record.updated_at) == (Status.EDITED, datetime(2026, 11, 18, 11, 1, tzinfo=UTC))


def test_later_posts_are_comments_under_the_title_of_their_topic() -> None:
    inner = '<h2 class="topic-title"><a href="./viewtopic.php?t=9">Snelveld levert niet</a></h2>'
    second = BOARD_POST.replace("501234", "501235").replace("Garantie geweigerd", "Re: Garantie geweigerd")
    page = thread(inner + BOARD_POST + second.replace('<h3 class="first">', "<h4>").replace("</h3>", "</h4>"))

    assert [record.kind for record in page.records] == [Written.POST, Written.COMMENT]
    assert [record.title for record in page.records] == ["Garantie geweigerd", "Snelveld levert niet"]
    assert page.ids == ("501234", "501235")
    assert thread(second, opening=False).records[0].title == "Garantie geweigerd"


@pytest.mark.parametrize("base", ["/", "https://forum.example/", "https://forum.example/index.php"])
def test_links_count_from_the_base_that_a_page_names(base: str) -> None:
    head = f'<base href="{base}">'
    rewritten = f"{BOARD}/internet-f69/snelveld-t9.html"
    read = phpbb.thread(board(head + BOARD_POST + BOARD_NEXT), rewritten, BOARD, NOW, True)
    listed = phpbb.topics(board(head + BOARD_ROW), f"{BOARD}/internet-f69/", NOW)

    assert read.records[0].url == "https://forum.example/viewtopic.php?p=501234#p501234"
    assert read.next == "https://forum.example/viewtopic.php?t=9&start=10"
    assert listed.rows[-1].address == "https://forum.example/viewtopic.php?f=69&t=17863"


@pytest.mark.parametrize("base", ["javascript:x", "http://[", " "])
def test_a_base_that_is_no_address_counts_as_none(base: str) -> None:
    [record] = thread(f'<base href="{base}">{BOARD_POST}').records

    assert record.url == "https://forum.example/viewtopic.php?p=501234#p501234"


def test_a_poll_is_no_post() -> None:
    page = thread(f'<div class="panel"><div class="content"><h2>Ook last?</h2></div></div>{BOARD_POST}')

    assert [record.text for record in page.records] == ["Winkel zegt dat de wasmachine buiten garantie valt."]


def test_an_edit_is_told_in_english_too() -> None:
    told = "Last edited by <a>willem56</a> on Wed Nov 18, 2026 12:01 pm, edited 1 time in total."
    notice = (
        BOARD_POST[BOARD_POST.index("Laatst gewijzigd") : BOARD_POST.index("gewijzigd.</div>")] + "gewijzigd."
    )

    assert thread(BOARD_POST.replace(notice, told)).records[0].status is Status.EDITED
    assert (
        thread(BOARD_POST.replace(notice, "Dit onderwerp is gesloten.")).records[0].status is Status.VISIBLE
    )


def test_a_deleted_post_is_removed() -> None:
    deleted = BOARD_POST.replace("has-profile", "has-profile deleted")
    message = BOARD_POST.replace("501234", "501235").replace(
        "Winkel zegt", '<p class="post_deleted_msg">Weg</p>'
    )
    page = thread(deleted + message)

    assert [(record.external_id, record.status) for record in page.records] == [
        ("501234", Status.REMOVED),
        ("501235", Status.REMOVED),
    ]


def test_an_old_board_writes_its_times_in_words() -> None:
    old = BOARD_POST.replace('<time datetime="2026-11-18T10:44:02+00:00">', "").replace("</time>", "")

    assert thread(old).records[0].published_at == datetime(2026, 11, 18, 10, 44, tzinfo=UTC)


def test_a_guest_has_a_name_and_no_number() -> None:
    link = (
        '<a href="./memberlist.php?mode=viewprofile&amp;u=88&amp;sid=0123abc" class="username">willem56</a>'
    )
    [record] = thread(BOARD_POST.replace(link, '<span class="username">Gast</span>')).records

    assert (record.author_name, record.author_id) == ("Gast", "Gast")


def test_one_bad_post_costs_no_other() -> None:
    broken = BOARD_POST.replace('id="p501234"', 'id="pagina"') + BOARD_POST.replace('class="content"', "")
    page = thread(broken + BOARD_POST.replace("501234", "501236"))

    assert [record.external_id for record in page.records] == ["501236"]
    assert [problem.what for problem in page.problems] == ["no number", "no content"]
    assert [problem.identity for problem in page.problems] == [None, "501234"]


def test_a_post_whose_end_is_missing_does_not_say_what_the_next_ones_say() -> None:
    keys = [str(501_234 + place) for place in range(40)]
    posts = [BOARD_POST.replace("501234", key).replace("willem56", f"lid {key}") for key in keys]
    unended = [post[: post.index("</div>", post.index(WORDS))] for post in posts]
    page = thread(BOARD_NEXT + "".join([*unended[:-1], posts[-1]]))

    assert [(record.external_id, record.author_name) for record in page.records] == [
        (key, f"lid {key}") for key in keys
    ]
    assert {record.text for record in page.records} == {"Winkel zegt dat de wasmachine buiten garantie valt."}
    assert page.next is not None


def test_a_topic_that_holds_the_next_one_of_the_list_is_not_as_new() -> None:
    held = BOARD_ROW.replace("</li>\n <li", "<ul><li")
    page = phpbb.topics(board(held + BOARD_NEXT), f"{BOARD}/", NOW)

    assert [(row.topic, row.last is None) for row in page.rows] == [("1", True), ("17863", False)]
    assert page.next is not None


def test_a_post_that_is_refused_for_its_length_has_its_number() -> None:
    [problem] = thread(BOARD_POST.replace(WORDS, "x" * LONGEST_MARKUP)).problems

    assert problem.identity == "501234"


@pytest.mark.parametrize("said", ["", '<img src="./download/file.php?id=7" class="postimage" alt="brief">'])
def test_an_answer_without_words_does_not_say_what_its_topic_says(said: str) -> None:
    opening, answer = (BOARD_POST.replace(WORDS, said).replace("501234", key) for key in ("501234", "501235"))
    page = thread(opening + answer)

    assert [(record.external_id, record.title) for record in page.records] == [
        ("501234", "Garantie geweigerd")
    ]
    assert (page.passed, page.problems) == (1, ())


@pytest.mark.parametrize(("title", "kept"), [("Re: Garantie geweigerd", 0), ("Garantie geweigerd", 1)])
def test_nor_does_such_an_answer_in_the_feed(title: str, kept: int) -> None:
    said = "Winkel zegt dat het &quot;niet&quot; onder garantie valt.<p>Statistieken"
    quote = "<blockquote>Zelfde hier</blockquote><p>Statistieken"
    feed = payloads_forums.BOARD_FEED.replace(said, quote).replace("Re: Garantie geweigerd", title)
    page = phpbb.newest(feed.encode(), BOARD, NOW)

    assert (len(page.records), page.passed) == (kept, 1 - kept)


def test_a_topic_of_the_feed_that_opens_with_a_picture_says_no_more_than_its_title() -> None:
    said = "Winkel zegt dat het &quot;niet&quot; onder garantie valt."
    feed = payloads_forums.BOARD_FEED.replace(said, '<img src="./download/file.php?id=7" alt="brief">')
    [record] = phpbb.newest(feed.replace("Re: Garantie", "Garantie").encode(), BOARD, NOW).records
    title = "Internet en bellen • Re: Garantie geweigerd"
    untitled = phpbb.newest(feed.replace(title, "").encode(), BOARD, NOW)

    assert (record.title, record.text) == ("Garantie geweigerd", "")
    assert (untitled.records, untitled.passed) == ((), 1)


def test_a_page_of_answers_that_have_lost_their_words_is_no_calm() -> None:
    empty = [BOARD_POST.replace(WORDS, "").replace("501234", str(key)) for key in range(1, 7)]

    assert [problem.identity for problem in thread("".join(empty)).problems] == ["2", "3", "4", "5", "6"]
    assert thread("".join([*empty, BOARD_POST])).problems == ()


def test_the_next_page_is_where_the_link_leads_without_its_session() -> None:
    assert thread(BOARD_POST + BOARD_NEXT).next == "https://forum.example/viewtopic.php?t=9&start=10"
    assert thread().next is None


@pytest.mark.parametrize(
    "link",
    [
        '<li class="next"><a href="./viewtopic.php?t=9&amp;start=10" rel="next" role="button">Volgende</a></li>',
        '<fieldset class="display-options"><a href="./viewtopic.php?t=9&amp;start=0" class="left-box left">Vorige</a>'
        '<a href="./viewtopic.php?t=9&amp;start=10" class="right-box right">Volgende</a></fieldset>',
    ],
    ids=["3.1", "3.0"],
)
def test_an_old_board_has_next_pages_too(link: str) -> None:
    assert thread(BOARD_POST + link).next == "https://forum.example/viewtopic.php?t=9&start=10"


def test_a_list_names_topics_and_when_somebody_last_wrote() -> None:
    pinned, row = phpbb.topics(board(BOARD_ROW), f"{BOARD}/viewforum.php?f=69", NOW).rows

    assert (pinned.topic, pinned.sorted) == ("1", False)
    assert (row.topic, row.sorted, row.replies) == ("17863", True, 12)
    assert row.address == "https://forum.example/viewtopic.php?f=69&t=17863"
    assert row.last == datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC)


@pytest.mark.parametrize("mark", ["", "» ", "&raquo; "])
def test_an_old_board_says_in_words_when_somebody_last_wrote(mark: str) -> None:
    machine = '<time datetime="2026-11-18T10:44:02+00:00">wo 18 nov 2026, 11:44</time>'
    old = BOARD_ROW.replace(machine, f"{mark}wo 18 nov 2026, 11:44")
    pinned, row = phpbb.topics(board(old), f"{BOARD}/viewforum.php?f=69", NOW).rows

    assert (pinned.last, row.last) == (None, datetime(2026, 11, 18, 10, 44, tzinfo=UTC))


def test_a_post_of_the_feed_is_the_same_post() -> None:
    [record] = phpbb.newest(payloads_forums.BOARD_FEED.encode(), BOARD, NOW).records

    assert (record.namespace, record.external_id) == ("phpbb:forum.example", "501234")
    assert (record.title, record.text) == (
        "Garantie geweigerd",
        'Winkel zegt dat het "niet" onder garantie valt.',
    )
    assert (record.author_name, record.published_at) == (
        "willem56",
        datetime(2026, 11, 18, 10, 44, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("address", "parameter", "number"),
    [
        ("https://radar-forum.avrotros.nl/internet-en-bellen-f69/", "f", "69"),
        ("https://radar-forum.avrotros.nl/snelveld-levert-niet-t17863.html", "t", "17863"),
        ("https://radar.avrotros.nl/forum/viewtopic.php?f=69&t=17863", "t", "17863"),
        ("https://radar.avrotros.nl/forum/viewtopic.php?f=69&t=17863", "f", "69"),
        ("https://forum.example/top-t10-wensen/", "t", None),
        ("https://forum.example/viewtopic.php?t=0", "t", None),
    ],
)
def test_both_forms_of_address_have_a_number(address: str, parameter: str, number: str | None) -> None:
    assert numbers(address, parameter) == number


def test_forums_and_topics_may_be_written_in_every_form() -> None:
    found = PhpbbParameters.model_validate(
        {"forums": [69, "https://x.example/bellen-f70/"], "topics": ["viewtopic.php?t=5", "/a-b-t6.html"]}
    )

    assert [forum_number(one) for one in found.forums] == ["69", "70"]
    assert [topic_number(one) for one in found.topics] == ["5", "6"]
    with pytest.raises(ValueError, match="the number of the forum"):
        PhpbbParameters.model_validate({"forums": ["internet"]})


@pytest.mark.parametrize(
    ("body", "error", "cause"),
    [
        (board("<p>Niets</p>"), FormatChanged, Cause.FORMAT),
        (board("").replace(b"Forum - Bekijk onderwerp", b"Forum - Inloggen"), Blocked, Cause.SIGN_IN),
        (board(SIGN_IN + TERMS), Blocked, Cause.SIGN_IN),
        (
            board(PANEL.format("<strong>Je mag dit forum niet lezen.</strong>") + SIGN_IN),
            Blocked,
            Cause.SIGN_IN,
        ),
        (board(PANEL.format("<p>You have been <strong>banned</strong>.</p>")), FormatChanged, Cause.FORMAT),
        (payloads.WAF_PAGE, Blocked, Cause.WAF),
        (b"", FormatChanged, Cause.FORMAT),
    ],
)
def test_another_page_is_named(body: bytes, error: type[Exception], cause: Cause) -> None:
    for parse in (
        lambda: phpbb.thread(body, TOPIC, BOARD, NOW, True),
        lambda: phpbb.topics(body, f"{BOARD}/viewforum.php?f=69", NOW),
    ):
        with pytest.raises(error) as caught:
            parse()
        assert caught.value.cause is cause  # type: ignore[attr-defined]


def test_a_topic_about_signing_in_is_no_sign_in_page() -> None:
    titled = board(BOARD_POST).replace(b"Bekijk onderwerp", b"Inloggen lukt niet")

    assert not phpbb.asks_in(titled)
    assert phpbb.asks_in(titled.replace(b'class="post ', b'class="'))


def test_a_form_to_sign_in_asks_so_under_any_title_but_not_beside_posts() -> None:
    assert phpbb.asks_in(board(SIGN_IN))
    assert not phpbb.asks_in(board(SIGN_IN + BOARD_POST))
    assert not phpbb.asks_in(board(PANEL.format("The password of this topic is lost.")))


def test_every_page_of_every_topic_is_read_and_later_only_what_is_new(crawling: Crawling) -> None:
    for place in range(30):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    show(crawling, posts(Kind.PHPBB, 35, first=2))
    first = crawling(Kind.PHPBB)
    since = len(crawling.replica.requests)
    idle = crawling(Kind.PHPBB)
    show(crawling, posts(Kind.PHPBB, 2))
    crawling(Kind.PHPBB)
    asked = crawling.asked(since)

    assert (first.health, first.counts["new"]) == (Health.OK, 95)
    assert (idle.health, idle.counts["new"]) == (Health.OK, 0)
    topic = topic_id("storing")
    assert asked == ["/viewforum.php?f=69", "/viewforum.php?f=69", f"/viewtopic.php?t={topic}&start=30"]
    assert len(crawling.mentions()) == 97
    assert not [target for target in crawling.asked() if "sid=" in target]


def test_a_rewritten_forum_is_read_by_its_own_addresses(crawling: Crawling) -> None:
    show(crawling, posts(Kind.PHPBB, 25))
    address = f"https://radar-forum.avrotros.nl/internet-storing-t{topic_id('storing')}.html"
    outcome = crawling(Kind.PHPBB, forums=[], topics=[address])
    again = crawling(
        Kind.PHPBB, forums=["https://radar-forum.avrotros.nl/internet-en-bellen-f69/"], topics=[]
    )

    assert (outcome.health, outcome.counts["new"], again.counts["new"]) == (Health.OK, 25, 0)
    assert crawling.asked()[2].endswith(".html?start=20")


def test_edits_and_removals_of_the_week_are_found_the_next_day(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 25))
    crawling(Kind.PHPBB)
    crawling.replica.posts.edit(shown[20].key, text="Opgelost! #snelveld")
    crawling.replica.posts.remove(shown[15].key)
    soon = crawling(Kind.PHPBB)
    crawling.clock.advance(timedelta(hours=25))
    later, again = crawling(Kind.PHPBB), crawling(Kind.PHPBB)

    assert (soon.counts["edited"], soon.counts["removed"]) == (0, 0)
    assert (later.health, later.counts["edited"], later.counts["removed"]) == (Health.OK, 1, 1)
    assert (again.counts["edited"], again.counts["removed"]) == (0, 0)


def test_a_removal_from_a_topic_that_takes_several_crawls_is_found_too(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.phpbb.MOST_PAGES", 2)
    shown = show(crawling, posts(Kind.PHPBB, 45))
    new = [crawling(Kind.PHPBB).counts["new"] for _ in range(4)]
    for place in (5, 40):
        crawling.replica.posts.remove(shown[place].key)
    crawling.clock.advance(timedelta(hours=25))
    outcomes = [crawling(Kind.PHPBB) for _ in range(5)]

    assert new == [20, 10, 10, 5]  # each begins with the page where the one before it ended
    assert [one.counts["removed"] for one in outcomes] == [0, 0, 0, 2, 0]
    assert {one.health for one in outcomes} == {Health.OK}


def test_posts_that_were_split_off_keep_no_removal_back(crawling: Crawling) -> None:
    _, *others, removed, _ = reversed(show(crawling, posts(Kind.PHPBB, 14)))
    crawling(Kind.PHPBB, forums=[], topics=[topic_id("storing")])
    for post in others:
        crawling.replica.posts.move(post.key, "elders")
    crawling.replica.posts.remove(removed.key)
    outcomes = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        since = len(crawling.replica.requests)
        outcome = crawling(Kind.PHPBB, forums=[], topics=[topic_id("storing")])
        outcomes.append((outcome.counts["removed"], len(crawling.asked(since)) - 1))

    assert [asked for _, asked in outcomes] == [10, 2, 0]
    assert sorted(removed for removed, _ in outcomes) == [0, 0, 1]  # which are looked up first is drawn


def test_a_post_that_cannot_be_read_is_not_looked_for_elsewhere(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 3))
    crawling(Kind.PHPBB)
    crawling.replica.posts.edit(shown[0].key, text="x" * LONGEST_MARKUP)
    crawling.clock.advance(timedelta(hours=25))
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.PHPBB)

    assert (outcome.counts["refused"], len(crawling.asked(since))) == (1, 2)


@pytest.mark.parametrize("config", [{}, {"forums": [], "topics": [topic_id("storing")]}])
def test_a_topic_whose_damaged_page_lost_the_link_to_the_next_is_not_over(
    crawling: Crawling, config: dict[str, Any]
) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 25))
    crawling(Kind.PHPBB, **config)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.faults.set(Kind.PHPBB, Fault.MALFORMED, after=0 if config else 1, times=1)
    since = len(crawling.replica.requests)
    damaged = crawling(Kind.PHPBB, **config)
    sought = [target for target in crawling.asked(since) if "?p=" in target]
    crawling.replica.posts.remove(shown[12].key)
    crawling.clock.advance(timedelta(hours=1))
    whole = crawling(Kind.PHPBB, **config)

    assert (damaged.counts["refused"], sought) == (1, [])
    assert (whole.health, whole.counts["unchanged"], whole.counts["removed"]) == (Health.OK, 24, 1)


def test_a_reading_that_broke_off_is_ended_by_the_next(crawling: Crawling) -> None:
    for place in range(6):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    crawling.replica.faults.set(Kind.PHPBB, Fault.SERVER_ERROR, after=3)
    crawling.settings = {"RETRY_TIMES": 0}
    broken = crawling(Kind.PHPBB)
    crawling.replica.faults.clear()
    since = len(crawling.replica.requests)
    whole = crawling(Kind.PHPBB)

    assert (broken.health, broken.counts["new"]) == (Health.BROKEN, 4)
    assert (whole.health, whole.counts["new"]) == (Health.OK, 8)
    assert crawling.asked(since)[0] == "/viewforum.php?f=69"


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.CHANGED, Fault.RESET])
def test_a_topic_that_cannot_be_read_costs_no_other_and_is_tried_again(
    crawling: Crawling, fault: Fault
) -> None:
    for place in range(3):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    crawling.replica.faults.set(Kind.PHPBB, fault, after=1, times=1)
    crawling.settings = {"RETRY_TIMES": 0}
    broken = crawling(Kind.PHPBB)
    since = len(crawling.replica.requests)
    whole = crawling(Kind.PHPBB)

    assert (broken.counts["new"], whole.counts["new"]) == (4, 2)
    assert (broken.health is Health.OK, whole.health) == (False, Health.OK)
    assert crawling.asked(since) == ["/viewforum.php?f=69", f"/viewtopic.php?t={topic_id('onderwerp 2')}"]


def test_topics_that_can_never_be_read_come_after_all_others(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(7):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    broken, shown = {topic_id(f"onderwerp {place}") for place in range(5)}, replica._topic
    monkeypatch.setattr(
        replica,
        "_topic",
        lambda request, topic, *rest: "" if topic in broken else shown(request, topic, *rest),
    )
    outcomes = []
    for _ in range(3):
        since = len(crawling.replica.requests)
        outcome = crawling(Kind.PHPBB)
        outcomes.append((outcome.health, outcome.counts["new"], len(crawling.asked(since))))

    # The oldest is pinned on top. After three in a row the forum is left to the next crawl, which begins with others.
    assert outcomes == [
        (Health.FORMAT_CHANGED, 2, 1 + 1 + 3),
        (Health.FORMAT_CHANGED, 2, 1 + 3 + 3),
        (Health.FORMAT_CHANGED, 0, 1 + 3),
    ]


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RESET])
def test_a_list_that_breaks_off_costs_no_topic_above_and_is_read_again(
    crawling: Crawling, fault: Fault
) -> None:
    for place in range(30):
        show(crawling, posts(Kind.PHPBB, 1, first=place, place=f"onderwerp {place}"))
    crawling.replica.faults.set(Kind.PHPBB, fault, after=1, times=1)
    crawling.settings = {"RETRY_TIMES": 0}
    broken = crawling(Kind.PHPBB)
    since = len(crawling.replica.requests)
    whole = crawling(Kind.PHPBB)
    again = crawling(Kind.PHPBB)

    # The topic that is pinned on top is the oldest one.
    assert (broken.health, broken.counts["new"]) == (Health.BROKEN, 26)
    assert (whole.health, whole.counts["new"]) == (Health.OK, 4)
    assert len(crawling.asked(since)) == 2 + 4 + 1
    assert again.health is Health.OK


def test_a_forum_that_takes_several_crawls_is_read_on_by_each(crawling: Crawling) -> None:
    for place in range(6):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    crawling.settings = {"CLOSESPIDER_PAGECOUNT": 4}
    new = [crawling(Kind.PHPBB).counts["new"] for _ in range(4)]
    for post in list(crawling.replica.posts.seen(Kind.PHPBB)):
        crawling.replica.posts.edit(post.key, text="Opgelost! #snelveld")
    crawling.clock.advance(timedelta(hours=25))
    edited = [crawling(Kind.PHPBB).counts["edited"] for _ in range(4)]

    assert (sum(new), sum(edited)) == (12, 12)
    assert max(new) < 12 > max(edited)


def test_a_long_topic_far_down_is_read_to_its_end(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.phpbb.MOST_PAGES", 2)
    for place in range(26):
        show(crawling, posts(Kind.PHPBB, 1, first=place, place=f"onderwerp {place}"))
    show(crawling, posts(Kind.PHPBB, 35, first=500))
    show(crawling, posts(Kind.PHPBB, 1, first=600, place="vastgezet"))
    crawling(Kind.PHPBB)
    since = len(crawling.replica.requests)
    new = [crawling(Kind.PHPBB).counts["new"] for _ in range(3)]

    topic, forum = f"/viewtopic.php?t={topic_id('storing')}", "/viewforum.php?f=69"
    assert new == [10, 5, 0]
    assert crawling.asked(since) == [
        forum,
        f"{topic}&start=10",
        f"{topic}&start=20",
        forum,
        f"{topic}&start=20",
        f"{topic}&start=30",
        forum,
    ]


def test_a_page_that_vanished_from_a_topic_is_no_dead_end(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 25, first=5))
    crawling(Kind.PHPBB)
    crawling.replica.posts.remove(shown[12].key)
    show(crawling, posts(Kind.PHPBB, 1))
    crawling.replica.faults.set(Kind.PHPBB, Fault.NOT_FOUND, after=1, times=1)
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.PHPBB)

    topic = f"/viewtopic.php?t={topic_id('storing')}"
    assert (outcome.health, outcome.counts["new"], outcome.counts["removed"]) == (Health.OK, 1, 1)
    assert crawling.asked(since) == [
        "/viewforum.php?f=69",
        f"{topic}&start=20",
        topic,
        f"{topic}&start=10",
        f"{topic}&start=20",
        f"/viewtopic.php?p={shown[12].key}",
    ]


def test_a_page_that_vanishes_while_its_topic_is_read_takes_no_post_away(crawling: Crawling) -> None:
    show(crawling, posts(Kind.PHPBB, 15))
    crawling.replica.faults.set(Kind.PHPBB, Fault.NOT_FOUND, after=2, times=1)
    cut = crawling(Kind.PHPBB)
    since = len(crawling.replica.requests)
    whole = crawling(Kind.PHPBB)

    topic = f"/viewtopic.php?t={topic_id('storing')}"
    assert (cut.stats["cause"], cut.counts["new"]) == ("not_found", 10)
    assert (whole.health, whole.counts["new"], whole.counts["removed"]) == (Health.OK, 5, 0)
    assert crawling.asked(since) == ["/viewforum.php?f=69", topic, f"{topic}&start=10"]


def test_a_topic_that_closed_since_it_was_listed_costs_no_other(crawling: Crawling) -> None:
    for place in range(3):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    crawling.replica.faults.set(Kind.PHPBB, Fault.NOT_FOUND, after=1, times=1)
    outcome = crawling(Kind.PHPBB)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 4)


def test_a_forum_that_refuses_one_topic_after_another_is_no_forum_of_closed_topics(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(6):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    own, closed = replica.answer, Answer.of("text/html", "<h1>Forbidden</h1>", 403)
    with monkeypatch.context() as refusing:
        refusing.setitem(
            PLAYED, Kind.PHPBB, lambda asked, *rest: closed if "topic" in asked.path else own(asked, *rest)
        )
        refused = crawling(Kind.PHPBB)
    outcome = crawling(Kind.PHPBB)

    assert (refused.health, refused.stats["cause"], len(crawling.asked())) == (
        Health.BLOCKED,
        "forbidden",
        1 + 3 + 1 + 6,
    )
    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 12)


@pytest.mark.parametrize("config", [{}, {"forums": [], "topics": [topic_id("storing")]}])
def test_a_topic_that_is_taken_away_takes_its_posts_along(crawling: Crawling, config: dict[str, Any]) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 12))
    show(crawling, posts(Kind.PHPBB, 2, first=50, place="elders"))
    crawling(Kind.PHPBB, **config)
    for post in shown[1:]:
        crawling.replica.posts.remove(post.key)
    crawling.replica.posts.move(shown[0].key, "elders")
    removed = []
    for _ in range(4):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(Kind.PHPBB, **config).counts["removed"])

    assert removed == [0, 10, 1, 0]
    standing = {line["external_id"] for line in crawling.mentions() if line["status"] != "removed"}
    assert shown[0].key in standing


def test_a_topic_that_moved_to_another_forum_keeps_its_posts_and_is_let_go(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(Kind.PHPBB, 3))
    show(crawling, posts(Kind.PHPBB, 2, first=50, place="elders"))
    crawling(Kind.PHPBB)
    moved, listed = topic_id("storing"), replica._list
    monkeypatch.setattr(
        replica,
        "_list",
        lambda threads, *rest: listed({one: found for one, found in threads.items() if one != moved}, *rest),
    )
    since = len(crawling.replica.requests)
    outcomes = []
    for _ in range(2):
        crawling.clock.advance(timedelta(hours=25))
        outcomes.append(crawling(Kind.PHPBB))

    assert [(one.health, one.counts["removed"]) for one in outcomes] == [(Health.OK, 0)] * 2
    assert crawling.asked(since).count(f"/viewtopic.php?t={moved}") == 1


def asking_in(crawling: Crawling, monkeypatch: pytest.MonkeyPatch, *said: str) -> None:
    """Let the forum answer with its sign-in page to addresses that say one of these."""
    page = Answer.of("text/html", board(SIGN_IN + TERMS).decode())
    own = replica.answer
    monkeypatch.setitem(
        PLAYED,
        Kind.PHPBB,
        lambda asked, *rest: page if any(one in asked.target for one in said) else own(asked, *rest),
    )


def test_what_was_moved_to_a_forum_that_is_not_public_is_gone(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = show(crawling, posts(Kind.PHPBB, 3))
    split, *_ = show(crawling, posts(Kind.PHPBB, 3, first=50, place="elders"))
    show(crawling, posts(Kind.PHPBB, 2, first=90, place="oud"))
    crawling(Kind.PHPBB)
    hidden = [post.key for post in (*moved, split)]
    for key in hidden:
        crawling.replica.posts.remove(key)
    topic = f"t={topic_id('storing')}"
    asking_in(crawling, monkeypatch, topic, *(f"p={key}" for key in hidden))
    outcomes = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        outcomes.append(crawling(Kind.PHPBB))

    gone = {line["external_id"] for line in crawling.mentions() if line["status"] == "removed"}
    assert (gone, {one.health for one in outcomes}) == (set(hidden), {Health.OK})


def test_a_topic_that_was_not_read_to_its_end_and_is_not_public_blocks_no_forum(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(3):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    with monkeypatch.context() as moving:
        asking_in(crawling, moving, f"t={topic_id('onderwerp 1')}")
        outcome = crawling(Kind.PHPBB)
    with monkeypatch.context() as closed:
        asking_in(crawling, closed, "viewtopic")
        for place in range(4):
            show(crawling, posts(Kind.PHPBB, 1, first=5 * place, place=f"nieuw {place}"))
        refused = crawling(Kind.PHPBB)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 4)
    assert (refused.health, refused.stats["cause"]) == (Health.BLOCKED, "sign_in")
    assert crawling(Kind.PHPBB).counts["new"] == 2 + 4


def test_a_topic_that_is_restored_is_read_again(crawling: Crawling) -> None:
    show(crawling, posts(Kind.PHPBB, 3))
    show(crawling, posts(Kind.PHPBB, 2, first=50, place="elders"))
    crawling(Kind.PHPBB)
    crawling.replica.faults.set(Kind.PHPBB, Fault.NOT_FOUND, after=1)
    crawling.clock.advance(timedelta(hours=25))
    away = crawling(Kind.PHPBB)
    crawling.replica.faults.clear()
    crawling.clock.advance(timedelta(hours=25))
    again = crawling(Kind.PHPBB)

    assert (away.counts["removed"], again.health) == (5, Health.OK)
    assert {line["status"] for line in crawling.mentions()} == {"visible"}


@pytest.mark.parametrize(("forums", "after"), [([69], 1), ([], 0)])
def test_a_firewall_is_no_topic_that_closed_nor_a_feed_that_is_off(
    crawling: Crawling, forums: list[int], after: int
) -> None:
    for place in range(3):
        show(crawling, posts(Kind.PHPBB, 2, first=100 + 3 * place, place=f"onderwerp {place}"))
    crawling.replica.faults.set(Kind.PHPBB, Fault.FIREWALL, after=after)
    outcome = crawling(Kind.PHPBB, forums=forums)

    assert outcome.stats["cause"] == "waf"
    assert len(crawling.asked()) == after + 1


def test_without_forums_or_topics_the_feed_is_read(crawling: Crawling) -> None:
    show(crawling, posts(Kind.PHPBB, 4))
    outcome = crawling(Kind.PHPBB, forums=[])
    again = crawling(Kind.PHPBB)

    assert (outcome.health, outcome.counts["new"], again.counts["new"]) == (Health.OK, 4, 0)


def test_an_unchanged_feed_of_a_forum_is_not_sent_again(crawling: Crawling) -> None:
    show(crawling, posts(Kind.PHPBB, 3))
    crawling(Kind.PHPBB, forums=[])
    idle = crawling(Kind.PHPBB, forums=[])
    show(crawling, posts(Kind.PHPBB, 1, first=40))
    news = crawling(Kind.PHPBB, forums=[])

    assert (idle.health, idle.stats["not_modified"], idle.counts["unchanged"]) == (Health.OK, 1, 0)
    assert news.counts["new"] == 1


def test_a_post_that_the_feed_lacks_twice_is_removed(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 12))
    crawling(Kind.PHPBB, forums=[])
    crawling.replica.posts.remove(shown[5].key)
    removed = []
    for _ in range(4):
        removed.append(crawling(Kind.PHPBB, forums=[]).counts["removed"])
        crawling.clock.advance(timedelta(hours=13))
    [gone] = [line for line in crawling.mentions() if line["status"] == Status.REMOVED]

    assert (removed, gone["external_id"]) == ([0, 1, 0, 0], shown[5].key)


def test_a_post_of_the_feed_whose_words_are_edited_away_is_no_removal(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 12))
    crawling(Kind.PHPBB, forums=[], query="internet")
    crawling.replica.posts.edit(shown[5].key, text="Laat maar, het is opgelost.")
    counts = []
    for _ in range(3):
        counts.append(crawling(Kind.PHPBB, forums=[], query="internet").counts)
        crawling.clock.advance(timedelta(hours=13))

    assert [(one["edited"], one["removed"]) for one in counts] == [(1, 0), (0, 0), (0, 0)]


def test_a_feed_that_is_off_is_named(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.PHPBB, Fault.NOT_FOUND)
    outcome = crawling(Kind.PHPBB, forums=[])

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, "not_found")
    assert outcome.reason is not None
    assert "write forums or topics" in outcome.reason
    assert crawling.asked() == ["/app.php/feed", "/feed"]


@pytest.mark.parametrize("forums", [[69], []])
def test_a_query_keeps_only_what_holds_its_words(crawling: Crawling, forums: list[int]) -> None:
    show(crawling, posts(Kind.PHPBB, 12))
    outcome = crawling(Kind.PHPBB, forums=forums, query="INTERNET 7")

    assert [line["text"] for line in crawling.mentions()] == [
        "Al 7 uur geen internet & niemand die belt. #snelveld"
    ]
    assert outcome.health is Health.OK


def test_what_a_query_kept_is_followed_when_its_words_are_taken_away(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.PHPBB, 20))
    crawling(Kind.PHPBB, query="INTERNET 7")
    kept = [line["external_id"] for line in crawling.mentions()]
    edited, removed, never = (shown[place].key for place in (6, 16, 4))
    crawling.replica.posts.edit(edited, text="Opgelost, dank.")
    crawling.replica.posts.remove(removed)
    crawling.replica.posts.remove(never)
    crawling.clock.advance(timedelta(hours=25))
    since = len(crawling.replica.requests)
    outcome = crawling(Kind.PHPBB, query="INTERNET 7")

    assert (outcome.counts["new"], outcome.counts["edited"], outcome.counts["removed"]) == (0, 1, 1)
    assert [line["external_id"] for line in crawling.mentions()] == kept
    assert f"/viewtopic.php?p={never}" not in crawling.asked(since)
