// What the API answers in tests: one monitor that drifts, and builders for variations of it.
import type {
  Alert,
  AlertDetail,
  Baseline,
  BaselineDiff,
  Delivery,
  Distribution,
  DriftEvent,
  Feature,
  Heatmap,
  Monitor,
  MonitorDetail,
  Ready,
  RunDetail,
  Series,
  Silence,
  Summary,
  WindowDetail,
} from "@/api/types";

export const HOUR = 3_600_000;
export const START = Date.parse("2026-03-10T00:00:00Z");
const iso = (at: number) => new Date(at).toISOString();

export const feature = (name: string, over: Partial<Feature> = {}): Feature => ({
  name,
  kind: "numeric",
  role: "feature",
  state: "ok",
  drifted: false,
  reason: null,
  effect: 0.02,
  p_value: 0.4,
  n_reference: 5000,
  n_current: 500,
  missing: 0,
  unseen: 0,
  malformed: 0,
  metrics: { psi: { value: 0.01, p_value: null, reason: null, version: 1, bound: 0 } },
  text: null,
  notes: [],
  ...over,
});

export const windowAt = (hour: number, over: Partial<WindowDetail> = {}): WindowDetail => ({
  id: `w${hour}`,
  start: iso(START + hour * HOUR),
  end: iso(START + (hour + 1) * HOUR),
  open: false,
  provisional: false,
  rows: 500,
  state: "ok",
  severity: null,
  score: 0.05,
  summary: null,
  baseline_id: "b1",
  closed_at: iso(START + (hour + 1) * HOUR),
  scored_at: iso(START + (hour + 1) * HOUR),
  history: [],
  features: [feature("age"), feature("wind")],
  notes: [],
  ...over,
});

export const drifted = windowAt(2, {
  state: "drift",
  severity: "high",
  score: 0.62,
  summary: "wind moved",
  features: [
    feature("age"),
    feature("wind", {
      state: "drift",
      drifted: true,
      effect: 0.58,
      p_value: 1e-9,
      missing: 0.14,
      reason: "psi 0.9",
    }),
  ],
});

export const monitor = (name: string, over: Partial<Monitor> = {}): Monitor => ({
  name,
  workspace: "default",
  experiment_id: "7",
  experiment_name: "airline",
  model: name,
  window: { period: "1h", rows: null },
  timestamp_column: null,
  timezone: "UTC",
  lateness: "5m",
  rule: "calibrated",
  thresholds: {},
  algorithms: ["psi"],
  features: {},
  min_rows: 50,
  expect_every: null,
  first_rows: null,
  problem: null,
  paused: false,
  state: "ok",
  severity: null,
  baseline: { id: "b1", version: 1, rows: 5000, created_at: iso(START), run_id: "r1" },
  rows: { accepted: 1500, pending: 0, rejected: 0 },
  last_row_at: iso(START + 3 * HOUR),
  open_alerts: 0,
  recent: [
    { at: iso(START), state: "ok", score: 0.04 },
    { at: iso(START + HOUR), state: "drift", score: 0.5 },
  ],
  created_at: iso(START),
  updated_at: iso(START),
  ...over,
});

export const drifting = monitor("flights", { state: "drift", severity: "high", open_alerts: 1 });

export const detail = (over: Partial<MonitorDetail> = {}): MonitorDetail => ({
  ...drifting,
  permission: "manage",
  last_window: drifted,
  open_window: windowAt(3, {
    open: true,
    provisional: true,
    rows: 40,
    state: "insufficient_data",
    score: null,
  }),
  ...over,
});

export const series = (over: Partial<Series> = {}): Series => ({
  monitor: "flights",
  feature: null,
  thresholds: {},
  points: [windowAt(0), windowAt(1), drifted].map(({ id, start, end, rows, state, score }) => ({
    window_id: id,
    start,
    end,
    rows,
    state,
    score,
    effect: score,
    metrics: { psi: { value: score, p_value: 0.2, reason: null, version: 1, bound: 0 } },
  })),
  ...over,
});

export const heatmap: Heatmap = {
  monitor: "flights",
  columns: [windowAt(0), windowAt(1), drifted].map(({ id, start, end, state }) => ({
    start,
    end,
    windows: 1,
    state,
    window_id: id,
  })),
  features: [
    { feature: "wind", effects: [0.02, null, 0.58], signals: [0, 0, 1] },
    { feature: "age", effects: [0.01, 0.03, 0.02], signals: [0, 0, 0] },
  ],
  total: 2,
};

