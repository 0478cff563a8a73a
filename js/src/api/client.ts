import type { ErrorReply, Page } from "./types";

export type Params = Record<string, string | number | undefined>;

/** Where the page lives: `…/sentinel/`. Hash routing keeps this true on every screen and under any prefix. */
export const pageUrl = () => new URL(".", document.baseURI);

export const apiUrl = (path: string, params: Params = {}) => {
  const url = new URL(`../api/v1${path}`, pageUrl());
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined && value !== "") url.searchParams.set(key, String(value));
  }
  return url;
};

/** MLflow's workspace that the page's `?workspace=` names; none means MLflow's default. */
export const workspace = () => new URLSearchParams(window.location.search).get("workspace") || null;

const workspaceHeader = (): Record<string, string> => {
  const name = workspace();
  return name ? { "X-MLFLOW-WORKSPACE": name } : {};
};

/** A failed call. `status` is 0 when no answer came at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly hint: string | null;
  readonly details: unknown;

  constructor(status: number, message: string, hint: string | null = null, details: unknown = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.hint = hint;
    this.details = details;
  }
}

/** No answer at all, in contrast to one that says why not. */
export const isAway = (error: Error) => !(error instanceof ApiError) || error.status === 0;

const isErrorReply = (body: unknown): body is ErrorReply =>
  typeof (body as ErrorReply | null)?.error?.message === "string";

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const toError = (status: number, body: unknown) =>
  isErrorReply(body)
    ? new ApiError(status, body.error.message, body.error.hint ?? null, body.error.details)
    : new ApiError(status, `The server answered ${status} without a reason.`);

/** GET a path below `/api/v1`; anything but a 2xx answer in JSON is an `ApiError`. */
export const get = <T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> =>
  call(apiUrl(path, params), signal ? { signal } : {});

/** A change; `body` goes as JSON. As `get`; an answer without a body (204) is `undefined`. */
export const send = <T>(method: "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> =>
  call(
    apiUrl(path),
    body === undefined
      ? { method }
      : { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } },
  );

export const post = <T>(path: string, body?: unknown): Promise<T> => send("POST", path, body);
export const patch = <T>(path: string, body: unknown): Promise<T> => send("PATCH", path, body);
export const remove = (path: string): Promise<void> => send("DELETE", path);

async function call<T>(url: URL, request: RequestInit): Promise<T> {
  const headers = { Accept: "application/json", ...workspaceHeader(), ...request.headers };
  let response: Response;
  try {
    response = await fetch(url, { ...request, headers, credentials: "same-origin" });
  } catch (error) {
    if (request.signal?.aborted) throw error;
    throw new ApiError(0, "The server does not answer.");
  }
  const text = await response.text();
  if (response.status === 204) return undefined as T;
  const body = parse(text);
  if (!response.ok) throw toError(response.status, body);
  if (body === undefined) throw new ApiError(response.status, "The server's answer is not JSON.");
  return body as T;
}

const MAX_PAGES = 20;

/** Every item of a list, following cursors: for lists that are sorted here (monitors, a monitor's events). */
export async function getAll<T>(path: string, params: Params, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const reply: Page<T> = await get(path, { ...params, limit: 500, cursor }, signal);
    items.push(...reply.items);
    if (!reply.next) break;
    cursor = reply.next;
  }
  return items;
}
