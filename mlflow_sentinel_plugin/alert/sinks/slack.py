"""Slack, by an incoming webhook. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from pydantic import AliasChoices, ConfigDict, Field, SecretStr

from mlflow_sentinel_plugin.alert.message import Message, clip, feature_line
from mlflow_sentinel_plugin.alert.outgoing import Reply
from mlflow_sentinel_plugin.alert.sink import HttpUrl, Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks.submit import submit

_MAX_HEADER = 150
_MAX_SECTION = 3000
_ICONS = {"low": "🔵", "medium": "🟡", "high": "🟠", "critical": "🔴"}


class SlackSettings(SinkSettings):
    """``webhook_url``, or ``url``."""

    model_config = ConfigDict(populate_by_name=True)
    required: ClassVar[tuple[str, ...]] = ("webhook_url",)

    webhook_url: HttpUrl = Field(SecretStr(""), validation_alias=AliasChoices("webhook_url", "url"))


class SlackSink(Sink):
    """Posts one message a second at most, as Slack asks."""

    settings_class: ClassVar[type[SinkSettings]] = SlackSettings
    settings: SlackSettings
    min_interval_ms: ClassVar[int] = 1_000

    def send(self, message: Message, *, delivery_id: str, now: int) -> None:
        """See ``Sink.send``. Slack has no way to recognise a duplicate."""
        body = json.dumps(payload(message), allow_nan=False).encode()
        submit(self.settings, self.settings.webhook_url, body, {}, now, explain=_error_word)


def payload(message: Message) -> dict[str, Any]:
    """``text`` for notifications, ``blocks`` within Slack's limits (header 150, section 3000 characters)."""
    icon = "✅" if message.action == "resolved" else _ICONS[message.severity]
    title = {"type": "plain_text", "text": clip(f"{icon} {message.title}", _MAX_HEADER)}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": title}]
    sections = [escape(message.summary), _features(message), _links(message)]
    blocks += [{"type": "section", "text": _markdown(text)} for text in sections if text]
    notes = [message.window_line, f"Why sent: {message.why}"]
    blocks.append({"type": "context", "elements": [_markdown(escape(note)) for note in notes if note]})
    return {"text": clip(escape(message.title), _MAX_SECTION), "blocks": blocks}


def escape(text: str) -> str:
    """Slack's three control characters, so that ``<!channel>`` is text.

    >>> escape("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _markdown(text: str) -> dict[str, Any]:
    # verbatim: no links made of names and addresses in the text.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _features(message: Message) -> str:
    if message.action == "resolved":
        return ""
    lines: list[str] = []
    size = 0
    for found in message.features:
        line = f"• `{escape(feature_line(found)).replace('`', chr(39)).replace(chr(10), ' ')}`"
        size += len(line) + 1
        if size > _MAX_SECTION - 100:
            break
        lines.append(line)
    more = message.features_total - len(lines)
    return "\n".join([*lines, *([f"• and {more} more"] if more > 0 else [])])


def _links(message: Message) -> str:
    return " · ".join(f"<{escape(url)}|{name.capitalize()}>" for name, url in message.links.items())


def _error_word(reply: Reply) -> str:
    """Slack explains a refusal in one word, such as ``invalid_token``."""
    word = re.fullmatch(rb"[a-z_]{1,40}", reply.body.strip())
    return "" if word is None else word[0].decode()
