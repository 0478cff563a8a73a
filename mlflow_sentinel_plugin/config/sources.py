"""What a log source says: where the files are, and how their rows are to be read."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from mlflow_sentinel_plugin.entities import DEFAULT_WORKSPACE, MonitorName, Strict

SourceFormat = Literal["auto", "jsonl", "csv", "parquet", "arrow"]
TimeUnit = Literal["s", "ms", "us", "ns"]

MAX_PATH = 1_000
_URI = re.compile(r"([a-z][a-z0-9]*)://((?:[^/@]*@)?[A-Za-z0-9._-]+(?::\d+)?)(/.*)?", re.DOTALL)
_EXAMPLES = "/var/log/model/*.jsonl or s3://bucket/logs/*.parquet"


def split_uri(text: str) -> tuple[str, str, str] | None:
    """Scheme, host or bucket, and path of a URI; ``None`` for a local path.

    >>> split_uri("s3://bucket/logs/*.csv")
    ('s3', 'bucket', '/logs/*.csv')
    """
    match = _URI.fullmatch(text)
    return None if match is None else (match[1], match[2], match[3] or "/")


def _checked_place(text: str) -> str:
    text = text.removeprefix("file://")
    uri = split_uri(text)
    if uri is None and not text.startswith("/"):
        raise ValueError(f"{text!r} is no absolute path; write one, like {_EXAMPLES}")
    if not text.isprintable() or ".." in text.replace("\\", "/").split("/"):
        raise ValueError(f"{text!r} holds '..' or a control character; write the path itself")
    if uri is not None and "@" in uri[1]:
        raise ValueError(
            "a path must not carry a user or password: it is shown; use the server's environment"
        )
    if uri is not None and "#" in text:
        raise ValueError(f"{text!r} holds a '#', which no path of a store may")
    return text


def _relative(text: str) -> str:
    parts = text.strip("/").split("/")
    if not text.isprintable() or text.startswith("/") or any(part in ("", "..") for part in parts):
        raise ValueError(f"{text!r} is no path of an artifact; write it from the run's root, like logs/*.csv")
    return text.strip("/")


Place = Annotated[str, Field(min_length=1, max_length=MAX_PATH), AfterValidator(_checked_place)]
ArtifactGlob = Annotated[str, Field(min_length=1, max_length=MAX_PATH), AfterValidator(_relative)]


class SourceSettings(Strict):
    """One source of rows of a monitor: files, artifacts of a run, or those of an experiment's runs."""

    path: Place | None = Field(
        None,
        description="Absolute path or URI of the files, with ``*``, ``?``, ``[ab]`` and ``**``.",
    )
    run_id: str | None = Field(None, max_length=64, description="Run whose artifacts are read.")
    experiment_id: str | None = Field(
        None, max_length=32, description="Experiment whose newest run's artifacts are read, run after run."
    )
    artifact_path: ArtifactGlob | None = Field(
        None, description="Path from the root of the run's artifacts; its last part may hold wildcards."
    )
    format: SourceFormat = Field("auto", description="``auto``: by the name, else by the first bytes.")
    columns: dict[str, str] = Field(
        default_factory=dict, max_length=5_000, description="Column of the files -> column of the baseline."
    )
    timestamp_column: str | None = Field(
        None, max_length=500, description="Event time (after ``columns``); default the monitor's."
    )
    timestamp_unit: TimeUnit | None = Field(
        None, description="The event time is a number: so long since 1970, UTC."
    )

    @model_validator(mode="after")
    def _one_place(self) -> SourceSettings:
        places = [name for name in ("path", "run_id", "experiment_id") if getattr(self, name) is not None]
        if len(places) != 1:
            raise ValueError("say where the files are: exactly one of path, run_id and experiment_id")
        if (self.artifact_path is None) != (self.path is not None):
            raise ValueError("artifact_path goes with run_id or experiment_id, and is needed there")
        targets = list(self.columns.values())
        if len(set(targets)) < len(targets):
            raise ValueError("columns: two columns get the same name")
        return self

    @property
    def place(self) -> str:
        """Where the files are, as text."""
        if self.path is not None:
            return self.path
        if self.run_id is not None:
            return f"runs:/{self.run_id}/{self.artifact_path}"
        return f"experiment {self.experiment_id}, newest run: {self.artifact_path}"


class ConfiguredSource(SourceSettings):
    """A source in the configuration file."""

    monitor: MonitorName
    workspace: str = DEFAULT_WORKSPACE

    @property
    def settings(self) -> SourceSettings:
        """Without whose it is."""
        return SourceSettings.model_validate(self.model_dump(exclude={"monitor", "workspace"}))


AllowedPlace = Annotated[str, AfterValidator(_checked_place)]
