import { useUrlState } from "./use-url-state";

const DAY = 86_400_000;

/** How far back a chart looks; the address keeps the choice, the first one is the default. */
export const RANGES = [
  ["7d", "7 days"],
  ["1d", "24 hours"],
  ["30d", "30 days"],
  ["90d", "90 days"],
  ["all", "everything"],
] as const;

export type Range = (typeof RANGES)[number][0];

const DAYS: Record<Range, number | null> = { "7d": 7, "1d": 1, "30d": 30, "90d": 90, all: null };

/** The bound that a range sets before the newest data (ms); rounded down to the hour, so that it is asked again
 * only when an hour has passed. */
export function rangeStart(range: Range, newest: number): string | undefined {
  const days = DAYS[range];
  if (days === null) return undefined;
  const hour = 3_600_000;
  return new Date(Math.floor((newest - days * DAY) / hour) * hour).toISOString();
}

export function useRange() {
  const url = useUrlState();
  const asked = url.get("range");
  const range = RANGES.find(([key]) => key === asked)?.[0] ?? RANGES[0][0];
  return { range, setRange: (key: string) => url.set({ range: key === RANGES[0][0] ? "" : key }) };
}
