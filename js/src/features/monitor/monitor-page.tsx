import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useParams } from "react-router";
import { monitorQuery } from "@/api/queries";
import type { MonitorDetail, WindowDetail } from "@/api/types";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { useAnnounceChanges } from "@/lib/announcer";
import { MonitorZone } from "@/lib/preferences";
import { toMs } from "@/lib/time";
import { useTitle } from "@/lib/use-title";
import { EventList } from "./event-list";
import { FeatureDetail } from "./feature-detail";
import { FeatureTable, worstFeature } from "./feature-table";
import { HeatMap } from "./heat-map";
import styles from "./monitor.module.css";
import { MonitorHeader } from "./monitor-header";
import { OpenWindow } from "./open-window";
import { SendRows } from "./send-rows";
import { Timeline } from "./timeline";
import { useSelection } from "./use-selection";
import { useWindow } from "./use-window";

/** Which feature moved, and what did its values do? */
export default function MonitorPage() {
  const { name = "" } = useParams();
  const query = useQuery(monitorQuery(name));
  useTitle(name);
  useAnnounceChanges(useMemo(() => (query.data ? [query.data] : undefined), [query.data]));
  return (
    <Loaded query={query} what={`the monitor ${name}`}>
      {(monitor) => (
        <MonitorZone value={monitor.timezone === "UTC" ? "utc" : monitor.timezone}>
          <Content monitor={monitor} />
        </MonitorZone>
      )}
    </Loaded>
  );
}

function Content({ monitor }: { monitor: MonitorDetail }) {
  const { window: id, feature, select, selectWindow } = useSelection();
  const { window, query } = useWindow(monitor, id);
  return (
    <div className={styles.detail}>
      <MonitorHeader monitor={monitor} />
      {monitor.last_window === null && monitor.open_window === null ? (
        <SendRows monitor={monitor} />
      ) : (
        <>
          <div className={styles.top}>
            <Timeline
              monitor={monitor}
              newest={newestData(monitor)}
              selected={window?.id ?? id}
              onSelect={selectWindow}
            />
            <OpenWindow monitor={monitor} onSelect={selectWindow} />
          </div>
          <HeatMap
            monitor={monitor}
            newest={newestData(monitor)}
            feature={feature}
            window={window?.id}
            onSelect={select}
          />
          {window && <Features monitor={monitor} window={window} />}
          {!window && query && (
            <Panel title="Features" flush>
              <Loaded query={query} what="the window">
                {() => null}
              </Loaded>
            </Panel>
          )}
        </>
      )}
      <EventList monitor={monitor.name} selected={window?.id} onSelect={selectWindow} />
    </div>
  );
}

/** The end of the newest judged window, ms: ranges count back from it, so that old event times are seen too. */
const newestData = (monitor: MonitorDetail) =>
  toMs(monitor.last_window?.end ?? monitor.open_window?.start ?? monitor.updated_at);

function Features({ monitor, window }: { monitor: MonitorDetail; window: WindowDetail }) {
  const { feature: chosen, selectFeature } = useSelection();
  if (window.features.length === 0)
    return (
      <Panel title="Features">
        <Message title="This window has no feature results">
          <p>{window.summary ?? "No rows were compared with the baseline."}</p>
        </Message>
      </Panel>
    );
  const feature = window.features.find(({ name }) => name === chosen) ?? worstFeature(window.features);
  return (
    <div className={styles.split}>
      <FeatureTable window={window} selected={feature?.name} onSelect={selectFeature} />
      <div className={styles.stick}>
        {chosen !== undefined && feature?.name !== chosen ? (
          <Panel title={chosen}>
            <Message title="This window has no such feature" />
          </Panel>
        ) : (
          feature && <FeatureDetail monitor={monitor} window={window} feature={feature} />
        )}
      </div>
    </div>
  );
}
