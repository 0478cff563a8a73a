import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { detail, distribution, feature, series, windowAt } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, hang, page, refuse, server } from "@/testing/server";

const featureNames = () => {
  const panel = screen.getByRole("region", { name: /^Features/ });
  return within(panel)
    .getAllByRole("rowheader")
    .map((cell) => within(cell).getByRole("button").textContent);
};

test("the header says what is watched, against what, and leads into MLflow", async () => {
  show("/monitors/flights");
  expect(await screen.findByRole("heading", { level: 1, name: "flights" })).toBeVisible();
  expect(screen.getByText("1h windows by arrival (UTC)")).toBeVisible();
  expect(screen.getByText(/version 1, 5,000 rows/)).toBeVisible();
  expect(screen.getByRole("link", { name: "airline" })).toHaveAttribute(
    "href",
    `${window.location.origin}/#/experiments/7`,
  );
});

test("the features of the last window come worst first, and the worst is shown in full", async () => {
  show("/monitors/flights");
  expect(await screen.findByRole("heading", { name: "wind" })).toBeVisible();
  expect(featureNames()).toEqual(["wind", "age"]);
  const row = screen.getByRole("row", { name: /^wind/ });
  expect(row).toHaveTextContent("Drift");
  expect(row).toHaveTextContent("psi 0.9");
  expect(row).toHaveTextContent("< 0.001");
  expect(row).toHaveTextContent("14 %");
});

test("choosing a feature puts it into the address", async () => {
  const { user, address } = show("/monitors/flights");
  await user.click(await screen.findByRole("button", { name: "age" }));
  expect(address()).toBe("/monitors/flights?feature=age");
  expect(screen.getByRole("heading", { name: "age" })).toBeVisible();
});

test("features can be searched and sorted", async () => {
  const { user } = show("/monitors/flights?sort=name");
  await screen.findByRole("heading", { name: "wind" });
  expect(featureNames()).toEqual(["age", "wind"]);
  await user.type(screen.getByRole("searchbox", { name: "Find a feature" }), "win");
  expect(featureNames()).toEqual(["wind"]);
});

test("of 60 features the worst 25 are listed until all are asked for", async () => {
  const features = Array.from({ length: 60 }, (_, i) => feature(`f${i}`));
  server.use(answer("/monitors/flights", detail({ last_window: windowAt(2, { features }) })));
  const { user } = show("/monitors/flights");
  await user.click(await screen.findByRole("button", { name: "Show all 60" }));
  expect(featureNames()).toHaveLength(60);
});

test("the open window's verdict is marked as provisional", async () => {
  show("/monitors/flights");
  const panel = await screen.findByRole("region", { name: "Open window" });
  expect(within(panel).getByText("Not enough data")).toBeVisible();
  expect(within(panel).getByText("provisional")).toBeVisible();
});

test("every chart can be read as a table", async () => {
  const { user } = show("/monitors/flights");
  const bars = await screen.findByRole("figure", { name: /Baseline against window/ });
  await user.click(within(bars).getByRole("button", { name: "Show as table" }));
  expect(within(bars).getByRole("row", { name: "below 10 50 % 10 %" })).toBeVisible();
});

test("the timeline's table selects a window, whose features are then asked for", async () => {
  const quiet = windowAt(0, { features: [feature("age", { effect: 0.07 })] });
  server.use(answer("/monitors/flights/windows/w0", quiet));
  const { user, address } = show("/monitors/flights");
  const timeline = await screen.findByRole("figure", { name: /Drift score per window/ });
  await user.click(within(timeline).getByRole("button", { name: "Show as table" }));
  await user.click(within(timeline).getByRole("button", { name: "10 Mar 00:00 – 01:00" }));
  expect(address()).toBe("/monitors/flights?window=w0");
  expect(await screen.findByText("0.07")).toBeVisible();
});

test("windows can be walked by keyboard, the provisional one included", async () => {
  const { user, address } = show("/monitors/flights");
  await user.click(await screen.findByRole("button", { name: /Later window/ }));
  expect(address()).toBe("/monitors/flights?window=w3");
  expect(screen.getByRole("heading", { name: /provisional/ })).toBeVisible();
  expect(screen.getByRole("button", { name: /Later window/ })).toBeDisabled();
});

test("an event leads to its window", async () => {
  const { user, address } = show("/monitors/flights?window=w3");
  const events = await screen.findByRole("region", { name: "Events" });
  await user.click(await within(events).findByRole("button", { name: "10 Mar 02:00 – 03:00" }));
  expect(address()).toBe("/monitors/flights?window=w2");
});

test("under the thresholds rule the first measure with a threshold is plotted", async () => {
  server.use(
    answer("/monitors/flights", detail({ rule: "thresholds", thresholds: { psi: 0.2 } })),
    answer("/drift/timeseries", (url) =>
      series({ feature: url.searchParams.get("feature"), thresholds: { psi: 0.2 } }),
    ),
  );
  show("/monitors/flights");
  expect(await screen.findByRole("combobox", { name: "Measure" })).toHaveValue("psi");
  expect(screen.getByText("thresholds: psi > 0.2")).toBeVisible();
});

test("a measure is chosen in the address", async () => {
  show("/monitors/flights?metric=psi_pvalue");
  expect(await screen.findByRole("combobox", { name: "Measure" })).toHaveDisplayValue("PSI, p-value");
});

test("a monitor without rows shows the command to send some", async () => {
  server.use(
    answer("/monitors/flights", detail({ last_window: null, open_window: null, state: "waiting" })),
    answer("/drift", page([])),
  );
  show("/monitors/flights");
  expect(await screen.findByRole("region", { name: "Command to paste" })).toHaveTextContent(
    "/api/v1/predictions?monitor=flights",
  );
  expect(await screen.findByText("No drift so far")).toBeVisible();
});

test("a monitor without a baseline asks for one first", async () => {
  server.use(answer("/monitors/flights", detail({ last_window: null, open_window: null, baseline: null })));
  show("/monitors/flights");
  expect(await screen.findByRole("region", { name: "Command to paste" })).toHaveTextContent(
    "/api/v1/baseline?monitor=flights",
  );
});

test("a window without rows says that there is nothing to compare", async () => {
  const empty = windowAt(2, { state: "no_data", rows: 0, score: null, features: [] });
  server.use(answer("/monitors/flights", detail({ last_window: empty })));
  show("/monitors/flights");
  expect(await screen.findByText("This window has no feature results")).toBeVisible();
});

test("a distribution without bins says why nothing is drawn", async () => {
  server.use(answer("/drift/distribution", { ...distribution, bins: [] }));
  show("/monitors/flights");
  expect(await screen.findByText("No distribution to draw")).toBeVisible();
});

test("one part that fails leaves the others standing", async () => {
  server.use(refuse("/drift/distribution", 500, "The profile is damaged."));
  show("/monitors/flights");
  expect(await screen.findByText("The profile is damaged.")).toBeVisible();
  expect(featureNames()).toEqual(["wind", "age"]);
});

test("a monitor that does not exist is named, with the way back", async () => {
  server.use(refuse("/monitors/gone", 404, "There is no monitor 'gone'."));
  show("/monitors/gone");
  expect(await screen.findByText("There is no monitor 'gone'.")).toBeVisible();
  expect(screen.getByRole("link", { name: "Back to the overview" })).toBeVisible();
});

test("while the monitor loads, the screen says so", async () => {
  server.use(hang("/monitors/flights"));
  show("/monitors/flights");
  expect(await screen.findByText("Loading the monitor flights…")).toBeInTheDocument();
});
