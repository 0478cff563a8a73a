import type { Heatmap } from "@/api/types";

/** Steps of the shade; more are not told apart. */
export const LEVELS = 5;

/** 0 (as the baseline) to `LEVELS - 1` (apart): by the square root, as most effects are small. */
export const level = (effect: number) =>
  Math.min(LEVELS - 1, Math.floor(Math.sqrt(Math.max(0, effect)) * LEVELS));

export interface Shade {
  flagged: boolean;
  level: number;
  /** Outlines of all its cells: one column is 1 wide, one feature 1 high. */
  path: string;
}

const cell = (x: number, y: number) => `M${x + 0.04} ${y + 0.06}h.92v.88h-.92z`;

/** The cells as one path for each shade: thousands of cells, a dozen elements. */
export function shades(features: Heatmap["features"]): Shade[] {
  const found = new Map<string, Shade>();
  features.forEach((line, y) => {
    line.effects.forEach((effect, x) => {
      if (effect === null) return;
      const flagged = (line.signals[x] ?? 0) > 0;
      const key = `${flagged} ${level(effect)}`;
      const shade = found.get(key) ?? { flagged, level: level(effect), path: "" };
      shade.path += cell(x, y);
      found.set(key, shade);
    });
  });
  return [...found.values()];
}

/** A mark in each flagged cell, so that colour is not all that tells them. */
export const marks = (features: Heatmap["features"]): string =>
  features
    .flatMap((line, y) =>
      line.signals.map((signals, x) => (signals > 0 ? `M${x + 0.32} ${y + 0.38}h.36v.24h-.36z` : "")),
    )
    .join("");
