import { expect, test } from "vitest";
import { reasonText } from "./reasons";

test("a reason reads as a phrase, a sentence stays, and what repeats the state is left out", () => {
  expect(reasonText({ state: "drift", reason: "location" })).toBe("values moved");
  expect(reasonText({ state: "drift", reason: "psi 0.31 > 0.2" })).toBe("psi 0.31 > 0.2");
  expect(reasonText({ state: "column_gone", reason: "column_gone" })).toBeNull();
  expect(reasonText({ state: "ok", reason: null })).toBeNull();
});
