"""The outbox against a fake Slack: one message an incident, nothing lost, nothing said twice."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest

from alerts import deliver, judge, trends
from alerts.notifiers.slack import SlackNotifier
from demo.clock import PlayClock
from demo.replica.slack import FakeSlack, SlackFault
from storage import deliveries, incidents
from storage.configuration import QuietHours
from storage.leases import Holder
from storage.models import Delivery, DeliveryForm, DeliveryState, Health
from tests.alerts.world import NOW, World, burst

MINUTE = timedelta(minutes=1)


class Office:
    """A world whose incidents are told to a fake Slack, at a time that the test sets."""

    def __init__(self, world: World, slack: FakeSlack, clock: PlayClock, timeout: int = 2) -> None:
        self.world, self.slack, self.clock = world, slack, clock
        self.notifier = SlackNotifier("xoxb-proef", "#reputatie", slack.api_url, timeout)

    def judge(self) -> None:
        """Crawl, to find nothing new, and judge."""
        for name in ("pagina", "berichten"):
            self.world.crawled(name, self.clock())
        trends.run(self.world.database, self.clock())
        judge.run(self.world.database, self.world.configuration.alerts, self.clock())

    def turn(self, later: timedelta = timedelta(0)) -> None:
        """Let time pass, judge, and tell until nothing is due."""
        self.clock.advance(later)
        self.judge()
        self.tell()

    def tell(self) -> None:
        deliver.run(self.world.database, self.world.configuration, [self.notifier], self.clock, self.pause)

    def pause(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def storm(self, number: int = 20, minutes: float = 30) -> None:
        self.world.post(*burst(number, until=self.clock(), minutes=minutes))

    def outbox(self) -> list[tuple[DeliveryForm, str, DeliveryState]]:
        return [(one.form, one.reason, one.state) for one in self.world.all(Delivery)]


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


@pytest.fixture
def office(heard: World, slack: FakeSlack) -> Office:
    return Office(heard, slack, PlayClock(NOW))


def test_an_incident_is_one_message_that_grows_and_closes(office: Office) -> None:
    office.storm(10)
    office.turn()
    office.clock.advance(6 * MINUTE)
    office.storm(5, minutes=5)
    office.turn()
    office.turn(65 * MINUTE)
    office.turn(31 * MINUTE)
    [message] = office.slack.messages
    [reply] = office.slack.thread(message.ts)
    assert "Voorbij" in reply.text
    assert len(message.versions) == 2
    assert message.blocks[0]["text"]["text"].startswith("✅")


def test_a_thousand_complaints_at_once_are_at_most_three_messages(office: Office) -> None:
    office.storm(1000)
    for _ in range(12):
        office.turn(10 * MINUTE)
    posted = [call for call in office.slack.calls if call.method == "chat.postMessage"]
    assert len(office.slack.messages) == 1
    assert len(posted) <= 3


def test_a_thread_reply_says_that_it_gets_worse(office: Office) -> None:
    office.storm(8)
    office.turn()
    office.clock.advance(11 * MINUTE)
    office.storm(30, minutes=5)
    office.turn()
    [message] = office.slack.messages
    assert [("erger" in reply.text) for reply in office.slack.thread(message.ts)] == [True]


def test_everything_arrives_when_slack_is_back(office: Office) -> None:
    office.slack.fail(SlackFault.SERVER_ERROR)
    office.storm()
    for _ in range(12):
        office.turn(5 * MINUTE)
    assert office.slack.messages == []
    office.slack.mend()
    office.turn(5 * MINUTE)
    office.turn(31 * MINUTE)
    [message] = office.slack.messages
    assert all(state is DeliveryState.SENT for *_, state in office.outbox())
    assert "20 klachten" in str(message.blocks)


@pytest.mark.parametrize("fault", [SlackFault.RESET_BEFORE, SlackFault.RESET_AFTER])
def test_a_connection_that_is_reset_is_tried_again(office: Office, fault: SlackFault) -> None:
    office.slack.fail(fault, times=1)
    office.storm()
    office.turn()
    office.turn(MINUTE)
    assert office.outbox() == [(DeliveryForm.POST, "first", DeliveryState.SENT)]


def test_a_message_in_doubt_is_not_repeated_before_slack_answers(office: Office) -> None:
    office.slack.fail(SlackFault.RESET_AFTER)
    office.storm()
    for _ in range(10):
        office.turn(5 * MINUTE)
    assert len(office.slack.messages) == 1


def test_retry_after_is_honoured_for_the_whole_channel(office: Office) -> None:
    office.slack.fail(SlackFault.RATE_LIMITED, times=1, retry_after=120)
    office.storm()
    office.turn()
    office.turn(MINUTE)
    assert len(office.slack.calls) == 1
    office.turn(2 * MINUTE)
    assert len(office.slack.messages) == 1


@pytest.mark.parametrize("fault", [SlackFault.INVALID_AUTH, SlackFault.CHANNEL_NOT_FOUND])
def test_what_waiting_does_not_mend_is_not_retried(office: Office, fault: SlackFault) -> None:
    office.slack.fail(fault)
    office.storm()
    for _ in range(5):
        office.turn(5 * MINUTE)
    [delivery] = office.world.all(Delivery)
    assert len(office.slack.calls) == 1
    assert delivery.state is DeliveryState.FAILED
    assert str(fault) in (delivery.error or "")


def test_what_was_refused_is_told_after_it_was_mended(office: Office) -> None:
    office.slack.fail(SlackFault.INVALID_AUTH)
    office.storm()
    office.turn()
    assert deliver.mend(office.world.database, office.notifier, office.clock()).failed == 1
    office.slack.mend()
    deliver.mend(office.world.database, office.notifier, office.clock())
    office.turn(MINUTE)
    assert len(office.slack.messages) == 1


def test_the_message_tells_how_things_stand_when_it_goes(office: Office) -> None:
    office.slack.fail(SlackFault.SERVER_ERROR, times=1)
    office.storm(10)
    office.turn()
    office.storm(10, minutes=1)
    office.turn(MINUTE)
    [message] = office.slack.messages
    assert "20 klachten" in str(message.blocks)


def test_a_claim_of_a_dead_process_is_taken_back_at_once(office: Office) -> None:
    office.storm()
    office.judge()
    deliver.decide(
        office.world.database, deliver.desk(office.world.configuration, office.notifier), office.clock()
    )
    dead = Holder(deliver.this_process().host, 2**22 + 1)
    with office.world.database.write() as session:
        assert deliveries.claim(session, "slack", dead, office.clock()) is not None
    office.clock.advance(timedelta(seconds=2))
    office.tell()
    assert len(office.slack.messages) == 1


def test_a_claim_of_a_living_process_is_left_alone(office: Office) -> None:
    office.storm()
    office.judge()
    desk = deliver.desk(office.world.configuration, office.notifier)
    deliver.decide(office.world.database, desk, office.clock())
    with office.world.database.write() as session:
        deliveries.claim(session, "slack", Holder("elders", 7), office.clock())
    office.clock.advance(timedelta(seconds=30))
    office.tell()
    assert office.slack.messages == []
    office.clock.advance(timedelta(seconds=31))
    office.tell()
    assert len(office.slack.messages) == 1


def test_messages_of_a_channel_are_a_second_apart(office: Office) -> None:
    office.storm()
    office.world.add_source("andere")
    for minutes in (3, 2, 1):
        office.world.crawled("andere", NOW - minutes * MINUTE, Health.BLOCKED)
    office.turn()
    desk = deliver.desk(office.world.configuration, office.notifier)
    sent = [one.claimed_at for one in office.world.all(Delivery) if one.claimed_at]
    assert len(sent) == 2
    assert sent[1] - sent[0] >= timedelta(seconds=1)
    assert deliver.send_next(office.world.database, desk, office.clock) is None


def test_quiet_hours_hold_back_what_can_wait_until_morning(office: Office) -> None:
    alerts = office.world.configuration.alerts.model_copy(
        update={"quiet_hours": QuietHours(time(15), time(16))}
    )
    office.world.configuration = office.world.configuration.model_copy(update={"alerts": alerts})
    office.storm(8)
    office.turn()
    assert office.slack.messages == []
    office.turn(45 * MINUTE)
    assert len(office.slack.messages) == 1


def test_somebody_who_takes_it_on_stands_in_the_message(office: Office) -> None:
    office.storm()
    office.turn()
    [incident] = office.world.incidents()
    with office.world.database.write() as session:
        incidents.acknowledge(session, incident.id or 0, "Noor", office.clock())
    office.turn(6 * MINUTE)
    [message] = office.slack.messages
    assert "Opgepakt door Noor" in str(message.blocks)
    assert office.slack.thread(message.ts) == []
