import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post } from "@/api/client";
import { windowsQuery } from "@/api/queries";
import type { Baseline, WindowSummary } from "@/api/types";
import { Button } from "@/components/controls";
import { ChoiceField, Refusal } from "@/components/form";
import form from "@/components/form.module.css";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { count, plural } from "@/lib/format";
import { useZone } from "@/lib/preferences";
import { STATE_WORDS } from "@/lib/states";
import { span, toMs } from "@/lib/time";
import { useChange } from "@/lib/use-change";

interface Props {
  monitor: string;
  onClose: () => void;
}

/** What was found in some windows is normal from now on. */
export function NewNormal({ monitor, onClose }: Props) {
  const query = useQuery(windowsQuery(monitor));
  return (
    <Panel title="Accept a new normal">
      <Loaded query={query} what="the windows">
        {(page) => {
          const closed = page.items.filter(({ open, rows }) => !open && rows > 0);
          if (closed.length > 0) return <Form monitor={monitor} windows={closed} onClose={onClose} />;
          return <Message title="No window has closed yet" />;
        }}
      </Loaded>
    </Panel>
  );
}

/** Newest first, as the API lists them. */
function Form({ monitor, windows, onClose }: Props & { windows: readonly WindowSummary[] }) {
  const [zone] = useZone();
  const newest = windows[0]?.id ?? "";
  const [first, setFirst] = useState(newest);
  const [last, setLast] = useState(newest);
  const [activate, setActivate] = useState(true);
  const make = useChange(
    () =>
      post<Baseline>(`/baseline?monitor=${encodeURIComponent(monitor)}${activate ? "&activate=true" : ""}`, {
        from_windows: { first, last },
      }),
    "The new normal is a baseline",
    onClose,
  );
  const options = windows.map(
    ({ id, start, end, state, rows }) =>
      [id, `${span(toMs(start), toMs(end), zone)}, ${STATE_WORDS[state]}, ${count(rows)} rows`] as const,
  );
  const from = windows.findIndex(({ id }) => id === first);
  const to = windows.findIndex(({ id }) => id === last);
  const chosen = windows.slice(to, from + 1);
  const rows = chosen.reduce((sum, window) => sum + window.rows, 0);
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <div className={form.pair}>
        <ChoiceField label="First window" value={first} options={options} onChange={setFirst} />
        <ChoiceField label="Last window" value={last} options={options} onChange={setLast} />
      </div>
      <p>
        {chosen.length > 0
          ? `${plural(chosen.length, "window")} with ${count(rows)} rows.`
          : "The first window comes after the last."}
      </p>
      <label className={form.check}>
        <input type="checkbox" checked={activate} onChange={(event) => setActivate(event.target.checked)} />
        Compare with it at once
      </label>
      <Refusal error={make.error} />
      <div className={form.buttons}>
        <Button type="submit" className={form.main} disabled={make.isPending || chosen.length === 0}>
          Make it the baseline
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}
