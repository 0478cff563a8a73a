import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Monitor, Summary } from "@/api/types";
import { count, shortCount } from "@/lib/format";
import styles from "./overview.module.css";

interface CardProps {
  label: string;
  value: ReactNode;
  detail?: string;
  loud?: boolean;
}

const Card = ({ label, value, detail, loud = false }: CardProps) => (
  <div className={styles.card}>
    <dt>{label}</dt>
    <dd className={loud ? styles.loud : undefined}>{value}</dd>
    {detail && <dd className={styles.detail}>{detail}</dd>}
  </div>
);

/** The whole installation in five numbers. */
export function KpiCards({ summary, monitors }: { summary: Summary; monitors: readonly Monitor[] }) {
  const unwatched = monitors.filter((monitor) => monitor.baseline === null).length;
  const alerts = shortCount(summary.open_alerts);
  return (
    <dl className={styles.cards}>
      <Card
        label="Monitors"
        value={shortCount(summary.monitors)}
        detail={unwatched > 0 ? `${count(unwatched)} without a baseline` : "all with a baseline"}
      />
      <Card
        label="Drifting now"
        value={shortCount(summary.drifting)}
        detail={`${shortCount(summary.events)} drift events so far`}
        loud={summary.drifting > 0}
      />
      <Card
        label="Open alerts"
        value={summary.open_alerts > 0 ? <Link to="/alerts?status=open">{alerts}</Link> : alerts}
        detail="firing or acknowledged"
      />
      <Card label="Windows" value={shortCount(summary.windows)} detail="closed and compared" />
      <Card
        label="Rows accepted"
        value={shortCount(summary.rows.accepted)}
        detail={`${shortCount(summary.rows.pending)} pending · ${shortCount(summary.rows.rejected)} rejected`}
      />
    </dl>
  );
}
