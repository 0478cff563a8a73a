import { useCallback } from "react";
import { useSearchParams } from "react-router";

type Patch = Record<string, string | undefined>;

/**
 * Filters, sort and selection live in the address, so that a reload or a shared link shows the same.
 * `set` merges a patch (empty values leave the address); `replace` keeps typing out of the history.
 */
export function useUrlState() {
  const [params, setParams] = useSearchParams();
  const get = useCallback((name: string, fallback = "") => params.get(name) ?? fallback, [params]);
  const set = useCallback(
    (patch: Patch, { replace = false } = {}) =>
      setParams((old) => merge(old, patch), { replace, preventScrollReset: true }),
    [setParams],
  );
  return { get, set };
}

function merge(old: URLSearchParams, patch: Patch): URLSearchParams {
  const next = new URLSearchParams(old);
  for (const [name, value] of Object.entries(patch)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  return next;
}
