"""What happens on the wire, the request log, robots.txt and the control addresses."""

import http.client
from urllib.error import URLError
from urllib.robotparser import RobotFileParser

import pytest

from demo.clock import PlayClock
from demo.replica import ROBOTS, Fault, Kind, Replica
from tests.demo.asking import Got, get, next_data, send
from tests.demo.conftest import NOW
from tests.demo.posting import a_post

RSS = "/feeds/snelveld.rss"


def test_too_many_requests_says_when_to_come_back(replica: Replica) -> None:
    replica.faults.set(Kind.FEED, Fault.RATE_LIMITED, retry_after=7)
    answer = get(replica.url + RSS)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


def test_a_hanging_source_says_nothing_until_it_is_stopped(replica: Replica) -> None:
    replica.faults.set(Kind.FEED, Fault.HANG)
    with pytest.raises(TimeoutError):
        get(replica.url + RSS, timeout=0.2)


def test_a_reset_is_an_error_of_the_connection(replica: Replica) -> None:
    replica.faults.set(Kind.FEED, Fault.RESET)
    with pytest.raises((URLError, ConnectionResetError)) as error:
        get(replica.url + RSS)
    reason = getattr(error.value, "reason", error.value)
    assert isinstance(reason, ConnectionResetError)


def test_a_truncated_answer_breaks_its_promise(replica: Replica) -> None:
    replica.faults.set(Kind.FEED, Fault.TRUNCATED)
    with pytest.raises(http.client.IncompleteRead):
        get(replica.url + RSS)


def test_bad_bytes_stand_inside_the_texts(replica: Replica) -> None:
    replica.posts.add(a_post())
    replica.faults.set(Kind.TRUSTPILOT, Fault.BAD_BYTES)
    body = get(f"{replica.url}/review/snelveld.nl").body
    with pytest.raises(UnicodeDecodeError):
        body.decode()
    assert next_data(Got(200, {}, body.decode(errors="replace").encode()))["reviews"][0]["rating"] == 1


def test_an_oversized_answer_is_far_larger_than_the_feed(replica: Replica) -> None:
    replica.faults.set(Kind.FEED, Fault.OVERSIZE)
    assert len(get(replica.url + RSS).body) > 32 * 1024 * 1024


def test_a_fault_can_begin_later_and_pass(replica: Replica) -> None:
    replica.faults.set(Kind.FEED, Fault.SERVER_ERROR, after=1, times=2)
    assert [get(replica.url + RSS).status for _ in range(5)] == [200, 500, 500, 200, 200]


def test_one_kind_failing_leaves_the_others_alone(replica: Replica) -> None:
    replica.posts.add(a_post())
    replica.faults.set(Kind.FEED, Fault.SERVER_ERROR)
    assert get(f"{replica.url}/review/snelveld.nl").status == 200


def test_a_fault_that_a_source_cannot_have_is_refused(replica: Replica) -> None:
    with pytest.raises(ValueError, match="closed does not happen to feed"):
        replica.faults.set(Kind.FEED, Fault.CLOSED)
    with pytest.raises(ValueError, match="there is no 'krant' here"):
        replica.faults.set("krant", Fault.EMPTY)


def _may(replica: Replica, path: str) -> bool:
    robots = RobotFileParser()
    robots.parse(get(f"{replica.url}/robots.txt").text.splitlines())
    return robots.can_fetch("Klachtenradar", replica.url + path)


def test_robots_allows_the_sources_and_can_close_one_or_all(replica: Replica) -> None:
    assert (_may(replica, RSS), _may(replica, "/_replica/posts")) == (True, False)
    replica.faults.set(Kind.FEED, Fault.ROBOTS_DISALLOW)
    assert (_may(replica, RSS), _may(replica, "/review/snelveld.nl")) == (False, True)
    replica.faults.set(ROBOTS, Fault.ROBOTS_DISALLOW)
    assert not _may(replica, "/review/snelveld.nl")


def test_robots_can_break(replica: Replica) -> None:
    replica.faults.set(ROBOTS, Fault.SERVER_ERROR)
    assert get(f"{replica.url}/robots.txt").status == 500


def test_the_log_keeps_what_was_asked_but_not_the_control(replica: Replica) -> None:
    get(f"{replica.url}{RSS}?van=test", User_Agent="Klachtenradar/1")
    get(f"{replica.url}/_replica/posts")
    (request,) = replica.requests
    assert (request.path, request.first("van"), request.at) == (RSS, "test", NOW)
    assert request.headers["user-agent"] == "Klachtenradar/1"


def test_posts_can_be_changed_over_http(replica: Replica) -> None:
    post = {"kind": "trustpilot_web", "text": "Al weken niets", "published_at": "2026-11-20T11:30:00+00:00"}
    control = f"{replica.url}/_replica/posts"
    key = send("POST", control, post).json["key"]
    send("POST", f"{control}/{key}/edit", {"text": "Eindelijk iets"})
    send("POST", f"{control}/{key}/reply", {"text": "Mooi!"})
    (seen,) = get(control).json
    assert (seen["text"], seen["reply"]["text"]) == ("Eindelijk iets", "Mooi!")
    send("DELETE", f"{control}/{key}")
    assert get(control).json == []


def test_faults_can_be_set_and_mended_over_http(replica: Replica) -> None:
    control = f"{replica.url}/_replica/faults"
    send("POST", control, {"kind": "feed", "fault": "rate_limited", "retry_after": 3})
    assert get(replica.url + RSS).headers["Retry-After"] == "3"
    send("DELETE", f"{control}?kind=feed")
    assert get(replica.url + RSS).status == 200


def test_the_clock_can_be_set_over_http(replica: Replica, clock: PlayClock) -> None:
    control = f"{replica.url}/_replica/clock"
    send("POST", control, {"now": "2026-11-21T08:00:00+00:00"})
    assert get(control).json == {"now": "2026-11-21 08:00:00+00:00"}
    assert clock() > NOW


def test_a_mistake_in_a_control_request_gets_its_reason(replica: Replica) -> None:
    answer = send("POST", f"{replica.url}/_replica/faults", {"kind": "feed", "fault": "griep"})
    assert answer.status == 400
    assert "griep" in answer.json["error"]


def test_an_unknown_address_is_404(replica: Replica) -> None:
    assert get(f"{replica.url}/nergens").status == 404
