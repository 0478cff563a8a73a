import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { show } from "@/testing/render";
import { answer, forbid, page, refuse, server, take } from "@/testing/server";

const key = {
  id: "k1",
  name: "nightly",
  scope: "ingest",
  status: "active",
  owner: null,
  monitors: null,
  created_at: "2026-03-10T00:00:00Z",
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
};
const sink = {
  name: "slack",
  type: "slack",
  enabled: true,
  configured: true,
  problem: null,
  send_resolved: true,
  monitors: ["*"],
  min_severity: "low",
  pending: 1,
  failed: 2,
  last_sent_at: null,
  last_error: null,
};

test("a new key is shown once", async () => {
  const taken: unknown[] = [];
  server.use(take("post", "/keys", taken, { ...key, key: "secret-words" }));
  const { user } = show("/settings");
  await user.click(await screen.findByRole("button", { name: "New key" }));
  await user.type(screen.getByRole("textbox", { name: "Name" }), "nightly");
  await user.click(screen.getByRole("button", { name: "Make the key" }));
  await expect.poll(() => taken).toEqual([{ name: "nightly", scope: "ingest", expires_in: "90d" }]);
  expect(await screen.findByText("secret-words")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "I have it" }));
  expect(screen.queryByText("secret-words")).not.toBeInTheDocument();
});

test("a wrong lifetime is said at its field", async () => {
  server.use(
    forbid("post", "/keys", 400, "expires_in: no", {
      fields: [{ field: "expires_in", message: "too short" }],
    }),
  );
  const { user } = show("/settings");
  await user.click(await screen.findByRole("button", { name: "New key" }));
  await user.type(screen.getByRole("textbox", { name: "Name" }), "x");
  await user.click(screen.getByRole("button", { name: "Make the key" }));
  const life = screen.getByRole("textbox", { name: "Expires in" });
  await expect.poll(() => life).toHaveAccessibleDescription(/too short/);
});

test("a key is revoked after a second question", async () => {
  const taken: unknown[] = [];
  server.use(answer("/keys", page([key])), take("delete", "/keys/k1", taken));
  const { user } = show("/settings");
  await user.click(await screen.findByRole("button", { name: "Revoke nightly" }));
  expect(taken).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Revoke it" }));
  await expect.poll(() => taken.length).toBe(1);
});

test("a sink is tested, and its answer is shown", async () => {
  server.use(
    answer("/sinks", { items: [sink] }),
    take("post", "/sinks/slack/test", [], {
      sent: false,
      status: 503,
      error: "it answered 503",
      milliseconds: 9,
    }),
  );
  const { user } = show("/settings");
  await user.click(await screen.findByRole("button", { name: "Test slack" }));
  expect(await screen.findByText("did not arrive: it answered 503")).toBeVisible();
});

test("who is no administrator sees no sinks", async () => {
  server.use(answer("/me", { name: "rex", admin: false, workspace: "default" }));
  show("/settings");
  expect(await screen.findByText("No API key so far")).toBeVisible();
  expect(screen.queryByRole("region", { name: "Sinks" })).not.toBeInTheDocument();
});

test("a list that fails says why, the others are there", async () => {
  server.use(refuse("/sources", 403, "not for you"));
  show("/settings");
  expect(await screen.findByText("not for you")).toBeVisible();
  expect(await screen.findByText("No API key so far")).toBeVisible();
});
