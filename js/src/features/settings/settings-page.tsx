import { useAdmin } from "@/lib/permission";
import { useTitle } from "@/lib/use-title";
import { Keys } from "./keys";
import { Sinks } from "./sinks";
import { Sources } from "./sources";

/** Who sends rows, where do they come from, and where do messages go? */
export default function SettingsPage() {
  useTitle("Settings");
  const admin = useAdmin();
  return (
    <>
      <h1>Settings</h1>
      <Keys />
      {admin && <Sinks />}
      <Sources />
    </>
  );
}
