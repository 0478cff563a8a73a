"""Every key there is, with its default; the docs page and the example file are held to it by a test."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from mlflow_sentinel_plugin.config.resolve import ResolvedSettings, resolve
from mlflow_sentinel_plugin.config.sources import AllowedPlace, ConfiguredSource
from mlflow_sentinel_plugin.entities import (
    Duration,
    MonitorSettings,
    PositiveDuration,
    Rule,
    Strict,
    Threshold,
    TimeZone,
    WindowSpec,
)
from mlflow_sentinel_plugin.errors import ConfigError

DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb")


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not true or false")
    return value


def _without_login(url: str) -> str:
    if "@" in url.split("://", 1)[1].split("/", 1)[0]:
        raise ValueError("must not carry a user or password: it is shown in alerts")
    return url


def _http(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(("http://", "https://")):
        raise ValueError("is no http:// or https:// address")
    return url


Words = Annotated[list[str], BeforeValidator(_split)]
Number = Annotated[float, BeforeValidator(_no_bool), Field(allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(_no_bool)]
SecretUrl = Annotated[SecretStr, AfterValidator(_http)]
PublicUrl = Annotated[str, Field(pattern=r"^https?://[^\s]+$"), AfterValidator(_without_login)]


class MlflowSection(Strict):
    """What is read from MLflow."""

    poll_interval_seconds: Number = Field(60, ge=1, le=86_400, description="Seconds between looks for runs.")
    experiments: Words = Field(["*"], description="Names of the experiments to read; * and ? are wildcards.")


class StorageSection(Strict):
    """Where Sentinel keeps its tables."""

    uri: str | None = Field(
        None, repr=False, description="SQLAlchemy URI of another database; without it MLflow's own."
    )
    wal: bool = Field(False, description="SQLite only: switch the file to write-ahead logging.")
    migrate: Literal["auto", "manual"] = Field(
        "auto", description="manual: only `mlflow-sentinel db upgrade` changes the tables."
    )


class DriftSection(Strict):
    """How drift is decided, unless a monitor says otherwise."""

    algorithms: Words = Field(
        ["psi", "ks_test", "js_divergence"], min_length=1, description="Metrics computed for each window."
    )
    rule: Rule | None = Field(
        None, description="calibrated (the default) or thresholds (the default where thresholds are set)."
    )
    thresholds: dict[str, Threshold] | None = Field(
        None, description="Limits of the rule thresholds: <metric> (above) or <metric>_pvalue (below)."
    )


class SinkConfig(BaseModel):
    """One receiver of alerts; keys besides these are the sink's own and checked by it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    enabled: bool = Field(True, description="false keeps the settings and sends nothing.")
    type: str | None = Field(None, description="Kind of sink; default its name.")
    unset: tuple[str, ...] = Field(
        (), exclude=True, description="Variables its settings name that are not set; filled in by the loader."
    )

    @property
    def configured(self) -> bool:
        """Whether it can be used: enabled, and no variable it needs is unset."""
        return self.enabled and not self.unset

    @property
    def settings(self) -> dict[str, Any]:
        """The sink's own settings."""
        return dict(self.model_extra or {})

    def __repr__(self) -> str:
        return f"SinkConfig(enabled={self.enabled}, type={self.type!r}, settings={sorted(self.settings)})"

    __str__ = __repr__


class AlertingSection(Strict):
    """Whom to tell, and how often."""

    enabled: bool = Field(True, description="false records alerts and sends nothing.")
    for_windows: Count = Field(1, ge=1, le=1000, description="Windows with drift before anybody is told.")
    cooldown_minutes: Number = Field(
        30, ge=0, description="No repeat within so many minutes; what fires again within them is re-opened."
    )
    reminder_minutes: Number = Field(
        1440, ge=0, description="What still fires is told of again after so many minutes; 0: never."
    )
    resolve_after: Count = Field(2, ge=1, le=1000, description="Clean windows after which an alert resolves.")
    heartbeat_url: SecretUrl | None = Field(
        None, description="Asked once a minute while the background work is well: its silence is news."
    )
    heartbeat_private: bool = Field(False, description="heartbeat_url may be a private address.")
    sinks: dict[str, SinkConfig] = Field(default_factory=dict, description="Receivers by name.")


