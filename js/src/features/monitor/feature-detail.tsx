import type { Feature, MonitorDetail, WindowDetail } from "@/api/types";
import { Panel } from "@/components/panel";
import { StateBadge } from "@/components/state-badge";
import { reasonText } from "@/lib/reasons";
import { FeatureBars } from "./feature-bars";
import { FeatureSeries } from "./feature-series";
import styles from "./monitor.module.css";

interface Props {
  monitor: MonitorDetail;
  window: WindowDetail;
  feature: Feature;
}

/** What did the values of this feature do? */
export const FeatureDetail = ({ monitor, window, feature }: Props) => {
  const why = feature.text ?? reasonText(feature);
  return (
    <Panel
      title={feature.name}
      actions={<StateBadge state={feature.state} provisional={window.provisional} />}
    >
      <div className={styles.detail}>
        {why && <p>Why: {why}</p>}
        {feature.notes.length > 0 && (
          <ul className={styles.notes}>
            {feature.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        <FeatureBars monitor={monitor.name} window={window} feature={feature} />
        <FeatureSeries monitor={monitor} window={window.id} feature={feature.name} />
      </div>
    </Panel>
  );
};
