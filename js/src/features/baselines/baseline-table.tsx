import { Link } from "react-router";
import { post } from "@/api/client";
import type { Baseline } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Button } from "@/components/controls";
import form from "@/components/form.module.css";
import table from "@/components/table.module.css";
import { ShortAt } from "@/components/time";
import { count } from "@/lib/format";
import { runPath } from "@/lib/links";
import { useChange } from "@/lib/use-change";

interface Props {
  baselines: readonly Baseline[];
  mayEdit: boolean;
  compared: string | undefined;
  onCompare: (id: string) => void;
}

export const BaselineTable = ({ baselines, mayEdit, compared, onCompare }: Props) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Version</th>
          <th scope="col" className={table.number}>
            Rows
          </th>
          <th scope="col" className={table.wide}>
            From
          </th>
          <th scope="col" className={table.wide}>
            Made
          </th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {baselines.map((baseline) => (
          <tr key={baseline.id} data-selected={baseline.id === compared}>
            <th scope="row">
              Version {baseline.version}
              {baseline.active && <span className={table.sub}>active</span>}
            </th>
            <td className={table.number}>{count(baseline.rows)}</td>
            <td className={table.wide}>
              <Source baseline={baseline} />
            </td>
            <td className={table.wide}>
              <ShortAt at={baseline.created_at} />
            </td>
            <td>
              {!baseline.active && (
                <div className={form.buttons}>
                  <Button
                    aria-label={`Compare version ${baseline.version} with the active one`}
                    aria-pressed={baseline.id === compared}
                    onClick={() => onCompare(baseline.id === compared ? "" : baseline.id)}
                  >
                    Compare
                  </Button>
                  {mayEdit && <Activate baseline={baseline} />}
                </div>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const text = (value: unknown) => (typeof value === "string" ? value : null);

/** A run's artifact, windows of the monitor, or rows that were posted. */
function Source({ baseline: { source } }: { baseline: Baseline }) {
  const run = text(source.run_id);
  if (run)
    return (
      <>
        <Link to={runPath(run)}>run</Link>
        {text(source.artifact_path) && <span className={table.sub}>{text(source.artifact_path)}</span>}
      </>
    );
  return source.from_windows === undefined ? "posted rows" : "live windows";
}

function Activate({ baseline }: { baseline: Baseline }) {
  const activate = useChange(
    () => post<Baseline>(`/baseline/${encodeURIComponent(baseline.id)}/activate`),
    `Version ${baseline.version} is active`,
  );
  return (
    <Confirm label={`Activate version ${baseline.version}`} action="Activate it" change={activate}>
      <p>The open window closes under the old baseline; later ones are compared with this one.</p>
    </Confirm>
  );
}
