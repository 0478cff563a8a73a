import type { Alert, Delivery } from "@/api/types";
import type { State } from "@/lib/states";

export const CONDITION_WORDS: Record<Alert["condition"], string> = {
  drift: "Drift",
  no_data: "No data",
  schema_changed: "Schema changed",
  source_error: "Source error",
};

/** The look of a condition: that of the state it follows from. */
export const CONDITION_STATE: Record<Alert["condition"], State> = {
  drift: "drift",
  no_data: "no_data",
  schema_changed: "schema_changed",
  source_error: "no_data",
};

export const STATUS_WORDS: Record<Alert["status"], string> = {
  firing: "Firing",
  acknowledged: "Acknowledged",
  resolved: "Resolved",
};

export const DELIVERY_WORDS: Record<Delivery["status"], string> = {
  pending: "waiting",
  sending: "being sent",
  sent: "sent",
  failed: "failed for good",
  covered: "in a digest",
  cancelled: "cancelled",
};
