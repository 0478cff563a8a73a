import { Link } from "react-router";
import { post } from "@/api/client";
import type { MonitorDetail } from "@/api/types";
import { Button } from "@/components/controls";
import { Refusal } from "@/components/form";
import form from "@/components/form.module.css";
import { baselinesPath, editPath } from "@/lib/links";
import { useChange } from "@/lib/use-change";

/** Where a monitor is changed; only what the reader may do. */
export function MonitorActions({ monitor }: { monitor: MonitorDetail }) {
  const mayEdit = monitor.permission === "edit" || monitor.permission === "manage";
  return (
    <nav className={form.buttons} aria-label="Monitor">
      <Link to={baselinesPath(monitor.name)}>Baselines</Link>
      {mayEdit && <Link to={editPath(monitor.name)}>Edit</Link>}
      {mayEdit && <Pause monitor={monitor} />}
    </nav>
  );
}

function Pause({ monitor: { name, paused } }: { monitor: MonitorDetail }) {
  const change = useChange(
    () => post<MonitorDetail>(`/monitors/${encodeURIComponent(name)}/${paused ? "resume" : "pause"}`),
    paused ? `${name} goes on` : `${name} is paused`,
  );
  return (
    <>
      <Button disabled={change.isPending} onClick={() => change.mutate()}>
        {paused ? "Resume" : "Pause"}
      </Button>
      <Refusal error={change.error} />
    </>
  );
}
