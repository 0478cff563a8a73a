import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { detail, windowAt } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, forbid, hang, refuse, server, take } from "@/testing/server";

const AT = "/monitors/flights/edit";

const tried = (hour: number, over: object = {}) => {
  const { id, start, end } = windowAt(hour);
  return {
    window_id: id,
    start,
    end,
    rows: 500,
    state: "ok",
    severity: null,
    score: 0.1,
    alert: false,
    was_state: "ok",
    features: [],
    ...over,
  };
};

test("a changed setting is saved alone, and the monitor is shown again", async () => {
  const taken: unknown[] = [];
  server.use(take("patch", "/monitors/flights", taken));
  const { user, address } = show(AT);
  const lateness = await screen.findByRole("textbox", { name: "Wait for late rows" });
  expect(lateness).toHaveValue("5m");
  expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();
  await user.clear(lateness);
  await user.type(lateness, "10m");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await expect.poll(() => taken).toEqual([{ lateness: "10m" }]);
  await expect.poll(address).toBe("/monitors/flights");
});

test("what the server says of a field stands at that field, and the text is kept", async () => {
  server.use(
    forbid("patch", "/monitors/flights", 400, "window.period: no duration", {
      fields: [{ field: "window.period", message: "'soon' is not a duration" }],
    }),
  );
  const { user } = show(AT);
  const size = await screen.findByRole("textbox", { name: "Window" });
  await user.clear(size);
  await user.type(size, "soon");
  await user.click(screen.getByRole("button", { name: "Save" }));
  await expect.poll(() => size).toHaveAccessibleDescription(/'soon' is not a duration/);
  expect(size).toBeInvalid();
  expect(size).toHaveValue("soon");
});

test("a poll meanwhile does not undo what is being written", async () => {
  const { user, refresh } = show(AT);
  const lateness = await screen.findByRole("textbox", { name: "Wait for late rows" });
  await user.type(lateness, "0");
  server.use(answer("/monitors/flights", detail({ lateness: "1h", updated_at: "2026-03-11T00:00:00Z" })));
  await refresh();
  expect(lateness).toHaveValue("5m0");
});

test("settings are tried on the last windows before they are saved", async () => {
  const taken: unknown[] = [];
  server.use(
    take("post", "/monitors/flights/preview", taken, {
      windows: 48,
      alerts: 1,
      drifted: 3,
      approximate: 4,
      skipped: 2,
      items: [
        tried(0),
        tried(1, { state: "drift", severity: "high", alert: true, features: ["wind"] }),
        tried(2, { was_state: "drift" }),
      ],
    }),
  );
  const { user } = show(AT);
  const fewest = await screen.findByRole("textbox", { name: "Fewest rows" });
  await user.clear(fewest);
  await user.type(fewest, "10");
  await user.click(screen.getByRole("button", { name: "Try on the last windows" }));
  await expect.poll(() => taken).toEqual([{ min_rows: 10 }]);
  expect(
    await screen.findByText(/Would have opened 1 alert in the last 48 windows; 3 drifted/),
  ).toBeVisible();
  expect(screen.getByText(/4 of them from coarse counts/)).toBeVisible();
  expect(screen.getByText(/counts of 2 windows are no longer kept/)).toBeVisible();
  const rows = screen.getAllByRole("row").map((row) => row.textContent);
  expect(rows).toHaveLength(3);
  expect(rows[1]).toContain("OKDrift");
  expect(rows[2]).toContain("wind");
  expect(rows[2]).toContain("opens");
});

test("a trial that is refused says why", async () => {
  server.use(forbid("post", "/monitors/flights/preview", 409, "flights has no baseline yet"));
  const { user } = show(AT);
  await user.click(await screen.findByRole("button", { name: "Try on the last windows" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("flights has no baseline yet");
});

test("a monitor is deleted once its name is written", async () => {
  const taken: unknown[] = [];
  server.use(take("delete", "/monitors/flights", taken));
  const { user, address } = show(AT);
  await user.click(await screen.findByRole("button", { name: "Delete the monitor" }));
  expect(screen.getByRole("button", { name: "Delete it" })).toBeDisabled();
  await user.type(screen.getByRole("textbox", { name: "Write flights to confirm" }), "flights");
  await user.click(screen.getByRole("button", { name: "Delete it" }));
  await expect.poll(() => taken.length).toBe(1);
  await expect.poll(address).toBe("/");
});

test("who may edit does not delete, who may read does neither", async () => {
  server.use(answer("/monitors/flights", detail({ permission: "edit" })));
  const { refresh } = show(AT);
  expect(await screen.findByRole("button", { name: "Save" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Delete the monitor" })).not.toBeInTheDocument();
  server.use(answer("/monitors/flights", detail({ permission: "read" })));
  await refresh();
  expect(await screen.findByText("You may see this monitor, not change it")).toBeVisible();
  expect(screen.queryByRole("button", { name: "Save" })).not.toBeInTheDocument();
});

test("while the monitor loads, the screen says so", async () => {
  server.use(hang("/monitors/flights"));
  show(AT);
  expect(await screen.findByText("Loading the monitor flights…")).toBeInTheDocument();
});

test("a monitor that is gone says so", async () => {
  server.use(refuse("/monitors/flights", 404, "no monitor is named 'flights'"));
  show(AT);
  expect(await screen.findByText("no monitor is named 'flights'")).toBeVisible();
});
