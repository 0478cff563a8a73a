import { useQuery } from "@tanstack/react-query";
import { monitorsQuery, summaryQuery } from "@/api/queries";
import type { Monitor } from "@/api/types";
import { Button, SearchField } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { useAnnounceChanges } from "@/lib/announcer";
import { count, plural } from "@/lib/format";
import { parseOrder } from "@/lib/sort";
import { isQuiet } from "@/lib/states";
import { useTitle } from "@/lib/use-title";
import { useUrlState } from "@/lib/use-url-state";
import { FirstSteps } from "./first-steps";
import { KpiCards } from "./kpi-cards";
import { MonitorTable, orderMonitors } from "./monitor-table";
import styles from "./overview.module.css";

/** Up to so many quiet monitors are simply listed. */
const FOLD_ABOVE = 6;

/** Which models need me? */
export function OverviewPage() {
  const monitors = useQuery(monitorsQuery());
  useAnnounceChanges(monitors.data);
  useTitle("Overview");
  return (
    <>
      <h1>{monitors.data ? headline(monitors.data) : "Overview"}</h1>
      <Loaded query={monitors} what="the monitors">
        {(all) => (all.length === 0 ? <FirstSteps /> : <Content monitors={all} />)}
      </Loaded>
    </>
  );
}

/** The answer in one sentence. */
export function headline(monitors: readonly Monitor[]): string {
  const drifting = monitors.filter((monitor) => monitor.state === "drift").length;
  const loud = monitors.filter((monitor) => !isQuiet(monitor)).length;
  if (monitors.length === 0) return "Nothing is watched yet";
  if (drifting > 0)
    return `${count(drifting)} of ${plural(monitors.length, "model")} ${drifting === 1 ? "is" : "are"} drifting`;
  if (loud > 0) return `No drift; ${count(loud)} of ${plural(monitors.length, "model")} to look at`;
  return monitors.length === 1
    ? "The one model watched is quiet"
    : `All ${count(monitors.length)} models are quiet`;
}

function Content({ monitors }: { monitors: readonly Monitor[] }) {
  const summary = useQuery(summaryQuery());
  return (
    <div className={styles.steps}>
      <Loaded query={summary} what="the totals">
        {(totals) => <KpiCards summary={totals} monitors={monitors} />}
      </Loaded>
      <MonitorPanel monitors={monitors} />
    </div>
  );
}

const matches = (monitor: Monitor, search: string) =>
  `${monitor.name} ${monitor.model ?? ""}`.toLowerCase().includes(search.toLowerCase());

function MonitorPanel({ monitors }: { monitors: readonly Monitor[] }) {
  const url = useUrlState();
  const search = url.get("q");
  const order = parseOrder(url.get("sort"));
  const found = orderMonitors(monitors, order).filter((monitor) => matches(monitor, search));
  const quiet = found.filter(isQuiet);
  const folds = search === "" && order.key === "" && quiet.length > FOLD_ABOVE;
  const open = url.get("quiet") === "shown";
  const shown = folds && !open ? found.filter((monitor) => !isQuiet(monitor)) : found;
  return (
    <Panel
      flush
      title="Monitors"
      actions={
        <SearchField
          label="Find a monitor"
          value={search}
          onChange={(text) => url.set({ q: text }, { replace: true })}
        />
      }
    >
      {found.length === 0 && <Message title={`No monitor matches “${search}”`} />}
      {shown.length > 0 && (
        <div className={table.scroll}>
          <MonitorTable monitors={shown} order={order} onSort={(sort) => url.set({ sort })} />
        </div>
      )}
      {folds && (
        <div className={styles.fold}>
          {plural(quiet.length, "quiet monitor")}
          <Button aria-expanded={open} onClick={() => url.set({ quiet: open ? "" : "shown" })}>
            {open ? "Hide" : "Show"} <span className="hidden-text">quiet monitors</span>
          </Button>
        </div>
      )}
    </Panel>
  );
}
