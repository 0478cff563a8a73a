import { useState } from "react";
import { post } from "@/api/client";
import type { AlertDetail } from "@/api/types";
import { Button } from "@/components/controls";
import { Refusal, TextField } from "@/components/form";
import form from "@/components/form.module.css";
import { useMayEdit } from "@/lib/permission";
import { useChange } from "@/lib/use-change";
import { SilenceForm } from "./silence-form";

/** Acknowledge, resolve, comment, silence: for those who may edit the monitor. */
export function AlertActions({ alert }: { alert: AlertDetail }) {
  const mayEdit = useMayEdit(alert.monitor);
  const [silencing, setSilencing] = useState(false);
  if (!mayEdit || alert.status === "resolved") return null;
  return (
    <section className={form.form} aria-label="Act">
      <Acts alert={alert} onSilence={() => setSilencing(true)} silencing={silencing} />
      {silencing && (
        <SilenceForm
          scope={{ monitor: alert.monitor, condition: alert.condition }}
          onClose={() => setSilencing(false)}
        />
      )}
    </section>
  );
}

const SAID = { acknowledge: "Alert acknowledged", resolve: "Alert resolved", comment: "Comment added" };
type Act = keyof typeof SAID;

interface ActsProps {
  alert: AlertDetail;
  silencing: boolean;
  onSilence: () => void;
}

function Acts({ alert, silencing, onSilence }: ActsProps) {
  const [text, setText] = useState("");
  const clear = () => setText("");
  const at = (act: Act) => `/alerts/${encodeURIComponent(alert.id)}/${act}`;
  const withComment = text.trim() ? { comment: text.trim() } : {};
  const acknowledge = useChange(() => post(at("acknowledge"), withComment), SAID.acknowledge, clear);
  const resolve = useChange(() => post(at("resolve"), withComment), SAID.resolve, clear);
  const comment = useChange(() => post(at("comment"), { text: text.trim() }), SAID.comment, clear);
  const all = [acknowledge, resolve, comment];
  const busy = all.some((change) => change.isPending);
  const start = (change: (typeof all)[number]) => {
    for (const other of all) other.reset();
    change.mutate();
  };
  return (
    <>
      <TextField label="Comment" hint="Kept in the log." lines={2} value={text} onChange={setText} />
      <div className={form.buttons}>
        {alert.status === "firing" && (
          <Button className={form.main} disabled={busy} onClick={() => start(acknowledge)}>
            Acknowledge
          </Button>
        )}
        <Button disabled={busy} onClick={() => start(resolve)}>
          Resolve
        </Button>
        <Button disabled={busy || !text.trim()} onClick={() => start(comment)}>
          Add the comment
        </Button>
        <Button aria-expanded={silencing} disabled={silencing} onClick={onSilence}>
          Silence…
        </Button>
      </div>
      <Refusal error={all.find((change) => change.error)?.error ?? null} />
    </>
  );
}
