import { useQuery } from "@tanstack/react-query";
import { eventsQuery } from "@/api/queries";
import type { DriftEvent } from "@/api/types";
import { Button } from "@/components/controls";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import { SeverityBadge, StateBadge } from "@/components/state-badge";
import { Span } from "@/components/time";
import { plural } from "@/lib/format";
import styles from "./monitor.module.css";

interface Props {
  monitor: string;
  selected: string | undefined;
  onSelect: (window: string) => void;
}

/** One event per window that drifted, newest first. */
export function EventList({ monitor, selected, onSelect }: Props) {
  const query = useQuery(eventsQuery(monitor));
  return (
    <Panel title="Events" flush>
      <Loaded query={query} what="the events">
        {({ items, next }) => (
          <>
            {items.length === 0 && (
              <Message title="No drift so far">
                <p>A window that differs from the baseline adds an event here.</p>
              </Message>
            )}
            <ul>
              {items.map((event) => (
                <Event
                  key={event.id}
                  event={event}
                  selected={event.window_id === selected}
                  onSelect={onSelect}
                />
              ))}
            </ul>
            {next && <Message title={`The newest ${plural(items.length, "event")} are listed`} />}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

interface EventProps {
  event: DriftEvent;
  selected: boolean;
  onSelect: (window: string) => void;
}

const Event = ({ event, selected, onSelect }: EventProps) => (
  <li className={styles.event} data-selected={selected}>
    <Button aria-pressed={selected} onClick={() => onSelect(event.window_id)}>
      <Span start={event.window_start} end={event.window_end} />
    </Button>
    <StateBadge state={event.state} />
    <SeverityBadge severity={event.severity} />
    <span className={event.withdrawn ? styles.muted : undefined}>
      {event.withdrawn && "Withdrawn, late rows changed the verdict. Was: "}
      {event.summary}
    </span>
  </li>
);
