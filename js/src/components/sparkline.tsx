import type { SparkPoint } from "@/api/types";
import { plural, value } from "@/lib/format";
import styles from "./sparkline.module.css";

const STEP = 5;
const HEIGHT = 26;
const SLOTS = 30;
const TOP = 7;

const flagged = (point: SparkPoint) => point.state === "drift" || point.state === "schema_changed";

/** What the picture says, for those who do not see it. */
export function sparkText(points: readonly SparkPoint[]): string {
  if (points.length === 0) return "no closed window yet";
  const drifted = points.filter(flagged).length;
  const last = points.at(-1)?.score;
  const score = last === null || last === undefined ? "" : `, last score ${value(last)}`;
  return `${plural(points.length, "window")}, ${drifted} flagged${score}`;
}

/** Up to 30 windows, newest at the right: height is the score, flagged ones carry a mark above. */
export const Sparkline = ({ points }: { points: readonly SparkPoint[] }) => {
  const shown = points.slice(-SLOTS);
  if (shown.length === 0) return <span className={styles.none}>{sparkText(shown)}</span>;
  return (
    <svg
      className={styles.spark}
      role="img"
      aria-label={sparkText(shown)}
      width={SLOTS * STEP}
      height={HEIGHT}
      viewBox={`0 0 ${SLOTS * STEP} ${HEIGHT}`}
    >
      {shown.map((point, i) => (
        <Bar key={point.at} point={point} x={(SLOTS - shown.length + i) * STEP} />
      ))}
    </svg>
  );
};

function Bar({ point, x }: { point: SparkPoint; x: number }) {
  if (point.score === null)
    return <rect className={styles.empty} x={x + 0.5} y={HEIGHT - 3.5} width={STEP - 2} height={3} />;
  const height = Math.max(1.5, point.score * (HEIGHT - TOP));
  const tone =
    point.state === "drift" ? styles.drift : point.state === "schema_changed" ? styles.schema : styles.bar;
  const top = HEIGHT - height;
  return (
    <g className={tone}>
      <rect x={x} y={top} width={STEP - 1.5} height={height} />
      {flagged(point) && <path d={`M${x + 1.75} ${top - 6}l2.6 4.4h-5.2z`} />}
    </g>
  );
}
