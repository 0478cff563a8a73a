import { useEffect } from "react";

/** Names the browser's tab after the screen. */
export function useTitle(text: string) {
  useEffect(() => {
    document.title = `${text} · Sentinel`;
  }, [text]);
}
