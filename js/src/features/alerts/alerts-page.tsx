import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useLocation, useParams } from "react-router";
import { alertsQuery, monitorsQuery } from "@/api/queries";
import type { Alert } from "@/api/types";
import { MoreButton, SelectField } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { SeverityBadge, StateBadge } from "@/components/state-badge";
import { Ago } from "@/components/time";
import { plural } from "@/lib/format";
import { alertPath } from "@/lib/links";
import { SEVERITIES } from "@/lib/states";
import { useTitle } from "@/lib/use-title";
import { useUrlState } from "@/lib/use-url-state";
import { AlertDetailPanel } from "./alert-detail";
import { CONDITION_STATE, CONDITION_WORDS, STATUS_WORDS } from "./alert-words";
import styles from "./alerts.module.css";
import { AlertsNav } from "./alerts-nav";

/** What was said, to whom, and is it over? */
export default function AlertsPage() {
  const { id } = useParams();
  const { search } = useLocation();
  useTitle("Alerts");
  return (
    <>
      <h1>Alerts</h1>
      <AlertsNav />
      <div className={styles.split} data-chosen={id !== undefined}>
        <Feed selected={id} />
        {id !== undefined && (
          <div className={styles.detail}>
            <Link className={styles.back} to={`/alerts${search}`}>
              All alerts
            </Link>
            <AlertDetailPanel id={id} />
          </div>
        )}
      </div>
    </>
  );
}

const STATUSES = [
  ["", "any"],
  ["open", "open"],
  ["firing", "firing"],
  ["acknowledged", "acknowledged"],
  ["resolved", "resolved"],
] as const;

const LEVELS = [["", "any"] as const, ...SEVERITIES.map((level) => [level, `${level} or worse`] as const)];

function Feed({ selected }: { selected: string | undefined }) {
  const url = useUrlState();
  const filters = { status: url.get("status"), severity: url.get("severity"), monitor: url.get("monitor") };
  const query = useInfiniteQuery(alertsQuery(filters));
  const filtered = Object.values(filters).some(Boolean);
  return (
    <Panel flush title="Feed" actions={<Filters {...filters} set={url.set} />}>
      <Loaded query={query} what="the alerts">
        {({ pages }) => {
          const alerts = pages.flatMap((page) => page.items);
          if (alerts.length === 0) return <Empty filtered={filtered} />;
          return (
            <ul>
              {alerts.map((alert) => (
                <Item key={alert.id} alert={alert} selected={alert.id === selected} />
              ))}
            </ul>
          );
        }}
      </Loaded>
      <MoreButton query={query} />
    </Panel>
  );
}

const Empty = ({ filtered }: { filtered: boolean }) =>
  filtered ? (
    <Message title="No alert matches these filters" />
  ) : (
    <Message title="No alert so far">
      <p>A monitor that drifts, loses its data or changes its columns opens one alert here.</p>
    </Message>
  );

interface FilterProps {
  status: string;
  severity: string;
  monitor: string;
  set: ReturnType<typeof useUrlState>["set"];
}

function Filters({ status, severity, monitor, set }: FilterProps) {
  const known = useQuery(monitorsQuery()).data?.map(({ name }) => name) ?? [];
  // A filter in a shared link stays visible, even if the monitor is gone.
  const names = [...new Set([...known, monitor].filter(Boolean))].sort();
  return (
    <div className={styles.filters}>
      <SelectField
        label="Status"
        value={status}
        options={STATUSES}
        onChange={(value) => set({ status: value })}
      />
      <SelectField
        label="Severity"
        value={severity}
        options={LEVELS}
        onChange={(value) => set({ severity: value })}
      />
      <SelectField
        label="Monitor"
        value={monitor}
        options={[["", "all"], ...names.map((name) => [name, name] as const)]}
        onChange={(value) => set({ monitor: value })}
      />
    </div>
  );
}

function Item({ alert, selected }: { alert: Alert; selected: boolean }) {
  const { search } = useLocation();
  return (
    <li className={styles.item} data-selected={selected}>
      <div className={styles.line}>
        <StateBadge state={CONDITION_STATE[alert.condition]} text={CONDITION_WORDS[alert.condition]} />
        <Link
          className={styles.name}
          to={alertPath(alert.id) + search}
          aria-current={selected ? "true" : undefined}
        >
          {alert.monitor}
        </Link>
        <SeverityBadge severity={alert.severity} />
        <span>{STATUS_WORDS[alert.status]}</span>
        <span className={styles.muted}>
          <Ago at={alert.opened_at} />
        </span>
      </div>
      <p>{alert.summary}</p>
      <p className={styles.muted}>
        {plural(alert.windows, "window")}
        {alert.features.length > 0 && ` · ${alert.features.join(", ")}`}
      </p>
    </li>
  );
}
