import { formatOrder, type Order } from "@/lib/sort";
import styles from "./table.module.css";

interface Props {
  label: string;
  column: string;
  order: Order;
  onSort: (order: string) => void;
  /** The order of the first click: large first for numbers, a to z for names. */
  descendingFirst?: boolean;
  className?: string | undefined;
}

/** A column's head that sorts by it; the order goes into the URL. */
export function SortHeader({ label, column, order, onSort, descendingFirst = false, className }: Props) {
  const active = order.key === column;
  const next = { key: column, descending: active ? !order.descending : descendingFirst };
  const direction = order.descending ? "descending" : "ascending";
  return (
    <th scope="col" className={className} aria-sort={active ? direction : undefined}>
      <button type="button" className={styles.sort} onClick={() => onSort(formatOrder(next))}>
        {label}
        <span aria-hidden="true">{active ? (order.descending ? "↓" : "↑") : ""}</span>
      </button>
    </th>
  );
}
