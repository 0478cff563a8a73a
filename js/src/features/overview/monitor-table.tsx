import { Link } from "react-router";
import type { Monitor } from "@/api/types";
import { SortHeader } from "@/components/sort-header";
import { Sparkline } from "@/components/sparkline";
import { SeverityBadge, StateBadge } from "@/components/state-badge";
import table from "@/components/table.module.css";
import { Ago } from "@/components/time";
import { count, NONE } from "@/lib/format";
import { monitorPath } from "@/lib/links";
import { type Order, sortRows } from "@/lib/sort";
import { severityLevel, stateRank, worstFirst } from "@/lib/states";
import { toMs } from "@/lib/time";

const COLUMNS = {
  name: (monitor: Monitor) => monitor.name,
  state: (monitor: Monitor) => stateRank(monitor.state),
  severity: (monitor: Monitor) => severityLevel(monitor.severity),
  last: (monitor: Monitor) => (monitor.last_row_at ? toMs(monitor.last_row_at) : null),
  alerts: (monitor: Monitor) => monitor.open_alerts,
  rows: (monitor: Monitor) => monitor.rows.accepted,
};

/** Worst first, then by the column that was asked for. */
export const orderMonitors = (monitors: readonly Monitor[], order: Order) =>
  sortRows([...monitors].sort(worstFirst), order, COLUMNS);

interface Props {
  monitors: readonly Monitor[];
  order: Order;
  onSort: (order: string) => void;
}

export function MonitorTable({ monitors, order, onSort }: Props) {
  const sort = { order, onSort };
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <SortHeader {...sort} label="Monitor" column="name" />
          <SortHeader {...sort} label="State" column="state" />
          <SortHeader {...sort} label="Severity" column="severity" descendingFirst className={table.wide} />
          <th scope="col" className={table.wide}>
            Score, last 30 windows
          </th>
          <SortHeader {...sort} label="Last data" column="last" descendingFirst />
          <SortHeader
            {...sort}
            label="Open alerts"
            column="alerts"
            descendingFirst
            className={`${table.wide} ${table.number}`}
          />
          <SortHeader
            {...sort}
            label="Rows"
            column="rows"
            descendingFirst
            className={`${table.wide} ${table.number}`}
          />
        </tr>
      </thead>
      <tbody>
        {monitors.map((monitor) => (
          <Row key={monitor.name} monitor={monitor} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ monitor }: { monitor: Monitor }) {
  const { name, model, state, severity, rows } = monitor;
  return (
    <tr>
      <th scope="row">
        <Link className={table.name} to={monitorPath(name)}>
          {name}
        </Link>
        <span className={table.sub}>{describe(model, monitor)}</span>
      </th>
      <td>
        <StateBadge state={state} />
        {severity && (
          <span className={table.narrow}>
            <SeverityBadge severity={severity} />
          </span>
        )}
      </td>
      <td className={table.wide}>
        <SeverityBadge severity={severity} />
      </td>
      <td className={table.wide}>
        <Sparkline points={monitor.recent} />
      </td>
      <td>
        <Ago at={monitor.last_row_at} />
      </td>
      <td className={`${table.wide} ${table.number}`}>
        {monitor.open_alerts > 0 ? (
          <Link to={`/alerts?status=open&monitor=${encodeURIComponent(name)}`}>
            {count(monitor.open_alerts)}
          </Link>
        ) : (
          NONE
        )}
      </td>
      <td className={`${table.wide} ${table.number}`}>
        {count(rows.accepted)}
        <span className={table.sub}>{rowNotes(rows)}</span>
      </td>
    </tr>
  );
}

function describe(model: string | null, { name, paused, baseline }: Monitor): string {
  const notes = [model !== null && model !== name ? `model ${model}` : null];
  if (baseline === null) notes.push("no baseline yet");
  if (paused) notes.push("paused");
  return notes.filter(Boolean).join(" · ");
}

const rowNotes = ({ pending, rejected }: Monitor["rows"]) =>
  [pending > 0 && `${count(pending)} pending`, rejected > 0 && `${count(rejected)} rejected`]
    .filter(Boolean)
    .join(" · ");
