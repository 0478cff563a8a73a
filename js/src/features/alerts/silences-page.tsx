import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { remove } from "@/api/client";
import { silencesQuery } from "@/api/queries";
import type { Silence } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Button, MoreButton, SelectField } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { ShortAt } from "@/components/time";
import { monitorPath } from "@/lib/links";
import { useAdmin, useMayEdit } from "@/lib/permission";
import { useChange } from "@/lib/use-change";
import { useTitle } from "@/lib/use-title";
import { useUrlState } from "@/lib/use-url-state";
import { CONDITION_WORDS } from "./alert-words";
import { AlertsNav } from "./alerts-nav";
import { SilenceForm } from "./silence-form";

const STATES = [
  ["", "any"],
  ["active", "active"],
  ["pending", "not yet begun"],
  ["ended", "ended"],
] as const;

/** Of what is nobody told, until when, and why? */
export default function SilencesPage() {
  const url = useUrlState();
  const admin = useAdmin();
  const [making, setMaking] = useState(false);
  const state = url.get("state");
  const query = useInfiniteQuery(silencesQuery({ state }));
  useTitle("Silences");
  return (
    <>
      <h1>Silences</h1>
      <AlertsNav />
      {making && <SilenceForm scope={{}} onClose={() => setMaking(false)} />}
      <Panel
        flush
        title="Silences, newest first"
        actions={
          <>
            <SelectField
              label="State"
              value={state}
              options={STATES}
              onChange={(text) => url.set({ state: text })}
            />
            {admin && !making && <Button onClick={() => setMaking(true)}>New silence</Button>}
          </>
        }
      >
        <Loaded query={query} what="the silences">
          {({ pages }) => {
            const silences = pages.flatMap((page) => page.items);
            if (silences.length > 0) return <Silences silences={silences} />;
            return state ? <Message title="No silence is in this state" /> : <Nothing />;
          }}
        </Loaded>
        <MoreButton query={query} />
      </Panel>
    </>
  );
}

const Nothing = () => (
  <Message title="No silence so far">
    <p>Open an alert to silence its monitor for a while.</p>
  </Message>
);

const Silences = ({ silences }: { silences: readonly Silence[] }) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Mutes</th>
          <th scope="col">State</th>
          <th scope="col">Ends</th>
          <th scope="col" className={table.wide}>
            Reason
          </th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {silences.map((silence) => (
          <Row key={silence.id} silence={silence} />
        ))}
      </tbody>
    </table>
  </div>
);

function Row({ silence }: { silence: Silence }) {
  return (
    <tr>
      <th scope="row">
        <Matched silence={silence} />
        <span className={`${table.sub} ${table.narrow}`}>{silence.reason}</span>
      </th>
      <td>{silence.state}</td>
      <td>
        <ShortAt at={silence.ended_at ?? silence.ends_at} />
      </td>
      <td className={table.wide}>
        {silence.reason}
        {silence.author && <span className={table.sub}>by {silence.author}</span>}
      </td>
      <td>{silence.state !== "ended" && <End silence={silence} />}</td>
    </tr>
  );
}

function Matched({ silence: { monitor, pattern, condition, severity } }: { silence: Silence }) {
  const limits = [condition && CONDITION_WORDS[condition], severity && `${severity} or milder`].filter(
    Boolean,
  );
  return (
    <>
      {monitor ? <Link to={monitorPath(monitor)}>{monitor}</Link> : (pattern ?? "all monitors")}
      {limits.length > 0 && <span className={table.sub}>{limits.join(", ")}</span>}
    </>
  );
}

function End({ silence }: { silence: Silence }) {
  const end = useChange(() => remove(`/silences/${encodeURIComponent(silence.id)}`), "Silence ended");
  if (!useMayEdit(silence.monitor)) return null;
  return (
    <Confirm label="End" action="End it now" change={end}>
      <p>What still fires is told of.</p>
    </Confirm>
  );
}
