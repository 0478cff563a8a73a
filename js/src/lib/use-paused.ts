import { focusManager } from "@tanstack/react-query";
import { useCallback, useState } from "react";

/** Pauses polling by the switch that hidden tabs use: to the query library the page is then out of sight. */
export function usePaused() {
  const [paused, setPaused] = useState(false);
  const toggle = useCallback(() => {
    focusManager.setFocused(paused ? undefined : false);
    setPaused(!paused);
  }, [paused]);
  return { paused, toggle };
}
