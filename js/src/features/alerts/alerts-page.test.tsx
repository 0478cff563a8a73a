import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { alert, alertDetail } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, cut, hang, page, refuse, server } from "@/testing/server";

test("the feed says what, how bad, whether it is over, and which features", async () => {
  show("/alerts");
  const feed = await screen.findByRole("region", { name: "Feed" });
  const item = await within(feed).findByRole("listitem");
  expect(item).toHaveTextContent("Driftflightshigh");
  expect(item).toHaveTextContent("Firing");
  expect(item).toHaveTextContent("2 windows · wind");
});

test("filters go to the server and into the address", async () => {
  const asked: string[] = [];
  server.use(
    answer("/alerts", (url) => {
      asked.push(url.search);
      return page([alert("a1")]);
    }),
  );
  const { user, address } = show("/alerts?severity=high");
  await user.selectOptions(await screen.findByRole("combobox", { name: "Status" }), "open");
  expect(address()).toBe("/alerts?severity=high&status=open");
  await expect.poll(() => asked.at(-1)).toBe("?status=open&severity=high");
});

test("an alert opens beside the feed and keeps the filters", async () => {
  const { user, address } = show("/alerts?status=open");
  await user.click(await screen.findByRole("link", { name: "flights" }));
  expect(address()).toBe("/alerts/a1?status=open");
  expect(await screen.findByRole("heading", { name: "Drift: flights" })).toBeVisible();
});

test("the detail shows the log, and each delivery with its error and next attempt", async () => {
  show("/alerts/a1");
  const log = await screen.findByRole("region", { name: "Log" });
  expect(log).toHaveTextContent("first wind moved");
  const deliveries = screen.getByRole("region", { name: "Deliveries" });
  expect(deliveries).toHaveTextContent("slack, firing: waiting after 2 attempts");
  expect(deliveries).toHaveTextContent("the hook answered 503");
  expect(deliveries).toHaveTextContent("next attempt 10 Mar 04:00");
});

test("a feature of the alert leads to its chart", async () => {
  show("/alerts/a1");
  expect(await screen.findByRole("link", { name: "wind" })).toHaveAttribute(
    "href",
    "/monitors/flights?feature=wind",
  );
});

test("an alert nobody was told of says so", async () => {
  server.use(answer("/alerts/a1", { ...alertDetail, deliveries: [] }));
  show("/alerts/a1");
  expect(await screen.findByText(/nobody was told/)).toBeVisible();
});

test("the next page is asked for by its cursor", async () => {
  server.use(
    answer("/alerts", (url) =>
      url.searchParams.get("cursor") === "c2"
        ? page([alert("a2", { monitor: "churn" })])
        : page([alert("a1")], "c2"),
    ),
  );
  const { user } = show("/alerts");
  await user.click(await screen.findByRole("button", { name: "Show more" }));
  expect(await screen.findByRole("link", { name: "churn" })).toBeVisible();
  expect(screen.getByRole("link", { name: "flights" })).toBeVisible();
  expect(screen.queryByRole("button", { name: "Show more" })).not.toBeInTheDocument();
});

test("no alert ever and no alert that matches are told apart", async () => {
  server.use(answer("/alerts", page([])));
  const { user } = show("/alerts");
  expect(await screen.findByText("No alert so far")).toBeVisible();
  await user.selectOptions(screen.getByRole("combobox", { name: "Status" }), "resolved");
  expect(await screen.findByText("No alert matches these filters")).toBeVisible();
});

test("while the alerts load, the screen says so", async () => {
  server.use(hang("/alerts"));
  show("/alerts");
  expect(await screen.findByText("Loading the alerts…")).toBeInTheDocument();
});

test("a failed feed says why", async () => {
  server.use(refuse("/alerts", 403, "You may not read alerts."));
  show("/alerts");
  expect(await screen.findByText("You may not read alerts.")).toBeVisible();
});

test("when a refresh fails, the old feed stays", async () => {
  const { refresh } = show("/alerts");
  await screen.findByRole("link", { name: "flights" });
  server.use(cut("/alerts"));
  await refresh();
  expect(await screen.findByText(/Could not be refreshed/)).toBeVisible();
  expect(screen.getByRole("link", { name: "flights" })).toBeInTheDocument();
});
