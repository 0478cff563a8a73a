import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { alertQuery } from "@/api/queries";
import type { AlertDetail, Delivery } from "@/api/types";
import { Loaded } from "@/components/loaded";
import { Panel } from "@/components/panel";
import { SeverityBadge, StateBadge } from "@/components/state-badge";
import { Ago, At, ShortAt } from "@/components/time";
import { plural, words } from "@/lib/format";
import { experimentUrl, monitorPath } from "@/lib/links";
import { AlertActions } from "./alert-actions";
import { CONDITION_STATE, CONDITION_WORDS, DELIVERY_WORDS, STATUS_WORDS } from "./alert-words";
import styles from "./alerts.module.css";

export function AlertDetailPanel({ id }: { id: string }) {
  const query = useQuery(alertQuery(id));
  return (
    <Panel title={query.data ? `${CONDITION_WORDS[query.data.condition]}: ${query.data.monitor}` : "Alert"}>
      <Loaded query={query} what="the alert">
        {(alert) => (
          <div className={styles.detail}>
            <Facts alert={alert} />
            <AlertActions alert={alert} />
            <Log alert={alert} />
            <Deliveries deliveries={alert.deliveries} />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </>
);

function Facts({ alert }: { alert: AlertDetail }) {
  return (
    <>
      <p>{alert.summary}</p>
      <dl className={styles.facts}>
        <Fact name="Status">
          {STATUS_WORDS[alert.status]}
          {alert.acknowledged_by && alert.status === "acknowledged" && ` by ${alert.acknowledged_by}`}
          {alert.silenced && ", silenced: nobody is told"}
        </Fact>
        <Fact name="Condition">
          <StateBadge state={CONDITION_STATE[alert.condition]} text={CONDITION_WORDS[alert.condition]} />
        </Fact>
        <Fact name="Severity">
          <SeverityBadge severity={alert.severity} />
        </Fact>
        <Fact name="Opened">
          <At at={alert.opened_at} /> (<Ago at={alert.opened_at} />)
        </Fact>
        {alert.resolved_at && (
          <Fact name="Resolved">
            <At at={alert.resolved_at} />
          </Fact>
        )}
        <Fact name="Lasts">{plural(alert.windows, "window")}</Fact>
        {alert.features.length > 0 && (
          <Fact name="Features">
            <Features alert={alert} />
          </Fact>
        )}
        <Fact name="See">
          <Link to={monitorPath(alert.monitor)}>the monitor</Link>,{" "}
          <a href={experimentUrl(alert.experiment_id)}>its experiment</a>
        </Fact>
      </dl>
    </>
  );
}

const Features = ({ alert }: { alert: AlertDetail }) =>
  alert.features.map((feature, i) => (
    <span key={feature}>
      {i > 0 && ", "}
      <Link to={monitorPath(alert.monitor, { feature })}>{feature}</Link>
    </span>
  ));

const Log = ({ alert }: { alert: AlertDetail }) => (
  <section className={styles.log} aria-labelledby="alert-log">
    <h3 id="alert-log">Log</h3>
    <ol className={styles.log}>
      {alert.log.map((entry) => (
        <li key={`${entry.at} ${entry.reason}`}>
          <span className={styles.muted}>
            <ShortAt at={entry.at} />
          </span>
          <span>
            <strong>{words(entry.reason)}</strong> {entry.text}
            {entry.actor && <span className={styles.muted}> by {entry.actor}</span>}
          </span>
        </li>
      ))}
    </ol>
  </section>
);

const Deliveries = ({ deliveries }: { deliveries: readonly Delivery[] }) => (
  <section className={styles.log} aria-labelledby="alert-deliveries">
    <h3 id="alert-deliveries">Deliveries</h3>
    {deliveries.length === 0 && (
      <p className={styles.muted}>No sink is configured for this alert: nobody was told.</p>
    )}
    <ol className={styles.log}>
      {deliveries.map((delivery) => (
        <li key={delivery.id}>
          <span className={styles.muted}>
            <ShortAt at={delivery.sent_at ?? delivery.created_at} />
          </span>
          <span>
            <strong>{delivery.sink}</strong>, {delivery.action}: {DELIVERY_WORDS[delivery.status]}{" "}
            <span className={styles.muted}>after {plural(delivery.attempts, "attempt")}</span>
            {delivery.last_error && <p className={styles.error}>{delivery.last_error}</p>}
            {delivery.next_attempt_at && delivery.status === "pending" && (
              <p className={styles.muted}>
                next attempt <ShortAt at={delivery.next_attempt_at} />
              </p>
            )}
          </span>
        </li>
      ))}
    </ol>
  </section>
);
