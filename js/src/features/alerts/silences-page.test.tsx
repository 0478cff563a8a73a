import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { detail, silence } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, cut, hang, page, refuse, server, take } from "@/testing/server";

test("the list says what is muted, until when, and why", async () => {
  show("/silences");
  const row = await screen.findByRole("row", { name: /flights/ });
  expect(row).toHaveTextContent("Drift");
  expect(row).toHaveTextContent("active");
  expect(row).toHaveTextContent("11 Mar 00:00");
  expect(row).toHaveTextContent("the sensor is being replaced");
  expect(row).toHaveTextContent("by ada");
});

test("the state goes to the server and into the address", async () => {
  const asked: string[] = [];
  server.use(
    answer("/silences", (url) => {
      asked.push(url.search);
      return page([]);
    }),
  );
  const { user, address } = show("/silences");
  expect(await screen.findByText("No silence so far")).toBeVisible();
  await user.selectOptions(screen.getByRole("combobox", { name: "State" }), "ended");
  expect(address()).toBe("/silences?state=ended");
  await expect.poll(() => asked.at(-1)).toBe("?state=ended");
  expect(await screen.findByText("No silence is in this state")).toBeVisible();
});

test("a silence is ended after a second question", async () => {
  const taken: unknown[] = [];
  server.use(take("delete", "/silences/s1", taken));
  const { user } = show("/silences");
  await user.click(await screen.findByRole("button", { name: "End" }));
  expect(taken).toEqual([]);
  await user.click(screen.getByRole("button", { name: "End it now" }));
  await expect.poll(() => taken.length).toBe(1);
});

test("an administrator silences monitors by a pattern", async () => {
  const taken: unknown[] = [];
  server.use(take("post", "/silences", taken));
  const { user } = show("/silences");
  await user.click(await screen.findByRole("button", { name: "New silence" }));
  await user.type(screen.getByRole("textbox", { name: "Monitors" }), "eu-*");
  await user.type(screen.getByRole("textbox", { name: "Reason" }), "move");
  await user.click(screen.getByRole("button", { name: "Silence" }));
  await expect.poll(() => taken).toMatchObject([{ pattern: "eu-*", reason: "move" }]);
});

test("who may not edit the monitor sees no button to end or begin", async () => {
  server.use(
    answer("/me", { name: "rex", admin: false, workspace: "default" }),
    answer("/monitors/flights", detail({ permission: "read" })),
  );
  show("/silences");
  await screen.findByRole("row", { name: /flights/ });
  expect(screen.queryByRole("button", { name: "End" })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "New silence" })).not.toBeInTheDocument();
});

test("what is over cannot be ended", async () => {
  server.use(answer("/silences", page([{ ...silence, state: "ended" as const }])));
  show("/silences");
  await screen.findByRole("button", { name: "New silence" });
  await screen.findByRole("row", { name: /flights/ });
  expect(screen.queryByRole("button", { name: "End" })).not.toBeInTheDocument();
});

test("while the silences load, the screen says so", async () => {
  server.use(hang("/silences"));
  show("/silences");
  expect(await screen.findByText("Loading the silences…")).toBeInTheDocument();
});

test("a failed list says why", async () => {
  server.use(refuse("/silences", 403, "You may not see silences."));
  show("/silences");
  expect(await screen.findByText("You may not see silences.")).toBeVisible();
});

test("when a refresh fails, the old list stays", async () => {
  const { refresh } = show("/silences");
  await screen.findByRole("row", { name: /flights/ });
  server.use(cut("/silences"));
  await refresh();
  expect(await screen.findByText(/Could not be refreshed/)).toBeVisible();
  expect(screen.getByRole("row", { name: /flights/ })).toBeInTheDocument();
});
