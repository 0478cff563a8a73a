import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { post, remove } from "@/api/client";
import { keysQuery } from "@/api/queries";
import type { ApiKey, NewApiKey } from "@/api/types";
import { Confirm } from "@/components/confirm";
import { Button } from "@/components/controls";
import { ChoiceField, Refusal, TextField } from "@/components/form";
import form from "@/components/form.module.css";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { Snippet } from "@/components/snippet";
import table from "@/components/table.module.css";
import { Ago, ShortAt } from "@/components/time";
import { fieldErrors } from "@/lib/field-errors";
import { useChange } from "@/lib/use-change";

export function Keys() {
  const query = useQuery(keysQuery());
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewApiKey | null>(null);
  const keep = (key: NewApiKey) => {
    setMade(key);
    setMaking(false);
  };
  return (
    <Panel
      flush
      title="API keys"
      actions={!making && <Button onClick={() => setMaking(true)}>New key</Button>}
    >
      {making && <KeyForm onMade={keep} onClose={() => setMaking(false)} />}
      {made && <Shown made={made} onClose={() => setMade(null)} />}
      <Loaded query={query} what="the API keys">
        {(keys) => (keys.length > 0 ? <Table keys={keys} /> : <Message title="No API key so far" />)}
      </Loaded>
    </Panel>
  );
}

const Shown = ({ made, onClose }: { made: NewApiKey; onClose: () => void }) => (
  <section className={form.confirm} aria-label="The new key">
    <p>Copy the key of {made.name} now: it cannot be shown again.</p>
    <Snippet label="Key" text={made.key} />
    <div className={form.buttons}>
      <Button onClick={onClose}>I have it</Button>
    </div>
  </section>
);

const SCOPES = [
  ["ingest", "ingest: sends rows and baselines"],
  ["read", "read: looks"],
  ["admin", "admin: all that you may do"],
] as const;

function KeyForm({ onMade, onClose }: { onMade: (key: NewApiKey) => void; onClose: () => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState("ingest");
  const [life, setLife] = useState("90d");
  const body = { name, scope, ...(life.trim() && { expires_in: life.trim() }) };
  const make = useChange(() => post<NewApiKey>("/keys", body), "Key made", onMade);
  const wrong = fieldErrors(make.error);
  return (
    <form
      className={form.confirm}
      aria-label="New key"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <div className={form.pair}>
        <TextField
          label="Name"
          hint="What it is for."
          required
          value={name}
          error={wrong.name}
          onChange={setName}
        />
        <ChoiceField label="Scope" value={scope} error={wrong.scope} options={SCOPES} onChange={setScope} />
        <TextField
          label="Expires in"
          hint="Like 90d; empty: never."
          value={life}
          error={wrong.expires_in}
          onChange={setLife}
        />
      </div>
      <Refusal error={make.error} />
      <div className={form.buttons}>
        <Button type="submit" className={form.main} disabled={make.isPending}>
          Make the key
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}

const Table = ({ keys }: { keys: readonly ApiKey[] }) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Scope</th>
          <th scope="col">State</th>
          <th scope="col" className={table.wide}>
            Last used
          </th>
          <th scope="col">
            <span className="hidden-text">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <th scope="row">
              {key.name}
              {key.owner && <span className={table.sub}>{key.owner}</span>}
            </th>
            <td>
              {key.scope}
              {key.monitors && <span className={table.sub}>only {key.monitors.join(", ")}</span>}
            </td>
            <td>
              {key.status}
              {key.expires_at && key.status === "active" && (
                <span className={table.sub}>
                  until <ShortAt at={key.expires_at} />
                </span>
              )}
            </td>
            <td className={table.wide}>
              <Ago at={key.last_used_at} />
            </td>
            <td>{key.status === "active" && <Revoke apiKey={key} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

function Revoke({ apiKey }: { apiKey: ApiKey }) {
  const revoke = useChange(
    () => remove(`/keys/${encodeURIComponent(apiKey.id)}`),
    `Key ${apiKey.name} is revoked`,
  );
  return (
    <Confirm label={`Revoke ${apiKey.name}`} action="Revoke it" change={revoke}>
      <p>Whoever uses it is refused from now on.</p>
    </Confirm>
  );
}
