import { useState } from "react";
import { post } from "@/api/client";
import type { Alert, Severity, Silence } from "@/api/types";
import { Button } from "@/components/controls";
import { ChoiceField, Refusal, TextField } from "@/components/form";
import form from "@/components/form.module.css";
import { fieldErrors } from "@/lib/field-errors";
import { SEVERITIES } from "@/lib/states";
import { useChange } from "@/lib/use-change";
import { CONDITION_WORDS } from "./alert-words";

const HOUR = 3_600_000;

const LASTS = [
  ["1", "1 hour"],
  ["4", "4 hours"],
  ["24", "1 day"],
  ["168", "1 week"],
  ["", "until…"],
] as const;

/** Empty texts match everything. */
interface Scope {
  monitor?: string;
  pattern?: string;
  condition?: Alert["condition"] | "";
  severity?: Severity | "";
}

const CONDITIONS = [["", "any"] as const, ...Object.entries(CONDITION_WORDS)];
const LEVELS = [["", "any"] as const, ...SEVERITIES.map((level) => [level, `${level} or milder`] as const)];

const given = (body: Record<string, string | undefined>) =>
  Object.fromEntries(Object.entries(body).filter(([, text]) => text));

/** The end in RFC 3339; nothing while none is chosen. */
const endOf = (hours: string, until: string, now: number) => {
  if (hours) return new Date(now + Number(hours) * HOUR).toISOString();
  return until ? new Date(until).toISOString() : undefined;
};

/** Tell nobody for a while. Without a monitor in `scope` the reader names those by a pattern. */
export function SilenceForm({ scope, onClose }: { scope: Scope; onClose: () => void }) {
  const [draft, setDraft] = useState<Scope>(scope);
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState("4");
  const [until, setUntil] = useState("");
  const set = (patch: Scope) => setDraft((old) => ({ ...old, ...patch }));
  const make = useChange(
    () => post<Silence>("/silences", given({ ...draft, reason, ends_at: endOf(hours, until, Date.now()) })),
    "Silence begun",
    onClose,
  );
  const wrong = fieldErrors(make.error);
  return (
    <form
      className={form.confirm}
      aria-label="New silence"
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <p>
        {scope.monitor
          ? `Nobody is told of alerts of ${scope.monitor} until it ends. They stay in the feed.`
          : "Nobody is told of matching alerts until it ends. They stay in the feed."}
      </p>
      {scope.monitor === undefined && (
        <TextField
          label="Monitors"
          hint="Names, with * and ? as wildcards; all, if empty."
          value={draft.pattern ?? ""}
          error={wrong.pattern}
          onChange={(pattern) => set({ pattern })}
        />
      )}
      <div className={form.pair}>
        <ChoiceField
          label="Condition"
          value={draft.condition ?? ""}
          options={CONDITIONS}
          onChange={(text) => set({ condition: text as Scope["condition"] & string })}
        />
        <ChoiceField
          label="Severity"
          value={draft.severity ?? ""}
          options={LEVELS}
          onChange={(text) => set({ severity: text as Scope["severity"] & string })}
        />
        <ChoiceField label="Lasts" value={hours} options={LASTS} onChange={setHours} />
        {hours === "" && (
          <TextField
            label="Ends at"
            hint="In your browser's time zone."
            type="datetime-local"
            required
            value={until}
            error={wrong.ends_at}
            onChange={setUntil}
          />
        )}
      </div>
      <TextField label="Reason" required value={reason} error={wrong.reason} onChange={setReason} />
      <Refusal error={make.error} />
      <div className={form.buttons}>
        <Button type="submit" className={form.main} disabled={make.isPending}>
          Silence
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </form>
  );
}
