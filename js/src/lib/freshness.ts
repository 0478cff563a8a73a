import { notifyManager, type QueryCache, useQueryClient } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";

/** When the oldest data on screen was read, in ms; 0 while there is none. Fixed facts (the version) do not count. */
export function oldestUpdate(cache: QueryCache): number {
  const times = cache
    .getAll()
    .filter((query) => query.isActive() && query.state.dataUpdatedAt > 0 && query.queryKey[0] !== "health")
    .map((query) => query.state.dataUpdatedAt);
  return times.length > 0 ? Math.min(...times) : 0;
}

export function useUpdatedAt(): number {
  const cache = useQueryClient().getQueryCache();
  const subscribe = useCallback(
    (changed: () => void) => cache.subscribe(notifyManager.batchCalls(changed)),
    [cache],
  );
  return useSyncExternalStore(subscribe, () => oldestUpdate(cache));
}
