import { ApiError } from "@/api/client";

interface FieldError {
  field: string;
  message: string;
}

const isFieldErrors = (found: unknown): found is FieldError[] =>
  Array.isArray(found) && found.every((one) => typeof one?.field === "string");

/** What a refusal says of each field: its first part (`window` of `window.period`) -> message. */
export function fieldErrors(error: Error | null): Record<string, string> {
  const fields = error instanceof ApiError ? (error.details as { fields?: unknown } | null)?.fields : null;
  if (!isFieldErrors(fields)) return {};
  return Object.fromEntries(fields.map(({ field, message }) => [field.split(".")[0], message]));
}
