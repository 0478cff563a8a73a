import { expect, test } from "vitest";
import { monitor } from "@/testing/fixtures";
import { isQuiet, severityLevel, toState, worstFirst } from "./states";

test("drift and schema changes lead, by severity; quiet monitors close the list", () => {
  const monitors = [
    monitor("fine"),
    monitor("thin", { state: "insufficient_data" }),
    monitor("mild", { state: "drift", severity: "low" }),
    monitor("columns", { state: "schema_changed", severity: "high" }),
    monitor("gone", { state: "no_data" }),
  ];
  expect(monitors.sort(worstFirst).map(({ name }) => name)).toEqual([
    "columns",
    "mild",
    "gone",
    "thin",
    "fine",
  ]);
});

test("too few rows, an open alert or no verdict yet is never quiet", () => {
  expect(isQuiet(monitor("a"))).toBe(true);
  expect(isQuiet(monitor("a", { open_alerts: 1 }))).toBe(false);
  expect(isQuiet(monitor("a", { state: "insufficient_data" }))).toBe(false);
  expect(isQuiet(monitor("a", { state: "waiting" }))).toBe(false);
});

test("severities count from one to four, none is zero", () => {
  expect([null, "low", "critical"].map((name) => severityLevel(name as "low" | "critical" | null))).toEqual([
    0, 1, 4,
  ]);
});

test("a state word that is not known counts as waiting", () => {
  expect(toState("open")).toBe("waiting");
  expect(toState("drift")).toBe("drift");
});
