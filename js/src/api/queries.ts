// One query per endpoint; keys and polling in one place.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ApiError, get, getAll, type Params } from "./client";
import type {
  Alert,
  AlertDetail,
  ApiKey,
  Baseline,
  BaselineDiff,
  Delivery,
  Distribution,
  DriftEvent,
  Health,
  Heatmap,
  Me,
  Monitor,
  MonitorDetail,
  Page,
  Ready,
  Run,
  RunDetail,
  Series,
  Silence,
  Sink,
  Source,
  Summary,
  WindowDetail,
  WindowSummary,
} from "./types";

const POLL = 15_000;
const at = encodeURIComponent;

export const healthQuery = () =>
  queryOptions({
    queryKey: ["health"],
    queryFn: ({ signal }) => get<Health>("/health", {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Who is signed in; a page is loaded anew when that changes. */
export const meQuery = () =>
  queryOptions({
    queryKey: ["me"],
    queryFn: ({ signal }) => get<Me>("/me", {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A worker that is up but not ready says so by 503, with the same facts in the error's details. */
async function readiness(signal: AbortSignal): Promise<Ready> {
  try {
    return await get<Ready>("/ready", {}, signal);
  } catch (error) {
    const facts = error instanceof ApiError ? (error.details as Ready | null) : null;
    if (facts?.ready === false) return facts;
    throw error;
  }
}

export const readyQuery = () =>
  queryOptions({
    queryKey: ["ready"],
    queryFn: ({ signal }) => readiness(signal),
    refetchInterval: POLL,
    retry: false,
  });

export const summaryQuery = () =>
  queryOptions({
    queryKey: ["summary"],
    queryFn: ({ signal }) => get<Summary>("/drift/summary", {}, signal),
    refetchInterval: POLL,
  });

export const monitorsQuery = () =>
  queryOptions({
    queryKey: ["monitors"],
    queryFn: ({ signal }) => getAll<Monitor>("/monitors", {}, signal),
    refetchInterval: POLL,
  });

export const monitorQuery = (name: string) =>
  queryOptions({
    queryKey: ["monitor", name],
    queryFn: ({ signal }) => get<MonitorDetail>(`/monitors/${at(name)}`, {}, signal),
    refetchInterval: POLL,
  });

export const windowQuery = (monitor: string, id: string) =>
  queryOptions({
    queryKey: ["window", monitor, id],
    queryFn: ({ signal }) => get<WindowDetail>(`/monitors/${at(monitor)}/windows/${at(id)}`, {}, signal),
    refetchInterval: POLL,
  });

/** More points than a chart has pixels for are thinned by the server, which keeps what stands out. */
const POINTS = 300;
const WINDOWS = 5000;

export const seriesQuery = (monitor: string, feature?: string, since?: string) =>
  queryOptions({
    queryKey: ["series", monitor, feature ?? null, since ?? null],
    queryFn: ({ signal }) =>
      get<Series>("/drift/timeseries", { monitor, feature, since, points: POINTS, limit: WINDOWS }, signal),
    refetchInterval: POLL,
    placeholderData: keepPreviousData,
  });

export const heatmapQuery = (
  monitor: string,
  filters: { since?: string | undefined; search: string; limit: number },
) =>
  queryOptions({
    queryKey: ["heatmap", monitor, filters],
    queryFn: ({ signal }) => get<Heatmap>("/drift/heatmap", { monitor, ...filters }, signal),
    refetchInterval: POLL,
    placeholderData: keepPreviousData,
  });

export const distributionQuery = (monitor: string, feature: string, window: string | undefined) =>
  queryOptions({
    queryKey: ["distribution", monitor, feature, window ?? null],
    queryFn: ({ signal }) => get<Distribution>("/drift/distribution", { monitor, feature, window }, signal),
    refetchInterval: POLL,
  });

export const eventsQuery = (monitor: string) =>
  queryOptions({
    queryKey: ["events", monitor],
    queryFn: ({ signal }) => get<Page<DriftEvent>>("/drift", { monitor, limit: 200 }, signal),
    refetchInterval: POLL,
  });

export const windowsQuery = (monitor: string) =>
  queryOptions({
    queryKey: ["windows", monitor],
    queryFn: ({ signal }) =>
      get<Page<WindowSummary>>(`/monitors/${at(monitor)}/windows`, { limit: 200 }, signal),
    staleTime: POLL,
  });

export const baselinesQuery = (monitor: string) =>
  queryOptions({
    queryKey: ["baselines", monitor],
    queryFn: ({ signal }) => getAll<Baseline>("/baseline", { monitor }, signal),
    refetchInterval: POLL,
  });

export const baselineDiffQuery = (from: string, to: string) =>
  queryOptions({
    queryKey: ["baseline-diff", from, to],
    queryFn: ({ signal }) => get<BaselineDiff>(`/baseline/${at(from)}/diff`, { to }, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const keysQuery = () =>
  queryOptions({
    queryKey: ["keys"],
    queryFn: ({ signal }) => getAll<ApiKey>("/keys", {}, signal),
    refetchInterval: POLL,
  });

export const sinksQuery = () =>
  queryOptions({
    queryKey: ["sinks"],
    queryFn: ({ signal }) => get<{ items: Sink[] }>("/sinks", {}, signal),
    refetchInterval: POLL,
  });

export const sourcesQuery = () =>
  queryOptions({
    queryKey: ["sources"],
    queryFn: ({ signal }) => getAll<Source>("/sources", {}, signal),
    refetchInterval: POLL,
  });

const paged = <T>(path: string, filters: Params) =>
  infiniteQueryOptions({
    queryKey: [path, filters],
    queryFn: ({ pageParam, signal }) => get<Page<T>>(path, { ...filters, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: Page<T>) => last.next ?? undefined,
    refetchInterval: POLL,
    placeholderData: keepPreviousData,
  });

export const alertsQuery = (filters: Params) => paged<Alert>("/alerts", filters);

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ["alert", id],
    queryFn: ({ signal }) => get<AlertDetail>(`/alerts/${at(id)}`, {}, signal),
    refetchInterval: POLL,
  });

export const silencesQuery = (filters: Params) => paged<Silence>("/silences", filters);

export const deliveriesQuery = (filters: Params) => paged<Delivery>("/deliveries", filters);

export const runsQuery = (filters: Params) => paged<Run>("/runs", filters);

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: ({ signal }) => get<RunDetail>(`/runs/${at(id)}`, {}, signal),
    refetchInterval: POLL,
  });
