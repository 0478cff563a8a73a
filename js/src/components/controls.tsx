import type { ButtonHTMLAttributes } from "react";
import styles from "./controls.module.css";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement>;

export const Button = ({ className, ...props }: ButtonProps) => (
  <button type="button" className={className ? `${styles.button} ${className}` : styles.button} {...props} />
);

interface SearchProps {
  label: string;
  value: string;
  onChange: (text: string) => void;
}

export const SearchField = ({ label, value, onChange }: SearchProps) => (
  <label className={styles.field}>
    <span className="hidden-text">{label}</span>
    <input
      type="search"
      placeholder={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  </label>
);

interface SelectProps {
  label: string;
  hideLabel?: boolean;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}

export const SelectField = ({ label, hideLabel = false, value, options, onChange }: SelectProps) => (
  <label className={styles.field}>
    <span className={hideLabel ? "hidden-text" : undefined}>{label}</span>
    <select value={value} onChange={(event) => onChange(event.target.value)}>
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  </label>
);

interface MoreProps {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
}

/** The next page of a list, if there is one. */
export const MoreButton = ({ query }: MoreProps) =>
  query.hasNextPage ? (
    <div className={styles.more}>
      <Button disabled={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
        {query.isFetchingNextPage ? "Loading…" : "Show more"}
      </Button>
    </div>
  ) : null;
