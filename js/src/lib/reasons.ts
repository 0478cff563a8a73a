import type { Feature } from "@/api/types";
import { words } from "./format";

/** What the calibrated rule's reasons mean; those of the thresholds rule are sentences already. */
const REASONS: Record<string, string> = {
  location: "values moved",
  spread: "spread changed",
  shape: "distribution changed",
  levels: "levels shifted",
  missing: "missing values changed",
  malformed: "malformed values changed",
  unseen_levels: "levels never seen before",
  out_of_range: "values outside the baseline's range",
  all_missing: "every value is missing",
};

/** Why a feature has its state; null where the state says it all. */
export function reasonText({ reason, state }: Pick<Feature, "reason" | "state">): string | null {
  if (reason === null || reason === state) return null;
  return REASONS[reason] ?? words(reason);
}
