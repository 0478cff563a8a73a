import { apiUrl } from "@/api/client";
import type { MonitorDetail } from "@/api/types";
import { Panel } from "@/components/panel";
import { Snippet } from "@/components/snippet";
import styles from "./monitor.module.css";

/** What a monitor shows before its first window: the step that is still missing. */
export function SendRows({ monitor }: { monitor: MonitorDetail }) {
  const path = monitor.baseline === null ? "/baseline" : "/predictions";
  const file = monitor.baseline === null ? "train.csv" : "live.csv";
  const command = `curl -H 'Content-Type: text/csv' --data-binary @${file} \\\n  '${apiUrl(path, { monitor: monitor.name }).href}'\n`;
  return (
    <Panel title={monitor.baseline === null ? "No baseline yet" : "No rows yet"}>
      <div className={styles.window}>
        <p>
          {monitor.baseline === null
            ? "Nothing can be compared before there is a baseline. Post the rows the model was trained on:"
            : "The baseline is in place. Post what the model sees; the first verdict appears here at once:"}
        </p>
        <Snippet label="Command to paste" text={command} />
      </div>
    </Panel>
  );
}
