/** Stands for a number that does not exist; the reason is shown beside it. */
export const NONE = "–";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const threeDigits = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** A count in full: `12,480`. */
export const count = (value: number) => whole.format(value);

/** A count for a card: `12,480` in full, `1.25M` above a hundred thousand. */
export const shortCount = (value: number) => (value < 100_000 ? whole.format(value) : short.format(value));

/** A measured value with three significant digits; tiny ones as a power of ten. */
export function value(number: number | null | undefined): string {
  if (number === null || number === undefined) return NONE;
  const size = Math.abs(number);
  if (size !== 0 && size < 1e-3) return number.toExponential(1);
  return size >= 1000 ? whole.format(number) : threeDigits.format(number);
}

/** A p-value: `< 0.001`, else two significant digits. */
export function pValue(p: number | null | undefined): string {
  if (p === null || p === undefined) return NONE;
  if (p < 0.001) return "< 0.001";
  return p >= 0.1 ? p.toFixed(2) : String(Number(p.toPrecision(2)));
}

/** A share (0..1) in percent: `0 %`, `< 0.1 %`, `1.3 %`, `42 %`. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return NONE;
  if (share === 0) return "0 %";
  if (share < 0.001) return "< 0.1 %";
  const points = share * 100;
  return `${points < 10 ? points.toFixed(1) : Math.round(points)} %`;
}

/** A machine word (`all_missing`) as a person would say it (`all missing`). */
export const words = (name: string) => name.replaceAll("_", " ");

/** `1 window`, `2 windows`. */
export const plural = (number: number, noun: string) => `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
