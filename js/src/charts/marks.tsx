import type { State } from "@/lib/states";

interface Props {
  cx: number;
  cy: number;
  state: State;
  provisional: boolean;
  selected: boolean;
  /** Draw quiet points too: few enough to tell apart. */
  roomy: boolean;
}

const TRIANGLE = "M0 -6.5 6.5 5h-13z";
const SQUARE = "M-4 -8h8v8h-8z";
const DIAMOND = "M0 -6 6 0 0 6 -6 0z";

/** A window on a line: the same shapes as the state words, hollow while provisional. */
export function Mark({ cx, cy, state, provisional, selected, roomy }: Props) {
  const shape = pick(state, roomy || selected || provisional);
  if (!shape) return null;
  const { path, colour, hollow } = shape;
  const paint =
    provisional || hollow
      ? { fill: "var(--surface)", stroke: colour, strokeWidth: 2 }
      : { fill: colour, stroke: "var(--surface)", strokeWidth: 1 };
  return (
    <g transform={`translate(${cx} ${cy})`}>
      {selected && <circle r="10" fill="none" stroke="var(--focus)" strokeWidth="2" />}
      <path d={path} {...paint} />
    </g>
  );
}

const dot = (radius: number) =>
  `M${-radius} 0a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0z`;

interface Shape {
  path: string;
  colour: string;
  hollow?: boolean;
}

function pick(state: State, visible: boolean): Shape | null {
  if (state === "drift") return { path: TRIANGLE, colour: "var(--drift)" };
  if (state === "schema_changed") return { path: DIAMOND, colour: "var(--schema)" };
  if (state === "no_data") return { path: SQUARE, colour: "var(--caution)", hollow: true };
  if (state === "insufficient_data") return { path: dot(4), colour: "var(--caution)" };
  return visible ? { path: dot(2.6), colour: "var(--reference)" } : null;
}
