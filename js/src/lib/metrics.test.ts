import { expect, test } from "vitest";
import { series } from "@/testing/fixtures";
import { missingReason, seriesKeys, seriesName, seriesValue } from "./metrics";

const { points } = series({ feature: "wind" });
const last = points.at(-1) as (typeof points)[number];

test("a feature offers its effect, each metric, and the p-values there are", () => {
  expect(seriesKeys(points)).toEqual(["effect", "psi", "psi_pvalue"]);
});

test("a series reads the number its key names", () => {
  expect(["effect", "psi", "psi_pvalue", "other"].map((key) => seriesValue(last, key))).toEqual([
    0.62,
    0.62,
    0.2,
    null,
  ]);
});

test("series are named as the field names them, unknown ones as they are registered", () => {
  expect(seriesName("ks_test_pvalue")).toBe("KS statistic D, p-value");
  expect(seriesName("my_metric")).toBe("my metric");
});

test("a number that is not there says why", () => {
  const empty = {
    ...last,
    metrics: { psi: { value: null, p_value: null, reason: "all_missing", version: 1, bound: null } },
  };
  expect(missingReason(empty, "psi")).toBe("all missing");
  expect(missingReason(last, "psi")).toBeNull();
});
