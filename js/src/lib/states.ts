import type { FeatureState, Monitor, MonitorState, Severity } from "@/api/types";

export type State = MonitorState | FeatureState;

export const STATE_WORDS: Record<State, string> = {
  drift: "Drift",
  schema_changed: "Schema changed",
  column_gone: "Column gone",
  kind_changed: "Kind changed",
  no_data: "No data",
  insufficient_data: "Not enough data",
  waiting: "Waiting",
  ok: "OK",
  ignored: "Ignored",
};

const RANK: Record<State, number> = {
  drift: 0,
  schema_changed: 0,
  column_gone: 0,
  kind_changed: 0,
  no_data: 1,
  insufficient_data: 2,
  waiting: 3,
  ok: 4,
  ignored: 5,
};

/** Mildest first, as the API orders them. */
export const SEVERITIES: readonly Severity[] = ["low", "medium", "high", "critical"];

/** 0 for none, 1 (low) .. 4 (critical). */
export const severityLevel = (severity: Severity | null) =>
  severity === null ? 0 : SEVERITIES.indexOf(severity) + 1;

/** Smaller is worse. */
export const stateRank = (state: State) => RANK[state];

/** A state word from the API; a window that has none yet counts as waiting. */
export const toState = (text: string): State => (text in RANK ? (text as State) : "waiting");

/** Orders what needs a person first: state, then severity, then open alerts, then name. */
export const worstFirst = (a: Monitor, b: Monitor) =>
  stateRank(a.state) - stateRank(b.state) ||
  severityLevel(b.severity) - severityLevel(a.severity) ||
  b.open_alerts - a.open_alerts ||
  a.name.localeCompare(b.name);

/** Nothing to do: the last window was fine and no alert is open. */
export const isQuiet = (monitor: Monitor) => monitor.state === "ok" && monitor.open_alerts === 0;
