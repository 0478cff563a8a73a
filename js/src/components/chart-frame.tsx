import { type ReactNode, Suspense, useId, useState } from "react";
import { type Cell, csvName, download, toCsv } from "@/lib/csv";
import styles from "./chart-frame.module.css";
import { Button } from "./controls";
import { ScrollRegion } from "./scroll-region";

interface Props {
  title: string;
  /** What the axis measures. */
  unit?: string;
  /** What the picture says, in one sentence. */
  summary: string;
  height: number | "auto";
  legend?: ReactNode;
  actions?: ReactNode;
  chart: ReactNode;
  /** The same data as a `<table>`: the chart's accessible form. */
  table: ReactNode;
  /** The same data in full, its first row the columns' names: a file to keep. Made when asked for. */
  csv: () => Cell[][];
}

/** A chart with its title, its legend, and the switch to the same data as a table. */
export function ChartFrame({ title, unit, summary, height, legend, actions, chart, table, csv }: Props) {
  const [asTable, setAsTable] = useState(false);
  const caption = useId();
  return (
    <figure className={styles.frame} aria-labelledby={caption}>
      <figcaption className={styles.head}>
        <span className={styles.caption} id={caption}>
          {title}
          {unit && <span className={styles.unit}> · {unit}</span>}
        </span>
        <span className={styles.legend}>
          {actions}
          <Button aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            Show as table
          </Button>
          <Button onClick={() => download(csvName(title), toCsv(csv()))}>
            CSV <span className="hidden-text">of {title}</span>
          </Button>
        </span>
      </figcaption>
      {asTable ? (
        <ScrollRegion className={styles.table} label={`${title}, as table`}>
          {table}
        </ScrollRegion>
      ) : (
        <div style={{ height }}>
          <p className="hidden-text">{summary}</p>
          <Suspense fallback={<p className={styles.wait}>Drawing…</p>}>{chart}</Suspense>
        </div>
      )}
      {legend && !asTable && <div className={styles.legend}>{legend}</div>}
    </figure>
  );
}