export const distribution: Distribution = {
  monitor: "flights",
  feature: "wind",
  kind: "numeric",
  window: drifted,
  bins: [
    { label: "below 10", low: null, high: 10, reference: 0.5, current: 0.1 },
    { label: "10 and above", low: 10, high: null, reference: 0.5, current: 0.9 },
  ],
  n_reference: 5000,
  n_current: 500,
  missing: { reference: 0.01, current: 0.14 },
  unseen: 0,
  hidden: false,
};

export const event: DriftEvent = {
  id: "e1",
  monitor: "flights",
  experiment_id: "7",
  at: drifted.end,
  state: "drift",
  severity: "high",
  score: 0.62,
  features: ["wind"],
  summary: "wind moved",
  window_id: drifted.id,
  window_start: drifted.start,
  window_end: drifted.end,
  rows: 500,
  baseline_id: "b1",
  withdrawn: false,
  created_at: drifted.end,
  updated_at: drifted.end,
};

export const summary: Summary = {
  monitors: 1,
  drifting: 1,
  windows: 3,
  events: 1,
  open_alerts: 1,
  rows: { accepted: 1500, pending: 20, rejected: 3 },
  experiments: [],
};

export const alert = (id: string, over: Partial<Alert> = {}): Alert => ({
  id,
  monitor: "flights",
  experiment_id: "7",
  condition: "drift",
  status: "firing",
  severity: "high",
  summary: "wind moved",
  features: ["wind"],
  event_id: "e1",
  windows: 2,
  opened_at: drifted.end,
  updated_at: drifted.end,
  resolved_at: null,
  resolved_by: null,
  acknowledged_at: null,
  acknowledged_by: null,
  reopened: 0,
  silenced: false,
  ...over,
});

export const delivery: Delivery = {
  id: "d1",
  alert_id: "a1",
  monitor: "flights",
  digest_id: null,
  sink: "slack",
  action: "firing",
  status: "pending",
  attempts: 2,
  next_attempt_at: iso(START + 4 * HOUR),
  last_error: "the hook answered 503",
  created_at: drifted.end,
  sent_at: null,
};

export const alertDetail: AlertDetail = {
  ...alert("a1"),
  log: [{ at: drifted.end, reason: "first", text: "wind moved", actor: null }],
  deliveries: [delivery],
};

export const silence: Silence = {
  id: "s1",
  monitor: "flights",
  pattern: null,
  condition: "drift",
  severity: null,
  reason: "the sensor is being replaced",
  author: "ada",
  starts_at: drifted.end,
  ends_at: iso(START + 24 * HOUR),
  created_at: drifted.end,
  ended_at: null,
  ended_by: null,
  state: "active",
};

const baseline = (version: number, over: Partial<Baseline> = {}): Baseline => ({
  id: `b${version}`,
  monitor: "flights",
  version,
  active: false,
  rows: 5000,
  digest: "d",
  source: {},
  created_at: iso(START),
  activated_at: null,
  rejected: 0,
  ...over,
});

/** Newest first; the first one is active. */
export const baselines: Baseline[] = [
  baseline(2, { rows: 900 }),
  baseline(1, { active: true, source: { run_id: "r1", artifact_path: "train.csv" } }),
];

export const baselineDiff: BaselineDiff = {
  baseline: baseline(1, { active: true }),
  to: baseline(2),
  state: "drift",
  severity: "high",
  score: 0.6,
  summary: "wind moved",
  features: [feature("wind", { state: "drift", effect: 0.58 })],
  added: ["gust"],
  removed: [],
  kinds: [],
  notes: [],
};

export const run: RunDetail = {
  run_id: "r1",
  name: "bold-lark",
  experiment_id: "7",
  experiment_name: "airline",
  status: "FINISHED",
  user: "ada",
  start: iso(START),
  end: iso(START + 90_000),
  metrics: { accuracy: 0.9, loss: 0.2 },
  params: { depth: "8" },
  tags: {},
  baseline: null,
  baselines: ["flights"],
  artifacts: [{ path: "model/MLmodel", is_dir: false, size: 1204 }],
  history: {
    accuracy: [{ step: 0, at: iso(START), value: 0.9 }],
    loss: [
      { step: 0, at: iso(START), value: 0.7 },
      { step: 1, at: iso(START + 1000), value: 0.2 },
    ],
  },
};

export const ready: Ready = {
  ready: true,
  leader: "host/1",
  leader_age_seconds: 1,
  pending_rows: 20,
  oldest_pending_seconds: 2,
  pending_deliveries: 0,
  checks: [{ name: "leader", ok: true, detail: "host/1 leads" }],
};
