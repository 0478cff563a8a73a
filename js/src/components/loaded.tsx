import type { ReactNode } from "react";
import { Link } from "react-router";
import { ApiError } from "@/api/client";
import { Button } from "./controls";
import { Message } from "./panel";
import styles from "./panel.module.css";
import { Ago } from "./time";

interface Query<T> {
  data: T | undefined;
  error: Error | null;
  isFetching: boolean;
  dataUpdatedAt: number;
  refetch: () => unknown;
}

interface Props<T> {
  query: Query<T>;
  /** What is loaded, for the messages: `the monitors`. */
  what: string;
  children: (data: T) => ReactNode;
}

/** The four lives of a query: loading, failed, there, and there but no longer refreshed. */
export function Loaded<T>({ query, what, children }: Props<T>) {
  const { data, error } = query;
  if (data === undefined)
    return error ? <Failed error={error} what={what} query={query} /> : <Loading what={what} />;
  if (!error) return children(data);
  return (
    <>
      <div className={styles.stale}>{children(data)}</div>
      <p className={styles.note}>
        Could not be refreshed: {error.message} This is what was read{" "}
        <Ago at={new Date(query.dataUpdatedAt).toISOString()} />.
      </p>
    </>
  );
}

export const Loading = ({ what }: { what: string }) => (
  <div className={styles.loading} aria-busy="true">
    <p className="hidden-text">Loading {what}…</p>
    <span />
    <span />
    <span />
  </div>
);

function Failed({
  error,
  what,
  query,
}: {
  error: Error;
  what: string;
  query: Pick<Query<unknown>, "refetch" | "isFetching">;
}) {
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <Message title={gone ? error.message : `Could not load ${what}`}>
      {!gone && <p>{error.message}</p>}
      {error instanceof ApiError && error.hint && <p>{error.hint}</p>}
      {gone && <Link to="/">Back to the overview</Link>}
      <Button onClick={() => query.refetch()} disabled={query.isFetching}>
        {query.isFetching ? "Trying…" : "Try again"}
      </Button>
    </Message>
  );
}
