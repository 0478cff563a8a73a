import { ChoiceField, TextField } from "@/components/form";
import form from "@/components/form.module.css";
import type { Draft } from "./draft";

interface Props {
  draft: Draft;
  set: (patch: Partial<Draft>) => void;
  /** What the server says of each of its fields. */
  wrong: Record<string, string>;
}

const CUTS = [
  ["period", "a period"],
  ["rows", "a number of rows"],
] as const;

const RULES = [
  ["", "the server's default"],
  ["calibrated", "calibrated: false alarms are bounded"],
  ["thresholds", "thresholds: limits on metrics"],
] as const;

/** How rows are cut, and when it is drift. */
export const MonitorFields = ({ draft, set, wrong }: Props) => {
  const text = (name: keyof Draft & string) => ({
    value: draft[name],
    error: wrong[name],
    onChange: (value: string) => set({ [name]: value }),
  });
  return (
    <>
      <div className={form.pair}>
        <ChoiceField
          label="A window is"
          value={draft.cut}
          options={CUTS}
          onChange={(cut) => set({ cut: cut as Draft["cut"], size: "" })}
        />
        <TextField
          {...text("size")}
          label="Window"
          hint={draft.cut === "rows" ? "Rows, like 500." : "Like 1h, 1d or 1w."}
          error={wrong.window}
        />
      </div>
      <div className={form.pair}>
        <TextField {...text("timestamp_column")} label="Time column" hint="Empty: when rows arrive." />
        <TextField {...text("timezone")} label="Time zone" hint="Like Europe/Berlin." />
        <TextField {...text("lateness")} label="Wait for late rows" hint="Like 5m." />
        <TextField {...text("expect_every")} label="Rows expected every" hint="Empty: three windows." />
      </div>
      <div className={form.pair}>
        <ChoiceField
          label="Rule"
          value={draft.rule}
          error={wrong.rule}
          options={ruleOptions(draft)}
          onChange={(rule) => set({ rule })}
        />
        <TextField {...text("min_rows")} label="Fewest rows" hint="Fewer are not enough data." />
      </div>
      <div className={form.pair}>
        <TextField
          {...text("thresholds")}
          label="Thresholds"
          hint="One a line: psi 0.2. Drift is above it, for a p-value (ks_pvalue 0.01) below."
          lines={3}
        />
        <TextField {...text("algorithms")} label="Metrics" hint="One a line, like psi." lines={3} />
      </div>
      <div className={form.pair}>
        <TextField
          {...text("ignored")}
          label="Ignored features"
          hint="One a line."
          error={wrong.features}
          lines={3}
        />
        <TextField
          {...text("hidden")}
          label="Features with hidden values"
          hint="One a line; bins and levels are not shown."
          lines={3}
        />
      </div>
      <TextField {...text("model")} label="Registered model" hint="Its name in MLflow." />
    </>
  );
};

/** A monitor that is there has a rule; a new one may leave it to the server. */
const ruleOptions = ({ rule }: Draft) => (rule === "" ? RULES : RULES.slice(1));
