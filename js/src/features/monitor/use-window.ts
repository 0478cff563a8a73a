import { type UseQueryResult, useQuery } from "@tanstack/react-query";
import { windowQuery } from "@/api/queries";
import type { MonitorDetail, WindowDetail } from "@/api/types";

/** The window shown when the address names none: the last verdict, else the open window's provisional one. */
export const defaultWindow = (monitor: MonitorDetail): WindowDetail | null =>
  monitor.last_window ?? monitor.open_window;

interface Found {
  window: WindowDetail | null;
  /** Set while an older window has to be asked for. */
  query: UseQueryResult<WindowDetail> | null;
}

/** The chosen window with its features: the two newest come with the monitor, older ones are asked for. */
export function useWindow(monitor: MonitorDetail, id: string | undefined): Found {
  const near = [monitor.open_window, monitor.last_window].find((window) => window?.id === id);
  const ask = id !== undefined && near === undefined;
  const query = useQuery({ ...windowQuery(monitor.name, id ?? ""), enabled: ask });
  if (ask) return { window: query.data ?? null, query };
  return { window: near ?? defaultWindow(monitor), query: null };
}
