import { describe, expect, test } from "vitest";
import { ago, duration, fullTime, span } from "./time";

const at = Date.parse("2026-03-10T13:05:00Z");

test("a full time names its zone", () => {
  expect(fullTime(at, "utc")).toBe("10 Mar 2026, 13:05 UTC");
});

test("a window names the second date only where it differs", () => {
  expect(span(at, at + 3_600_000, "utc")).toBe("10 Mar 13:05 – 14:05");
  expect(span(at, at + 86_400_000, "utc")).toBe("10 Mar 13:05 – 11 Mar 13:05");
});

test("a window of seconds shows them", () => {
  expect(span(at, at + 4000, "utc")).toBe("10 Mar 13:05:00 – 13:05:04");
});

describe("a duration", () => {
  test.each([
    [999, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_600_000, "1 h"],
    [47 * 3_600_000, "47 h"],
    [48 * 3_600_000, "2 d"],
    [-5, "0 s"],
  ])("of %d ms reads %s", (ms, text) => expect(duration(ms)).toBe(text));
});

test("a server clock ahead of ours reads as just now", () => {
  expect(ago(at + 5000, at)).toBe("just now");
  expect(ago(at - 4000, at)).toBe("4 s ago");
});
