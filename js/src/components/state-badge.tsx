import type { ReactNode } from "react";
import type { Severity } from "@/api/types";
import { NONE } from "@/lib/format";
import { STATE_WORDS, type State, severityLevel } from "@/lib/states";
import styles from "./state-badge.module.css";

type Tone = "drift" | "schema" | "caution" | "ok" | "quiet";

const triangle = <path d="M6 0.8 11.6 11H0.4z" fill="currentColor" />;
const diamond = <path d="M6 0.2 11.8 6 6 11.8 0.2 6z" fill="currentColor" />;
const square = (
  <rect x="1.5" y="1.5" width="9" height="9" fill="none" stroke="currentColor" strokeWidth="1.8" />
);
const ring = <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.8" />;
const half = (
  <>
    {ring}
    <path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" fill="currentColor" />
  </>
);
const check = <path d="M1.2 6.4 4.5 9.8 10.8 2.4" fill="none" stroke="currentColor" strokeWidth="2.1" />;
const dash = <path d="M2 6h8" stroke="currentColor" strokeWidth="2" />;

const LOOK: Record<State, { tone: Tone; mark: ReactNode }> = {
  drift: { tone: "drift", mark: triangle },
  schema_changed: { tone: "schema", mark: diamond },
  column_gone: { tone: "schema", mark: diamond },
  kind_changed: { tone: "schema", mark: diamond },
  no_data: { tone: "caution", mark: square },
  insufficient_data: { tone: "caution", mark: half },
  waiting: { tone: "quiet", mark: ring },
  ok: { tone: "ok", mark: check },
  ignored: { tone: "quiet", mark: dash },
};

interface Props {
  state: State;
  /** The verdict is of an open window and may change. */
  provisional?: boolean;
  /** Another word for the same look. */
  text?: string;
}

/** A state as word, shape and colour. */
export function StateBadge({ state, provisional = false, text = STATE_WORDS[state] }: Props) {
  const { tone, mark } = LOOK[state];
  return (
    <span className={`${styles.badge} ${styles[tone]}`}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {mark}
      </svg>
      {text}
      {provisional && <span className={styles.provisional}>provisional</span>}
    </span>
  );
}

const BARS = [1, 2, 3, 4];

/** How bad, as a word and one to four bars; never red, which says that there is drift at all. */
export function SeverityBadge({ severity }: { severity: Severity | null }) {
  if (severity === null) return <span className={styles.none}>{NONE}</span>;
  const level = severityLevel(severity);
  return (
    <span className={styles.severity}>
      <svg width="17" height="11" viewBox="0 0 17 11" aria-hidden="true">
        {BARS.map((bar) => (
          <rect
            key={bar}
            x={(bar - 1) * 4.4}
            y={11 - bar * 2.7}
            width="3.2"
            height={bar * 2.7}
            fill={bar <= level ? "currentColor" : "var(--line)"}
          />
        ))}
      </svg>
      {severity}
    </span>
  );
}
