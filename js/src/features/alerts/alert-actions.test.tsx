import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { alertDetail, detail } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, forbid, server, take } from "@/testing/server";

const READER = { name: "rex", admin: false, workspace: "default" };

test("an alert is acknowledged with what was written", async () => {
  const taken: unknown[] = [];
  server.use(take("post", "/alerts/a1/acknowledge", taken));
  const { user } = show("/alerts/a1");
  await user.type(await screen.findByRole("textbox", { name: "Comment" }), "looking");
  await user.click(screen.getByRole("button", { name: "Acknowledge" }));
  await expect.poll(() => taken).toEqual([{ comment: "looking" }]);
  expect(await screen.findByText("Alert acknowledged")).toBeInTheDocument();
  expect(screen.getByRole("textbox", { name: "Comment" })).toHaveValue("");
});

test("a refusal stands beside the buttons and the comment is kept", async () => {
  server.use(forbid("post", "/alerts/a1/resolve", 409, "it is resolved already"));
  const { user } = show("/alerts/a1");
  await user.type(await screen.findByRole("textbox", { name: "Comment" }), "done");
  await user.click(screen.getByRole("button", { name: "Resolve" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("it is resolved already");
  expect(screen.getByRole("textbox", { name: "Comment" })).toHaveValue("done");
});

test("a comment needs words", async () => {
  const taken: unknown[] = [];
  server.use(take("post", "/alerts/a1/comment", taken));
  const { user } = show("/alerts/a1");
  const add = await screen.findByRole("button", { name: "Add the comment" });
  expect(add).toBeDisabled();
  await user.type(screen.getByRole("textbox", { name: "Comment" }), "seen");
  await user.click(add);
  await expect.poll(() => taken).toEqual([{ text: "seen" }]);
});

test("what is acknowledged is not acknowledged again, and says by whom", async () => {
  server.use(answer("/alerts/a1", { ...alertDetail, status: "acknowledged", acknowledged_by: "ada" }));
  show("/alerts/a1");
  expect(await screen.findByText("Acknowledged by ada")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Acknowledge" })).not.toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Resolve" })).toBeVisible();
});

test("who may only read, and whose alert is over, has no buttons", async () => {
  server.use(answer("/me", READER), answer("/monitors/flights", detail({ permission: "read" })));
  show("/alerts/a1");
  await screen.findByRole("region", { name: "Log" });
  expect(screen.queryByRole("region", { name: "Act" })).not.toBeInTheDocument();
});

test("who may edit the monitor may act on its alerts", async () => {
  server.use(answer("/me", READER), answer("/monitors/flights", detail({ permission: "edit" })));
  show("/alerts/a1");
  expect(await screen.findByRole("region", { name: "Act" })).toBeVisible();
});

test("a silence from an alert names its monitor, its condition, a reason and an end", async () => {
  const taken: Record<string, string>[] = [];
  server.use(take("post", "/silences", taken));
  const { user } = show("/alerts/a1");
  await user.click(await screen.findByRole("button", { name: "Silence…" }));
  const form = await screen.findByRole("form", { name: "New silence" });
  await user.selectOptions(within(form).getByRole("combobox", { name: "Lasts" }), "1 hour");
  await user.type(within(form).getByRole("textbox", { name: "Reason" }), "repair");
  const before = Date.now();
  await user.click(within(form).getByRole("button", { name: "Silence" }));
  await expect
    .poll(() => taken)
    .toMatchObject([{ monitor: "flights", condition: "drift", reason: "repair" }]);
  const minutes = (Date.parse(taken[0]?.ends_at ?? "") - before) / 60_000;
  expect(minutes).toBeGreaterThanOrEqual(60);
  expect(minutes).toBeLessThan(61);
  expect(screen.queryByRole("form", { name: "New silence" })).not.toBeInTheDocument();
});

test("the server's word on a field stands at that field", async () => {
  server.use(
    forbid("post", "/silences", 400, "reason: too long", {
      fields: [{ field: "reason", message: "at most 2000 characters" }],
    }),
  );
  const { user } = show("/alerts/a1");
  await user.click(await screen.findByRole("button", { name: "Silence…" }));
  const reason = screen.getByRole("textbox", { name: "Reason" });
  await user.type(reason, "x");
  await user.click(screen.getByRole("button", { name: "Silence" }));
  await expect.poll(() => reason).toHaveAccessibleDescription("at most 2000 characters");
  expect(reason).toBeInvalid();
});
