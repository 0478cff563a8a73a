import { expect, test } from "vitest";
import { stateChanges } from "./announcer";

test("only monitors whose state or severity differs are named", () => {
  const before = new Map([
    ["a", "a: OK"],
    ["b", "b: Drift, low"],
  ]);
  const after = [
    { name: "a", state: "ok", severity: null },
    { name: "b", state: "drift", severity: "high" },
    { name: "new", state: "drift", severity: "high" },
  ] as const;
  expect(stateChanges(before, after)).toEqual(["b: Drift, high"]);
});
