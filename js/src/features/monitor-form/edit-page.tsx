import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { patch, remove } from "@/api/client";
import { monitorQuery } from "@/api/queries";
import type { MonitorDetail } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Button } from "@/components/controls";
import { Refusal } from "@/components/form";
import form from "@/components/form.module.css";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { fieldErrors } from "@/lib/field-errors";
import { monitorPath } from "@/lib/links";
import { useChange } from "@/lib/use-change";
import { useTitle } from "@/lib/use-title";
import { bodyOf, draftOf, triedOf } from "./draft";
import { MonitorFields } from "./monitor-fields";
import { WhatIf } from "./what-if";

const monitorAt = (name: string) => `/monitors/${encodeURIComponent(name)}`;

/** How is this monitor set, and what would other settings have said? */
export default function EditPage() {
  const { name = "" } = useParams();
  const query = useQuery(monitorQuery(name));
  useTitle(`Edit ${name}`);
  return (
    <>
      <nav aria-label="Breadcrumb">
        <Link to={monitorPath(name)}>{name}</Link> / Edit
      </nav>
      <h1>Edit {name}</h1>
      <Loaded query={query} what={`the monitor ${name}`}>
        {(monitor) =>
          monitor.permission === "read" ? (
            <Message title="You may see this monitor, not change it" />
          ) : (
            <>
              <Settings monitor={monitor} />
              {monitor.permission === "manage" && <Delete name={name} />}
            </>
          )
        }
      </Loaded>
    </>
  );
}

function Settings({ monitor }: { monitor: MonitorDetail }) {
  // What the form began with: a poll meanwhile must not undo what is being written.
  const [before] = useState(() => draftOf(monitor));
  const [draft, setDraft] = useState(before);
  const navigate = useNavigate();
  const body = bodyOf(draft, before, monitor.features);
  const save = useChange(
    () => patch<MonitorDetail>(monitorAt(monitor.name), body),
    `${monitor.name} is saved`,
    () => navigate(monitorPath(monitor.name)),
  );
  const untouched = Object.keys(body).length === 0;
  return (
    <Panel title="Settings">
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <MonitorFields
          draft={draft}
          set={(change) => setDraft((old) => ({ ...old, ...change }))}
          wrong={fieldErrors(save.error)}
        />
        {monitor.baseline && <WhatIf monitor={monitor.name} tried={triedOf(body)} />}
        <Refusal error={save.error} />
        <div className={form.buttons}>
          <Button type="submit" className={form.main} disabled={save.isPending || untouched}>
            Save
          </Button>
          <Link to={monitorPath(monitor.name)}>Cancel</Link>
        </div>
      </form>
    </Panel>
  );
}

function Delete({ name }: { name: string }) {
  const navigate = useNavigate();
  const change = useChange(
    () => remove(monitorAt(name)),
    `${name} is deleted`,
    () => navigate("/"),
  );
  return (
    <Panel title="Delete">
      <Confirm label="Delete the monitor" action="Delete it" change={change} name={name}>
        <p>Its baselines, windows, events and alerts are deleted with it. This cannot be undone.</p>
      </Confirm>
    </Panel>
  );
}
