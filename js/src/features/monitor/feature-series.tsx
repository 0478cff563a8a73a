import { useQuery } from "@tanstack/react-query";
import { lazy } from "react";
import { seriesQuery } from "@/api/queries";
import type { MonitorDetail, Series } from "@/api/types";
import type { LinePoint } from "@/charts/line-chart";
import { ChartFrame } from "@/components/chart-frame";
import { SelectField } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message } from "@/components/panel";
import { StateBadge } from "@/components/state-badge";
import table from "@/components/table.module.css";
import { NONE, plural, value } from "@/lib/format";
import { missingReason, seriesKeys, seriesName, seriesValue } from "@/lib/metrics";
import { useZone, type Zone } from "@/lib/preferences";
import { rangeStart, useRange } from "@/lib/range";
import { STATE_WORDS, toState } from "@/lib/states";
import { span, toMs } from "@/lib/time";
import { useSelection } from "./use-selection";
import { placeWindows } from "./window-axis";

const LineChart = lazy(() => import("@/charts/line-chart"));

interface Props {
  monitor: MonitorDetail;
  window: string;
  feature: string;
}

/** One measure of one feature over the windows. */
export function FeatureSeries({ monitor, window, feature }: Props) {
  const { range } = useRange();
  const newest = toMs(monitor.last_window?.end ?? monitor.updated_at);
  const query = useQuery(seriesQuery(monitor.name, feature, rangeStart(range, newest)));
  return (
    <Loaded query={query} what="the feature's history">
      {(series) => <Chart series={series} monitor={monitor} window={window} />}
    </Loaded>
  );
}

export function featurePoints(series: Series, key: string, zone: Zone): LinePoint[] {
  return series.points.map((point) => ({
    id: point.window_id,
    x: toMs(point.start),
    y: seriesValue(point, key),
    state: toState(point.state),
    provisional: false,
    title: span(toMs(point.start), toMs(point.end), zone),
    note: missingReason(point, key) ?? STATE_WORDS[toState(point.state)],
  }));
}

/** The limit that the thresholds rule applies to a series, if any: a feature's own before the monitor's. */
export function threshold(monitor: MonitorDetail, series: Series, key: string) {
  if (monitor.rule !== "thresholds") return undefined;
  const own = series.feature === null ? undefined : monitor.features[series.feature]?.thresholds?.[key];
  const limit = own ?? series.thresholds[key];
  return limit === undefined ? undefined : { value: limit, label: `threshold ${limit}` };
}

function Chart({ series, monitor, window }: { series: Series; monitor: MonitorDetail; window: string }) {
  const [zone] = useZone();
  const { metric, selectMetric, selectWindow } = useSelection();
  const keys = seriesKeys(series.points);
  const key = keys.find((name) => name === metric) ?? defaultKey(monitor, keys);
  const { points, axis } = placeWindows(featurePoints(series, key, zone), monitor, zone, 4);
  if (points.length === 0) return <Message title="No closed window has this feature yet" />;
  return (
    <ChartFrame
      title="Over the windows"
      summary={`${seriesName(key)} in ${plural(points.length, "window")}; the newest is ${value(points.at(-1)?.y)}.`}
      height={180}
      actions={
        <SelectField
          label="Measure"
          hideLabel
          value={key}
          options={keys.map((name) => [name, seriesName(name)] as const)}
          onChange={selectMetric}
        />
      }
      chart={
        <LineChart
          points={points}
          axis={axis}
          formatY={value}
          threshold={threshold(monitor, series, key)}
          minTop={0.1}
          selected={window}
          onSelect={selectWindow}
        />
      }
      table={<Table points={points} name={seriesName(key)} />}
      csv={() => [
        ["window", "start", "end", "state", key],
        ...series.points.map((point) => [
          point.window_id,
          point.start,
          point.end,
          point.state,
          seriesValue(point, key),
        ]),
      ]}
    />
  );
}

/** What the monitor's rule looks at: the first measure with a threshold, else the effect size. */
const defaultKey = (monitor: MonitorDetail, keys: readonly string[]) =>
  (monitor.rule === "thresholds" ? keys.find((key) => key in monitor.thresholds) : undefined) ?? "effect";

const Table = ({ points, name }: { points: readonly LinePoint[]; name: string }) => (
  <table className={table.table}>
    <thead>
      <tr>
        <th scope="col">Window</th>
        <th scope="col">State</th>
        <th scope="col" className={table.number}>
          {name}
        </th>
      </tr>
    </thead>
    <tbody>
      {points.toReversed().map((point) => (
        <tr key={point.id}>
          <th scope="row">{point.title}</th>
          <td>
            <StateBadge state={point.state} />
          </td>
          <td className={table.number}>{point.y === null ? `${NONE} ${point.note}` : value(point.y)}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
