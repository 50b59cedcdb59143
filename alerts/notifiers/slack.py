"""Slack, through its Web API."""

import http.client
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from alerts.notifiers.notifier import DeliveryError, Message, Receipt
from storage.models import DeliveryForm

TIMEOUT = 10
"""Seconds. A call that hangs must not keep other messages waiting longer."""
PERMANENT = frozenset(
    {
        "account_inactive",
        "as_user_not_supported",
        "cant_update_message",
        "channel_not_found",
        "edit_window_closed",
        "invalid_arguments",
        "invalid_auth",
        "invalid_blocks",
        "invalid_blocks_format",
        "is_archived",
        "message_not_found",
        "missing_scope",
        "msg_too_long",
        "no_permission",
        "no_text",
        "not_allowed_token_type",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
        "unknown_method",
    }
)
"""https://docs.slack.dev/reference/methods/chat.postMessage#errors: what waiting does not mend."""
ADVICE = {
    "account_inactive": "the app was removed from the workspace; install it again",
    "channel_not_found": "correct `slack.channel`, or invite the app to that channel",
    "invalid_auth": "set KLACHTENRADAR_SLACK_TOKEN to the app's bot token (xoxb-…)",
    "is_archived": "the channel is archived; name another one in `slack.channel`",
    "missing_scope": "give the app the scope chat:write and install it again",
    "not_authed": "set KLACHTENRADAR_SLACK_TOKEN to the app's bot token (xoxb-…)",
    "not_in_channel": "invite the app to the channel: /invite @…",
    "token_revoked": "the token was revoked; make a new one and set KLACHTENRADAR_SLACK_TOKEN",
}


class SlackNotifier:
    """Posts, rewrites and answers messages in one channel."""

    name = "slack"

    def __init__(self, token: str, channel: str, api_url: str, timeout: int = TIMEOUT) -> None:
        self._channel = channel
        # The SDK's own retries live in memory only and would hold up the outbox, which has its own.
        self._client = WebClient(
            token=token, base_url=api_url.rstrip("/") + "/", timeout=timeout, retry_handlers=[]
        )

    @property
    def channel(self) -> str:
        return self._channel

    def send(self, message: Message) -> Receipt:
        """Raises DeliveryError. After an attempt that ended in doubt, Slack must answer before we repeat it."""
        if message.repeated and message.form is not DeliveryForm.UPDATE:
            self.check()
        words = {"text": message.text, "blocks": list(message.blocks)}
        if message.form is DeliveryForm.POST or message.parent is None:
            return self._post(channel=self._channel, **words)
        channel, ts = message.parent.channel, message.parent.ts
        if message.form is DeliveryForm.REPLY:
            return self._post(channel=channel, thread_ts=ts, **words)
        self._call("chat.update", channel=channel, ts=ts, **words)
        return message.parent

    def check(self) -> str:
        """Who we are for Slack, as `app in workspace`. Raises DeliveryError."""
        answer = self._call("auth.test")
        return f"{answer.get('user')} in {answer.get('team')}"

    def _post(self, **arguments: Any) -> Receipt:
        answer = self._call("chat.postMessage", unfurl_links=False, unfurl_media=False, **arguments)
        return Receipt(str(answer.get("channel") or arguments["channel"]), str(answer.get("ts") or ""))

    def _call(self, method: str, **arguments: Any) -> Any:
        try:
            return self._client.api_call(method, json=arguments)
        except SlackApiError as error:
            raise _refused(method, error) from error
        except (SlackClientError, OSError, http.client.HTTPException, ValueError) as error:
            # Timeouts and resets: nobody knows whether the message was taken.
            raise DeliveryError(f"{method}: {type(error).__name__}: {error}", uncertain=True) from error


def _refused(method: str, error: SlackApiError) -> DeliveryError:
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error") or f"status {response.status_code}")
    advice = f"; {ADVICE[code]}" if code in ADVICE else ""
    return DeliveryError(
        f"{method}: {code}{advice}",
        permanent=code in PERMANENT,
        retry_after=_asked_for(response.headers) if response.status_code == 429 else None,
        uncertain=response.status_code >= 500,
    )


def _asked_for(headers: Any) -> timedelta:
    """How long Slack wants to be left alone; half a minute when it does not say."""
    given = {str(name).lower(): value for name, value in dict(headers).items()}.get("retry-after", "30")
    value = str(given[0] if isinstance(given, list) else given)
    return timedelta(seconds=min(max(int(value), 1), 3600)) if value.isdigit() else timedelta(seconds=30)
