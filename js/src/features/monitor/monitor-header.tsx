import type { ReactNode } from "react";
import { Link } from "react-router";
import type { MonitorDetail } from "@/api/types";
import { SeverityBadge, StateBadge } from "@/components/state-badge";
import { Ago, At } from "@/components/time";
import { count } from "@/lib/format";
import { experimentUrl, modelUrl, runPath } from "@/lib/links";
import styles from "./monitor.module.css";
import { MonitorActions } from "./monitor-actions";

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** How rows are cut: `1h windows by event_time (UTC)`, `500-row windows`. */
export function windowText({ window, timestamp_column, timezone }: MonitorDetail): string {
  if (window.rows) return `${count(window.rows)}-row windows`;
  return `${window.period} windows by ${timestamp_column ?? "arrival"} (${timezone})`;
}

/** Which rule decides: `calibrated`, or the thresholds in full. */
export function ruleText({ rule, thresholds }: MonitorDetail): string {
  if (rule === "calibrated") return "calibrated";
  const limits = Object.entries(thresholds).map(
    ([name, limit]) => `${name} ${name.endsWith("_pvalue") ? "<" : ">"} ${limit}`,
  );
  return `thresholds: ${limits.join(", ")}`;
}

export function MonitorHeader({ monitor }: { monitor: MonitorDetail }) {
  return (
    <header className={styles.head}>
      <nav aria-label="Breadcrumb" className={styles.crumb}>
        <Link to="/">Overview</Link> / Monitor
      </nav>
      <div className={styles.title}>
        <h1>{monitor.name}</h1>
        <StateBadge state={monitor.state} />
        {monitor.severity && <SeverityBadge severity={monitor.severity} />}
        {monitor.paused && <span className={styles.muted}>paused</span>}
        {monitor.open_alerts > 0 && (
          <Link to={`/alerts?status=open&monitor=${encodeURIComponent(monitor.name)}`}>
            {monitor.open_alerts === 1 ? "1 open alert" : `${count(monitor.open_alerts)} open alerts`}
          </Link>
        )}
      </div>
      <MonitorActions monitor={monitor} />
      <Facts monitor={monitor} />
    </header>
  );
}

function Facts({ monitor }: { monitor: MonitorDetail }) {
  const { model, experiment_id, experiment_name, rows } = monitor;
  return (
    <dl className={styles.facts}>
      {model && (
        <Fact name="Model">
          <a href={modelUrl(model)}>{model}</a>
        </Fact>
      )}
      <Fact name="Experiment">
        <a href={experimentUrl(experiment_id)}>{experiment_name ?? experiment_id}</a>
      </Fact>
      <Fact name="Baseline">
        <Baseline monitor={monitor} />
      </Fact>
      <Fact name="Windows">{windowText(monitor)}</Fact>
      <Fact name="Rule">{ruleText(monitor)}</Fact>
      <Fact name="Rows">
        {count(rows.accepted)} accepted, {count(rows.pending)} pending, {count(rows.rejected)} rejected
      </Fact>
      <Fact name="Last data">
        <Ago at={monitor.last_row_at} />
      </Fact>
    </dl>
  );
}

function Baseline({ monitor: { baseline } }: { monitor: MonitorDetail }) {
  if (!baseline) return "none";
  return (
    <>
      version {baseline.version}, {count(baseline.rows)} rows, <At at={baseline.created_at} />
      {baseline.run_id && (
        <>
          {" "}
          from <Link to={runPath(baseline.run_id)}>its run</Link>
        </>
      )}
    </>
  );
}
