import { lazy } from "react";
import type { RunDetail } from "@/api/types";
import type { LinePoint } from "@/charts/line-chart";
import { ChartFrame } from "@/components/chart-frame";
import { SelectField } from "@/components/controls";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { At } from "@/components/time";
import { count, plural, value } from "@/lib/format";
import { stepAxis } from "@/lib/scale";
import { useUrlState } from "@/lib/use-url-state";
import styles from "./runs.module.css";

const LineChart = lazy(() => import("@/charts/line-chart"));

type History = RunDetail["history"][string];

const toPoints = (history: History): LinePoint[] =>
  history.map(({ step, at, value: y }) => ({
    id: `${step} ${at}`,
    x: step,
    y,
    state: "ok",
    provisional: false,
    title: `step ${count(step)}`,
    note: "",
  }));

/** The metric with most to draw. */
const longest = (history: RunDetail["history"], names: readonly string[]) =>
  names.toSorted((a, b) => (history[b]?.length ?? 0) - (history[a]?.length ?? 0))[0];

/** A run's metrics: the last value of each, and the chosen one step by step. */
export function RunMetrics({ run }: { run: RunDetail }) {
  const url = useUrlState();
  const names = Object.keys(run.metrics).sort();
  const name = names.find((known) => known === url.get("metric")) ?? longest(run.history, names);
  if (name === undefined)
    return (
      <Panel title="Metrics">
        <Message title="This run logged no metric" />
      </Panel>
    );
  const select = (
    <SelectField
      label="Metric"
      hideLabel
      value={name}
      options={names.map((known) => [known, known] as const)}
      onChange={(metric) => url.set({ metric }, { replace: true })}
    />
  );
  return (
    <Panel title="Metrics" actions={select}>
      <div className={styles.column}>
        <Values metrics={run.metrics} />
        <Chart name={name} history={run.history[name] ?? []} />
      </div>
    </Panel>
  );
}

const Values = ({ metrics }: { metrics: RunDetail["metrics"] }) => (
  <dl className={styles.metrics}>
    {Object.entries(metrics).map(([name, number]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value(number)}</dd>
      </div>
    ))}
  </dl>
);

function Chart({ name, history }: { name: string; history: History }) {
  if (history.length < 2)
    return <p className={styles.muted}>{name} was logged once; there is no history to draw.</p>;
  return (
    <ChartFrame
      title={name}
      unit="per step"
      summary={`${plural(history.length, "step")}, the last ${value(history.at(-1)?.value)}.`}
      height={230}
      chart={
        <LineChart
          points={toPoints(history)}
          axis={stepAxis(
            history.map((point) => point.step),
            count,
          )}
          formatY={value}
          fromZero={false}
        />
      }
      table={<Table history={history} />}
      csv={() => [["step", "at", name], ...history.map((point) => [point.step, point.at, point.value])]}
    />
  );
}

const Table = ({ history }: { history: History }) => (
  <table className={table.table}>
    <thead>
      <tr>
        <th scope="col">Step</th>
        <th scope="col">Logged</th>
        <th scope="col" className={table.number}>
          Value
        </th>
      </tr>
    </thead>
    <tbody>
      {history.map((point) => (
        <tr key={`${point.step} ${point.at}`}>
          <th scope="row">{count(point.step)}</th>
          <td>
            <At at={point.at} />
          </td>
          <td className={table.number}>{value(point.value)}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
