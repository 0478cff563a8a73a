import { NONE } from "@/lib/format";
import { useZone } from "@/lib/preferences";
import { ago, fullTime, shortTime, span, toMs } from "@/lib/time";
import { useNow } from "@/lib/use-now";

interface Props {
  at: string | null;
}

/** `4 min ago`, with the full time as tooltip and for machines. */
export function Ago({ at }: Props) {
  const now = useNow(10_000);
  const [zone] = useZone();
  if (at === null) return <>{NONE}</>;
  return (
    <time dateTime={at} title={fullTime(toMs(at), zone)}>
      {ago(toMs(at), now)}
    </time>
  );
}

/** The full time in the chosen zone. */
export function At({ at }: Props) {
  const [zone] = useZone();
  return at === null ? NONE : <time dateTime={at}>{fullTime(toMs(at), zone)}</time>;
}

/** A window's bounds, `24 Nov 13:00 – 14:00`. */
export function Span({ start, end }: { start: string; end: string }) {
  const [zone] = useZone();
  return (
    <time dateTime={start} title={`${fullTime(toMs(start), zone)} to ${fullTime(toMs(end), zone)}`}>
      {span(toMs(start), toMs(end), zone)}
    </time>
  );
}

/** `24 Nov 13:05`, for dense lists. */
export function ShortAt({ at }: Props) {
  const [zone] = useZone();
  if (at === null) return NONE;
  return (
    <time dateTime={at} title={fullTime(toMs(at), zone)}>
      {shortTime(toMs(at), zone)}
    </time>
  );
}
