import type { Series, WindowDetail } from "@/api/types";
import type { LinePoint } from "@/charts/line-chart";
import { count, plural } from "@/lib/format";
import type { Zone } from "@/lib/preferences";
import { STATE_WORDS, toState } from "@/lib/states";
import { span, toMs } from "@/lib/time";

/** The series of the windows' scores, or of their rows (`volume`), the open window at its end as a provisional point. */
export function timelinePoints(
  series: Series,
  open: WindowDetail | null,
  zone: Zone,
  volume = false,
): LinePoint[] {
  const closed = series.points
    .filter((point) => point.window_id !== open?.id)
    .map((point) => ({
      id: point.window_id,
      x: toMs(point.start),
      y: volume ? point.rows : point.score,
      state: toState(point.state),
      provisional: false,
      title: span(toMs(point.start), toMs(point.end), zone),
      note: `${STATE_WORDS[toState(point.state)]}, ${count(point.rows)} rows`,
    }));
  if (!open) return closed;
  return [
    ...closed,
    {
      id: open.id,
      x: toMs(open.start),
      y: volume ? open.rows : open.score,
      state: open.state,
      provisional: true,
      title: span(toMs(open.start), toMs(open.end), zone),
      note: `${STATE_WORDS[open.state]} so far, ${count(open.rows)} rows`,
    },
  ];
}

/** What the timeline says, in one sentence. */
export function timelineText(points: readonly LinePoint[]): string {
  const flagged = points.filter(
    ({ state, provisional }) => !provisional && (state === "drift" || state === "schema_changed"),
  );
  const last = flagged.at(-1);
  return `${plural(points.length, "window")}, ${flagged.length} flagged${last ? `, the last one ${last.title}` : ""}.`;
}
