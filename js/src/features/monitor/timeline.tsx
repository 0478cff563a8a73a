import { useQuery } from "@tanstack/react-query";
import { lazy } from "react";
import { seriesQuery } from "@/api/queries";
import type { MonitorDetail, Series } from "@/api/types";
import type { LinePoint } from "@/charts/line-chart";
import { ChartFrame } from "@/components/chart-frame";
import { Button, SelectField } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { StateBadge } from "@/components/state-badge";
import table from "@/components/table.module.css";
import { shortCount, value } from "@/lib/format";
import { useZone, zoneName } from "@/lib/preferences";
import { RANGES, rangeStart, useRange } from "@/lib/range";
import { useUrlState } from "@/lib/use-url-state";
import { timelinePoints, timelineText } from "./timeline-points";
import { placeWindows } from "./window-axis";

const LineChart = lazy(() => import("@/charts/line-chart"));

interface Props {
  monitor: MonitorDetail;
  /** Where a range ends, ms. */
  newest: number;
  selected: string | undefined;
  onSelect: (id: string) => void;
}

/** When did it drift? One point a window, each of them selectable. */
export function Timeline(props: Props) {
  const { monitor, newest } = props;
  const { range, setRange } = useRange();
  const query = useQuery(seriesQuery(monitor.name, undefined, rangeStart(range, newest)));
  return (
    <Panel
      title="Timeline"
      actions={<SelectField label="Range" value={range} options={RANGES} onChange={setRange} />}
    >
      <Loaded query={query} what="the timeline">
        {(series) => <Chart series={series} {...props} />}
      </Loaded>
    </Panel>
  );
}

function Chart({ series, monitor, selected, onSelect }: Props & { series: Series }) {
  const [zone] = useZone();
  const url = useUrlState();
  const volume = url.get("timeline") === "rows";
  const windows = timelinePoints(series, monitor.open_window, zone, volume);
  const { points, axis } = placeWindows(windows, monitor, zone, 6);
  if (points.length === 0)
    return (
      <Message title="No window has closed yet">
        <p>The first closed window starts the line.</p>
      </Message>
    );
  return (
    <ChartFrame
      title={volume ? "Rows per window" : "Drift score per window"}
      unit={`${volume ? "counted rows" : "0 = as the baseline, 1 = apart"} · ${zoneName(zone)}`}
      summary={timelineText(points)}
      height={230}
      actions={
        <>
          <SelectField
            label="Measure of the timeline"
            hideLabel
            value={volume ? "rows" : ""}
            options={MEASURES}
            onChange={(measure) => url.set({ timeline: measure }, { replace: true })}
          />
          <Steps points={points} selected={selected} onSelect={onSelect} />
        </>
      }
      legend={<Legend />}
      chart={
        <LineChart
          points={points}
          axis={axis}
          formatY={volume ? shortCount : value}
          minTop={volume ? 10 : 0.3}
          selected={selected}
          onSelect={onSelect}
        />
      }
      table={
        <Table points={points} measure={volume ? "Rows" : "Score"} selected={selected} onSelect={onSelect} />
      }
      csv={() => [
        ["window", "start", "end", "rows", "state", "score"],
        ...series.points.map((point) => [
          point.window_id,
          point.start,
          point.end,
          point.rows,
          point.state,
          point.score,
        ]),
      ]}
    />
  );
}

const MEASURES = [
  ["", "Drift score"],
  ["rows", "Rows"],
] as const;

const Legend = () => (
  <>
    <StateBadge state="drift" />
    <StateBadge state="schema_changed" />
    <StateBadge state="no_data" />
    <StateBadge state="insufficient_data" />
    <span>hollow, dashed: open window, provisional</span>
  </>
);

interface PointsProps {
  points: readonly LinePoint[];
  selected: string | undefined;
  onSelect: (id: string) => void;
}

/** Steps through the windows: the keyboard's way to what a click on the chart does. */
function Steps({ points, selected, onSelect }: PointsProps) {
  const place = points.findIndex((point) => point.id === selected);
  const step = (by: number) => points[place + by]?.id;
  const go = (id: string | undefined) => id && onSelect(id);
  return (
    <>
      <Button disabled={place <= 0} onClick={() => go(step(-1))}>
        ← <span className="hidden-text">Earlier window</span>
      </Button>
      <Button disabled={place < 0 || place === points.length - 1} onClick={() => go(step(1))}>
        → <span className="hidden-text">Later window</span>
      </Button>
    </>
  );
}

const Table = ({ points, measure, selected, onSelect }: PointsProps & { measure: string }) => (
  <table className={table.table}>
    <thead>
      <tr>
        <th scope="col">Window</th>
        <th scope="col">State</th>
        <th scope="col" className={table.number}>
          {measure}
        </th>
        <th scope="col">Note</th>
      </tr>
    </thead>
    <tbody>
      {points.toReversed().map((point) => (
        <tr key={point.id} data-selected={point.id === selected}>
          <th scope="row">
            <Button aria-pressed={point.id === selected} onClick={() => onSelect(point.id)}>
              {point.title}
            </Button>
          </th>
          <td>
            <StateBadge state={point.state} provisional={point.provisional} />
          </td>
          <td className={table.number}>{value(point.y)}</td>
          <td>{point.note}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
