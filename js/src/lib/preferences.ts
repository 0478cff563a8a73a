import { createContext, useContext, useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";
/** `utc`, `local` (the browser's), or an IANA name. */
export type Zone = string;
export type ZoneChoice = "monitor" | "utc" | "local";

const listeners = new Set<() => void>();

function preference<T extends string>(key: string, choices: readonly [T, ...T[]]) {
  // Storage can be refused (private windows, embedded pages): then the choice lasts as long as the page.
  let current: T = choices[0];
  try {
    const stored = window.localStorage.getItem(key);
    current = choices.find((choice) => choice === stored) ?? choices[0];
  } catch {}
  return {
    read: () => current,
    write: (choice: T) => {
      current = choice;
      try {
        window.localStorage.setItem(key, choice);
      } catch {}
      for (const listener of listeners) listener();
    },
  };
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

const theme = preference<Theme>("sentinel.theme", ["system", "light", "dark"]);
const zone = preference<ZoneChoice>("sentinel.zone", ["monitor", "utc", "local"]);

/** The stylesheet reads the choice from `<html data-theme>`. */
export const applyTheme = () => {
  document.documentElement.dataset.theme = theme.read();
};
listeners.add(applyTheme);

export const useTheme = () => [useSyncExternalStore(subscribe, theme.read), theme.write] as const;
export const useZoneChoice = () => [useSyncExternalStore(subscribe, zone.read), zone.write] as const;

/** The zone that the monitor on screen cuts its windows in; UTC on screens of many monitors. */
export const MonitorZone = createContext<Zone>("utc");

/** The zone that times are shown in. */
export function useZone(): readonly [Zone] {
  const [choice] = useZoneChoice();
  const own = useContext(MonitorZone);
  return [choice === "monitor" ? own : choice];
}

/** How a zone is called beside a chart. */
export const zoneName = (zone: Zone) =>
  zone === "utc" ? "UTC" : zone === "local" ? "local time" : zone.replaceAll("_", " ");
