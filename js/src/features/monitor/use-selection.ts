import { useUrlState } from "@/lib/use-url-state";

/** The window and feature on screen, as the address names them; empty means the default. */
export function useSelection() {
  const url = useUrlState();
  return {
    window: url.get("window") || undefined,
    feature: url.get("feature") || undefined,
    metric: url.get("metric") || undefined,
    select: (chosen: { feature: string; window?: string | undefined }) =>
      url.set({ feature: chosen.feature, ...(chosen.window && { window: chosen.window }) }),
    selectWindow: (id: string) => url.set({ window: id }),
    selectFeature: (name: string) => url.set({ feature: name }),
    selectMetric: (key: string) => url.set({ metric: key }, { replace: true }),
  };
}
