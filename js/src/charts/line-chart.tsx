import {
  CartesianGrid,
  ComposedChart,
  Line,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import { type Axis, niceTicks } from "@/lib/scale";
import type { State } from "@/lib/states";
import styles from "./chart.module.css";
import { Mark } from "./marks";

export interface LinePoint {
  id: string;
  x: number;
  /** Null where there is no number: the line breaks, and a mark stands on the axis. */
  y: number | null;
  state: State;
  provisional: boolean;
  title: string;
  note: string;
}

interface Props {
  points: readonly LinePoint[];
  axis: Axis;
  formatY: (y: number) => string;
  threshold?: { value: number; label: string } | undefined;
  /** The least top of the y axis, so that noise does not look like a mountain. */
  minTop?: number;
  /** Where the y axis starts; values that need no zero (a loss) leave it out. */
  fromZero?: boolean;
  selected?: string | undefined;
  onSelect?: (id: string) => void;
}

const ROOMY = 60;
const SETTLED_BY_DATA = { domain: ["auto", "auto"] } as const;
const AXIS = {
  stroke: "var(--line-strong)",
  tick: { fill: "var(--muted)", fontSize: 12 },
  tickLine: false,
} as const;

/** What Recharts draws: the settled line, the dashed way to a provisional point, and marks without a number. */
function toRows(points: readonly LinePoint[]) {
  const firstOpen = points.findIndex((point) => point.provisional);
  return points.map((point, i) => ({
    ...point,
    settled: point.provisional ? null : point.y,
    open: firstOpen >= 0 && i >= firstOpen - 1 ? point.y : null,
    floor: point.y === null ? 0 : null,
  }));
}

type Row = ReturnType<typeof toRows>[number];

/** A y axis from 0 to a round number above every point. */
function zeroBased(points: readonly LinePoint[], least: number) {
  const ticks = niceTicks(points.reduce((top, point) => Math.max(top, (point.y ?? 0) * 1.04), least));
  return { ticks, domain: [0, ticks.at(-1) ?? 1] as const };
}

export default function LineChart(props: Props) {
  const { points, axis, formatY, threshold, minTop = 0, fromZero = true, selected, onSelect } = props;
  const rows = toRows(points);
  const roomy = rows.length <= ROOMY;
  const selectedX = rows.find((row) => row.id === selected)?.x;
  const vertical = fromZero
    ? zeroBased(points, Math.max(minTop, (threshold?.value ?? 0) * 1.2))
    : SETTLED_BY_DATA;

  const mark = (key: string) => (dot: { cx?: number; cy?: number; payload?: Row; value?: unknown }) => {
    const { cx, cy, payload } = dot;
    if (
      !payload ||
      cx === undefined ||
      cy === undefined ||
      Number.isNaN(cy) ||
      payload[key as keyof Row] === null
    )
      return <g key={`${key}-${payload?.id}`} />;
    return (
      <Mark
        key={`${key}-${payload.id}`}
        cx={cx}
        cy={cy}
        state={payload.state}
        provisional={payload.provisional}
        selected={payload.id === selected}
        roomy={roomy}
      />
    );
  };
  const line = { isAnimationActive: false, activeDot: false, connectNulls: false } as const;

  return (
    <div className={onSelect ? `${styles.chart} ${styles.pick}` : styles.chart} aria-hidden="true">
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 600, height: 200 }}>
        <ComposedChart
          data={rows}
          accessibilityLayer={false}
          margin={{ top: 12, right: 14, bottom: 0, left: 0 }}
          onClick={(state) => {
            const row = rows[Number(state.activeTooltipIndex)];
            if (row) onSelect?.(row.id);
          }}
        >
          <CartesianGrid stroke="var(--grid)" vertical={false} />
          <XAxis
            {...AXIS}
            dataKey="x"
            type="number"
            domain={axis.domain}
            ticks={axis.ticks}
            tickFormatter={axis.format}
            interval="preserveStartEnd"
            padding={{ left: 8, right: 8 }}
          />
          <YAxis {...AXIS} {...vertical} width={44} tickFormatter={formatY} axisLine={false} />
          {selectedX !== undefined && (
            <ReferenceLine x={selectedX} stroke="var(--focus)" strokeOpacity={0.45} />
          )}
          {threshold && (
            <ReferenceLine
              y={threshold.value}
              stroke="var(--drift)"
              strokeDasharray="6 4"
              label={{
                value: threshold.label,
                position: "insideBottomLeft",
                fill: "var(--drift)",
                fontSize: 12,
              }}
            />
          )}
          <Tooltip
            isAnimationActive={false}
            cursor={{ stroke: "var(--line-strong)" }}
            content={({ active, payload }) =>
              active ? <Tip row={payload?.[0]?.payload as Row | undefined} formatY={formatY} /> : null
            }
          />
          <Line
            {...line}
            dataKey="settled"
            stroke="var(--reference)"
            strokeWidth={1.8}
            dot={mark("settled")}
          />
          <Line
            {...line}
            dataKey="open"
            stroke="var(--reference)"
            strokeWidth={1.8}
            strokeDasharray="3 4"
            dot={mark("open")}
          />
          <Line {...line} dataKey="floor" stroke="none" dot={mark("floor")} />
        </ComposedChart>
      </ResponsiveContainer>
    </div>
  );
}

function Tip({ row, formatY }: { row: Row | undefined; formatY: (y: number) => string }) {
  if (!row) return null;
  return (
    <div className={styles.tooltip}>
      <strong>{row.title}</strong>
      {row.y === null ? "no number" : formatY(row.y)}
      {row.note && ` · ${row.note}`}
    </div>
  );
}
