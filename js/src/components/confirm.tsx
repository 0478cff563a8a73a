import { type ReactNode, useId, useState } from "react";
import { Button } from "./controls";
import { Refusal } from "./form";
import styles from "./form.module.css";

interface Props {
  /** The button that asks, and the question's heading. */
  label: string;
  /** The button that does it. */
  action: string;
  change: { mutate: () => void; isPending: boolean; error: Error | null; reset: () => void };
  /** The reader has to write this name first. */
  name?: string;
  children: ReactNode;
}

/** A button whose deed is asked for twice: what will happen stands beside the second one. */
export function Confirm({ label, action, change, name, children }: Props) {
  const [asking, setAsking] = useState(false);
  const [written, setWritten] = useState("");
  const id = useId();
  if (!asking) return <Button onClick={() => setAsking(true)}>{label}</Button>;
  const close = () => {
    setAsking(false);
    setWritten("");
    change.reset();
  };
  return (
    <fieldset className={styles.confirm} aria-labelledby={id}>
      <strong id={id}>{label}</strong>
      {children}
      {name !== undefined && (
        <label className={styles.field}>
          Write {name} to confirm
          <input value={written} autoComplete="off" onChange={(event) => setWritten(event.target.value)} />
        </label>
      )}
      <Refusal error={change.error} />
      <div className={styles.buttons}>
        <Button
          className={styles.main}
          disabled={change.isPending || (name !== undefined && written !== name)}
          onClick={() => change.mutate()}
        >
          {action}
        </Button>
        <Button onClick={close}>Cancel</Button>
      </div>
    </fieldset>
  );
}
