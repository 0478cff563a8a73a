import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { ready } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, cut, refuse, server } from "@/testing/server";

test("the header says that all is well, who leads and what waits", async () => {
  const { user } = show("/");
  await user.click(await screen.findByText("Healthy"));
  expect(screen.getByText("1.2.3")).toBeVisible();
  expect(screen.getByText("host/1, seen 1 s ago")).toBeVisible();
  expect(screen.getByText("20, the oldest for 2 s")).toBeVisible();
});

test("a server without a leader is not ready, and the failed check says why", async () => {
  const details = {
    ...ready,
    ready: false,
    leader: null,
    leader_age_seconds: null,
    checks: [{ name: "leader", ok: false, detail: "no worker leads" }],
  };
  server.use(refuse("/ready", 503, "no worker leads", { details }));
  const { user } = show("/");
  await user.click(await screen.findByText("Not ready"));
  expect(screen.getByText("failed: no worker leads")).toBeVisible();
  expect(screen.queryByText(/cannot answer now/)).not.toBeInTheDocument();
});

test("a Sentinel that cannot work says why, above every screen", async () => {
  server.use(refuse("/ready", 503, "The schema is newer than this version.", { hint: "Upgrade." }));
  show("/runs");
  expect(await screen.findByText("Sentinel cannot answer now.")).toBeVisible();
  expect(screen.getByText(/The schema is newer than this version. Upgrade./)).toBeVisible();
  expect(screen.getByText("Unavailable")).toBeVisible();
});

test("a server that is away is named as such, with the time of its last answer", async () => {
  const { refresh } = show("/runs");
  await screen.findByText("Healthy");
  server.use(cut("/ready"));
  await refresh();
  expect(await screen.findByText("The server is away.")).toBeVisible();
  expect(screen.getByText(/the last answer came/)).toBeVisible();
});

test("the header says how old the screen is", async () => {
  show("/runs");
  expect(await screen.findByText(/just now/)).toBeVisible();
});

test("updates can be paused and resumed", async () => {
  let asked = 0;
  server.use(
    answer("/ready", () => {
      asked += 1;
      return ready;
    }),
  );
  const { user } = show("/runs");
  await screen.findByText("Healthy");
  await user.click(screen.getByRole("button", { name: "Pause updates" }));
  const before = asked;
  await user.click(screen.getByRole("button", { name: "Resume updates" }));
  await expect.poll(() => asked).toBeGreaterThan(before);
});

test("the theme is kept for the next visit", async () => {
  const { user } = show("/");
  await user.selectOptions(screen.getByRole("combobox", { name: "Theme" }), "dark");
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(window.localStorage.getItem("sentinel.theme")).toBe("dark");
});

test("the navigation counts open alerts and marks the current section", async () => {
  show("/runs");
  expect(await screen.findByRole("link", { name: "Alerts 1 open" })).toBeVisible();
  expect(screen.getByRole("link", { name: "Runs" })).toHaveAttribute("aria-current", "page");
});

test("an address that does not exist leads back", async () => {
  show("/nowhere");
  expect(screen.getByText("There is no such page")).toBeVisible();
  expect(screen.getByRole("link", { name: "Back to the overview" })).toHaveAttribute("href", "/");
});

test("the header says who is signed in, and in which workspace", async () => {
  server.use(answer("/me", { name: "ada", admin: true, workspace: "team-a" }));
  show("/runs");
  expect(await screen.findByText("Signed in as ada (administrator), workspace team-a")).toBeVisible();
});

test("a server without a login names nobody", async () => {
  show("/runs");
  await screen.findByText("Healthy");
  expect(screen.queryByText(/Signed in|workspace/)).not.toBeInTheDocument();
});
