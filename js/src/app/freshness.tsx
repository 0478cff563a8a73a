import { Button } from "@/components/controls";
import { useUpdatedAt } from "@/lib/freshness";
import { ago } from "@/lib/time";
import { useNow } from "@/lib/use-now";
import { usePaused } from "@/lib/use-paused";
import styles from "./layout.module.css";

/** `updated 4 s ago`, of the oldest data on screen, and the switch that stops updates. */
export function Freshness() {
  const now = useNow(1000);
  const updatedAt = useUpdatedAt();
  const { paused, toggle } = usePaused();
  return (
    <>
      <span className={styles.fresh}>
        {updatedAt > 0 && (
          <>
            <span className={styles.long}>updated </span>
            {ago(updatedAt, now)}
          </>
        )}
      </span>
      <Button onClick={toggle}>
        {paused ? "Resume" : "Pause"} <span className="hidden-text">updates</span>
      </Button>
    </>
  );
}
