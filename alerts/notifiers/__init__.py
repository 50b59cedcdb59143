"""The channels that are told about incidents. To add one: a file here, and a line in `NOTIFIERS`."""

import sys
from collections.abc import Callable

from alerts.notifiers.console import ConsoleNotifier
from alerts.notifiers.notifier import DeliveryError, Message, Notifier, Receipt
from alerts.notifiers.slack import SlackNotifier
from storage.configuration import Configuration, Fault, secret

__all__ = ["NOTIFIERS", "DeliveryError", "Message", "Notifier", "Receipt", "chosen", "faults"]

SLACK_TOKEN = "KLACHTENRADAR_SLACK_TOKEN"  # noqa: S105 - the name of a variable


def _slack(configuration: Configuration) -> Notifier | None:
    token = secret(SLACK_TOKEN)
    if not token or not configuration.slack.channel:
        return None
    return SlackNotifier(token, configuration.slack.channel, configuration.slack.api_url)


def _console(_: Configuration) -> Notifier:
    return ConsoleNotifier(sys.stderr)


NOTIFIERS: dict[str, Callable[[Configuration], Notifier | None]] = {
    "slack": _slack,
}
"""Each gives its channel when the configuration has what it needs."""


def faults(configuration: Configuration) -> list[Fault]:
    """What keeps a channel from being used that somebody meant to use."""
    if secret(SLACK_TOKEN) and not configuration.slack.channel:
        return [
            Fault("slack.channel", 'is missing, though there is a token; name the channel, as "#reputatie"')
        ]
    return []


def chosen(configuration: Configuration) -> list[Notifier]:
    """The channels to tell: all that are set up, or the console when none is."""
    found = [make(configuration) for make in NOTIFIERS.values()]
    return [one for one in found if one is not None] or [_console(configuration)]
