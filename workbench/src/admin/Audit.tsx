/** What was done and refused, by whom; and whether the record is as it was written. */
import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client, read } from "../api/client";
import type { AuditRow } from "../api/shapes";
import { moment } from "../home/words";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { useAudit } from "./queries";

export function Audit() {
  const { query, set } = usePage();
  const [before, setBefore] = useState<number | null>(null);
  const filter = { actor: query.actor ?? "", action: query.action ?? "" };
  const { data, error } = useAudit({ ...filter, before });
  const choose = (patch: Partial<typeof filter>) => {
    setBefore(null);
    set({ ...filter, ...patch });
  };
  return (
    <Panel id="audit" title="Audit" reading="every change and refusal, newest first" actions={<Verify />}>
      <div className="admin-form">
        {(["actor", "action"] as const).map((name) => (
          <TextInput
            key={`${name} ${filter[name]}`}
            size="xs"
            label={name === "actor" ? "Only by" : "Only this action"}
            placeholder={name === "actor" ? "anyone" : "any, such as login or refused"}
            defaultValue={filter[name]}
            onBlur={(event) => choose({ [name]: event.currentTarget.value.trim() })}
            onKeyDown={(event) =>
              event.key === "Enter" && choose({ [name]: event.currentTarget.value.trim() })
            }
          />
        ))}
      </div>
      {error && <Complaint>{error.message}</Complaint>}
      {!data && !error && <div className="skeleton" style={{ height: 320 }} />}
      {data?.rows.length === 0 && (
        <Empty
          button={
            filter.actor || filter.action ? (
              <Button size="xs" variant="default" onClick={() => choose({ actor: "", action: "" })}>
                Show all
              </Button>
            ) : undefined
          }
        >
          No row of the record is like that.
        </Empty>
      )}
      {data && data.rows.length > 0 && <AuditTable rows={data.rows} />}
      <Pages before={before} onward={data?.before ?? null} onPage={setBefore} />
    </Panel>
  );
}

interface PagesProps {
  before: number | null;
  onward: number | null;
  onPage: (before: number | null) => void;
}

/** Older rows, and back to the newest. */
export function Pages({ before, onward, onPage }: PagesProps) {
  if (before === null && onward === null) return null;
  return (
    <p className="pages">
      <Button size="compact-xs" variant="default" disabled={before === null} onClick={() => onPage(null)}>
        Newest
      </Button>
      <Button size="compact-xs" variant="default" disabled={onward === null} onClick={() => onPage(onward)}>
        Older
      </Button>
    </p>
  );
}

function AuditTable({ rows }: { rows: readonly AuditRow[] }) {
  return (
    <div className="table-scroll tall" tabIndex={0} role="region" aria-label="Audit rows">
      <table className="lines">
        <thead>
          <tr>
            {["row", "when", "who", "did", "outcome", "about"].map((head) => (
              <th key={head} scope="col" className={head === "row" ? "right" : ""}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.number}>
              <td className="right mono muted" title={row.digest}>
                {row.number}
              </td>
              <td className="nowrap">{moment(row.time)}</td>
              <th scope="row">
                {row.actor}
                {row.role && <span className="muted"> {row.role}</span>}
              </th>
              <td>{row.action}</td>
              <td className={row.outcome === "done" ? "" : "loud"}>{row.outcome}</td>
              <td className="mono facts-cell">{factsInWords(row.facts)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What else a row says; method and path as they are asked. */
export function factsInWords(facts: Record<string, unknown>): string {
  const { method, path, ...more } = facts;
  const said = Object.entries(more)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name}=${String(value)}`);
  return [method, path, ...said].filter(Boolean).join(" ");
}

function Verify() {
  const verify = useMutation({ mutationFn: () => read(client.GET("/api/v1/admin/audit/verify")) });
  const { data, error } = verify;
  const words = data
    ? data.whole
      ? `All ${data.rows.toLocaleString("en-GB")} rows are as they were written; the last begins ${data.head.slice(0, 12)}.`
      : (data.trouble ?? "The record was changed.")
    : (error?.message ?? "");
  return (
    <>
      <span role="status" className={data && !data.whole ? "loud" : "muted"}>
        {verify.isPending ? "Reading the chain…" : words}
      </span>
      <Button size="compact-xs" variant="default" onClick={() => verify.mutate()} disabled={verify.isPending}>
        Verify
      </Button>
    </>
  );
}
