import { type ReactNode, useId } from "react";
import { ApiError } from "@/api/client";
import styles from "./form.module.css";

interface FieldProps {
  label: string;
  /** What to write, shown below the label. */
  hint?: ReactNode;
  error?: string | undefined;
  children: (props: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean;
  }) => ReactNode;
}

/** A labelled control, with the server's word on what is wrong with it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {children({ id, "aria-describedby": described || undefined, "aria-invalid": error !== undefined })}
      {error && (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}

interface TextProps extends Omit<FieldProps, "children"> {
  value: string;
  onChange: (text: string) => void;
  type?: "text" | "number" | "datetime-local";
  required?: boolean;
  disabled?: boolean;
  lines?: number;
}

export const TextField = ({
  value,
  onChange,
  type = "text",
  lines,
  required,
  disabled,
  ...field
}: TextProps) => (
  <Field {...field}>
    {(props) =>
      lines ? (
        <textarea
          {...props}
          rows={lines}
          required={required}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          {...props}
          type={type}
          required={required}
          disabled={disabled}
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )
    }
  </Field>
);

interface ChoiceProps extends Omit<FieldProps, "children"> {
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}

export const ChoiceField = ({ value, options, onChange, ...field }: ChoiceProps) => (
  <Field {...field}>
    {(props) => (
      <select {...props} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    )}
  </Field>
);

/** Why the server refused what the reader just did. */
export const Refusal = ({ error }: { error: Error | null }) =>
  error && (
    <div role="alert" className={styles.refusal}>
      <p>{error.message}</p>
      {error instanceof ApiError && error.hint && <p>{error.hint}</p>}
    </div>
  );