class ApiSection(Strict):
    """The REST API."""

    max_body_mb: Number = Field(64, gt=0, le=2048, description="Largest accepted body, in MiB.")
    public_url: PublicUrl | None = Field(
        None, description="Address of this server as its users see it, for links in alerts."
    )
    mlflow_link: bool = Field(True, description="A small link to the dashboard on MLflow's own page.")

    @property
    def max_body_bytes(self) -> int:
        return int(self.max_body_mb * 1024 * 1024)


class WindowsSection(Strict):
    """How live rows are cut into windows, unless a monitor says otherwise."""

    period: PositiveDuration | None = Field(None, description="Length of a window; 1h if rows is not set.")
    rows: Annotated[Count, Field(ge=1, le=10_000_000)] | None = Field(
        None, description="Windows of so many rows instead of a period."
    )
    lateness: Duration = Field("5m", description="How long a window waits for late rows.")
    timezone: TimeZone = Field("UTC", description="IANA time zone that windows are aligned in.")

    @model_validator(mode="after")
    def _one_of(self) -> WindowsSection:
        if self.period is not None and self.rows is not None:
            raise ValueError("set period or rows, not both")
        return self

    @property
    def spec(self) -> WindowSpec:
        """The default window."""
        return WindowSpec(rows=self.rows) if self.rows else WindowSpec(period=self.period or "1h")


class MonitorsSection(Strict):
    """Further defaults of monitors."""

    min_rows: Annotated[Count, Field(ge=1, le=1_000_000)] = Field(
        50, description="Fewer rows in a window are insufficient data."
    )
    expect_every: PositiveDuration | None = Field(
        None, description="Longest silence that is normal; default three windows."
    )


class IngestSection(Strict):
    """Files that the server reads by itself."""

    allowed_paths: Annotated[list[AllowedPlace], BeforeValidator(_split)] = Field(
        default_factory=list,
        description="Folders and URI prefixes that files named over REST may be read from; default none.",
    )
    read_interval_seconds: Number = Field(
        5, ge=1, le=86_400, description="Seconds between looks at the files of a source."
    )
    sources: dict[str, ConfiguredSource] = Field(
        default_factory=dict, description="Log files of monitors, by name."
    )


class RetentionSection(Strict):
    """How long things are kept."""

    profiles: PositiveDuration = Field("7d", description="Full window profiles.")
    profile_windows: Count = Field(16, ge=1, description="At least so many full profiles a monitor stay.")
    coarse_profiles: PositiveDuration = Field(
        "180d", description="Coarse profiles that full ones become; what-if replays them."
    )
    deliveries: PositiveDuration = Field("30d", description="Sent alert messages.")


class ServerSection(Strict):
    """Sentinel as a part of the server."""

    enabled: bool = Field(True, description="false: MLflow alone. Also as SENTINEL_ENABLED.")
    background: Literal["server", "worker"] = Field(
        "server", description="worker: only `mlflow-sentinel worker` reads, counts, judges and alerts."
    )


class Config(Strict):
    """All settings."""

    mlflow: MlflowSection = Field(default_factory=MlflowSection)
    storage: StorageSection = Field(default_factory=StorageSection)
    drift: DriftSection = Field(default_factory=DriftSection)
    alerting: AlertingSection = Field(default_factory=AlertingSection)
    api: ApiSection = Field(default_factory=ApiSection)
    windows: WindowsSection = Field(default_factory=WindowsSection)
    monitors: MonitorsSection = Field(default_factory=MonitorsSection)
    ingest: IngestSection = Field(default_factory=IngestSection)
    retention: RetentionSection = Field(default_factory=RetentionSection)
    server: ServerSection = Field(default_factory=ServerSection)

    def resolve(self, settings: MonitorSettings) -> ResolvedSettings:
        """What a monitor really does: its own settings over these defaults."""
        return resolve(self, settings)

    def database_uri(self, backend_uri: str | None) -> str:
        """``storage.uri``, else MLflow's own database.

        Raises:
            ConfigError: neither is a database that Sentinel works with.
        """
        uri = self.storage.uri or backend_uri
        if uri is None:
            raise ConfigError("this server has no tracking store", hint="set storage.uri")
        scheme = uri.split(":", 1)[0].split("+", 1)[0]
        if scheme in DATABASES and "://" in uri:
            return uri
        where = "storage.uri" if self.storage.uri else "MLflow's backend store"
        raise ConfigError(
            f"{where} is no database that Sentinel works with (SQLite, PostgreSQL, MySQL, MariaDB)",
            hint="set storage.uri, for example sqlite:///sentinel.db",
        )
