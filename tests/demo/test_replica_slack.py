from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from demo.clock import PlayClock
from demo.replica.slack import FakeSlack, SlackFault
from tests.demo.asking import get, send
from tests.demo.conftest import NOW


@pytest.fixture
def slack(clock: PlayClock) -> Iterator[FakeSlack]:
    with FakeSlack(clock) as running:
        yield running


@pytest.fixture
def client(slack: FakeSlack) -> WebClient:
    return WebClient(token="xoxb-test", base_url=slack.api_url, timeout=5, retry_handlers=[])


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_a_message_is_posted_updated_and_answered_in_its_thread(
    slack: FakeSlack, client: WebClient, clock: PlayClock
) -> None:
    posted = client.chat_postMessage(channel="#reputatie", text="Meer klachten", blocks=[_section("*Meer*")])
    clock.advance(timedelta(seconds=2))
    client.chat_update(channel=posted["channel"], ts=posted["ts"], text="Nog meer klachten")
    client.chat_postMessage(channel=posted["channel"], text="Het wordt erger", thread_ts=posted["ts"])
    (message,) = slack.messages
    assert (message.text, message.versions) == ("Nog meer klachten", ("Meer klachten",))
    assert message.given["channel"] == "#reputatie"
    assert [reply.text for reply in slack.thread(posted["ts"])] == ["Het wordt erger"]
    assert slack.times("#reputatie") == [NOW, NOW + timedelta(seconds=2), NOW + timedelta(seconds=2)]


def test_the_channel_of_the_answer_is_an_id_and_the_ts_is_unique(client: WebClient) -> None:
    first = client.chat_postMessage(channel="#reputatie", text="een")
    second = client.chat_postMessage(channel="reputatie", text="twee")
    assert first["channel"] == second["channel"]
    assert first["channel"].startswith("C")
    assert first["ts"] != second["ts"]


def test_who_we_are_is_answered(client: WebClient) -> None:
    assert client.auth_test()["user"] == "klachtenradar"


def test_form_bodies_are_read_like_json(slack: FakeSlack, client: WebClient) -> None:
    client.api_call(
        "chat.postMessage", data={"channel": "C1", "text": "a", "blocks": '[{"type": "divider"}]'}
    )
    assert slack.messages[0].blocks == ({"type": "divider"},)


@pytest.mark.parametrize("fault", [SlackFault.INVALID_AUTH, SlackFault.CHANNEL_NOT_FOUND])
def test_a_permanent_error_has_slacks_name(slack: FakeSlack, client: WebClient, fault: SlackFault) -> None:
    slack.fail(fault)
    with pytest.raises(SlackApiError, match=str(fault)):
        client.chat_postMessage(channel="#reputatie", text="hallo")
    assert (slack.messages, slack.calls[0].error) == ([], str(fault))


def test_too_many_messages_is_429_with_a_time_and_then_it_works(slack: FakeSlack, client: WebClient) -> None:
    slack.fail(SlackFault.RATE_LIMITED, times=1, retry_after=30)
    with pytest.raises(SlackApiError) as error:
        client.chat_postMessage(channel="#reputatie", text="hallo")
    assert error.value.response.status_code == 429
    assert error.value.response.headers["Retry-After"] == "30"
    assert client.chat_postMessage(channel="#reputatie", text="hallo")["ok"]


def test_a_server_error_is_500(slack: FakeSlack, client: WebClient) -> None:
    slack.fail(SlackFault.SERVER_ERROR)
    with pytest.raises(SlackApiError) as error:
        client.auth_test()
    assert error.value.response.status_code == 500


@pytest.mark.parametrize(("fault", "kept"), [(SlackFault.RESET_BEFORE, 0), (SlackFault.RESET_AFTER, 1)])
def test_a_reset_comes_before_or_after_the_message_is_kept(
    slack: FakeSlack, client: WebClient, fault: SlackFault, kept: int
) -> None:
    slack.fail(fault)
    with pytest.raises(OSError, match="reset"):
        client.chat_postMessage(channel="#reputatie", text="hallo")
    assert len(slack.messages) == kept


def test_a_hang_outlasts_the_patience_of_the_client(slack: FakeSlack) -> None:
    slack.fail(SlackFault.HANG)
    hasty = WebClient(token="xoxb-test", base_url=slack.api_url, timeout=1, retry_handlers=[])
    with pytest.raises(TimeoutError):
        hasty.auth_test()


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"blocks": [_section("x" * 3001)]}, "invalid_blocks"),
        ({"blocks": [_section("x")] * 51}, "invalid_blocks"),
        ({"text": ""}, "no_text"),
        ({"text": "x", "channel": ""}, "channel_not_found"),
    ],
)
def test_what_slack_refuses_is_refused(client: WebClient, message: dict[str, Any], error: str) -> None:
    with pytest.raises(SlackApiError, match=error):
        client.api_call("chat.postMessage", json={"channel": "C1", **message})


def test_an_update_of_an_unknown_message_is_refused(client: WebClient) -> None:
    with pytest.raises(SlackApiError, match="message_not_found"):
        client.chat_update(channel="C1", ts="1.000000", text="x")


def test_no_token_is_not_authed(slack: FakeSlack) -> None:
    assert send("POST", f"{slack.api_url}auth.test").json == {"ok": False, "error": "not_authed"}


def test_another_process_reads_messages_and_sets_faults(slack: FakeSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="#reputatie", text="hallo")
    assert get(f"{slack.url}/_replica/messages").json[0]["text"] == "hallo"
    send("POST", f"{slack.url}/_replica/faults", {"fault": "invalid_auth"})
    with pytest.raises(SlackApiError):
        client.auth_test()
    send("DELETE", f"{slack.url}/_replica/faults")
    assert client.auth_test()["ok"]
