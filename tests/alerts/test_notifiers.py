"""The contract of every channel, and Slack's own ways of failing."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest

from alerts.notifiers import DeliveryError, Message, Notifier, Receipt, chosen
from alerts.notifiers.console import ConsoleNotifier
from alerts.notifiers.slack import SlackNotifier
from demo.replica.slack import FakeSlack, SlackFault
from storage.models import DeliveryForm
from tests.alerts.world import configuration

POST = Message(
    DeliveryForm.POST,
    "Piek bij Snelveld",
    (
        {"type": "header", "text": {"type": "plain_text", "text": "Piek bij Snelveld"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*42 klachten* &lt;b&gt;"}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "<https://radar.example/1|Bekijk>"}]},
    ),
)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


@pytest.fixture(params=["slack", "console"])
def notifier(request: pytest.FixtureRequest) -> Notifier:
    if request.param == "console":
        return ConsoleNotifier(StringIO())
    return on(request.getfixturevalue("slack"))


def on(slack: FakeSlack, timeout: int = 1) -> SlackNotifier:
    return SlackNotifier("xoxb-proef", "#reputatie", slack.api_url, timeout)


def later(form: DeliveryForm, parent: Receipt) -> Message:
    return Message(form, "Nu 60", POST.blocks[:1], parent)


def test_every_post_gets_a_receipt_of_its_own(notifier: Notifier) -> None:
    first, second = notifier.send(POST), notifier.send(POST)
    assert first != second
    assert first.channel


def test_an_update_keeps_the_receipt_of_its_message(notifier: Notifier) -> None:
    receipt = notifier.send(POST)
    assert notifier.send(later(DeliveryForm.UPDATE, receipt)) == receipt


def test_a_reply_is_accepted_and_the_channel_knows_us(notifier: Notifier) -> None:
    receipt = notifier.send(POST)
    assert notifier.send(later(DeliveryForm.REPLY, receipt)).channel == receipt.channel
    assert notifier.check()
    assert notifier.name in ("slack", "console")


def test_the_console_shows_what_slack_would_show() -> None:
    stream = StringIO()
    console = ConsoleNotifier(stream)
    receipt = console.send(POST)
    console.send(later(DeliveryForm.REPLY, receipt))
    lines = stream.getvalue().split("\n")
    assert lines == [
        "",
        "Piek bij Snelveld",
        "42 klachten <b>",
        "Bekijk: https://radar.example/1",
        "",
        "↳ Piek bij Snelveld",
        "",
    ]


def test_a_closed_console_is_an_error_for_now() -> None:
    stream = StringIO()
    stream.close()
    with pytest.raises(DeliveryError) as caught:
        ConsoleNotifier(stream).send(POST)
    assert not caught.value.permanent


def test_an_update_rewrites_and_a_reply_goes_in_the_thread(slack: FakeSlack) -> None:
    notifier = on(slack)
    receipt = notifier.send(POST)
    notifier.send(later(DeliveryForm.UPDATE, receipt))
    notifier.send(later(DeliveryForm.REPLY, receipt))
    [message] = slack.messages
    assert (message.text, message.versions) == ("Nu 60", ("Piek bij Snelveld",))
    assert [reply.text for reply in slack.thread(receipt.ts)] == ["Nu 60"]


def test_links_in_a_message_are_not_unfolded(slack: FakeSlack) -> None:
    on(slack).send(POST)
    given = slack.messages[0].given
    assert (given["unfurl_links"], given["unfurl_media"]) == (False, False)


@pytest.mark.parametrize(
    ("fault", "permanent", "uncertain"),
    [
        (SlackFault.SERVER_ERROR, False, True),
        (SlackFault.HANG, False, True),
        (SlackFault.RESET_BEFORE, False, True),
        (SlackFault.RESET_AFTER, False, True),
        (SlackFault.RATE_LIMITED, False, False),
        (SlackFault.INVALID_AUTH, True, False),
        (SlackFault.CHANNEL_NOT_FOUND, True, False),
    ],
)
def test_every_failure_says_whether_waiting_helps(
    slack: FakeSlack, fault: SlackFault, permanent: bool, uncertain: bool
) -> None:
    slack.fail(fault)
    with pytest.raises(DeliveryError) as caught:
        on(slack).send(POST)
    assert (caught.value.permanent, caught.value.uncertain) == (permanent, uncertain)


def test_slack_says_how_long_to_wait(slack: FakeSlack) -> None:
    slack.fail(SlackFault.RATE_LIMITED, retry_after=73)
    with pytest.raises(DeliveryError) as caught:
        on(slack).send(POST)
    assert caught.value.retry_after == timedelta(seconds=73)


def test_a_refusal_says_what_to_do(slack: FakeSlack) -> None:
    slack.fail(SlackFault.INVALID_AUTH)
    with pytest.raises(DeliveryError, match="invalid_auth; set KLACHTENRADAR_SLACK_TOKEN"):
        on(slack).check()


def test_what_may_have_been_taken_is_repeated_only_when_slack_answers(slack: FakeSlack) -> None:
    slack.fail(SlackFault.RESET_AFTER)
    doubtful = Message(POST.form, POST.text, POST.blocks, repeated=True)
    with pytest.raises(DeliveryError):
        on(slack).send(doubtful)
    assert slack.messages == []


def test_an_address_where_nobody_answers_is_an_error_for_now() -> None:
    with pytest.raises(DeliveryError) as caught:
        SlackNotifier("xoxb-proef", "#x", "http://127.0.0.1:9/api/", 1).send(POST)
    assert not caught.value.permanent


def test_without_a_token_the_console_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KLACHTENRADAR_SLACK_TOKEN", raising=False)
    assert [one.name for one in chosen(configuration())] == ["console"]
    monkeypatch.setenv("KLACHTENRADAR_SLACK_TOKEN", "xoxb-proef")
    assert [(one.name, one.channel) for one in chosen(configuration())] == [("slack", "#reputatie")]
