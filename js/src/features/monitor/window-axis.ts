import type { MonitorDetail } from "@/api/types";
import type { LinePoint } from "@/charts/line-chart";
import type { Zone } from "@/lib/preferences";
import { orderAxis, timeAxis } from "@/lib/scale";

/** Places windows on their axis: by time, or one after the other where a window is a number of rows. */
export function placeWindows(
  points: LinePoint[],
  { window }: Pick<MonitorDetail, "window">,
  zone: Zone,
  ticks: number,
) {
  const times = points.map((point) => point.x);
  if (!window.rows) return { points, axis: timeAxis(times, zone, ticks) };
  return { points: points.map((point, i) => ({ ...point, x: i })), axis: orderAxis(times, zone, ticks) };
}
