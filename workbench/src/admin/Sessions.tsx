/** The browsers that are signed in, and how to sign one out. */
import { client, read } from "../api/client";
import { moment } from "../home/words";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { Sure } from "./Sure";
import { useChange, useSessionList } from "./queries";

export function Sessions() {
  const { data: sessions, error } = useSessionList();
  const close = useChange("sessions", (session_id: string) =>
    read(client.DELETE("/api/v1/admin/sessions/{session_id}", { params: { path: { session_id } } })),
  );
  return (
    <Panel id="sessions" title="Sessions" reading={sessions ? `${sessions.length} signed in` : ""}>
      {(error ?? close.error) && <Complaint>{(error ?? close.error)?.message}</Complaint>}
      {!sessions && !error && <div className="skeleton" style={{ height: 120 }} />}
      {sessions?.length === 0 && <Empty>Nobody is signed in by a browser; you came with a token.</Empty>}
      {sessions && sessions.length > 0 && (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Sessions">
          <table className="lines">
            <thead>
              <tr>
                {["who", "role", "from", "since", "last used", "ends", ""].map((head) => (
                  <th key={head} scope="col">
                    {head || <span className="hidden">what to do</span>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {sessions.map((session) => (
                <tr key={session.id}>
                  <th scope="row">
                    {session.name}
                    {session.here && <span className="muted"> (this one)</span>}
                  </th>
                  <td>{session.role}</td>
                  <td className="mono">{session.address}</td>
                  <td className="nowrap">{moment(session.created)}</td>
                  <td className="nowrap">{moment(session.last_used)}</td>
                  <td className="nowrap">{moment(session.expires)}</td>
                  <td className="row-actions">
                    <Sure verb="Sign out" what={session.name} onSure={() => close.mutate(session.id)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
