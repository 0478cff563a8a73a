import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import type { Bin } from "@/api/types";
import { percent } from "@/lib/format";
import { niceTicks } from "@/lib/scale";
import styles from "./chart.module.css";

const TICK = { fill: "var(--muted)", fontSize: 12 };
const CHARACTER = 6.6;
const LONGEST = 22;

const shorten = (label: string) => (label.length > LONGEST ? `${label.slice(0, LONGEST - 1)}…` : label);

/** Baseline (outline) against window (fill) on the same bins, as shares of present values. */
export default function ShareBars({ bins }: { bins: readonly Bin[] }) {
  const longest = Math.max(...bins.map((bin) => shorten(bin.label).length));
  const ticks = niceTicks(Math.max(...bins.flatMap((bin) => [bin.reference, bin.current])));
  const width = Math.ceil(longest * CHARACTER) + 14;
  // Two category axes on top of each other let the bars overlap instead of standing side by side.
  const category = {
    type: "category",
    dataKey: "label",
    interval: 0,
    tick: TICK,
    tickLine: false,
    tickFormatter: shorten,
  } as const;
  return (
    <div className={styles.chart} aria-hidden="true">
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 480, height: 240 }}>
        <BarChart
          data={[...bins]}
          layout="vertical"
          accessibilityLayer={false}
          margin={{ top: 4, right: 18, bottom: 0, left: 0 }}
          barCategoryGap="18%"
        >
          <CartesianGrid stroke="var(--grid)" horizontal={false} yAxisId="window" />
          <XAxis
            type="number"
            domain={[0, ticks.at(-1) ?? 1]}
            ticks={ticks}
            tick={TICK}
            tickLine={false}
            axisLine={false}
            tickFormatter={(share: number) => `${Number((share * 100).toPrecision(3))} %`}
          />
          <YAxis {...category} yAxisId="window" width={width} stroke="var(--line-strong)" />
          <YAxis {...category} yAxisId="baseline" width={0} hide />
          <Tooltip
            isAnimationActive={false}
            cursor={{ fill: "var(--grid)", fillOpacity: 0.5 }}
            content={({ active, payload }) =>
              active ? <Tip bin={payload?.[0]?.payload as Bin | undefined} /> : null
            }
          />
          <Bar dataKey="current" yAxisId="window" fill="var(--current)" isAnimationActive={false} />
          <Bar
            dataKey="reference"
            yAxisId="baseline"
            fill="none"
            stroke="var(--reference)"
            strokeWidth={2}
            isAnimationActive={false}
          />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

function Tip({ bin }: { bin: Bin | undefined }) {
  if (!bin) return null;
  return (
    <div className={styles.tooltip}>
      <strong>{bin.label}</strong>
      baseline {percent(bin.reference)} · window {percent(bin.current)}
    </div>
  );
}
