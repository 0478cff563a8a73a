import type { Monitor } from "@/api/types";

/** What stands in the form's controls. Lists are one item a line, thresholds `metric limit`. */
export interface Draft {
  name: string;
  experiment_id: string;
  model: string;
  cut: "period" | "rows";
  size: string;
  timestamp_column: string;
  timezone: string;
  lateness: string;
  rule: string;
  thresholds: string;
  algorithms: string;
  min_rows: string;
  expect_every: string;
  ignored: string;
  hidden: string;
}

export const BLANK: Draft = {
  name: "",
  experiment_id: "",
  model: "",
  cut: "period",
  size: "",
  timestamp_column: "",
  timezone: "",
  lateness: "",
  rule: "",
  thresholds: "",
  algorithms: "",
  min_rows: "",
  expect_every: "",
  ignored: "",
  hidden: "",
};

type Features = Monitor["features"];

const named = (features: Features, picks: (settings: Features[string]) => boolean) =>
  Object.keys(features)
    .filter((name) => picks(features[name] as Features[string]))
    .join("\n");

export const draftOf = (monitor: Monitor): Draft => ({
  name: monitor.name,
  experiment_id: monitor.experiment_id,
  model: monitor.model ?? "",
  cut: monitor.window.rows ? "rows" : "period",
  size: String(monitor.window.rows ?? monitor.window.period),
  timestamp_column: monitor.timestamp_column ?? "",
  timezone: monitor.timezone,
  lateness: monitor.lateness,
  rule: monitor.rule,
  thresholds: Object.entries(monitor.thresholds)
    .map(([name, limit]) => `${name} ${limit}`)
    .join("\n"),
  algorithms: monitor.algorithms.join("\n"),
  min_rows: String(monitor.min_rows),
  expect_every: monitor.expect_every ?? "",
  ignored: named(monitor.features, ({ ignore }) => ignore),
  hidden: named(monitor.features, ({ values }) => values === "hide"),
});

const lines = (text: string) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

/** A number where it is one; else the text as it is, for the server to say what is wrong with it. */
const number = (text: string): number | string =>
  text.trim() && Number.isFinite(Number(text)) ? Number(text) : text;

/** `psi 0.2`, also `psi > 0.2`, `psi = 0.2` or `psi: 0.2`. */
function threshold(line: string): [string, number | string] {
  const [, name = line, limit = ""] = /^([^\s:=<>]+)[\s:=<>]*(.*)$/.exec(line) ?? [];
  return [name, number(limit)];
}

/** The stored settings of features, with those that are ignored or hidden now. */
function featuresOf({ ignored, hidden }: Draft, stored: Features): Record<string, object> {
  const ignores = new Set(lines(ignored));
  const hides = new Set(lines(hidden));
  const names = new Set([...Object.keys(stored), ...ignores, ...hides]);
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      { ...stored[name], ignore: ignores.has(name), values: hides.has(name) ? "hide" : "show" },
    ]),
  );
}

export type Body = Record<string, unknown>;

/** What to send: the settings that differ from `before`; an emptied one goes back to its default. */
export function bodyOf(draft: Draft, before: Draft, stored: Features = {}): Body {
  const body: Body = {};
  const differs = (...keys: (keyof Draft)[]) => keys.some((key) => draft[key] !== before[key]);
  for (const key of ["model", "timestamp_column", "timezone", "lateness", "rule", "expect_every"] as const)
    if (differs(key)) body[key] = draft[key].trim() || null;
  for (const key of ["name", "experiment_id"] as const) if (differs(key)) body[key] = draft[key].trim();
  if (differs("cut", "size")) body.window = draft.size.trim() ? windowOf(draft) : null;
  if (differs("min_rows")) body.min_rows = draft.min_rows.trim() ? number(draft.min_rows) : null;
  if (differs("algorithms")) body.algorithms = draft.algorithms.trim() ? lines(draft.algorithms) : null;
  if (differs("thresholds"))
    body.thresholds = draft.thresholds.trim()
      ? Object.fromEntries(lines(draft.thresholds).map(threshold))
      : null;
  if (differs("ignored", "hidden")) body.features = featuresOf(draft, stored);
  return body;
}

const windowOf = ({ cut, size }: Draft) =>
  cut === "rows" ? { rows: number(size) } : { period: size.trim() };

const TRIED = ["rule", "thresholds", "algorithms", "features", "min_rows"];

/** The part of a body that a preview can try. */
export const triedOf = (body: Body): Body =>
  Object.fromEntries(Object.entries(body).filter(([name]) => TRIED.includes(name)));
