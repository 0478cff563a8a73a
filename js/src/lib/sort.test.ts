import { expect, test } from "vitest";
import { formatOrder, parseOrder, sortRows } from "./sort";

const rows = [{ n: 2 }, { n: null }, { n: 10 }];
const columns = { n: (row: { n: number | null }) => row.n };
const sorted = (order: string) => sortRows(rows, parseOrder(order), columns).map(({ n }) => n);

test("numbers sort as numbers, and what has no value comes last both ways", () => {
  expect(sorted("n")).toEqual([2, 10, null]);
  expect(sorted("-n")).toEqual([10, 2, null]);
});

test("an order the table does not know changes nothing", () => {
  expect(sorted("other")).toEqual([2, null, 10]);
});

test("an order survives the address", () => {
  expect(formatOrder(parseOrder("-effect"))).toBe("-effect");
});
