/** The rules by which alerts are raised: where each stands, how its value went, and what it says. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { client } from "../api/client";
import type { MonitorRule, Monitors } from "../api/shapes";
import { CheckNow } from "../home/AlertList";
import { ago, inUnit } from "../home/words";
import { PageLink } from "../shell/PageLink";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { RuleForm } from "./RuleForm";
import { Sparkline } from "./Sparkline";
import { Sure } from "./Sure";
import { done, useChange, useMonitors } from "./queries";

/** In the query, a rule that is being written and has no name yet. */
const NEW = "new rule";

export function MonitorList() {
  const { data, error } = useMonitors();
  const { query, set } = usePage();
  const cache = useQueryClient();
  const edit = (rule: string | null) => set({ rule }, { push: true });
  const edited = data?.rules.find(({ rule }) => rule.name === query.rule)?.rule;
  const every = data?.check_minutes
    ? `models are asked every ${data.check_minutes} min`
    : "models are asked on request";
  return (
    <>
      {data && (edited || query.rule === NEW) && (
        <RuleForm key={query.rule} rule={edited ?? null} monitors={data} onClose={() => edit(null)} />
      )}
      <Panel
        id="monitors"
        title="Monitors"
        reading={data ? every : ""}
        actions={
          <>
            <span
              onClickCapture={() =>
                setTimeout(() => void cache.invalidateQueries({ queryKey: ["admin"] }), 600)
              }
            >
              <CheckNow />
            </span>
            <Button size="compact-xs" variant="default" onClick={() => edit(NEW)}>
              Add a rule
            </Button>
          </>
        }
      >
        {error && <Complaint>{error.message}</Complaint>}
        {data?.trouble && <Complaint>{data.trouble}</Complaint>}
        {!data && !error && <div className="skeleton" style={{ height: 240 }} />}
        {data?.rules.length === 0 && <Empty>Nothing is watched: add a rule.</Empty>}
        {data && data.rules.length > 0 && <RuleTable monitors={data} onEdit={edit} />}
        {data && (
          <p className="muted foot">
            {data.written ? "Kept in " : "These ship with NeuronScope; a change is kept in "}
            <code>{data.file}</code>, where webhooks are named too.
          </p>
        )}
      </Panel>
    </>
  );
}

interface TableProps {
  monitors: Monitors;
  onEdit: (rule: string) => void;
}

function RuleTable({ monitors, onEdit }: TableProps) {
  return (
    <div className="table-scroll tall" tabIndex={0} role="region" aria-label="Rules">
      <table className="lines">
        <thead>
          <tr>
            {["rule", "state", "value", "lately", "fires", "clears", ""].map((head) => (
              <th key={head} scope="col">
                {head || <span className="hidden">what to do</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {monitors.rules.map((one) => (
            <RuleRow key={one.rule.name} one={one} monitors={monitors} onEdit={() => onEdit(one.rule.name)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  one: MonitorRule;
  monitors: Monitors;
  onEdit: () => void;
}

function RuleRow({ one: { rule, alert, readings }, monitors, onEdit }: RowProps) {
  const remove = useChange("monitors", (name: string) =>
    done(client.DELETE("/api/v1/admin/monitors/{name}", { params: { path: { name } } })),
  );
  const metric = monitors.metrics.find(({ name }) => name === rule.metric);
  const side = metric?.above === false ? "below" : "above";
  const held = rule.for_seconds ? ` for ${rule.for_seconds} s` : "";
  return (
    <tr>
      <th scope="row">
        {rule.name}
        <span className="model-summary muted">
          {metric?.title ?? rule.metric}
          {rule.model && <span className="mono"> {rule.model}</span>}
        </span>
      </th>
      <td className={alert.state === "firing" ? "loud" : ""}>
        {alert.checking ? "checking…" : alert.paused ? "paused" : alert.state}
      </td>
      <td title={alert.note}>
        {inUnit(alert.value, alert.unit)}
        <span className="model-summary muted">{alert.read ? ago(alert.read) : alert.note}</span>
      </td>
      <td>
        <Sparkline readings={readings} threshold={rule.threshold} label={`Last readings of ${rule.name}`} />
      </td>
      <td className="nowrap">
        {side} {inUnit(rule.threshold, alert.unit)}
        {held}
      </td>
      <td className="nowrap">{inUnit(alert.clear, alert.unit)}</td>
      <td className="row-actions">
        <PageLink to="/admin" query={{ tab: "alerts", rule: rule.name }} className="button-link">
          History<span className="hidden"> of {rule.name}</span>
        </PageLink>
        <Button size="compact-xs" variant="default" onClick={onEdit} aria-label={`Edit ${rule.name}`}>
          Edit
        </Button>{" "}
        <Sure verb="Remove" what={rule.name} onSure={() => remove.mutate(rule.name)} />
        {remove.error && <Complaint>{remove.error.message}</Complaint>}
      </td>
    </tr>
  );
}
