import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { runQuery } from "@/api/queries";
import type { RunDetail } from "@/api/types";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { At } from "@/components/time";
import { count, NONE } from "@/lib/format";
import { experimentUrl, newMonitorPath, runUrl } from "@/lib/links";
import { useTitle } from "@/lib/use-title";
import { RunMetrics } from "./run-metrics";
import styles from "./runs.module.css";
import { Baselines } from "./runs-page";

/** What was trained, and which monitor rests on it? */
export default function RunPage() {
  const { id = "" } = useParams();
  const query = useQuery(runQuery(id));
  useTitle(`Run ${query.data?.name ?? id}`);
  return (
    <Loaded query={query} what="the run">
      {(run) => <Content run={run} />}
    </Loaded>
  );
}

const Content = ({ run }: { run: RunDetail }) => (
  <div className={styles.column}>
    <Header run={run} />
    <div className={styles.columns}>
      <div className={styles.column}>
        <RunMetrics run={run} />
        <Artifacts run={run} />
      </div>
      <div className={styles.column}>
        <Pairs title="Parameters" pairs={run.params} empty="This run logged no parameter" />
        <Pairs title="Tags" pairs={run.tags} empty="This run has no tag" />
      </div>
    </div>
  </div>
);

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const Header = ({ run }: { run: RunDetail }) => (
  <header className={styles.head}>
    <nav aria-label="Breadcrumb" className={styles.muted}>
      <Link to="/runs">Runs</Link> / Run
    </nav>
    <h1 className={styles.breakable}>{run.name ?? run.run_id}</h1>
    <dl className={styles.facts}>
      <Fact name="Experiment">
        <a href={experimentUrl(run.experiment_id)}>{run.experiment_name}</a>
      </Fact>
      <Fact name="Status">{run.status.toLowerCase()}</Fact>
      <Fact name="User">{run.user ?? NONE}</Fact>
      <Fact name="Started">
        <At at={run.start} />
      </Fact>
      <Fact name="Ended">
        <At at={run.end} />
      </Fact>
      <Fact name="Baseline of">
        <Baselines monitors={run.baselines} />
      </Fact>
      <Fact name="In MLflow">
        <a href={runUrl(run.experiment_id, run.run_id)}>open the run</a>
      </Fact>
      <Fact name="Here">
        <Link to={newMonitorPath(run.run_id)}>monitor this run</Link>
      </Fact>
    </dl>
  </header>
);

interface PairsProps {
  title: string;
  pairs: Record<string, string>;
  empty: string;
}

function Pairs({ title, pairs, empty }: PairsProps) {
  const rows = Object.entries(pairs).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Panel title={title} flush>
      {rows.length === 0 ? (
        <Message title={empty} />
      ) : (
        <table className={table.table}>
          <tbody>
            {rows.map(([name, text]) => (
              <tr key={name}>
                <th scope="row" className={styles.breakable}>
                  {name}
                </th>
                <td className={styles.breakable}>{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

const Artifacts = ({ run }: { run: RunDetail }) => (
  <Panel title="Artifacts" flush>
    {run.artifacts.length === 0 ? (
      <Message title="This run logged no artifact" />
    ) : (
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Path</th>
            <th scope="col" className={table.number}>
              Bytes
            </th>
          </tr>
        </thead>
        <tbody>
          {run.artifacts.map(({ path, is_dir, size }) => (
            <tr key={path}>
              <th scope="row" className={styles.breakable}>
                {path}
                {is_dir && "/"}
              </th>
              <td className={table.number}>{size === null ? NONE : count(size)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </Panel>
);
