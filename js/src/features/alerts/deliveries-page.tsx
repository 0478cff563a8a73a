import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { post } from "@/api/client";
import { deliveriesQuery } from "@/api/queries";
import type { Delivery } from "@/api/types";
import { Button, MoreButton, SelectField } from "@/components/controls";
import { Refusal } from "@/components/form";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { ShortAt } from "@/components/time";
import { plural } from "@/lib/format";
import { alertPath } from "@/lib/links";
import { useChange } from "@/lib/use-change";
import { useTitle } from "@/lib/use-title";
import { useUrlState } from "@/lib/use-url-state";
import { DELIVERY_WORDS } from "./alert-words";
import { AlertsNav } from "./alerts-nav";

const STATUSES = [["", "any"] as const, ...Object.entries(DELIVERY_WORDS)];

/** Which messages arrived, and which never will? */
export default function DeliveriesPage() {
  const url = useUrlState();
  const filters = { status: url.get("status"), sink: url.get("sink") };
  const query = useInfiniteQuery(deliveriesQuery(filters));
  useTitle("Deliveries");
  return (
    <>
      <h1>Deliveries</h1>
      <AlertsNav />
      <Panel
        flush
        title="Messages to sinks, newest first"
        actions={
          <SelectField
            label="Status"
            value={filters.status}
            options={STATUSES}
            onChange={(status) => url.set({ status })}
          />
        }
      >
        <Loaded query={query} what="the deliveries">
          {({ pages }) => {
            const deliveries = pages.flatMap((page) => page.items);
            if (deliveries.length > 0) return <Deliveries deliveries={deliveries} />;
            return Object.values(filters).some(Boolean) ? (
              <Message title="No delivery matches these filters" />
            ) : (
              <Message title="No message so far">
                <p>An alert is sent to each sink of the configuration that wants to hear of it.</p>
              </Message>
            );
          }}
        </Loaded>
        <MoreButton query={query} />
      </Panel>
    </>
  );
}

const Deliveries = ({ deliveries }: { deliveries: readonly Delivery[] }) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Sink</th>
          <th scope="col">About</th>
          <th scope="col">Status</th>
          <th scope="col" className={table.wide}>
            Time
          </th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <Row key={delivery.id} delivery={delivery} />
        ))}
      </tbody>
    </table>
  </div>
);

const Row = ({ delivery }: { delivery: Delivery }) => (
  <tr>
    <th scope="row">{delivery.sink}</th>
    <td>
      {delivery.monitor ? (
        <Link to={alertPath(delivery.alert_id)}>
          {delivery.monitor}, {delivery.action}
        </Link>
      ) : (
        `digest, ${delivery.action}`
      )}
    </td>
    <td>
      {DELIVERY_WORDS[delivery.status]}
      <span className={table.sub}>after {plural(delivery.attempts, "attempt")}</span>
      {delivery.last_error && <span className={table.sub}>{delivery.last_error}</span>}
    </td>
    <td className={table.wide}>
      <ShortAt at={delivery.sent_at ?? delivery.created_at} />
    </td>
    <td>{delivery.status === "failed" && <Replay delivery={delivery} />}</td>
  </tr>
);

function Replay({ delivery }: { delivery: Delivery }) {
  const replay = useChange(
    () => post<Delivery>(`/deliveries/${encodeURIComponent(delivery.id)}/replay`),
    "Message is sent again",
  );
  return (
    <>
      <Button disabled={replay.isPending} onClick={() => replay.mutate()}>
        Send again
      </Button>
      <Refusal error={replay.error} />
    </>
  );
}
