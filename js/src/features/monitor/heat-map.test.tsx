import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { detail, heatmap } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, hang, refuse, server } from "@/testing/server";
import { cellText, heatText } from "./heat-map";

const panel = async () => screen.findByRole("region", { name: "Heat map" });

test("the worst feature stands first, and a click on its name opens it", async () => {
  const { user, address } = show("/monitors/flights");
  const names = await within(await panel()).findAllByRole("listitem");
  expect(names.map((item) => item.textContent)).toEqual(["wind in the map", "age in the map"]);
  await user.click(within(names[1] as HTMLElement).getByRole("button", { name: "age in the map" }));
  expect(address()).toBe("/monitors/flights?feature=age");
});

test("the map in words and as a table says what the colours say", async () => {
  const { user } = show("/monitors/flights");
  const figure = await screen.findByRole("figure", { name: /Effect per feature and window/ });
  expect(figure).toHaveTextContent("1 of the 2 features shown had a signal in 3 windows; wind most often.");
  await user.click(within(figure).getByRole("button", { name: "Show as table" }));
  expect(within(figure).getByRole("row", { name: /^wind 1 0.58 10 Mar 02:00/ })).toBeVisible();
});

test("a cell says its feature, its time, its effect and whether it drifted", () => {
  expect(cellText(heatmap, { x: 2, y: 0 }, "utc")).toBe(
    "wind, 10 Mar 02:00 – 03:00: effect 0.58, drift in 1 of 1 window",
  );
  expect(cellText(heatmap, { x: 1, y: 0 }, "utc")).toBe("wind, 10 Mar 01:00 – 02:00: not compared");
  expect(cellText(heatmap, { x: 1, y: 1 }, "utc")).toBe("age, 10 Mar 01:00 – 02:00: effect 0.03, no drift");
});

test("a quiet map says so", () => {
  const quiet = { ...heatmap, features: heatmap.features.slice(1) };
  expect(heatText(quiet)).toBe("None of 2 features had a signal in 3 windows.");
});

test("search and range go to the server and into the address", async () => {
  const asked: URLSearchParams[] = [];
  server.use(
    answer("/drift/heatmap", (url) => {
      asked.push(url.searchParams);
      return heatmap;
    }),
  );
  const { user, address } = show("/monitors/flights?range=30d");
  await user.type(await screen.findByRole("searchbox", { name: "Find in the map" }), "wi");
  expect(address()).toBe("/monitors/flights?range=30d&find=wi");
  await expect.poll(() => asked.at(-1)?.get("search")).toBe("wi");
  expect(asked.at(-1)?.get("since")).toBe("2026-02-08T03:00:00.000Z");
  await user.selectOptions(screen.getByRole("combobox", { name: "Range" }), "everything");
  await expect.poll(() => asked.at(-1)?.get("since")).toBeNull();
});

test("of many features the next fifty are asked for on demand", async () => {
  const limits: (string | null)[] = [];
  server.use(
    answer("/drift/heatmap", (url) => {
      limits.push(url.searchParams.get("limit"));
      return { ...heatmap, total: 500 };
    }),
  );
  const { user } = show("/monitors/flights");
  await user.click(await screen.findByRole("button", { name: "Show more of 500 features" }));
  await expect.poll(() => limits.at(-1)).toBe("100");
});

test("a range without windows, and a search without a match, say so", async () => {
  server.use(answer("/drift/heatmap", { ...heatmap, columns: [], features: [], total: 0 }));
  const { refresh } = show("/monitors/flights?find=zzz");
  expect(await screen.findByText("No window has closed in this time")).toBeVisible();
  server.use(answer("/drift/heatmap", { ...heatmap, features: [], total: 0 }));
  await refresh();
  expect(await screen.findByText("No feature matches “zzz”")).toBeVisible();
});

test("while it loads, the rest of the screen stands", async () => {
  server.use(hang("/drift/heatmap"));
  show("/monitors/flights");
  expect(await screen.findByText("Loading the heat map…")).toBeInTheDocument();
  expect(screen.getByRole("heading", { level: 1, name: "flights" })).toBeVisible();
});

test("a map that fails says why, in its place", async () => {
  server.use(refuse("/drift/heatmap", 500, "The disk is full."));
  show("/monitors/flights");
  expect(await within(await panel()).findByText("Could not load the heat map")).toBeVisible();
});

test("times are those of the monitor's zone, in which its windows are cut", async () => {
  server.use(answer("/monitors/flights", detail({ timezone: "Asia/Kolkata" })));
  const { user } = show("/monitors/flights");
  const figure = await screen.findByRole("figure", { name: /Drift score per window.*Asia\/Kolkata/ });
  await user.click(within(figure).getByRole("button", { name: "Show as table" }));
  expect(within(figure).getByRole("button", { name: "10 Mar 05:30 – 06:30" })).toBeVisible();
  await user.selectOptions(screen.getByRole("combobox", { name: "Time zone" }), "UTC");
  expect(within(figure).getByRole("button", { name: "10 Mar 00:00 – 01:00" })).toBeVisible();
});

test("the timeline shows the rows of each window instead of their score", async () => {
  const { user, address } = show("/monitors/flights");
  await user.selectOptions(await screen.findByRole("combobox", { name: "Measure of the timeline" }), "Rows");
  expect(address()).toBe("/monitors/flights?timeline=rows");
  const figure = await screen.findByRole("figure", { name: /Rows per window/ });
  await user.click(within(figure).getByRole("button", { name: "Show as table" }));
  expect(within(figure).getByRole("row", { name: /10 Mar 00:00 – 01:00 OK 500/ })).toBeVisible();
});
