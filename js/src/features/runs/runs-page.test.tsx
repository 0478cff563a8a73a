import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { run } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, cut, hang, page, refuse, server } from "@/testing/server";

test("a run shows its experiment, state, metrics and the monitor that rests on it", async () => {
  show("/runs");
  const row = await screen.findByRole("row", { name: /bold-lark/ });
  expect(row).toHaveTextContent("finished");
  expect(row).toHaveTextContent("1 min");
  expect(row).toHaveTextContent("accuracy0.9");
  expect(within(row).getByRole("link", { name: "flights" })).toHaveAttribute("href", "/monitors/flights");
});

test("search and filters go to the server and into the address", async () => {
  const asked: string[] = [];
  server.use(
    answer("/runs", (url) => {
      asked.push(url.search);
      return page([run]);
    }),
  );
  const { user, address } = show("/runs?status=FINISHED");
  await user.type(await screen.findByRole("searchbox", { name: "Find by name or id" }), "lark");
  expect(address()).toBe("/runs?status=FINISHED&q=lark");
  await expect.poll(() => asked.at(-1)).toBe("?search=lark&status=FINISHED");
});

test("no run yet and no run that matches are told apart", async () => {
  server.use(answer("/runs", page([])));
  const { user } = show("/runs");
  expect(await screen.findByText("No run read yet")).toBeVisible();
  await user.type(screen.getByRole("searchbox", { name: "Find by name or id" }), "x");
  expect(await screen.findByText("No run matches these filters")).toBeVisible();
});

test("while the runs load, the screen says so", async () => {
  server.use(hang("/runs"));
  show("/runs");
  expect(await screen.findByText("Loading the runs…")).toBeInTheDocument();
});

test("a failed list says why, and an old one stays", async () => {
  const { refresh } = show("/runs");
  await screen.findByRole("row", { name: /bold-lark/ });
  server.use(cut("/runs"));
  await refresh();
  expect(await screen.findByText(/Could not be refreshed/)).toBeVisible();
  expect(screen.getByRole("row", { name: /bold-lark/ })).toBeInTheDocument();
});

test("a run's page leads into MLflow and to the monitor", async () => {
  show("/runs/r1");
  expect(await screen.findByRole("heading", { level: 1, name: "bold-lark" })).toBeVisible();
  expect(screen.getByRole("link", { name: "open the run" })).toHaveAttribute(
    "href",
    `${window.location.origin}/#/experiments/7/runs/r1`,
  );
  expect(screen.getByRole("row", { name: "depth 8" })).toBeVisible();
  expect(screen.getByRole("row", { name: "model/MLmodel 1,204" })).toBeVisible();
});

test("the metric with a history is drawn first; the address can name another", async () => {
  const { user, address } = show("/runs/r1");
  const chart = await screen.findByRole("figure", { name: /loss/ });
  await user.click(within(chart).getByRole("button", { name: "Show as table" }));
  expect(within(chart).getByRole("row", { name: /^1 10 Mar 2026, 00:00 UTC 0.2$/ })).toBeVisible();
  await user.selectOptions(screen.getByRole("combobox", { name: "Metric" }), "accuracy");
  expect(address()).toBe("/runs/r1?metric=accuracy");
  expect(screen.getByText("accuracy was logged once; there is no history to draw.")).toBeVisible();
});

test("a run that does not exist is named", async () => {
  server.use(refuse("/runs/none", 404, "There is no run 'none'."));
  show("/runs/none");
  expect(await screen.findByText("There is no run 'none'.")).toBeVisible();
});
