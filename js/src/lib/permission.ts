import { useQuery } from "@tanstack/react-query";
import { meQuery, monitorQuery } from "@/api/queries";

/** Whether the reader is one of MLflow's administrators, who may do everything. */
export const useAdmin = () => useQuery(meQuery()).data?.admin ?? false;

/** Whether the reader may change a monitor and its alerts; what names no one monitor is for administrators. */
export function useMayEdit(monitor: string | null): boolean {
  const me = useQuery(meQuery()).data;
  const asks = me !== undefined && !me.admin && monitor !== null;
  const permission = useQuery({ ...monitorQuery(monitor ?? ""), enabled: asks }).data?.permission;
  if (me?.admin) return true;
  return permission === "edit" || permission === "manage";
}
