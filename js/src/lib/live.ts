import { focusManager, type Query, type QueryClient } from "@tanstack/react-query";
import { ApiError, pageUrl, post, workspace } from "@/api/client";

export interface Message {
  id: number;
  kind: string;
  data: { monitor?: string };
}

interface Ticket {
  ticket: string | null;
}

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 60_000;
/** The server says something every 25 s: after so long a silence the connection is dead. */
const SILENCE = 70_000;
/** Messages of one verdict come together: one look at the server is enough for them. */
const GATHER = 200;

const QUIET = new Set(["hello", "alive"]);
/** First parts of the keys of queries that show more than one monitor. */
const SHARED = new Set(["summary", "monitors", "/alerts", "alert"]);

/** Whether a message makes what a query holds out of date. */
export const concerns = (message: Message, key: Query["queryKey"]) => {
  if (QUIET.has(message.kind)) return false;
  if (message.kind === "reset") return true;
  return SHARED.has(String(key[0])) || (key.length > 1 && key[1] === message.data.monitor);
};

export const liveUrl = (ticket: string | null, since: number | null) => {
  const url = new URL("../ws/live", pageUrl());
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (ticket !== null) url.searchParams.set("ticket", ticket);
  const named = workspace();
  if (named !== null) url.searchParams.set("workspace", named);
  if (since !== null) url.searchParams.set("since", String(since));
  return url;
};

/** How long to wait after so many failures in a row; `luck` (0..1) keeps pages from coming back all at once. */
export const waitAfter = (failures: number, luck: number) =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures) * (0.5 + luck / 2);

/**
 * Has queries read again as soon as the server tells of a change. Without a socket the page is as before: it polls.
 * While the page is hidden or paused nothing is open; afterwards the server tells what was missed.
 */
export function follow(client: QueryClient): () => void {
  let socket: WebSocket | null = null;
  let since: number | null = null;
  let failures = 0;
  let attempt = 0;
  let retry: number | undefined;
  let silence: number | undefined;
  let gather: number | undefined;
  let gathered: Message[] = [];

  const read = () => {
    const messages = gathered;
    gathered = [];
    gather = undefined;
    void client.invalidateQueries({
      predicate: (query) => messages.some((message) => concerns(message, query.queryKey)),
    });
  };

  const listen = () => {
    window.clearTimeout(silence);
    silence = window.setTimeout(() => socket?.close(), SILENCE);
  };

  const hear = (text: string) => {
    const message = JSON.parse(text) as Message;
    since = message.id;
    failures = 0;
    listen();
    if (QUIET.has(message.kind)) return;
    gathered.push(message);
    gather ??= window.setTimeout(read, GATHER);
  };

  const again = () => {
    socket = null;
    window.clearTimeout(silence);
    if (!focusManager.isFocused()) return;
    retry = window.setTimeout(open, waitAfter(failures, Math.random()));
    failures += 1;
  };

  const open = async () => {
    attempt += 1;
    const mine = attempt;
    try {
      const { ticket } = await post<Ticket>("/ws-ticket");
      if (mine !== attempt) return;
      socket = new WebSocket(liveUrl(ticket, since));
    } catch (error) {
      if (mine !== attempt || (error instanceof ApiError && error.status === 404)) return;
      again();
      return;
    }
    const opened = socket;
    opened.onmessage = ({ data }) => opened === socket && hear(String(data));
    opened.onclose = () => opened === socket && again();
    listen();
  };

  const stop = () => {
    attempt += 1;
    window.clearTimeout(retry);
    window.clearTimeout(silence);
    const closing = socket;
    socket = null;
    closing?.close();
  };

  const look = () => {
    stop();
    failures = 0;
    if (focusManager.isFocused()) void open();
  };

  look();
  const forget = focusManager.subscribe(look);
  return () => {
    forget();
    stop();
    window.clearTimeout(gather);
  };
}
