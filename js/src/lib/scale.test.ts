import { describe, expect, test } from "vitest";
import { niceTicks, orderAxis, stepAxis, timeAxis } from "./scale";

describe("ticks from zero", () => {
  test.each([
    [0.81, [0, 0.25, 0.5, 0.75, 1]],
    [1, [0, 0.25, 0.5, 0.75, 1]],
    [0.1, [0, 0.025, 0.05, 0.075, 0.1]],
    [38, [0, 10, 20, 30, 40]],
    [0, [0, 1]],
  ])("up to %d are %j", (top, ticks) => expect(niceTicks(top)).toEqual(ticks));
});

const HOUR = 3_600_000;
const noon = Date.parse("2026-03-10T12:00:00Z");

test("a time axis of two days has ticks on full half days, dated at midnight", () => {
  const axis = timeAxis([noon + 1, noon + 48 * HOUR], "utc");
  expect(axis.ticks.map(axis.format)).toEqual(["11 Mar", "12:00", "12 Mar", "12:00"]);
});

test("a time axis without a midnight says the date once", () => {
  const axis = timeAxis([noon, noon + 3 * HOUR], "utc");
  expect(axis.ticks.map(axis.format)).toEqual([
    "10 Mar 12:00",
    "12:30",
    "13:00",
    "13:30",
    "14:00",
    "14:30",
    "15:00",
  ]);
});

test("one lone window gets room on both sides", () => {
  expect(timeAxis([noon], "utc").domain).toEqual([noon - HOUR, noon + HOUR]);
});

test("years of windows keep a handful of ticks", () => {
  const axis = timeAxis([noon, noon + 20 * 365 * 24 * HOUR], "utc");
  expect(axis.ticks.length).toBeGreaterThan(2);
  expect(axis.ticks.length).toBeLessThanOrEqual(7);
});

test("training steps have whole ticks within the range", () => {
  expect(stepAxis([0, 1], String).ticks).toEqual([0, 1]);
  expect(stepAxis([0, 39], String).ticks).toEqual([0, 10, 20, 30]);
});

test("windows of a row count stand in equal steps, told apart by the second if need be", () => {
  const axis = orderAxis([noon, noon + 900, noon + 7000], "utc");
  expect(axis.domain).toEqual([0, 2]);
  expect(axis.ticks.map(axis.format)).toEqual(["12:00:00", "12:00:00", "12:00:07"]);
  expect(orderAxis([noon, noon + HOUR], "utc").format(1)).toBe("10 Mar 13:00");
  expect(orderAxis([noon], "utc").domain).toEqual([-1, 1]);
});
