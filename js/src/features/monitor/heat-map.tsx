import { useQuery } from "@tanstack/react-query";
import { type MouseEvent, useState } from "react";
import { heatmapQuery } from "@/api/queries";
import type { Heatmap, MonitorDetail } from "@/api/types";
import { LEVELS, marks, shades } from "@/charts/heat-cells";
import { ChartFrame } from "@/components/chart-frame";
import { Button, SearchField } from "@/components/controls";
import controls from "@/components/controls.module.css";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { Span } from "@/components/time";
import { count, plural, value } from "@/lib/format";
import { useZone, type Zone } from "@/lib/preferences";
import { rangeStart, useRange } from "@/lib/range";
import { span, toMs } from "@/lib/time";
import { useUrlState } from "@/lib/use-url-state";
import styles from "./heat-map.module.css";

const PAGE = 50;
const ROW = 24;
/** Few windows make no wide bars, px. */
const WIDEST = 48;

interface Props {
  monitor: MonitorDetail;
  newest: number;
  feature: string | undefined;
  window: string | undefined;
  onSelect: (selection: { feature: string; window?: string | undefined }) => void;
}

/** Which features moved, and since when? The worst first; a click opens the feature in that window. */
export function HeatMap(props: Props) {
  const { monitor, newest } = props;
  const url = useUrlState();
  const [limit, setLimit] = useState(PAGE);
  const { range } = useRange();
  const search = url.get("find");
  const query = useQuery(
    heatmapQuery(monitor.name, { since: rangeStart(range, newest), search, limit: Math.min(limit, 200) }),
  );
  return (
    <Panel
      title="Heat map"
      actions={
        <SearchField
          label="Find in the map"
          value={search}
          onChange={(text) => url.set({ find: text }, { replace: true })}
        />
      }
    >
      <Loaded query={query} what="the heat map">
        {(map) => (
          <>
            <Content map={map} search={search} {...props} />
            {map.total > map.features.length && limit < 200 && (
              <div className={controls.more}>
                <Button onClick={() => setLimit(limit + PAGE)}>
                  Show more of {plural(map.total, "feature")}
                </Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Content({ map, search, ...props }: Props & { map: Heatmap; search: string }) {
  if (map.columns.length === 0)
    return (
      <Message title="No window has closed in this time">
        <p>A longer range may show some.</p>
      </Message>
    );
  if (map.features.length === 0)
    return <Message title={search ? `No feature matches “${search}”` : "No feature was compared"} />;
  return (
    <ChartFrame
      title="Effect per feature and window"
      unit="the darker, the further from the baseline; marked red: drift"
      summary={heatText(map)}
      height="auto"
      chart={<Cells map={map} {...props} />}
      legend={<Legend />}
      table={<Table map={map} />}
      csv={() => [
        ["feature", ...map.columns.map((column) => column.start)],
        ...map.features.map((line) => [line.feature, ...line.effects]),
      ]}
    />
  );
}

/** What the map says, in one sentence. */
export function heatText({ columns, features, total }: Heatmap): string {
  const moved = features.filter((line) => line.signals.some((signals) => signals > 0));
  const first = moved[0];
  if (!first) return `None of ${plural(total, "feature")} had a signal in ${windowsText(columns)}.`;
  return `${count(moved.length)} of the ${plural(features.length, "feature")} shown had a signal in ${windowsText(columns)}; ${first.feature} most often.`;
}

const windowsText = (columns: Heatmap["columns"]) =>
  plural(
    columns.reduce((sum, column) => sum + column.windows, 0),
    "window",
  );

function Cells({ map, monitor, feature, window, onSelect }: Props & { map: Heatmap }) {
  const [zone] = useZone();
  const [over, setOver] = useState<{ x: number; y: number } | null>(null);
  const { columns, features } = map;
  const place = (event: MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const x = Math.floor(((event.clientX - box.left) / box.width) * columns.length);
    const y = Math.floor(((event.clientY - box.top) / box.height) * features.length);
    return columns[x] && features[y] ? { x, y } : null;
  };
  const pick = (event: MouseEvent<SVGSVGElement>) => {
    const at = place(event);
    if (at) onSelect({ feature: features[at.y]?.feature ?? "", window: columns[at.x]?.window_id });
  };
  const chosen = columns.findIndex((column) => column.window_id === window);
  return (
    <div>
      <div className={styles.map}>
        <ul className={styles.names}>
          {features.map((line) => (
            <li key={line.feature} style={{ height: ROW }}>
              <button
                type="button"
                className={styles.name}
                title={line.feature}
                aria-pressed={line.feature === feature}
                onClick={() => onSelect({ feature: line.feature })}
              >
                {line.feature} <span className="hidden-text">in the map</span>
              </button>
            </li>
          ))}
        </ul>
        <svg
          aria-hidden="true"
          className={styles.cells}
          viewBox={`0 0 ${columns.length} ${features.length}`}
          preserveAspectRatio="none"
          style={{ height: ROW * features.length, maxWidth: columns.length * WIDEST }}
          onMouseMove={(event) => setOver(place(event))}
          onMouseLeave={() => setOver(null)}
          onClick={pick}
        >
          {shades(features).map(({ flagged, level, path }) => (
            <path
              key={`${flagged}${level}`}
              d={path}
              className={flagged ? styles.flagged : styles.quiet}
              style={{ fillOpacity: opacity(level, flagged) }}
            />
          ))}
          <path d={marks(features)} className={styles.mark} />
          {chosen >= 0 && (
            <rect className={styles.chosen} x={chosen} y={0} width={1} height={features.length} />
          )}
        </svg>
      </div>
      <div
        className={styles.ends}
        style={{ maxWidth: `calc(198px + ${Math.max(columns.length * WIDEST, 420)}px)` }}
      >
        <Span start={columns[0]?.start ?? ""} end={columns[0]?.end ?? ""} />
        <Span start={columns.at(-1)?.start ?? ""} end={columns.at(-1)?.end ?? ""} />
      </div>
      <p className={styles.over} aria-hidden="true">
        {over ? cellText(map, over, zone) : `Point at a cell; a click opens that window of ${monitor.name}.`}
      </p>
    </div>
  );
}

const opacity = (level: number, flagged: boolean) =>
  flagged ? 0.45 + (0.55 * level) / (LEVELS - 1) : 0.07 + (0.6 * level) / (LEVELS - 1);

/** What one cell says. */
export function cellText(
  { columns, features }: Heatmap,
  { x, y }: { x: number; y: number },
  zone: Zone,
): string {
  const column = columns[x];
  const line = features[y];
  if (!column || !line) return "";
  const effect = line.effects[x] ?? null;
  const when = span(toMs(column.start), toMs(column.end), zone);
  if (effect === null) return `${line.feature}, ${when}: not compared`;
  const signals = line.signals[x] ?? 0;
  const drift =
    signals === 0 ? "no drift" : `drift in ${count(signals)} of ${plural(column.windows, "window")}`;
  return `${line.feature}, ${when}: effect ${value(effect)}, ${drift}`;
}

const Legend = () => (
  <>
    <span>
      <svg width="60" height="11" aria-hidden="true">
        {[0, 1, 2, 3, 4].map((step) => (
          <rect
            key={step}
            x={step * 12}
            width="11"
            height="11"
            className={styles.quiet}
            style={{ fillOpacity: opacity(step, false) }}
          />
        ))}
      </svg>
      effect 0 to 1
    </span>
    <span>
      <svg width="12" height="11" aria-hidden="true">
        <rect width="11" height="11" className={styles.flagged} />
        <path d="M3.5 4h4v3h-4z" className={styles.mark} />
      </svg>
      drift
    </span>
    <span>empty: not compared</span>
  </>
);

const Table = ({ map: { columns, features } }: { map: Heatmap }) => (
  <table className={table.table}>
    <thead>
      <tr>
        <th scope="col">Feature</th>
        <th scope="col" className={table.number}>
          Windows with drift
        </th>
        <th scope="col" className={table.number}>
          Largest effect
        </th>
        <th scope="col">First drift</th>
        <th scope="col">Last drift</th>
      </tr>
    </thead>
    <tbody>
      {features.map((line) => {
        const first = columns[line.signals.findIndex((signals) => signals > 0)];
        const last = columns[line.signals.findLastIndex((signals) => signals > 0)];
        return (
          <tr key={line.feature}>
            <th scope="row">{line.feature}</th>
            <td className={table.number}>{count(line.signals.reduce((sum, signals) => sum + signals, 0))}</td>
            <td className={table.number}>{value(largest(line.effects))}</td>
            <td>{first && <Span start={first.start} end={first.end} />}</td>
            <td>{last && <Span start={last.start} end={last.end} />}</td>
          </tr>
        );
      })}
    </tbody>
  </table>
);

const largest = (effects: readonly (number | null)[]) =>
  effects.reduce((top, effect) => (effect !== null && (top === null || effect > top) ? effect : top), null);
