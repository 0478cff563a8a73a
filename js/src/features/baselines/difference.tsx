import { useQuery } from "@tanstack/react-query";
import { baselineDiffQuery } from "@/api/queries";
import type { Baseline, BaselineDiff, Feature } from "@/api/types";
import { Loaded } from "@/components/loaded";
import { Panel } from "@/components/panel";
import { SeverityBadge, StateBadge } from "@/components/state-badge";
import table from "@/components/table.module.css";
import { percent, value } from "@/lib/format";
import { reasonText } from "@/lib/reasons";

/** What the rows of another version would be found to be under the active one. */
export function Difference({ from, to }: { from: Baseline; to: Baseline }) {
  const query = useQuery(baselineDiffQuery(from.id, to.id));
  return (
    <Panel flush title={`Version ${to.version} against version ${from.version}, the active one`}>
      <Loaded query={query} what="the difference">
        {(diff) => (
          <>
            <Verdict diff={diff} />
            {diff.features.length > 0 && <Features features={diff.features} />}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

const LIST = new Intl.ListFormat("en", { type: "conjunction" });

function changes({ added, removed, kinds, notes }: BaselineDiff): string[] {
  return [
    added.length > 0 && `New columns: ${LIST.format(added)}.`,
    removed.length > 0 && `Columns gone: ${LIST.format(removed)}.`,
    ...kinds.map(({ name, before, after }) => `${name} was ${before} and is ${after}.`),
    ...notes,
  ].filter((line): line is string => Boolean(line));
}

const Verdict = ({ diff }: { diff: BaselineDiff }) => (
  <div className={table.verdict}>
    <StateBadge state={diff.state} />
    {diff.severity && <SeverityBadge severity={diff.severity} />}
    {diff.summary && <p>{diff.summary}</p>}
    {changes(diff).map((line) => (
      <p key={line}>{line}</p>
    ))}
  </div>
);

const Features = ({ features }: { features: readonly Feature[] }) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Feature</th>
          <th scope="col">State</th>
          <th scope="col" className={table.number}>
            Effect
          </th>
          <th scope="col" className={`${table.wide} ${table.number}`}>
            Missing
          </th>
        </tr>
      </thead>
      <tbody>
        {features.map((feature) => (
          <tr key={feature.name}>
            <th scope="row" className={table.name}>
              {feature.name}
              {(feature.text ?? reasonText(feature)) && (
                <span className={table.sub}>{feature.text ?? reasonText(feature)}</span>
              )}
            </th>
            <td>
              <StateBadge state={feature.state} />
            </td>
            <td className={table.number}>{value(feature.effect)}</td>
            <td className={`${table.wide} ${table.number}`}>{percent(feature.missing)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
