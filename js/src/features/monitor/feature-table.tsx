import { useState } from "react";
import type { Feature, WindowDetail } from "@/api/types";
import { Button, SearchField } from "@/components/controls";
import controls from "@/components/controls.module.css";
import { Message, Panel } from "@/components/panel";
import { SortHeader } from "@/components/sort-header";
import { StateBadge } from "@/components/state-badge";
import table from "@/components/table.module.css";
import { Span } from "@/components/time";
import { count, percent, pValue, value } from "@/lib/format";
import { reasonText } from "@/lib/reasons";
import { parseOrder, sortRows } from "@/lib/sort";
import { stateRank } from "@/lib/states";
import { useUrlState } from "@/lib/use-url-state";
import styles from "./monitor.module.css";

const FIRST = 25;

const COLUMNS = {
  name: (feature: Feature) => feature.name,
  state: (feature: Feature) => stateRank(feature.state),
  effect: (feature: Feature) => feature.effect,
  p: (feature: Feature) => feature.p_value,
  missing: (feature: Feature) => feature.missing,
  unseen: (feature: Feature) => feature.unseen,
};

/** Orders features: state, then effect (none last), then name. */
export const worstFeatureFirst = (a: Feature, b: Feature) =>
  stateRank(a.state) - stateRank(b.state) ||
  (b.effect ?? -1) - (a.effect ?? -1) ||
  a.name.localeCompare(b.name);

export const worstFeature = (features: readonly Feature[]) => [...features].sort(worstFeatureFirst)[0];

interface Props {
  window: WindowDetail;
  selected: string | undefined;
  onSelect: (name: string) => void;
}

/** Which feature moved? */
export function FeatureTable({ window, selected, onSelect }: Props) {
  const url = useUrlState();
  const [all, setAll] = useState(false);
  const search = url.get("q");
  const order = parseOrder(url.get("sort"));
  const rows = sortRows([...window.features].sort(worstFeatureFirst), order, COLUMNS).filter(({ name }) =>
    name.toLowerCase().includes(search.toLowerCase()),
  );
  const shown = all ? rows : rows.slice(0, FIRST);
  const sort = { order, onSort: (text: string) => url.set({ sort: text }) };
  return (
    <Panel
      flush
      title={
        <>
          Features, <Span start={window.start} end={window.end} />
          {window.provisional && " (provisional)"}
        </>
      }
      actions={
        <SearchField
          label="Find a feature"
          value={search}
          onChange={(text) => url.set({ q: text }, { replace: true })}
        />
      }
    >
      <Verdict window={window} />
      {rows.length === 0 ? (
        <Message title={`No feature matches “${search}”`} />
      ) : (
        <div className={table.scroll}>
          <table className={table.table}>
            <thead>
              <tr>
                <SortHeader {...sort} label="Feature" column="name" />
                <SortHeader {...sort} label="State" column="state" />
                <SortHeader
                  {...sort}
                  label="Effect"
                  column="effect"
                  descendingFirst
                  className={table.number}
                />
                <SortHeader
                  {...sort}
                  label="p-value"
                  column="p"
                  className={`${table.wide} ${table.number}`}
                />
                <SortHeader
                  {...sort}
                  label="Missing"
                  column="missing"
                  descendingFirst
                  className={`${table.wide} ${table.number}`}
                />
                <SortHeader
                  {...sort}
                  label="Unseen"
                  column="unseen"
                  descendingFirst
                  className={`${table.wide} ${table.number}`}
                />
              </tr>
            </thead>
            <tbody>
              {shown.map((feature) => (
                <Row
                  key={feature.name}
                  feature={feature}
                  selected={feature.name === selected}
                  onSelect={onSelect}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > shown.length && (
        <div className={controls.more}>
          <Button onClick={() => setAll(true)}>Show all {count(rows.length)}</Button>
        </div>
      )}
    </Panel>
  );
}

const Verdict = ({ window }: { window: WindowDetail }) => (
  <div className={styles.verdictline}>
    <StateBadge state={window.state} provisional={window.provisional} />
    <span>{count(window.rows)} rows</span>
    <span>score {value(window.score)}</span>
    <span>{[window.summary, ...(window.notes ?? [])].filter(Boolean).join(" · ")}</span>
  </div>
);

interface RowProps {
  feature: Feature;
  selected: boolean;
  onSelect: (name: string) => void;
}

function Row({ feature, selected, onSelect }: RowProps) {
  const number = `${table.wide} ${table.number}`;
  return (
    <tr data-selected={selected}>
      <th scope="row">
        <button
          type="button"
          className={`${controls.plain} ${table.name}`}
          aria-pressed={selected}
          onClick={() => onSelect(feature.name)}
        >
          {feature.name}
        </button>
        <span className={`${table.sub} ${styles.oneline}`} title={feature.notes.join("\n") || undefined}>
          {describe(feature)}
        </span>
      </th>
      <td>
        <StateBadge state={feature.state} />
        <span className={table.sub}>{reasonText(feature)}</span>
      </td>
      <td className={table.number}>
        <Effect effect={feature.effect} drifted={feature.drifted} />
      </td>
      <td className={number}>{pValue(feature.p_value)}</td>
      <td className={number}>{percent(isCompared(feature) ? feature.missing : null)}</td>
      <td className={number}>{percent(isCompared(feature) ? feature.unseen : null)}</td>
    </tr>
  );
}

/** A column that is not compared has no share worth a number: a target that was not sent is not "100 % missing". */
const isCompared = (feature: Feature) => feature.state !== "ignored";

const describe = ({ kind, role, notes }: Feature) =>
  [kind, role === "feature" ? null : role, ...notes].filter(Boolean).join(" · ");

/** The effect size as a number and a bar of the same scale for all features. */
const Effect = ({ effect, drifted }: { effect: number | null; drifted: boolean }) => (
  <span className={styles.effect}>
    {value(effect)}
    <svg width="48" height="8" viewBox="0 0 48 8" aria-hidden="true">
      <rect width="48" height="8" rx="2" fill="var(--grid)" />
      <rect
        width={48 * (effect ?? 0)}
        height="8"
        rx="2"
        fill={drifted ? "var(--drift)" : "var(--line-strong)"}
      />
    </svg>
  </span>
);
