import { NavLink } from "react-router";
import form from "@/components/form.module.css";
import { useAdmin } from "@/lib/permission";

/** The three lists about alerts. */
export const AlertsNav = () => {
  const admin = useAdmin();
  return (
    <nav className={form.subnav} aria-label="About alerts">
      <NavLink to="/alerts">Feed</NavLink>
      <NavLink to="/silences">Silences</NavLink>
      {admin && <NavLink to="/deliveries">Deliveries</NavLink>}
    </nav>
  );
};
