import { expect, test } from "vitest";
import { monitor } from "@/testing/fixtures";
import { BLANK, bodyOf, draftOf, triedOf } from "./draft";

const stored = monitor("flights", {
  thresholds: { psi: 0.2 },
  features: { age: { ignore: true, values: "show", importance: 0.5, thresholds: {} } } as never,
});
const before = draftOf(stored);

test("only what was changed is sent", () => {
  expect(bodyOf(before, before)).toEqual({});
  expect(bodyOf({ ...before, lateness: "10m" }, before)).toEqual({ lateness: "10m" });
});

test("an emptied setting goes back to its default", () => {
  expect(bodyOf({ ...before, thresholds: "", lateness: " " }, before)).toEqual({
    thresholds: null,
    lateness: null,
  });
});

test("a window is a period or a number of rows", () => {
  expect(bodyOf({ ...BLANK, size: "1h" }, BLANK)).toEqual({ window: { period: "1h" } });
  expect(bodyOf({ ...BLANK, cut: "rows", size: "500" }, BLANK)).toEqual({ window: { rows: 500 } });
});

test("what is no number goes to the server as it is, which says what is wrong", () => {
  expect(bodyOf({ ...before, min_rows: "many" }, before)).toEqual({ min_rows: "many" });
  expect(bodyOf({ ...before, thresholds: "psi much" }, before)).toEqual({ thresholds: { psi: "much" } });
});

test("thresholds are written as one likes", () => {
  const thresholds = "psi 0.1\nks > 0.2\nks_pvalue < 0.05\njs: 0.3\n";
  expect(bodyOf({ ...before, thresholds }, before)).toEqual({
    thresholds: { psi: 0.1, ks: 0.2, ks_pvalue: 0.05, js: 0.3 },
  });
});

test("what else is said of a feature is kept", () => {
  expect(bodyOf({ ...before, ignored: "", hidden: "zip\n" }, before, stored.features)).toEqual({
    features: {
      age: { ignore: false, values: "show", importance: 0.5, thresholds: {} },
      zip: { ignore: false, values: "hide" },
    },
  });
});

test("a preview tries what decides about drift", () => {
  expect(triedOf({ rule: "calibrated", lateness: "1h", min_rows: 9 })).toEqual({
    rule: "calibrated",
    min_rows: 9,
  });
});
