import type { Zone } from "./preferences";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type Shape = Intl.DateTimeFormatOptions;

const DATE: Shape = { day: "numeric", month: "short" };
const CLOCK: Shape = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const SECONDS: Shape = { ...CLOCK, second: "2-digit" };
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(at: number, zone: Zone, shape: Shape): string {
  const key = `${zone} ${JSON.stringify(shape)}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    const timeZone = zone === "utc" ? "UTC" : zone === "local" ? undefined : zone;
    formatter = new Intl.DateTimeFormat("en-GB", { ...shape, ...(timeZone && { timeZone }) });
    formatters.set(key, formatter);
  }
  return formatter.format(at);
}

/** How far a zone's clock is ahead of UTC at a time, in ms. */
export function offset(at: number, zone: Zone): number {
  if (zone === "utc") return 0;
  if (zone === "local") return -new Date(at).getTimezoneOffset() * MINUTE;
  const shown = format(at, zone, { timeZoneName: "longOffset", year: "numeric" });
  const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(shown) ?? [];
  if (sign === undefined) return 0;
  return (sign === "-" ? -1 : 1) * (Number(hours) * HOUR + Number(minutes) * MINUTE);
}

/** Milliseconds since the epoch of an RFC 3339 text. */
export const toMs = (text: string) => Date.parse(text);

/** `24 Nov 2026, 13:05 UTC` */
export const fullTime = (at: number, zone: Zone) =>
  format(at, zone, { ...DATE, year: "numeric", ...CLOCK, timeZoneName: "short" });

/** `24 Nov 13:05`: for chart axes and lists, where the zone is said once. */
export const shortTime = (at: number, zone: Zone) => `${format(at, zone, DATE)} ${format(at, zone, CLOCK)}`;

/** `13:05` */
export const clock = (at: number, zone: Zone) => format(at, zone, CLOCK);

/** `13:05:09` */
export const seconds = (at: number, zone: Zone) => format(at, zone, SECONDS);

/** `24 Nov` */
export const day = (at: number, zone: Zone) => format(at, zone, DATE);

/** `24 Nov 13:00 – 14:00`; the second date only where it differs, seconds only where minutes do not tell. */
export function span(start: number, end: number, zone: Zone): string {
  if (end - start < MINUTE) return `${day(start, zone)} ${seconds(start, zone)} – ${seconds(end, zone)}`;
  const sameDay =
    format(start, zone, { ...DATE, year: "numeric" }) === format(end, zone, { ...DATE, year: "numeric" });
  return `${shortTime(start, zone)} – ${sameDay ? format(end, zone, CLOCK) : shortTime(end, zone)}`;
}

/** `45 s`, `4 min`, `3 h`, `2 d`: one unit, rounded down. */
export function duration(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** `4 min ago`; a clock that runs ahead of ours reads `just now`. */
export const ago = (at: number, now: number) => (now - at < 1000 ? "just now" : `${duration(now - at)} ago`);
