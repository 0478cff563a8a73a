import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";

/** Who is signed in, and the workspace if it is not MLflow's default; nothing on a server without a login. */
export function SignedIn() {
  const me = useQuery(meQuery()).data;
  if (!me) return null;
  const parts = [
    me.name && `Signed in as ${me.name}${me.admin ? " (administrator)" : ""}`,
    me.workspace !== "default" && `workspace ${me.workspace}`,
  ].filter(Boolean);
  return parts.length > 0 ? <span>{parts.join(", ")}</span> : null;
}
