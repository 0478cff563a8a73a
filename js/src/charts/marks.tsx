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
const DIAMOND = "M0 -6 6 0 0 6 -6 0z";

/** A window on a line: the same shapes as the state words, hollow while provisional. */
export function Mark({ cx, cy, state, provisional, selected, roomy }: Props) {
  const shape = pick(state, roomy || selected || provisional);
  if (!shape) return null;
  const { path, colour } = shape;
  const paint = provisional
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

function pick(state: State, visible: boolean): { path: string; colour: string } | null {
  if (state === "drift") return { path: TRIANGLE, colour: "var(--drift)" };
  if (state === "schema_changed" || state === "column_gone" || state === "kind_changed")
    return { path: DIAMOND, colour: "var(--schema)" };
  if (state === "no_data") return { path: "M-3 -6h6v6h-6z", colour: "var(--caution)" };
  if (!visible) return null;
  return {
    path: dot(state === "insufficient_data" ? 4 : 2.6),
    colour: state === "insufficient_data" ? "var(--caution)" : "var(--reference)",
  };
}
