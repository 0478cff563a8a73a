import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { sourcesQuery } from "@/api/queries";
import type { Source } from "@/api/types";
import { Loaded } from "@/components/loaded";
import { Message, Panel } from "@/components/panel";
import table from "@/components/table.module.css";
import { Ago } from "@/components/time";
import { count, plural } from "@/lib/format";
import { monitorPath } from "@/lib/links";

export function Sources() {
  const query = useQuery(sourcesQuery());
  return (
    <Panel flush title="Log sources">
      <Loaded query={query} what="the sources">
        {(sources) =>
          sources.length > 0 ? <Table sources={sources} /> : <Message title="No log file is read" />
        }
      </Loaded>
    </Panel>
  );
}

const Table = ({ sources }: { sources: readonly Source[] }) => (
  <div className={table.scroll}>
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">Source</th>
          <th scope="col">State</th>
          <th scope="col">Rows</th>
          <th scope="col" className={table.wide}>
            Last rows
          </th>
        </tr>
      </thead>
      <tbody>
        {sources.map((source) => (
          <tr key={source.id}>
            <th scope="row">
              {source.name} of <Link to={monitorPath(source.monitor)}>{source.monitor}</Link>
              <span className={table.sub}>{source.place}</span>
            </th>
            <td>
              {source.state}
              {source.reason && <span className={table.sub}>{source.reason}</span>}
            </td>
            <td>
              {count(source.rows)}
              {source.rejected > 0 && <span className={table.sub}>{count(source.rejected)} rejected</span>}
              {source.files_behind > 0 && (
                <span className={table.sub}>{plural(source.files_behind, "file")} behind</span>
              )}
            </td>
            <td className={table.wide}>
              <Ago at={source.read_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
