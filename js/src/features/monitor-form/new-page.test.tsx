import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { run } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, forbid, server, take } from "@/testing/server";

const files = (...paths: string[]) =>
  answer("/runs/r1", { ...run, artifacts: paths.map((path) => ({ path, is_dir: false, size: 1 })) });

test("a monitor is made of what was written, the rest is the server's default", async () => {
  const taken: unknown[] = [];
  server.use(take("post", "/monitors", taken));
  const { user, address } = show("/new-monitor");
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "flights");
  await user.type(screen.getByRole("textbox", { name: "Window" }), "1d");
  await user.click(screen.getByRole("button", { name: "Create" }));
  await expect.poll(() => taken).toEqual([{ name: "flights", window: { period: "1d" } }]);
  await expect.poll(address).toBe("/monitors/flights");
});

test("a name that is taken is said, and nothing is lost", async () => {
  server.use(forbid("post", "/monitors", 409, "a monitor is named 'flights' already"));
  const { user } = show("/new-monitor");
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "flights");
  await user.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("a monitor is named 'flights' already");
  expect(screen.getByRole("textbox", { name: "Name" })).toHaveValue("flights");
});

test("a run leads to a monitor whose baseline is one of its artifacts", async () => {
  const made: unknown[] = [];
  const learned: unknown[] = [];
  server.use(
    files("model/MLmodel", "data/train.csv"),
    take("post", "/monitors", made),
    take("post", "/baseline", learned),
  );
  const { user, address } = show("/runs/r1");
  await user.click(await screen.findByRole("link", { name: "monitor this run" }));
  expect(await screen.findByRole("combobox", { name: /^Baseline/ })).toHaveValue("data/train.csv");
  await user.type(screen.getByRole("textbox", { name: "Name" }), "flights");
  await user.type(screen.getByRole("textbox", { name: "Column: target" }), "late");
  await user.click(screen.getByRole("button", { name: "Create" }));
  await expect.poll(() => made).toEqual([{ name: "flights", experiment_id: "7" }]);
  await expect
    .poll(() => learned)
    .toEqual([{ run_id: "r1", artifact_path: "data/train.csv", target: "late" }]);
  await expect.poll(address).toBe("/monitors/flights");
});

test("a baseline that is refused is tried again without making the monitor twice", async () => {
  const made: unknown[] = [];
  const learned: unknown[] = [];
  server.use(
    files("train.csv"),
    take("post", "/monitors", made),
    forbid("post", "/baseline", 400, "target: no column is named 'x'"),
  );
  const { user } = show("/new-monitor?run=r1");
  await user.type(await screen.findByRole("textbox", { name: "Name" }), "flights");
  await user.click(screen.getByRole("button", { name: "Create" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("no column is named 'x'");
  server.use(take("post", "/baseline", learned));
  await user.click(screen.getByRole("button", { name: "Make the baseline" }));
  await expect.poll(() => learned.length).toBe(1);
  expect(made).toHaveLength(1);
});

test("a run without artifacts says what to log", async () => {
  server.use(files());
  show("/new-monitor?run=r1");
  expect(await screen.findByText("This run logged no artifact to make a baseline of")).toBeVisible();
});
