import { pageUrl, workspace } from "@/api/client";

const mlflow = (hash: string) => {
  const name = workspace();
  const query = name ? `?workspace=${encodeURIComponent(name)}` : "";
  return new URL(`../#${hash}${query}`, pageUrl()).href;
};

/** MLflow's own pages on this server, whatever its prefix, in this page's workspace. */
export const experimentUrl = (id: string) => mlflow(`/experiments/${encodeURIComponent(id)}`);
export const runUrl = (experiment: string, run: string) =>
  mlflow(`/experiments/${encodeURIComponent(experiment)}/runs/${encodeURIComponent(run)}`);
export const modelUrl = (name: string) => mlflow(`/models/${encodeURIComponent(name)}`);

type Selection = Record<string, string | null | undefined>;

/** This page's own addresses, as paths for the router. */
export function monitorPath(name: string, selection: Selection = {}): string {
  const entries = Object.entries(selection).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const query = new URLSearchParams(entries).toString();
  return `/monitors/${encodeURIComponent(name)}${query ? `?${query}` : ""}`;
}
export const baselinesPath = (name: string) => `/monitors/${encodeURIComponent(name)}/baselines`;
export const editPath = (name: string) => `/monitors/${encodeURIComponent(name)}/edit`;
/** The form for a new monitor; with a run its baseline is one of that run's artifacts. */
export const newMonitorPath = (run?: string) =>
  run === undefined ? "/new-monitor" : `/new-monitor?run=${encodeURIComponent(run)}`;
export const alertPath = (id: string) => `/alerts/${encodeURIComponent(id)}`;
export const runPath = (id: string) => `/runs/${encodeURIComponent(id)}`;
