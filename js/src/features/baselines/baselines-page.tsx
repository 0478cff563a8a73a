import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { baselinesQuery } from "@/api/queries";
import type { Baseline } from "@/api/types";
import { Button } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { monitorPath } from "@/lib/links";
import { useMayEdit } from "@/lib/permission";
import { useTitle } from "@/lib/use-title";
import { useUrlState } from "@/lib/use-url-state";
import { BaselineTable } from "./baseline-table";
import { Difference } from "./difference";
import { NewNormal } from "./new-normal";

/** What is normal for this monitor, since when, and what was normal before? */
export default function BaselinesPage() {
  const { name = "" } = useParams();
  const query = useQuery(baselinesQuery(name));
  useTitle(`Baselines of ${name}`);
  return (
    <>
      <nav aria-label="Breadcrumb">
        <Link to={monitorPath(name)}>{name}</Link> / Baselines
      </nav>
      <h1>Baselines of {name}</h1>
      <Loaded query={query} what="the baselines">
        {(baselines) => <Content monitor={name} baselines={baselines} />}
      </Loaded>
    </>
  );
}

interface Props {
  monitor: string;
  baselines: readonly Baseline[];
}

function Content({ monitor, baselines }: Props) {
  const url = useUrlState();
  const mayEdit = useMayEdit(monitor);
  const [accepting, setAccepting] = useState(false);
  const active = baselines.find((one) => one.active);
  const compared = baselines.find((one) => one.id === url.get("compare"));
  return (
    <>
      <Panel
        flush
        title="Versions, newest first"
        actions={
          mayEdit &&
          active &&
          !accepting && <Button onClick={() => setAccepting(true)}>Accept a new normal</Button>
        }
      >
        {baselines.length === 0 ? (
          <Message title="No baseline yet">
            <p>Post training rows to /baseline?monitor={monitor}, or create it from a run.</p>
            <Link to="/runs">Find a run</Link>
          </Message>
        ) : (
          <BaselineTable
            baselines={baselines}
            mayEdit={mayEdit}
            compared={compared?.id}
            onCompare={(id) => url.set({ compare: id })}
          />
        )}
      </Panel>
      {accepting && <NewNormal monitor={monitor} onClose={() => setAccepting(false)} />}
      {active && compared && !compared.active && <Difference from={active} to={compared} />}
    </>
  );
}
