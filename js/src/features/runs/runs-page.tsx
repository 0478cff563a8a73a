import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { runsQuery } from "@/api/queries";
import type { Run } from "@/api/types";
import { MoreButton, SearchField, SelectField } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { Ago } from "@/components/time";
import { NONE, value } from "@/lib/format";
import { experimentUrl, monitorPath, runPath } from "@/lib/links";
import { duration, toMs } from "@/lib/time";
import { useTitle } from "@/lib/use-title";
import { useUrlState } from "@/lib/use-url-state";
import styles from "./runs.module.css";

const STATUSES = [
  ["", "any"],
  ["RUNNING", "running"],
  ["FINISHED", "finished"],
  ["FAILED", "failed"],
  ["KILLED", "killed"],
  ["SCHEDULED", "scheduled"],
] as const;

const METRICS_SHOWN = 3;

/** Which training run is behind a baseline? */
export default function RunsPage() {
  const url = useUrlState();
  useTitle("Runs");
  const filters = { search: url.get("q"), status: url.get("status"), experiment: url.get("experiment") };
  const query = useInfiniteQuery(runsQuery(filters));
  const filtered = Object.values(filters).some(Boolean);
  return (
    <>
      <h1>Runs</h1>
      <Panel
        flush
        title="Runs of MLflow"
        actions={
          <div className={styles.filters}>
            <SearchField
              label="Find by name or id"
              value={filters.search}
              onChange={(q) => url.set({ q }, { replace: true })}
            />
            <SearchField
              label="Experiment, name or id"
              value={filters.experiment}
              onChange={(experiment) => url.set({ experiment }, { replace: true })}
            />
            <SelectField
              label="Status"
              value={filters.status}
              options={STATUSES}
              onChange={(status) => url.set({ status })}
            />
          </div>
        }
      >
        <Loaded query={query} what="the runs">
          {({ pages }) => {
            const runs = pages.flatMap((page) => page.items);
            return runs.length === 0 ? <Empty filtered={filtered} /> : <Table runs={runs} />;
          }}
        </Loaded>
        <MoreButton query={query} />
      </Panel>
    </>
  );
}

const Empty = ({ filtered }: { filtered: boolean }) =>
  filtered ? (
    <Message title="No run matches these filters" />
  ) : (
    <Message title="No run read yet">
      <p>
        Runs appear here within a minute after MLflow has them, if their experiment is among those configured.
      </p>
    </Message>
  );

const Table = ({ runs }: { runs: readonly Run[] }) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col" className={table.wide}>
            Experiment
          </th>
          <th scope="col">Status</th>
          <th scope="col">Started</th>
          <th scope="col" className={table.wide}>
            Took
          </th>
          <th scope="col" className={table.wide}>
            Metrics
          </th>
          <th scope="col">Baseline of</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row key={run.run_id} run={run} />
        ))}
      </tbody>
    </table>
  </div>
);

const took = ({ start, end }: Run) => (start && end ? duration(toMs(end) - toMs(start)) : NONE);

function Row({ run }: { run: Run }) {
  return (
    <tr>
      <th scope="row">
        <Link className={table.name} to={runPath(run.run_id)}>
          {run.name ?? run.run_id}
        </Link>
        <span className={table.sub}>{run.user}</span>
      </th>
      <td className={table.wide}>
        <a href={experimentUrl(run.experiment_id)}>{run.experiment_name}</a>
      </td>
      <td>{run.status.toLowerCase()}</td>
      <td>
        <Ago at={run.start} />
      </td>
      <td className={table.wide}>{took(run)}</td>
      <td className={table.wide}>
        <Metrics metrics={run.metrics} />
      </td>
      <td>
        <Baselines monitors={run.baselines} />
      </td>
    </tr>
  );
}

function Metrics({ metrics }: { metrics: Run["metrics"] }) {
  const all = Object.entries(metrics);
  const more = all.length - METRICS_SHOWN;
  return (
    <dl className={styles.metrics}>
      {all.slice(0, METRICS_SHOWN).map(([name, number]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value(number)}</dd>
        </div>
      ))}
      {more > 0 && (
        <div>
          <dt>and {more} more</dt>
          <dd />
        </div>
      )}
    </dl>
  );
}

/** Links to the monitors that a run's baseline serves. */
export const Baselines = ({ monitors }: { monitors: readonly string[] }) =>
  monitors.length === 0
    ? NONE
    : monitors.map((name, i) => (
        <span key={name}>
          {i > 0 && ", "}
          <Link to={monitorPath(name)}>{name}</Link>
        </span>
      ));
