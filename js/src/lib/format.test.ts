import { describe, expect, test } from "vitest";
import { count, NONE, percent, plural, pValue, shortCount, value, words } from "./format";

describe("value", () => {
  test.each([
    [0, "0"],
    [0.123456, "0.123"],
    [12.3456, "12.3"],
    [123456, "123,456"],
    [-0.5, "-0.5"],
    [0.00012, "1.2e-4"],
    [null, NONE],
    [undefined, NONE],
  ])("%s reads %s", (number, text) => expect(value(number)).toBe(text));
});

describe("a p-value", () => {
  test.each([
    [0, "< 0.001"],
    [0.0009, "< 0.001"],
    [0.0123, "0.012"],
    [0.05, "0.05"],
    [0.456, "0.46"],
    [1, "1.00"],
    [null, NONE],
  ])("%s reads %s", (p, text) => expect(pValue(p)).toBe(text));
});

describe("a share", () => {
  test.each([
    [0, "0 %"],
    [0.0004, "< 0.1 %"],
    [0.0123, "1.2 %"],
    [0.42, "42 %"],
    [1, "100 %"],
    [null, NONE],
  ])("%s reads %s", (share, text) => expect(percent(share)).toBe(text));
});

test("counts are grouped, and short ones round above a hundred thousand", () => {
  expect(count(1234567)).toBe("1,234,567");
  expect(shortCount(12345)).toBe("12,345");
  expect(shortCount(1234567)).toBe("1.23M");
});

test("words and plurals read like language", () => {
  expect(words("all_missing")).toBe("all missing");
  expect(plural(1, "window")).toBe("1 window");
  expect(plural(0, "window")).toBe("0 windows");
});
