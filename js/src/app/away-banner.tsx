import { useQuery } from "@tanstack/react-query";
import { ApiError, isAway } from "@/api/client";
import { readyQuery } from "@/api/queries";
import { At } from "@/components/time";
import styles from "./layout.module.css";

/** Says that the server is away or Sentinel is off duty, why, and since when the screen is old. */
export function AwayBanner() {
  const { error, dataUpdatedAt } = useQuery(readyQuery());
  if (!error) return null;
  return (
    <div className={styles.banner}>
      <p>
        <strong>{isAway(error) ? "The server is away." : "Sentinel cannot answer now."}</strong>{" "}
        {error.message}
        {error instanceof ApiError && error.hint && ` ${error.hint}`}
      </p>
      <p>
        {dataUpdatedAt > 0 && (
          <>
            What you see was read before; the last answer came{" "}
            <At at={new Date(dataUpdatedAt).toISOString()} />.{" "}
          </>
        )}
        Trying again by itself every 15 seconds.
      </p>
    </div>
  );
}
