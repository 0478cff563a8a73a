import { apiUrl } from "@/api/client";
import { Panel } from "@/components/panel";
import { Snippet } from "@/components/snippet";
import styles from "./overview.module.css";

/** Two commands that make a monitor on this very server. */
export function firstSteps(): string {
  const baseline = apiUrl("/baseline", { monitor: "my-model" }).href;
  const predictions = apiUrl("/predictions", { monitor: "my-model" }).href;
  return `# 1. The rows the model was trained on become the baseline
curl -H 'Content-Type: text/csv' --data-binary @train.csv \\
  '${baseline}'

# 2. Send what the model sees, as often as you like
curl -H 'Content-Type: text/csv' --data-binary @live.csv \\
  '${predictions}'
`;
}

/** What the overview shows while nothing is watched: how to begin. */
export const FirstSteps = () => (
  <Panel title="Watch your first model">
    <div className={styles.steps}>
      <p>
        Run these two commands beside a CSV file of training rows and one of live rows. A monitor of that name
        appears here with the first, its first verdict with the second.
      </p>
      <Snippet label="Commands to paste" text={firstSteps()} />
      <p>
        Parquet, Arrow, NDJSON and MLflow's JSON shapes work as well, and so does an artifact of a run; see
        the <a href={apiUrl("/docs").href}>API's documentation</a>.
      </p>
    </div>
  </Panel>
);
