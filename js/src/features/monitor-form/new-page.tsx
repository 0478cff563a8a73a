import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { post } from "@/api/client";
import { runQuery } from "@/api/queries";
import type { Baseline, MonitorDetail, RunDetail } from "@/api/types";
import { Button } from "@/components/controls";
import { ChoiceField, Refusal, TextField } from "@/components/form";
import form from "@/components/form.module.css";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { fieldErrors } from "@/lib/field-errors";
import { monitorPath } from "@/lib/links";
import { useChange } from "@/lib/use-change";
import { useTitle } from "@/lib/use-title";
import { useUrlState } from "@/lib/use-url-state";
import { BLANK, bodyOf } from "./draft";
import { MonitorFields } from "./monitor-fields";

/** What is watched from now on, and how? */
export default function NewPage() {
  const run = useUrlState().get("run");
  useTitle("New monitor");
  return (
    <>
      <h1>New monitor</h1>
      {run ? <FromRun id={run} /> : <NewMonitor />}
    </>
  );
}

function FromRun({ id }: { id: string }) {
  const query = useQuery(runQuery(id));
  return (
    <Loaded query={query} what="the run">
      {(run) =>
        files(run).length > 0 ? (
          <NewMonitor run={run} />
        ) : (
          <Message title="This run logged no artifact to make a baseline of">
            <p>Log the training rows as CSV, JSON or Parquet, or a baseline made by log_baseline.</p>
          </Message>
        )
      }
    </Loaded>
  );
}

/** Artifacts that may hold rows come first: the person chooses, the server reads. */
const files = ({ artifacts }: RunDetail) =>
  artifacts
    .filter(({ is_dir }) => !is_dir)
    .map(({ path }) => path)
    .sort((a, b) => Number(!ROWS.test(a)) - Number(!ROWS.test(b)) || a.localeCompare(b));

const ROWS = /\.(csv|parquet|json|ndjson|jsonl|arrow|feather)(\.gz)?$|baseline/i;

const COLUMNS = { prediction: "", target: "", timestamp: "", id: "" };

/** With a `run` its artifact becomes the baseline; without, the monitor waits for one. */
function NewMonitor({ run }: { run?: RunDetail }) {
  const [draft, setDraft] = useState(run ? { ...BLANK, experiment_id: run.experiment_id } : BLANK);
  const [path, setPath] = useState(run ? (files(run)[0] ?? "") : "");
  const [columns, setColumns] = useState(COLUMNS);
  const [made, setMade] = useState(false);
  const navigate = useNavigate();
  const name = draft.name.trim();

  const create = async () => {
    // The baseline may be refused after the monitor is there: a second try makes only what is missing.
    if (!made) await post<MonitorDetail>("/monitors", { ...bodyOf(draft, BLANK), name });
    setMade(true);
    if (!run) return;
    const given = Object.fromEntries(Object.entries(columns).filter(([, column]) => column.trim()));
    const source = { run_id: run.run_id, artifact_path: path, ...given };
    await post<Baseline>(`/baseline?monitor=${encodeURIComponent(name)}`, source);
  };
  const change = useChange(create, `${name} is watched`, () => navigate(monitorPath(name)));
  const wrong = fieldErrors(change.error);
  return (
    <Panel title={run ? `From the run ${run.name ?? run.run_id}` : "Settings"}>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <div className={form.pair}>
          <TextField
            label="Name"
            required
            disabled={made}
            value={draft.name}
            error={wrong.name}
            onChange={(text) => setDraft((old) => ({ ...old, name: text }))}
          />
          <TextField
            label="Experiment"
            hint="Its id: decides who may see the monitor. Empty: 0."
            disabled={made}
            value={draft.experiment_id}
            error={wrong.experiment_id}
            onChange={(text) => setDraft((old) => ({ ...old, experiment_id: text }))}
          />
        </div>
        {run && (
          <>
            <ChoiceField
              label="Baseline: artifact with the training rows"
              value={path}
              options={files(run).map((file) => [file, file] as const)}
              error={wrong.artifact_path}
              onChange={setPath}
            />
            <div className={form.pair}>
              {(Object.keys(COLUMNS) as (keyof typeof COLUMNS)[]).map((role) => (
                <TextField
                  key={role}
                  label={`Column: ${role}`}
                  value={columns[role]}
                  error={wrong[role]}
                  onChange={(text) => setColumns((old) => ({ ...old, [role]: text }))}
                />
              ))}
            </div>
          </>
        )}
        {!made && (
          <MonitorFields
            draft={draft}
            set={(patch) => setDraft((old) => ({ ...old, ...patch }))}
            wrong={wrong}
          />
        )}
        {made && change.error && <p>The monitor {name} is there; its baseline could not be made.</p>}
        <Refusal error={change.error} />
        <div className={form.buttons}>
          <Button type="submit" className={form.main} disabled={change.isPending}>
            {made ? "Make the baseline" : "Create"}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
