import { useQuery } from "@tanstack/react-query";
import { isAway } from "@/api/client";
import { healthQuery, readyQuery } from "@/api/queries";
import type { Ready } from "@/api/types";
import { StateBadge } from "@/components/state-badge";
import { count } from "@/lib/format";
import { duration } from "@/lib/time";
import styles from "./layout.module.css";

/** Whether the server works through its queue, and who does it; details on demand. */
export function Health() {
  const ready = useQuery(readyQuery());
  const version = useQuery(healthQuery()).data?.version;
  return (
    <details className={styles.health}>
      <summary>
        <Badge ready={ready.data} error={ready.error} />
      </summary>
      <div className={styles.facts}>
        <dl>
          <dt>Version</dt>
          <dd>{version ?? "unknown"}</dd>
          {ready.data && <Facts ready={ready.data} />}
        </dl>
      </div>
    </details>
  );
}

function Badge({ ready, error }: { ready: Ready | undefined; error: Error | null }) {
  if (error) return <StateBadge state="no_data" text={isAway(error) ? "Away" : "Unavailable"} />;
  if (!ready) return <StateBadge state="waiting" text="Connecting" />;
  if (!ready.ready) return <StateBadge state="no_data" text="Not ready" />;
  return <StateBadge state="ok" text="Healthy" />;
}

const seconds = (value: number | null) => (value === null ? "" : duration(value * 1000));

function Facts({ ready }: { ready: Ready }) {
  return (
    <>
      <dt>Leader</dt>
      <dd>
        {ready.leader ?? "none"}
        {ready.leader_age_seconds !== null && `, seen ${seconds(ready.leader_age_seconds)} ago`}
      </dd>
      <dt>Rows waiting</dt>
      <dd>
        {count(ready.pending_rows)}
        {ready.oldest_pending_seconds !== null && `, the oldest for ${seconds(ready.oldest_pending_seconds)}`}
      </dd>
      <dt>Messages waiting</dt>
      <dd>{count(ready.pending_deliveries)}</dd>
      {ready.checks.map((check) => (
        <Check key={check.name} {...check} />
      ))}
    </>
  );
}

const Check = ({ name, ok, detail }: Ready["checks"][number]) => (
  <>
    <dt>{name}</dt>
    <dd>{ok ? detail || "ok" : `failed: ${detail}`}</dd>
  </>
);
