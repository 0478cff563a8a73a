import type { MonitorDetail, WindowDetail } from "@/api/types";
import { Button } from "@/components/controls";
import { Message, Panel } from "@/components/panel";
import { SeverityBadge, StateBadge } from "@/components/state-badge";
import { Span } from "@/components/time";
import { count, plural, value } from "@/lib/format";
import styles from "./monitor.module.css";

interface Props {
  monitor: MonitorDetail;
  onSelect: (id: string) => void;
}

/** What the open window says so far. */
export const OpenWindow = ({ monitor, onSelect }: Props) => (
  <Panel title="Open window">
    {monitor.open_window ? (
      <Provisional window={monitor.open_window} size={monitor.window.rows} onSelect={onSelect} />
    ) : (
      <Message title="Holds no rows yet">
        <p>The next rows open a window; its provisional verdict appears here.</p>
      </Message>
    )}
  </Panel>
);

interface ProvisionalProps {
  window: WindowDetail;
  size: number | null | undefined;
  onSelect: (id: string) => void;
}

function Provisional({ window, size, onSelect }: ProvisionalProps) {
  return (
    <div className={styles.window}>
      <p className={styles.verdict}>
        <StateBadge state={window.state} provisional={window.provisional} />
      </p>
      {window.severity && <SeverityBadge severity={window.severity} />}
      <p>{window.summary ?? "No feature stands out so far."}</p>
      <dl className={styles.shares}>
        <div>
          <dt>Rows</dt>
          <dd>{size ? `${count(window.rows)} of ${count(size)}` : count(window.rows)}</dd>
        </div>
        <div>
          <dt>Score</dt>
          <dd>{value(window.score)}</dd>
        </div>
      </dl>
      <p className={styles.muted}>
        <Span start={window.start} end={window.end} />. May change until the window closes.
      </p>
      <div>
        <Button onClick={() => onSelect(window.id)}>
          Show its {plural(window.features.length, "feature")}
        </Button>
      </div>
    </div>
  );
}
