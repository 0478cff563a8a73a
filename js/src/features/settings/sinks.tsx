import { useQuery } from "@tanstack/react-query";
import { post } from "@/api/client";
import { sinksQuery } from "@/api/queries";
import type { Sink, SinkTest } from "@/api/types";
import { Button } from "@/components/controls";
import { Refusal } from "@/components/form";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { Ago } from "@/components/time";
import { count } from "@/lib/format";
import { useChange } from "@/lib/use-change";

export function Sinks() {
  const query = useQuery(sinksQuery());
  return (
    <Panel flush title="Sinks">
      <Loaded query={query} what="the sinks">
        {({ items }) =>
          items.length > 0 ? (
            <Table sinks={items} />
          ) : (
            <Message title="No sink is configured: nobody is told">
              <p>The configuration's alerting.sinks names them.</p>
            </Message>
          )
        }
      </Loaded>
    </Panel>
  );
}

const Table = ({ sinks }: { sinks: readonly Sink[] }) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Sink</th>
          <th scope="col">State</th>
          <th scope="col" className={table.wide}>
            Hears of
          </th>
          <th scope="col" className={table.wide}>
            Last sent
          </th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sinks.map((sink) => (
          <tr key={sink.name}>
            <th scope="row">
              {sink.name}
              <span className={table.sub}>{sink.type}</span>
            </th>
            <td>
              {sink.problem ?? `${count(sink.pending)} waiting, ${count(sink.failed)} failed for good`}
              {sink.last_error && <span className={table.sub}>{sink.last_error}</span>}
            </td>
            <td className={table.wide}>
              {sink.monitors.join(", ")}
              <span className={table.sub}>{sink.min_severity} or worse</span>
            </td>
            <td className={table.wide}>
              <Ago at={sink.last_sent_at} />
            </td>
            <td>{sink.configured && <Test sink={sink} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const outcome = ({ sent, error, milliseconds }: SinkTest) =>
  sent ? `arrived in ${count(milliseconds)} ms` : `did not arrive: ${error}`;

function Test({ sink }: { sink: Sink }) {
  const test = useChange(
    () => post<SinkTest>(`/sinks/${encodeURIComponent(sink.name)}/test`),
    "Test message sent",
  );
  return (
    <>
      <Button disabled={test.isPending} onClick={() => test.mutate()}>
        {test.isPending ? "Sending…" : `Test ${sink.name}`}
      </Button>
      {test.data && <span className={table.sub}>{outcome(test.data)}</span>}
      <Refusal error={test.error} />
    </>
  );
}
