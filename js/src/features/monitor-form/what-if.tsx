import { useMutation } from "@tanstack/react-query";
import { Link } from "react-router";
import { post } from "@/api/client";
import type { Preview, PreviewWindow } from "@/api/types";
import { Button } from "@/components/controls";
import { Refusal } from "@/components/form";
import form from "@/components/form.module.css";
import { Message } from "@/components/panel";
import { StateBadge } from "@/components/state-badge";
import table from "@/components/table.module.css";
import { Span } from "@/components/time";
import { plural } from "@/lib/format";
import { monitorPath } from "@/lib/links";
import { STATE_WORDS } from "@/lib/states";
import type { Body } from "./draft";

interface Props {
  monitor: string;
  tried: Body;
}

/** What the settings in the form would have said of the last windows, before they are saved. */
export function WhatIf({ monitor, tried }: Props) {
  const preview = useMutation({
    mutationFn: () => post<Preview>(`/monitors/${encodeURIComponent(monitor)}/preview`, tried),
  });
  const { data } = preview;
  return (
    <section aria-label="What if" className={form.form}>
      <div className={form.buttons}>
        <Button disabled={preview.isPending} onClick={() => preview.mutate()}>
          {preview.isPending ? "Trying…" : "Try on the last windows"}
        </Button>
        <span role="status">{data && sentence(data)}</span>
      </div>
      <Refusal error={preview.error} />
      {data && <Told data={data} monitor={monitor} />}
    </section>
  );
}

function sentence({ alerts, windows, drifted, approximate, skipped }: Preview): string {
  const coarse = approximate > 0 ? ` ${approximate} of them from coarse counts.` : "";
  const gone = skipped > 0 ? ` The counts of ${plural(skipped, "window")} are no longer kept.` : "";
  if (windows === 0) return `There is no window to try them on.${gone}`;
  return `Would have opened ${plural(alerts, "alert")} in the last ${plural(windows, "window")}; ${drifted} drifted.${coarse}${gone}`;
}

const isTold = ({ alert, state, was_state }: PreviewWindow) =>
  alert || state === "drift" || state !== was_state;

/** The windows that drift under these settings, and those that are judged otherwise; newest first. */
function Told({ data, monitor }: { data: Preview; monitor: string }) {
  const told = data.items.filter(isTold).reverse();
  if (told.length === 0)
    return data.windows > 0 ? <Message title="Every window would be judged as it was" /> : null;
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Window</th>
            <th scope="col">Would be</th>
            <th scope="col">Was</th>
            <th scope="col" className={table.wide}>
              Alert
            </th>
          </tr>
        </thead>
        <tbody>
          {told.map((window) => (
            <tr key={window.window_id}>
              <th scope="row">
                <Link to={monitorPath(monitor, { window: window.window_id })}>
                  <Span start={window.start} end={window.end} />
                </Link>
              </th>
              <td>
                <StateBadge state={window.state} />
                {window.features.length > 0 && (
                  <span className={table.sub}>{window.features.slice(0, 3).join(", ")}</span>
                )}
              </td>
              <td>{STATE_WORDS[window.was_state]}</td>
              <td className={table.wide}>{window.alert ? "opens" : ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
