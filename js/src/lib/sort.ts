/** A table's order as it stands in the URL: `effect` or, descending, `-effect`. */
export interface Order {
  key: string;
  descending: boolean;
}

export const parseOrder = (text: string): Order =>
  text.startsWith("-") ? { key: text.slice(1), descending: true } : { key: text, descending: false };

export const formatOrder = ({ key, descending }: Order) => (descending ? `-${key}` : key);

type Sortable = number | string | null;

/** Compares two cells; what has no value comes last in both directions. */
export function compareCells(a: Sortable, b: Sortable, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order =
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
  return descending ? -order : order;
}

/** The rows by one column; `columns` maps a key to the cell it sorts by. An unknown key keeps the order given. */
export function sortRows<T>(
  rows: readonly T[],
  order: Order,
  columns: Record<string, (row: T) => Sortable>,
): T[] {
  const cell = columns[order.key];
  if (!cell) return [...rows];
  return [...rows].sort((a, b) => compareCells(cell(a), cell(b), order.descending));
}
