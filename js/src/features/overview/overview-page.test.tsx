import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { drifting, monitor } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, cut, hang, page, refuse, server } from "@/testing/server";

const quiet = (count: number) => Array.from({ length: count }, (_, i) => monitor(`quiet-${i}`));
const rowNames = () =>
  screen.getAllByRole("rowheader").map((cell) => within(cell).getByRole("link").textContent);

test("it says in one sentence how many models drift", async () => {
  server.use(answer("/monitors", page([drifting, ...quiet(2)])));
  show("/");
  expect(await screen.findByRole("heading", { level: 1, name: "1 of 3 models is drifting" })).toBeVisible();
});

test("the worst monitors come first, with state and severity in words", async () => {
  server.use(
    answer(
      "/monitors",
      page([
        ...quiet(1),
        monitor("broken", { state: "drift", severity: "critical" }),
        monitor("silent", { state: "no_data" }),
        drifting,
      ]),
    ),
  );
  show("/");
  await screen.findByRole("link", { name: "broken" });
  expect(rowNames()).toEqual(["broken", "flights", "silent", "quiet-0"]);
  const worst = screen.getByRole("row", { name: /broken/ });
  expect(within(worst).getByText("Drift")).toBeVisible();
  expect(within(worst).getAllByText("critical")[0]).toBeVisible();
});

test("the cards count monitors, alerts, windows and rows", async () => {
  show("/");
  const rows = (await screen.findByText("Rows accepted")).closest("div");
  expect(rows).toHaveTextContent("1,500");
  expect(rows).toHaveTextContent("20 pending · 3 rejected");
  const alerts = screen.getByText("Open alerts", { selector: "dt" }).closest("div") as HTMLElement;
  expect(within(alerts).getByRole("link", { name: "1" })).toHaveAttribute("href", "/alerts?status=open");
});

test("many quiet monitors fold into one line, and the address remembers that they were opened", async () => {
  server.use(answer("/monitors", page([drifting, ...quiet(7)])));
  const { user, address } = show("/");
  await screen.findByRole("link", { name: "flights" });
  expect(rowNames()).toEqual(["flights"]);
  await user.click(screen.getByRole("button", { name: "Show quiet monitors" }));
  expect(rowNames()).toHaveLength(8);
  expect(address()).toBe("/?quiet=shown");
});

test("a search finds folded monitors too and lives in the address", async () => {
  server.use(answer("/monitors", page([drifting, ...quiet(7)])));
  const { user, address } = show("/");
  await user.type(await screen.findByRole("searchbox", { name: "Find a monitor" }), "quiet-3");
  expect(rowNames()).toEqual(["quiet-3"]);
  expect(address()).toBe("/?q=quiet-3");
});

test("a column sorts by a click, and says so", async () => {
  server.use(answer("/monitors", page([monitor("b"), monitor("a"), monitor("c")])));
  const { user, address } = show("/?sort=name");
  await screen.findByRole("link", { name: "a" });
  expect(rowNames()).toEqual(["a", "b", "c"]);
  await user.click(screen.getByRole("button", { name: /^Monitor/ }));
  expect(rowNames()).toEqual(["c", "b", "a"]);
  expect(screen.getByRole("columnheader", { name: /^Monitor/ })).toHaveAttribute("aria-sort", "descending");
  expect(address()).toBe("/?sort=-name");
});

test("nothing watched yet: the commands to paste name this very server", async () => {
  server.use(answer("/monitors", page([])));
  show("/");
  const snippet = await screen.findByRole("region", { name: "Commands to paste" });
  expect(snippet).toHaveTextContent(`${window.location.origin}/api/v1/baseline?monitor=my-model`);
  expect(snippet).toHaveTextContent(`${window.location.origin}/api/v1/predictions?monitor=my-model`);
});

test("while the monitors load, the screen says so", () => {
  server.use(hang("/monitors"));
  show("/");
  expect(screen.getByText("Loading the monitors…").parentElement).toHaveAttribute("aria-busy", "true");
});

test("a failure is shown in place, with the reason and the way out", async () => {
  server.use(refuse("/monitors", 500, "The disk is full.", { hint: "Free some space." }));
  const { user } = show("/");
  expect(await screen.findByText("Could not load the monitors")).toBeVisible();
  expect(screen.getByText("The disk is full.")).toBeVisible();
  expect(screen.getByText("Free some space.")).toBeVisible();
  server.use(answer("/monitors", page([drifting])));
  await user.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByRole("link", { name: "flights" })).toBeVisible();
});

test("when a refresh fails, the old rows stay and say how old they are", async () => {
  const { refresh } = show("/");
  await screen.findByRole("link", { name: "flights" });
  server.use(cut("/monitors"));
  await refresh();
  expect(await screen.findByText(/Could not be refreshed: The server does not answer./)).toBeVisible();
  expect(screen.getByRole("link", { name: "flights" })).toBeInTheDocument();
});

test("a change of state is announced once, politely; a mere refresh is not", async () => {
  const { refresh } = show("/");
  await screen.findByRole("link", { name: "flights" });
  await refresh();
  expect(screen.getByRole("status")).toBeEmptyDOMElement();
  server.use(answer("/monitors", page([{ ...drifting, severity: "critical" }])));
  await refresh();
  await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent("flights: Drift, critical"));
});
