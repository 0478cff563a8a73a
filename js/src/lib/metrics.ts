import type { SeriesPoint } from "@/api/types";
import { words } from "./format";

const NAMES: Record<string, string> = {
  effect: "Effect size (0–1)",
  psi: "PSI",
  ks_test: "KS statistic D (0–1)",
  js_divergence: "Jensen–Shannon divergence (bits, 0–1)",
  js_distance: "Jensen–Shannon distance (0–1)",
  wasserstein: "Wasserstein distance (feature's unit)",
  hellinger: "Hellinger distance (0–1)",
  total_variation: "Total variation (0–1)",
  linf: "Largest share change (0–1)",
  chi_squared: "Chi-squared",
  cramers_v: "Cramér's V (0–1)",
  missing_rate: "Missing share (0–1)",
  unseen_rate: "Unseen share (0–1)",
};

const PVALUE = "_pvalue";

/** What a series plots, in words: a metric, its p-value (`<metric>_pvalue`), or the effect size. */
export const seriesName = (key: string): string =>
  key.endsWith(PVALUE)
    ? `${seriesName(key.slice(0, -PVALUE.length)).replace(/ \(.*\)$/, "")}, p-value`
    : (NAMES[key] ?? words(key));

/** The series a feature's windows offer, effect first; keys are those of the monitor's thresholds. */
export function seriesKeys(points: readonly SeriesPoint[]): string[] {
  const keys = new Set<string>(["effect"]);
  for (const point of points) {
    for (const [name, metric] of Object.entries(point.metrics)) {
      keys.add(name);
      if (metric.p_value !== null && metric.p_value !== undefined) keys.add(`${name}${PVALUE}`);
    }
  }
  return [...keys];
}

/** The number a point has for a series; null where it could not be computed. */
export function seriesValue(point: SeriesPoint, key: string): number | null {
  if (key === "effect") return point.effect;
  if (key.endsWith(PVALUE)) return point.metrics[key.slice(0, -PVALUE.length)]?.p_value ?? null;
  return point.metrics[key]?.value ?? null;
}

/** Why a point has no number for a series. */
export const missingReason = (point: SeriesPoint, key: string): string | null => {
  const reason = point.metrics[key.replace(/_pvalue$/, "")]?.reason;
  return reason ? words(reason) : null;
};
