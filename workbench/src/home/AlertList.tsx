/** What is watched: what fires stands first, with what to do about it. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client, failureOf, read } from "../api/client";
import type { Alert, Alerts } from "../api/shapes";
import { PageLink } from "../shell/PageLink";
import { Complaint, Panel } from "../shell/Panel";
import { useAlerts, useMe } from "./live";
import { ago, inUnit, moment } from "./words";

export function AlertList() {
  const { data, error } = useAlerts();
  const { data: me } = useMe();
  const loud = data?.alerts.filter(({ state }) => state !== "calm") ?? [];
  const calm = data?.alerts.filter(({ state }) => state === "calm") ?? [];
  return (
    <Panel
      id="alerts"
      title="Alerts"
      reading={data ? summary(data) : ""}
      actions={
        <>
          {me && me.role !== "viewer" && <CheckNow />}
          {me?.role === "admin" && (
            <PageLink to="/admin" query={{ tab: "monitors" }} className="button-link">
              Rules
            </PageLink>
          )}
        </>
      }
    >
      {error && <Complaint>{error.message}</Complaint>}
      {!data && !error && <div className="skeleton" style={{ height: 140 }} />}
      {data?.trouble && <Complaint>{data.trouble}</Complaint>}
      <ul className="alerts" aria-live="polite">
        {loud.map((alert) => (
          <LoudAlert key={alert.rule} alert={alert} mayAct={me !== undefined && me.role !== "viewer"} />
        ))}
      </ul>
      {calm.length > 0 && (
        <table className="lines calm">
          <caption className="hidden">Rules that are calm</caption>
          <tbody>
            {calm.map((alert) => (
              <tr key={alert.rule}>
                <th scope="row">{alert.rule}</th>
                <td className="right muted" title={alert.note || alert.text}>
                  {alert.checking ? "checking…" : alert.paused ? "paused" : inUnit(alert.value, alert.unit)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function summary({ alerts, firing }: Alerts): string {
  if (firing > 0) return firing === 1 ? "1 fires" : `${firing} fire`;
  return `${alerts.length} rules, all calm`;
}

interface LoudProps {
  alert: Alert;
  mayAct: boolean;
}

function LoudAlert({ alert, mayAct }: LoudProps) {
  const cache = useQueryClient();
  const [failure, setFailure] = useState("");
  const acknowledge = () =>
    read(client.POST("/api/v1/alerts/{rule}/acknowledge", { params: { path: { rule: alert.rule } } })).then(
      () => cache.invalidateQueries({ queryKey: ["alerts"] }),
      (error: unknown) => setFailure(failureOf(error).message),
    );
  return (
    <li className={`alert ${alert.severity} ${alert.acknowledged_by ? "seen" : ""}`}>
      <span className="alert-head">
        <span className="severity">{alert.state === "pending" ? "pending" : alert.severity}</span>
        <strong>{alert.rule}</strong>
        {alert.since && (
          <time className="muted" dateTime={alert.since} title={moment(alert.since)}>
            {ago(alert.since)}
          </time>
        )}
      </span>
      <p>{alert.text}</p>
      {alert.note && <p className="muted">{alert.note}</p>}
      {alert.acknowledged_by && <p className="muted">Seen by {alert.acknowledged_by}.</p>}
      {!alert.acknowledged_by && alert.state === "firing" && mayAct && (
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => void acknowledge()}
          aria-label={`Acknowledge ${alert.rule}`}
        >
          Acknowledge
        </Button>
      )}
      {failure && <Complaint>{failure}</Complaint>}
    </li>
  );
}

/** Has every rule looked into now; models are asked at the end of the queue. */
export function CheckNow() {
  const cache = useQueryClient();
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    try {
      cache.setQueryData(["alerts"], await read(client.POST("/api/v1/alerts/check", { body: {} })));
    } catch {
      await cache.invalidateQueries({ queryKey: ["alerts"] });
    }
    setBusy(false);
  };
  return (
    <Button size="compact-xs" variant="subtle" onClick={() => void check()} disabled={busy}>
      Check now
    </Button>
  );
}
