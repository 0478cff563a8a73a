import { expect, test } from "vitest";
import { LEVELS, level, marks, shades } from "./heat-cells";

const line = (effects: (number | null)[], signals: number[]) => ({ feature: "wind", effects, signals });

test("the shade grows with the effect and ends at its darkest", () => {
  expect([0, 0.05, 0.2, 1, 2].map(level)).toEqual([0, 1, 2, LEVELS - 1, LEVELS - 1]);
});

test("cells of one shade are one path, and a window without a number is left empty", () => {
  const found = shades([line([0, 0, null], [0, 0, 0]), line([0.9, 0.01, 0], [1, 0, 0])]);
  expect(found.map(({ flagged, level }) => [flagged, level])).toEqual([
    [false, 0],
    [true, 4],
  ]);
  expect(found[0]?.path.match(/M/g)).toHaveLength(4);
});

test("flagged cells carry a mark, others none", () => {
  expect(marks([line([0.9, 0.9], [2, 0])]).match(/M/g)).toHaveLength(1);
});
