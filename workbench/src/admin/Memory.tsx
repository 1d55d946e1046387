/** What the server holds of memory and disk, and the models that are open. */
import { client, read } from "../api/client";
import { ago, bytes } from "../home/words";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { Sure } from "./Sure";
import { useChange, useMemory } from "./queries";

interface Place {
  model: string;
  device: string;
  dtype: string;
}

export function Memory() {
  const { data, error } = useMemory();
  const close = useChange("memory", (body: Place) =>
    read(client.POST("/api/v1/admin/memory/close", { body })),
  );
  const reading = data
    ? `${bytes(data.process_bytes)} of ${bytes(data.machine_bytes)} held; results ${bytes(data.store_bytes)}, ` +
      `${bytes(data.disk_free_bytes)} of disk free`
    : "";
  return (
    <Panel id="memory" title="Memory" reading={reading}>
      {(error ?? close.error) && <Complaint>{(error ?? close.error)?.message}</Complaint>}
      {!data && !error && <div className="skeleton" style={{ height: 120 }} />}
      {data?.models.length === 0 && (
        <Empty>No model is open; the next question opens the one it is about.</Empty>
      )}
      {data && data.models.length > 0 && (
        <div className="table-scroll" tabIndex={0} role="region" aria-label="Open models">
          <table className="lines">
            <thead>
              <tr>
                {["open model", "device", "precision", "weights", "last used", ""].map((head) => (
                  <th key={head} scope="col" className={head === "weights" ? "right" : ""}>
                    {head || <span className="hidden">what to do</span>}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.models.map(({ model, device, dtype, ...facts }) => (
                <tr key={`${model} ${device} ${dtype}`}>
                  <th scope="row" className="mono">
                    {model}
                  </th>
                  <td>{device}</td>
                  <td>{dtype}</td>
                  <td className="right nowrap">{bytes(facts.bytes)}</td>
                  <td className="nowrap">{facts.busy ? "in use now" : ago(facts.last_used)}</td>
                  <td className="row-actions">
                    <Sure verb="Close" what={model} onSure={() => close.mutate({ model, device, dtype })} />
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
