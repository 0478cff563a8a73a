"""Judge windows against a baseline."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from pydantic import ValidationError

from mlflow_sentinel_plugin.clock import from_rfc3339, to_rfc3339
from mlflow_sentinel_plugin.detect import severity as severities
from mlflow_sentinel_plugin.detect.calibrated import judge_calibrated
from mlflow_sentinel_plugin.detect.evaluate import chosen, evaluate
from mlflow_sentinel_plugin.detect.evidence import Evidence, evidence_of
from mlflow_sentinel_plugin.detect.finding import Finding
from mlflow_sentinel_plugin.detect.history import History, Memory
from mlflow_sentinel_plugin.detect.metrics import MetricValue
from mlflow_sentinel_plugin.detect.metrics.base import version_of
from mlflow_sentinel_plugin.detect.pair import Pair, Samples, pair, prepare
from mlflow_sentinel_plugin.detect.report import describe, ignored, unlike
from mlflow_sentinel_plugin.detect.result import FeatureResult, MetricResult, WindowResult
from mlflow_sentinel_plugin.detect.schema import schema_state
from mlflow_sentinel_plugin.detect.summary import summarise
from mlflow_sentinel_plugin.detect.thresholds import (
    DEFAULT_THRESHOLDS,
    checked_thresholds,
    judge_thresholds,
    metric_of,
)
from mlflow_sentinel_plugin.entities import FeatureSettings, Rule, WindowState
from mlflow_sentinel_plugin.errors import InvalidInput
from mlflow_sentinel_plugin.profile.baseline import Baseline, Profile

MIN_ROWS = 50

_NO_SETTINGS = FeatureSettings()


class Detector:
    """Judges the windows of one stream, one after another.

    Args:
        baseline: What the windows are compared with.
        rule: ``calibrated`` or ``thresholds``.
        metrics: Names of the metrics to compute; default all known ones.
        thresholds: For the rule ``thresholds``; default psi .2, ks_test_pvalue .05, js_divergence .1.
            Those of metrics that are not computed have no effect.
        features: Column -> :class:`FeatureSettings` or the same as a dict: ``ignore``, ``values``,
            ``importance``, and ``thresholds`` that go over the general ones.
        min_rows: A window with fewer rows is ``insufficient_data``.
        timed: Whether windows' bounds are times of the rows themselves; if not (they are arrivals) they are
            only carried along.
        state: What :meth:`state` or :attr:`history` of another detector was, to go on where it stopped.

    Raises:
        InvalidInput: an unknown rule, metric, threshold or setting, or the state of another baseline.
    """

    def __init__(
        self,
        baseline: Baseline,
        *,
        rule: str = "calibrated",
        metrics: Iterable[str] | None = None,
        thresholds: Mapping[str, float] | None = None,
        features: Mapping[str, Any] | None = None,
        min_rows: int = MIN_ROWS,
        timed: bool = True,
        state: bytes | History | None = None,
    ) -> None:
        if rule not in get_args(Rule):
            raise InvalidInput(f"unknown rule {rule!r}", hint=f"one of {', '.join(get_args(Rule))}")
        if isinstance(min_rows, bool) or not isinstance(min_rows, int) or min_rows < 1:
            raise InvalidInput(f"min_rows must be a whole number of at least 1, got {min_rows!r}")
        self._baseline, self._rule, self._min_rows, self._timed = baseline, rule, min_rows, timed
        self._metrics = chosen(metrics)
        self._versions = {name: version_of(metric) for name, metric in self._metrics.items()}
        self._settings = {name: _checked_settings(name, given) for name, given in (features or {}).items()}
        self._thresholds = checked_thresholds(DEFAULT_THRESHOLDS if thresholds is None else thresholds)
        self._own_thresholds: dict[str, dict[str, float]] = {}
        self._history = (
            History.from_bytes(state, baseline) if isinstance(state, bytes) else state or History()
        )
        for feature in baseline.counted.values():
            prepare(feature)

    def check(
        self,
        profile: Profile,
        *,
        start: Any = None,
        end: Any = None,
        samples: Mapping[str, Samples] | None = None,
    ) -> WindowResult:
        """The verdict on the next window of the stream.

        Args:
            profile: The window's counts, made by the same baseline.
            start, end: Its bounds, as milliseconds since 1970 or an aware datetime. If they are known,
                features with a season are compared with the reference's rows of the same hours.
            samples: The values themselves where they are at hand, see :mod:`.samples`: metrics that
                counts give up to a bound are then exact.

        Raises:
            InvalidInput: the profile belongs to another baseline.
        """
        if profile.baseline is not self._baseline and profile.baseline.digest != self._baseline.digest:
            raise InvalidInput(
                "the profile belongs to another baseline", hint="profile the rows with this baseline"
            )
        settled = self._settled(profile)
        at_hand = samples or {}
        pairs = [
            pair(feature, profile.features[name], profile.rows, at_hand.get(name))
            for name, feature in self._baseline.counted.items()
            if name not in settled
        ]
        start, end = _time_ms(start), _time_ms(end)
        evidence = evidence_of(profile, start, end) if self._rule == "calibrated" else None
        findings, judged = self._judged(pairs, profile.rows, evidence)
        results = {name: settled.get(name) or judged[name] for name in self._baseline.features}
        if evidence is not None:
            flagged = {f.name: findings[f.name].lead for f in judged.values() if f.state == "drift"}
            fresh = frozenset(name for name, found in findings.items() if found.fresh)
            self._history = self._history.followed_by(evidence, Memory(flagged, fresh))
        return self._window(profile, results, to_rfc3339(start), to_rfc3339(end))

    def state(self) -> bytes:
        """What the next detector of this stream needs to go on: the last windows' counts and findings.

        The rule ``thresholds`` looks at each window alone and adds nothing to it.
        """
        return self._history.to_bytes(self._baseline)

    @property
    def history(self) -> History:
        """The same as an object."""
        return self._history

    def _settled(self, profile: Profile) -> dict[str, FeatureResult]:
        """Results of columns that are not compared: ignored ones, and those whose schema changed."""
        settled = {}
        for name, feature in self._baseline.features.items():
            if not feature.counted or self._setting(name).ignore:
                settled[name] = ignored(feature)
                continue
            changed = schema_state(feature, profile.features[name], profile.rows)
            if changed is not None:
                settled[name] = unlike(pair(feature, profile.features[name], profile.rows), *changed)
        return settled

    def _judged(
        self, pairs: Sequence[Pair], rows: int, evidence: Evidence | None
    ) -> tuple[dict[str, Finding], dict[str, FeatureResult]]:
        values = [evaluate(self._metrics, one) for one in pairs]
        if evidence is not None:
            found = judge_calibrated(
                pairs, self._min_rows, self._baseline, evidence, self._history, timed=self._timed
            )
        else:
            found = judge_thresholds(pairs, values, self._min_rows, self._thresholds_of)
        findings = {one.feature.name: finding for one, finding in zip(pairs, found, strict=True)}
        least = self._min_rows if rows >= self._min_rows else None
        return findings, {
            one.feature.name: describe(
                one, findings[one.feature.name], self._versioned(each), least, self._setting(one.feature.name)
            )
            for one, each in zip(pairs, values, strict=True)
        }

    def _versioned(self, values: Mapping[str, MetricValue]) -> dict[str, MetricResult]:
        return {
            name: MetricResult(v.value, v.p_value, v.reason, self._versions[name], v.bound)
            for name, v in values.items()
        }

    def _window(
        self, profile: Profile, results: dict[str, FeatureResult], start: str | None, end: str | None
    ) -> WindowResult:
        watched = {name: r for name, r in results.items() if r.state != "ignored"}
        state = _window_state(watched, profile.rows >= self._min_rows)
        effects = {name: r.effect or 0.0 for name, r in watched.items() if r.drifted}
        score = severities.score(effects, {name: self._importance(name) for name in watched})
        severity = severities.level(score) if effects else None
        draft = WindowResult(
            state,
            severity,
            score,
            profile.rows,
            self._baseline.rows,
            results,
            self._baseline.digest,
            self._rule,
            "",
            self._notes(profile),
            start,
            end,
        )
        summary = summarise(state, severity, profile.rows, self._min_rows, draft.signals, len(watched))
        return replace(draft, summary=summary)

    def _notes(self, profile: Profile) -> tuple[str, ...]:
        unknown = sorted(set(self._settings) - set(self._baseline.features))
        notes = [f"columns the baseline does not have: {', '.join(profile.extra)}"] if profile.extra else []
        if unknown:
            notes.append(f"settings for columns the baseline does not have: {', '.join(unknown)}")
        return tuple(notes)

    def _setting(self, name: str) -> FeatureSettings:
        return self._settings.get(name, _NO_SETTINGS)

    def _importance(self, name: str) -> float:
        given = self._setting(name).importance
        return 1.0 if given is None else given

    def _thresholds_of(self, name: str) -> dict[str, float]:
        """The thresholds of one feature; only those of metrics that are computed."""
        if name not in self._own_thresholds:
            merged = {**self._thresholds, **self._setting(name).thresholds}
            computed = {key: limit for key, limit in merged.items() if metric_of(key)[0] in self._metrics}
            self._own_thresholds[name] = computed
        return self._own_thresholds[name]


def _window_state(watched: Mapping[str, FeatureResult], enough: bool) -> WindowState:
    """``schema_changed > drift > insufficient_data > ok``."""
    states = {result.state for result in watched.values()}
    if states & {"column_gone", "kind_changed"}:
        return "schema_changed"
    if "drift" in states:
        return "drift"
    return "ok" if enough and states != {"insufficient_data"} else "insufficient_data"


def _checked_settings(name: str, given: Any) -> FeatureSettings:
    try:
        settings = given if isinstance(given, FeatureSettings) else FeatureSettings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        known = ", ".join(FeatureSettings.model_fields)
        raise InvalidInput(
            f"settings of {name!r}: {where}: {first['msg']}", hint=f"known: {known}"
        ) from error
    checked_thresholds(settings.thresholds)
    return settings


def _time_ms(time: Any) -> int | None:
    if isinstance(time, str):
        return from_rfc3339(time)
    return round(time.timestamp() * 1000) if isinstance(time, dt.datetime) else time
