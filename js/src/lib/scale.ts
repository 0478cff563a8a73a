import type { Zone } from "./preferences";
import { clock, day, offset, seconds, shortTime } from "./time";

/** Where an axis has its ticks, and what they read. */
export interface Axis {
  domain: [number, number];
  ticks: number[];
  format: (at: number) => string;
}

/** Round ticks from 0 to at least `top`: steps of 1, 2, 2.5 or 5 times a power of ten, about `count` of them. */
export function niceTicks(top: number, count = 4): number[] {
  if (!(top > 0)) return [0, 1];
  const rough = top / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((size) => size * power >= rough * 0.999) ?? 10);
  const steps = Math.ceil(top / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 5, 15, 30]
  .map((minutes) => minutes * MINUTE)
  .concat([1, 3, 6, 12].map((hours) => hours * HOUR))
  .concat([1, 2, 7, 14, 28, 56, 112, 364].map((days) => days * DAY));

/** A time axis with ticks on full hours or days of the zone; dates stand at midnight, or once at the start. */
export function timeAxis(times: readonly number[], zone: Zone, count = 6): Axis {
  const [from, to] = extent(times, HOUR);
  const step =
    STEPS.find((size) => (to - from) / size <= count) ?? DAY * Math.ceil((to - from) / DAY / count);
  const shift = offset(from, zone);
  const first = Math.ceil((from + shift) / step) * step - shift;
  const ticks: number[] = [];
  for (let at = first; at <= to; at += step) ticks.push(at);
  const midnight = (at: number) => (at + offset(at, zone)) % DAY === 0;
  const dated = ticks.some(midnight) ? midnight : (at: number) => at === ticks[0];
  const format = (at: number) =>
    midnight(at) ? day(at, zone) : dated(at) ? shortTime(at, zone) : clock(at, zone);
  return { domain: [from, to], ticks, format };
}

/** An axis of windows of a row count, which may follow each other within seconds: equal steps, dated each. */
export function orderAxis(times: readonly number[], zone: Zone, count = 6): Axis {
  const last = times.length - 1;
  const every = Math.max(1, Math.ceil(times.length / count));
  const ticks = times.map((_, i) => i).filter((i) => i % every === 0);
  const brief = (times[last] ?? 0) - (times[0] ?? 0) < 10 * MINUTE;
  const label = (at: number) => (brief ? seconds(at, zone) : shortTime(at, zone));
  return { domain: extent([0, last], 1), ticks, format: (i) => label(times[i] ?? 0) };
}

/** An axis of training steps. */
export function stepAxis(steps: readonly number[], format: (step: number) => string, count = 6): Axis {
  const [from, to] = extent(steps, 1);
  const ticks = niceTicks(to, count).filter((step) => step >= from && step <= to && Number.isInteger(step));
  return { domain: [from, to], ticks, format };
}

/** Smallest and largest value; a lone one gets room on both sides. */
function extent(values: readonly number[], room: number): [number, number] {
  const from = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const to = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return from < to ? [from, to] : [from - room, to + room];
}
