import { HttpResponse, http, type JsonBodyType } from "msw";
import { setupServer } from "msw/node";
import * as data from "./fixtures";

const API = "*/api/v1";

/** Answers a GET below `/api/v1` with a body, or with what a function makes of the request. */
export const answer = (path: string, body: JsonBodyType | ((url: URL) => JsonBodyType)) =>
  http.get(API + path, ({ request }) =>
    HttpResponse.json(typeof body === "function" ? body(new URL(request.url)) : body),
  );

/** Refuses a GET with the API's one error body. */
export const refuse = (
  path: string,
  status: number,
  message: string,
  more: { hint?: string; details?: object } = {},
) =>
  http.get(API + path, () =>
    HttpResponse.json(
      { error: { code: "refused", message, hint: more.hint ?? null, details: more.details ?? {} } },
      { status },
    ),
  );

type Method = "post" | "patch" | "delete";

/** Takes changes below `/api/v1` and notes their bodies in `taken`; answers with `body`. */
export const take = (method: Method, path: string, taken: unknown[], body: JsonBodyType = {}) =>
  http[method](API + path, async ({ request }) => {
    const text = await request.text();
    taken.push(text ? JSON.parse(text) : new URL(request.url).search);
    return HttpResponse.json(body);
  });

/** Refuses a change with the API's one error body. */
export const forbid = (method: Method, path: string, status: number, message: string, details: object = {}) =>
  http[method](API + path, () =>
    HttpResponse.json({ error: { code: "refused", message, hint: null, details } }, { status }),
  );

/** Breaks the connection. */
export const cut = (path: string) => http.get(API + path, () => HttpResponse.error());

/** Never answers. */
export const hang = (path: string) => http.get(API + path, () => new Promise<never>(() => {}));

export const page = <T extends JsonBodyType>(items: T[], next: string | null = null) => ({ items, next });

export const server = setupServer(
  answer("/health", { status: "ok", version: "1.2.3" }),
  answer("/ready", data.ready),
  answer("/me", { name: null, admin: true, workspace: "default" }),
  answer("/drift/summary", data.summary),
  answer("/drift/timeseries", (url) => data.series({ feature: url.searchParams.get("feature") })),
  answer("/drift/heatmap", data.heatmap),
  answer("/drift/distribution", data.distribution),
  answer("/drift", page([data.event])),
  answer("/monitors", page([data.drifting])),
  answer("/monitors/flights", data.detail()),
  answer("/alerts", page([data.alert("a1")])),
  answer("/alerts/a1", data.alertDetail),
  answer("/baseline", page(data.baselines)),
  answer("/baseline/b1/diff", data.baselineDiff),
  answer("/monitors/flights/windows", page([data.drifted, data.windowAt(1), data.windowAt(0)])),
  answer("/keys", page([])),
  answer("/sinks", { items: [] }),
  answer("/sources", page([])),
  answer("/silences", page([data.silence])),
  answer("/deliveries", page([data.delivery])),
  answer("/runs", page([data.run])),
  answer("/runs/r1", data.run),
);
