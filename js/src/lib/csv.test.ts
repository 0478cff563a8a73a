import { expect, test } from "vitest";
import { csvName, toCsv } from "./csv";

test("cells with commas, quotes or line ends are quoted, absent ones are empty, numbers stay whole", () => {
  expect(
    toCsv([
      ["a", 'b "c"', "d,e"],
      [0.123456789, null, "f\ng"],
    ]),
  ).toBe('a,"b ""c""","d,e"\r\n0.123456789,,"f\ng"\r\n');
});

test("a file is named after its chart", () => {
  expect(csvName("Drift score per window")).toBe("drift-score-per-window.csv");
  expect(csvName("!?")).toBe("chart.csv");
});
