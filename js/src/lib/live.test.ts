import { focusManager, QueryClient } from "@tanstack/react-query";
import { HttpResponse, http } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { server } from "@/testing/server";
import { concerns, follow, liveUrl, type Message, waitAfter } from "./live";

class FakeSocket {
  static all: FakeSocket[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;
  readonly url: URL;

  constructor(url: URL) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  close() {
    this.closed = true;
    this.onclose?.();
  }

  tell(kind: string, id: number, monitor?: string) {
    this.onmessage?.({ data: JSON.stringify({ id, kind, at: "", data: { monitor } }) });
  }
}

const sockets = () => FakeSocket.all;
const opened = (count: number) =>
  vi.waitFor(() => expect(sockets()).toHaveLength(count), { timeout: 5000, interval: 10 });
const ticket = (value: string | null) =>
  http.post("*/api/v1/ws-ticket", () => HttpResponse.json({ ticket: value, expires_in: 30 }));

let client: QueryClient;
let stop: () => void;

beforeEach(() => {
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  client = new QueryClient();
  server.use(ticket("t1"));
});

afterEach(() => {
  stop?.();
  focusManager.setFocused(undefined);
  vi.unstubAllGlobals();
});

const message = (kind: string, monitor?: string): Message => ({
  id: 1,
  kind,
  data: monitor === undefined ? {} : { monitor },
});

test("a message concerns its monitor's queries and those that show several, and no others", () => {
  expect(concerns(message("window", "churn"), ["monitor", "churn"])).toBe(true);
  expect(concerns(message("window", "churn"), ["series", "churn", null])).toBe(true);
  expect(concerns(message("window", "churn"), ["summary"])).toBe(true);
  expect(concerns(message("alert", "churn"), ["/alerts", {}])).toBe(true);
  expect(concerns(message("window", "churn"), ["monitor", "flights"])).toBe(false);
  expect(concerns(message("window", "churn"), ["/runs", {}])).toBe(false);
});

test("a reset concerns everything, a sign of life nothing", () => {
  expect(concerns(message("reset"), ["/runs", {}])).toBe(true);
  expect(concerns(message("alive"), ["summary"])).toBe(false);
});

test("the address is beside the page's, with the ticket and the last id", () => {
  const url = liveUrl("t1", 7);
  expect(url.protocol).toBe("ws:");
  expect(url.pathname).toMatch(/\/ws\/live$/);
  expect(url.search).toBe("?ticket=t1&since=7");
  expect(liveUrl(null, null).search).toBe("");
});

test("it waits longer with each failure, and no longer than a minute", () => {
  expect([0, 1, 2].map((failures) => waitAfter(failures, 1))).toEqual([1000, 2000, 4000]);
  expect(waitAfter(50, 1)).toBe(60_000);
  expect(waitAfter(0, 0)).toBe(500);
});

test("news has the queries it concerns read again, once for all messages that come together", async () => {
  let reads = 0;
  await client.fetchQuery({ queryKey: ["monitor", "churn"], queryFn: () => ++reads });
  await client.fetchQuery({ queryKey: ["monitor", "flights"], queryFn: () => 0 });
  const invalidate = vi.spyOn(client, "invalidateQueries");
  stop = follow(client);
  await opened(1);
  for (const kind of ["window", "drift", "alert"]) sockets()[0]?.tell(kind, 5, "churn");
  await vi.waitFor(() => expect(client.getQueryState(["monitor", "churn"])?.isInvalidated).toBe(true));
  expect(client.getQueryState(["monitor", "flights"])?.isInvalidated).toBe(false);
  expect(invalidate).toHaveBeenCalledTimes(1);
});

test("it comes back from the last id when the server goes", async () => {
  stop = follow(client);
  await opened(1);
  sockets()[0]?.tell("hello", 41);
  sockets()[0]?.tell("window", 42, "churn");
  sockets()[0]?.close();
  await opened(2);
  expect(sockets()[1]?.url.searchParams.get("since")).toBe("42");
});

test("a refused ticket is asked for again, and then it opens", async () => {
  let asked = 0;
  server.use(
    http.post("*/api/v1/ws-ticket", () =>
      ++asked === 1 ? new HttpResponse(null, { status: 503 }) : HttpResponse.json({ ticket: null }),
    ),
  );
  stop = follow(client);
  await opened(1);
  expect(asked).toBe(2);
  expect(sockets()[0]?.url.searchParams.has("ticket")).toBe(false);
});

test("nothing is open while the page is hidden or paused, and it catches up afterwards", async () => {
  stop = follow(client);
  await opened(1);
  sockets()[0]?.tell("hello", 9);
  focusManager.setFocused(false);
  expect(sockets()[0]?.closed).toBe(true);
  focusManager.setFocused(true);
  await opened(2);
  expect(sockets()[1]?.url.searchParams.get("since")).toBe("9");
});

test("a page that ends closes its socket and opens no other", async () => {
  stop = follow(client);
  await opened(1);
  stop();
  expect(sockets()[0]?.closed).toBe(true);
  focusManager.setFocused(true);
  expect(sockets()).toHaveLength(1);
});
