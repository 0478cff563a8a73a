"""The sinks: which kinds there are, and those that a configuration names."""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from mlflow_sentinel_plugin.alert.sink import Sink, SinkSettings
from mlflow_sentinel_plugin.alert.sinks.http import HttpSink
from mlflow_sentinel_plugin.alert.sinks.pagerduty import PagerDutySink
from mlflow_sentinel_plugin.alert.sinks.slack import SlackSink
from mlflow_sentinel_plugin.config.model import AlertingSection, SinkConfig
from mlflow_sentinel_plugin.errors import ConfigError, InvalidInput
from mlflow_sentinel_plugin.registry import Registry

KINDS: Registry[type[Sink]] = Registry(
    "sink",
    "mlflow_sentinel.sinks",
    {"http": HttpSink, "slack": SlackSink, "pagerduty": PagerDutySink},
)


@dataclass
class Receiver:
    """A sink in use: one thread at a time, and not before ``free_at`` (ms since the epoch).

    Attributes:
        failures: Attempts in a row that may succeed later.
    """

    sink: Sink
    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: int = 0
    failures: int = 0


class Sinks:
    """The enabled sinks of a configuration by name. Lives as long as the process: it knows which are busy.

    Attributes:
        unconfigured: Enabled sinks that lack a setting -> what they lack. They get no messages.
        disabled: Names of the sinks that are switched off.
    """

    def __init__(
        self,
        sinks: Mapping[str, Sink],
        unconfigured: Mapping[str, str] | None = None,
        disabled: tuple[str, ...] = (),
    ) -> None:
        self._receivers = {name: Receiver(sink) for name, sink in sinks.items()}
        self.unconfigured = dict(unconfigured or {})
        self.disabled = disabled

    @property
    def names(self) -> tuple[str, ...]:
        """The sinks that get messages, sorted."""
        return tuple(sorted(self._receivers))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def receiver(self, name: str) -> Receiver | None:
        """The sink of that name, ``None`` if it gets no messages."""
        return self._receivers.get(name)


def build_sinks(alerting: AlertingSection) -> Sinks:
    """The sinks of the configuration.

    An enabled sink that lacks a secret, or names a variable that is not set, is unconfigured and no error.

    Raises:
        ConfigError: an unknown kind of sink, or a wrong setting; names the sink and the key, never the value.
    """
    sinks: dict[str, Sink] = {}
    unconfigured: dict[str, str] = {}
    disabled = []
    for name, section in alerting.sinks.items():
        kind = _kind(name, section)
        settings = _settings(name, kind, section)
        if not (alerting.enabled and section.enabled):
            disabled.append(name)
        elif lacking := [*section.unset, *(settings.missing() if not section.unset else ())]:
            unconfigured[name] = f"{' and '.join(lacking)} not set"
        else:
            sinks[name] = kind(name, settings)
    return Sinks(sinks, unconfigured, tuple(disabled))


def _kind(name: str, section: SinkConfig) -> type[Sink]:
    try:
        return KINDS.get(section.type or name)
    except InvalidInput as unknown:
        raise ConfigError(
            f"alerting.sinks.{name}: {unknown.message}",
            hint=f"set alerting.sinks.{name}.type to one of {', '.join(KINDS.names())}",
        ) from None


def _settings(name: str, kind: type[Sink], section: SinkConfig) -> SinkSettings:
    present = {key: value for key, value in section.settings.items() if value is not None}
    try:
        return kind.settings_class.model_validate(present)
    except ValidationError as error:
        # Only place and rule: the value may be a secret.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in ("alerting.sinks", name, *first["loc"]))
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = "unknown key" + _nearest(name, str(first["loc"][-1]), kind)
        raise ConfigError(f"{key}: {message}") from None


def _nearest(name: str, key: str, kind: type[Sink]) -> str:
    known = sorted({"enabled", "type", *kind.settings_class.model_fields})
    near = difflib.get_close_matches(key, known, 1)
    return f"; did you mean alerting.sinks.{name}.{near[0]}?" if near else f"; known here: {', '.join(known)}"
