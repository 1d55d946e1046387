/** What happened to alerts, and what became of the messages about it. */
import { useState } from "react";
import type { AlertEvent } from "../api/shapes";
import { moment } from "../home/words";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { Pages } from "./Audit";
import { useAlertHistory } from "./queries";

export function AlertHistory() {
  const { query, set } = usePage();
  const [before, setBefore] = useState<number | null>(null);
  const rule = query.rule ?? "";
  const { data, error } = useAlertHistory(rule, before);
  return (
    <Panel
      id="history"
      title="Alert history"
      reading={rule ? `only ${rule}` : "fired, cleared, acknowledged; newest first"}
      actions={
        rule && (
          <button type="button" className="text-button" onClick={() => set({ rule: null })}>
            Show all rules
          </button>
        )
      }
    >
      {error && <Complaint>{error.message}</Complaint>}
      {!data && !error && <div className="skeleton" style={{ height: 200 }} />}
      {data?.rows.length === 0 && <Empty>No alert has fired yet.</Empty>}
      {data && data.rows.length > 0 && <HistoryTable rows={data.rows} />}
      <Pages before={before} onward={data?.before ?? null} onPage={setBefore} />
    </Panel>
  );
}

function HistoryTable({ rows }: { rows: readonly AlertEvent[] }) {
  return (
    <div className="table-scroll tall" tabIndex={0} role="region" aria-label="Alert history">
      <table className="lines">
        <thead>
          <tr>
            {["when", "rule", "what", "severity", "said", "message"].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.number}>
              <td className="nowrap">{moment(row.time)}</td>
              <th scope="row">{row.rule}</th>
              <td className={row.event === "fired" ? "loud" : ""}>
                {row.event}
                {row.actor && <span className="muted"> by {row.actor}</span>}
              </td>
              <td>{row.severity}</td>
              <td>{row.text}</td>
              <td className="muted">{row.delivery ?? "none"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
