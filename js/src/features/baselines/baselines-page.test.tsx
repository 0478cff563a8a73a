import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { detail } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, cut, forbid, hang, page, refuse, server, take } from "@/testing/server";

const AT = "/monitors/flights/baselines";

test("the versions say which one is active, and lead to their run", async () => {
  show(AT);
  const active = await screen.findByRole("row", { name: /Version 1/ });
  expect(active).toHaveTextContent("active");
  expect(active).toHaveTextContent("5,000");
  expect(screen.getByRole("link", { name: "run" })).toHaveAttribute("href", "/runs/r1");
});

test("another version is compared with the active one, and the address keeps it", async () => {
  const { user, address } = show(AT);
  await user.click(await screen.findByRole("button", { name: "Compare version 2 with the active one" }));
  expect(address()).toBe(`${AT}?compare=b2`);
  const diff = await screen.findByRole("region", { name: "Version 2 against version 1, the active one" });
  await expect.poll(() => diff.textContent).toContain("New columns: gust.");
  expect(diff).toHaveTextContent("wind moved");
});

test("a version is activated after a second question", async () => {
  const taken: unknown[] = [];
  server.use(take("post", "/baseline/b2/activate", taken));
  const { user } = show(AT);
  await user.click(await screen.findByRole("button", { name: "Activate version 2" }));
  expect(taken).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Activate it" }));
  await expect.poll(() => taken.length).toBe(1);
  expect(await screen.findByText("Version 2 is active")).toBeInTheDocument();
});

test("windows from first to last become the new normal", async () => {
  const taken: unknown[] = [];
  server.use(take("post", "/baseline", taken));
  const { user } = show(AT);
  await user.click(await screen.findByRole("button", { name: "Accept a new normal" }));
  await user.selectOptions(await screen.findByRole("combobox", { name: "First window" }), "w1");
  expect(screen.getByText("2 windows with 1,000 rows.")).toBeVisible();
  await user.click(screen.getByRole("button", { name: "Make it the baseline" }));
  await expect.poll(() => taken).toEqual([{ from_windows: { first: "w1", last: "w2" } }]);
});

test("windows in the wrong order, or refused by the server, make no baseline", async () => {
  server.use(forbid("post", "/baseline", 409, "the first baseline is still missing"));
  const { user } = show(AT);
  await user.click(await screen.findByRole("button", { name: "Accept a new normal" }));
  const make = await screen.findByRole("button", { name: "Make it the baseline" });
  await user.selectOptions(screen.getByRole("combobox", { name: "Last window" }), "w1");
  expect(make).toBeDisabled();
  await user.selectOptions(screen.getByRole("combobox", { name: "First window" }), "w1");
  await user.click(make);
  expect(await screen.findByRole("alert")).toHaveTextContent("the first baseline is still missing");
});

test("who may only read compares, and changes nothing", async () => {
  server.use(
    answer("/me", { name: "rex", admin: false, workspace: "default" }),
    answer("/monitors/flights", detail({ permission: "read" })),
  );
  show(AT);
  expect(await screen.findByRole("button", { name: /Compare/ })).toBeVisible();
  expect(screen.queryByRole("button", { name: /Activate/ })).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /Accept/ })).not.toBeInTheDocument();
});

test("a monitor without a baseline says how to get one", async () => {
  server.use(answer("/baseline", page([])));
  show(AT);
  expect(await screen.findByText("No baseline yet")).toBeVisible();
});

test("while the baselines load, the screen says so", async () => {
  server.use(hang("/baseline"));
  show(AT);
  expect(await screen.findByText("Loading the baselines…")).toBeInTheDocument();
});

test("a monitor that is not there says so", async () => {
  server.use(refuse("/baseline", 404, "no monitor is named 'flights'"));
  show(AT);
  expect(await screen.findByText("no monitor is named 'flights'")).toBeVisible();
});

test("when a refresh fails, the old versions stay", async () => {
  const { refresh } = show(AT);
  await screen.findByRole("row", { name: /Version 1/ });
  server.use(cut("/baseline"));
  await refresh();
  expect(await screen.findByText(/Could not be refreshed/)).toBeVisible();
});
