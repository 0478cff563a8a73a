import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { delivery } from "@/testing/fixtures";
import { show } from "@/testing/render";
import { answer, cut, forbid, hang, page, refuse, server, take } from "@/testing/server";

const dead = { ...delivery, id: "d2", status: "failed" as const };

test("each message says where it went, of what, and how it stands", async () => {
  show("/deliveries");
  const row = await screen.findByRole("row", { name: /slack/ });
  expect(row).toHaveTextContent("flights, firing");
  expect(row).toHaveTextContent("waitingafter 2 attempts");
  expect(row).toHaveTextContent("the hook answered 503");
  expect(screen.queryByRole("button", { name: "Send again" })).not.toBeInTheDocument();
});

test("what failed for good is sent again", async () => {
  const taken: unknown[] = [];
  server.use(answer("/deliveries", page([dead])), take("post", "/deliveries/d2/replay", taken));
  const { user } = show("/deliveries");
  await user.click(await screen.findByRole("button", { name: "Send again" }));
  await expect.poll(() => taken.length).toBe(1);
  expect(await screen.findByText("Message is sent again")).toBeInTheDocument();
});

test("a replay that is refused says why", async () => {
  server.use(
    answer("/deliveries", page([dead])),
    forbid("post", "/deliveries/d2/replay", 409, "only a failed delivery is sent again"),
  );
  const { user } = show("/deliveries");
  await user.click(await screen.findByRole("button", { name: "Send again" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("only a failed delivery is sent again");
});

test("the status goes to the server and into the address", async () => {
  const asked: string[] = [];
  server.use(
    answer("/deliveries", (url) => {
      asked.push(url.search);
      return page([]);
    }),
  );
  const { user, address } = show("/deliveries");
  expect(await screen.findByText("No message so far")).toBeVisible();
  await user.selectOptions(screen.getByRole("combobox", { name: "Status" }), "failed for good");
  expect(address()).toBe("/deliveries?status=failed");
  await expect.poll(() => asked.at(-1)).toBe("?status=failed");
  expect(await screen.findByText("No delivery matches these filters")).toBeVisible();
});

test("while the deliveries load, the screen says so", async () => {
  server.use(hang("/deliveries"));
  show("/deliveries");
  expect(await screen.findByText("Loading the deliveries…")).toBeInTheDocument();
});

test("who may not see deliveries is told", async () => {
  server.use(refuse("/deliveries", 403, "this is for MLflow's administrators"));
  show("/deliveries");
  expect(await screen.findByText("this is for MLflow's administrators")).toBeVisible();
});

test("when a refresh fails, the old list stays", async () => {
  const { refresh } = show("/deliveries");
  await screen.findByRole("row", { name: /slack/ });
  server.use(cut("/deliveries"));
  await refresh();
  expect(await screen.findByText(/Could not be refreshed/)).toBeVisible();
});
