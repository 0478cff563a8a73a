import { useEffect, useRef, useSyncExternalStore } from "react";
import type { MonitorState, Severity } from "@/api/types";
import { STATE_WORDS } from "./states";

let message = "";
const listeners = new Set<() => void>();

/** Says a text once, politely, through the page's one status line. */
export function announce(text: string) {
  message = text;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

export const useAnnouncement = () => useSyncExternalStore(subscribe, () => message);

interface Watched {
  name: string;
  state: MonitorState;
  severity: Severity | null;
}

const describe = ({ name, state, severity }: Watched) =>
  `${name}: ${STATE_WORDS[state]}${severity ? `, ${severity}` : ""}`;

/** What changed between two polls; monitors that are new do not count as changes. */
export function stateChanges(before: ReadonlyMap<string, string>, after: readonly Watched[]): string[] {
  return after
    .map((monitor) => ({ name: monitor.name, text: describe(monitor) }))
    .filter(({ name, text }) => before.has(name) && before.get(name) !== text)
    .map(({ text }) => text);
}

/** Announces monitors whose state or severity differs from the poll before; never a mere refresh. */
export function useAnnounceChanges(monitors: readonly Watched[] | undefined) {
  const known = useRef(new Map<string, string>());
  useEffect(() => {
    if (!monitors) return;
    const changes = stateChanges(known.current, monitors);
    known.current = new Map(monitors.map((monitor) => [monitor.name, describe(monitor)]));
    if (changes.length > 3) announce(`${changes.length} monitors changed their state`);
    else if (changes.length > 0) announce(changes.join("; "));
  }, [monitors]);
}
