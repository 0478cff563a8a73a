import { useQuery } from "@tanstack/react-query";
import { lazy } from "react";
import { distributionQuery } from "@/api/queries";
import type { Bin, Distribution, Feature, WindowDetail } from "@/api/types";
import { ChartFrame } from "@/components/chart-frame";
import { Loaded } from "@/components/loaded";
import { Message } from "@/components/panel";
import table from "@/components/table.module.css";
import { count, percent } from "@/lib/format";
import styles from "./monitor.module.css";

const ShareBars = lazy(() => import("@/charts/share-bars"));

const MANY = 12;
const AXIS = 40;
/** Rows of the chart come closer where there are many. */
const rowHeight = (rows: number) => (rows > MANY ? 19 : 26);

interface Props {
  monitor: string;
  window: WindowDetail;
  feature: Feature;
}

/** Baseline against window on the same bins. */
export function FeatureBars({ monitor, window, feature }: Props) {
  const query = useQuery(distributionQuery(monitor, feature.name, window.id));
  return (
    <Loaded query={query} what="the distributions">
      {(distribution) => <Chart distribution={distribution} />}
    </Loaded>
  );
}

/** The bin that moved most, in one sentence. */
export function distributionText(bins: readonly Bin[]): string {
  const moved = bins.toSorted((a, b) => distance(b) - distance(a))[0];
  if (!moved) return "";
  return `The largest change is at ${moved.label}: ${percent(moved.reference)} in the baseline, ${percent(moved.current)} in the window.`;
}

const distance = (bin: Bin) => Math.abs(bin.current - bin.reference);

function Chart({ distribution }: { distribution: Distribution }) {
  const { bins, hidden } = distribution;
  if (bins.length === 0)
    return (
      <Message title="No distribution to draw">
        <p>This window has no present values of the feature, or its kind has no bins.</p>
      </Message>
    );
  return (
    <>
      <ChartFrame
        title="Baseline against window"
        unit="share of present values"
        summary={distributionText(bins)}
        height={bins.length * rowHeight(bins.length) + AXIS}
        legend={<Legend distribution={distribution} />}
        chart={<ShareBars bins={bins} />}
        table={<Table bins={bins} />}
        csv={() => [
          ["values", "low", "high", "baseline", "window"],
          ...bins.map((bin) => [bin.label, bin.low, bin.high, bin.reference, bin.current]),
        ]}
      />
      <Shares distribution={distribution} />
      {hidden && <p className={styles.muted}>This feature's values are hidden by the monitor's settings.</p>}
    </>
  );
}

const Legend = ({ distribution }: { distribution: Distribution }) => (
  <>
    <span>
      <svg width="18" height="11" aria-hidden="true">
        <rect x="1" y="1" width="16" height="9" fill="none" stroke="var(--reference)" strokeWidth="2" />
      </svg>
      baseline, {count(distribution.n_reference)} rows
    </span>
    <span>
      <svg width="18" height="11" aria-hidden="true">
        <rect width="18" height="11" fill="var(--current)" />
      </svg>
      window, {count(distribution.n_current)} rows
    </span>
  </>
);

const Shares = ({ distribution: { missing, unseen } }: { distribution: Distribution }) => (
  <dl className={styles.shares}>
    <div>
      <dt>Missing, baseline → window</dt>
      <dd>
        {percent(missing.reference)} → {percent(missing.current)}
      </dd>
    </div>
    <div>
      <dt>Unseen in the baseline</dt>
      <dd>{percent(unseen)}</dd>
    </div>
  </dl>
);

const Table = ({ bins }: { bins: readonly Bin[] }) => (
  <table className={table.table}>
    <thead>
      <tr>
        <th scope="col">Values</th>
        <th scope="col" className={table.number}>
          Baseline
        </th>
        <th scope="col" className={table.number}>
          Window
        </th>
      </tr>
    </thead>
    <tbody>
      {bins.map((bin) => (
        <tr key={bin.label}>
          <th scope="row">{bin.label}</th>
          <td className={table.number}>{percent(bin.reference)}</td>
          <td className={table.number}>{percent(bin.current)}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
