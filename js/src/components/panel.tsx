import { type ReactNode, useId } from "react";
import styles from "./panel.module.css";

interface Props {
  title: ReactNode;
  actions?: ReactNode;
  /** Tables reach the panel's edges. */
  flush?: boolean;
  children: ReactNode;
}

/** A titled part of a screen. */
export function Panel({ title, actions, flush = false, children }: Props) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={id}>
      <header className={styles.head}>
        <h2 id={id}>{title}</h2>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}

/** Says what is not there, and why or what to do. */
export const Message = ({ title, children }: { title: string; children?: ReactNode }) => (
  <div className={styles.message}>
    <strong>{title}</strong>
    {children}
  </div>
);
