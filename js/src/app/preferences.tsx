import { SelectField } from "@/components/controls";
import { type Theme, useTheme, useZoneChoice, type ZoneChoice } from "@/lib/preferences";

const THEMES = [
  ["system", "System"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

const ZONES = [
  ["monitor", "Monitor's zone"],
  ["utc", "UTC"],
  ["local", "Local"],
] as const;

export function Preferences() {
  const [theme, setTheme] = useTheme();
  const [zone, setZone] = useZoneChoice();
  return (
    <>
      <SelectField
        label="Time zone"
        hideLabel
        value={zone}
        options={ZONES}
        onChange={(text) => setZone(text as ZoneChoice)}
      />
      <SelectField
        label="Theme"
        hideLabel
        value={theme}
        options={THEMES}
        onChange={(text) => setTheme(text as Theme)}
      />
    </>
  );
}
