import { HttpResponse, http } from "msw";
import { afterEach, expect, test } from "vitest";
import { experimentUrl } from "@/lib/links";
import { answer, page, refuse, server } from "@/testing/server";
import { apiUrl, get, getAll, patch, remove } from "./client";

afterEach(() => document.querySelector("base")?.remove());

test("the API is found beside the page, under whatever prefix", () => {
  const base = document.createElement("base");
  base.href = "https://host/team/mlflow/sentinel/";
  document.head.append(base);
  expect(apiUrl("/drift", { monitor: "a b&c" }).href).toBe(
    "https://host/team/mlflow/api/v1/drift?monitor=a+b%26c",
  );
});

test("parameters without a value are left out", () => {
  expect(apiUrl("/runs", { search: "", cursor: undefined, limit: 50 }).search).toBe("?limit=50");
});

test("a whole list is read page by page", async () => {
  server.use(
    answer("/monitors", (url) => (url.searchParams.get("cursor") === "n" ? page([3]) : page([1, 2], "n"))),
  );
  expect(await getAll("/monitors", {})).toEqual([1, 2, 3]);
});

test("an answer that is not JSON is an error, not data", async () => {
  server.use(http.get("*/api/v1/health", () => HttpResponse.html("<h1>Proxy</h1>")));
  await expect(get("/health")).rejects.toThrow("The server's answer is not JSON.");
});

test("a refusal carries the server's reason and hint", async () => {
  server.use(refuse("/health", 503, "No database.", { hint: "Start it." }));
  await expect(get("/health")).rejects.toMatchObject({
    status: 503,
    message: "No database.",
    hint: "Start it.",
  });
});

test("a change is sent as JSON, and an answer without a body is none", async () => {
  const seen: unknown[] = [];
  server.use(
    http.patch("*/api/v1/monitors/m", async ({ request }) => {
      seen.push(request.headers.get("Content-Type"), await request.json());
      return HttpResponse.json({ name: "m" });
    }),
    http.delete("*/api/v1/monitors/m", () => new HttpResponse(null, { status: 204 })),
  );
  expect(await patch("/monitors/m", { min_rows: 80 })).toEqual({ name: "m" });
  expect(seen).toEqual(["application/json", { min_rows: 80 }]);
  expect(await remove("/monitors/m")).toBeUndefined();
});

test.each([
  ["?workspace=team-a", "team-a"],
  ["", null],
])("the page's address says which workspace is asked: %s", async (search, expected) => {
  window.history.replaceState(null, "", `/${search}`);
  let sent: string | null = "nothing asked";
  server.use(
    http.get("*/api/v1/health", ({ request }) => {
      sent = request.headers.get("X-MLFLOW-WORKSPACE");
      return HttpResponse.json({});
    }),
  );
  await get("/health");
  expect(sent).toBe(expected);
  expect(experimentUrl("7")).toBe(`http://localhost:3000/#/experiments/7${search}`);
  window.history.replaceState(null, "", "/");
});
