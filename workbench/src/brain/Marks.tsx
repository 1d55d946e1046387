/** What lies on the canvas: names of layers, rings about neurons, and the address under the pointer. */
import { number, visible } from "../figures/words";
import type { FeedToken } from "./feed";
import { endName, type Linkage, strongest } from "./scene/links";
import { type Activity, type Unit, valueAt } from "./scene/statistics";

export interface Marked extends Unit {
  sort: "selected" | "pinned" | "hovered";
}

export function Rings({ marks }: { marks: readonly Marked[] }) {
  return marks.map(({ layer, neuron, sort }) => (
    <div key={`${sort} ${layer}.${neuron}`} className="brain-mark" data-mark={`${layer}.${neuron}`} hidden>
      <i className={`brain-ring ${sort}`} />
      {sort !== "hovered" && (
        <span className={`brain-name ${sort}`}>
          {layer}.{neuron}
        </span>
      )}
    </div>
  ));
}

/** Where the strongest links begin, in words; links that begin at one place are named once. */
export function Ends({ linkage, tokens }: { linkage: Linkage | null; tokens: readonly FeedToken[] }) {
  const starts = new Map<string, string>();
  for (const { from } of strongest(linkage?.links ?? [], NAMED_LINKS).toReversed())
    starts.set(
      JSON.stringify(from),
      from.sort === "token" ? visible(tokens[from.unit]?.text ?? "") : endName(from),
    );
  return [...starts].map(([end, words]) => (
    <div key={end} className="brain-mark" data-end={end} aria-hidden="true" hidden>
      <span className="brain-end">{words}</span>
    </div>
  ));
}

const NAMED_LINKS = 8;

interface NamesProps {
  /** Mean size by layer. */
  mean: ArrayLike<number>;
}

/** A name for each layer, with a bar as long as its mean size. */
export function LayerNames({ mean }: NamesProps) {
  const most = Math.max(...Array.from(mean), 1e-12);
  return (
    <div aria-hidden="true">
      {Array.from(mean, (value, layer) => (
        <div key={layer} className="brain-mark" data-name={layer} hidden>
          <span className="brain-layer" title={`layer ${layer}: mean size ${number(value)}`}>
            <i style={{ width: `${(26 * value) / most}px` }} />L{layer}
          </span>
        </div>
      ))}
      <div className="brain-mark" data-axis hidden>
        <span className="brain-axis">residual stream ↑</span>
      </div>
    </div>
  );
}

interface TipProps {
  unit: Unit;
  activity: Activity;
  token: string | undefined;
  spot: { x: number; y: number };
  room: { width: number; height: number };
}

export function Tip({ unit, activity, token, spot, room }: TipProps) {
  const side = spot.x > room.width - 190 ? { right: room.width - spot.x + 12 } : { left: spot.x + 12 };
  return (
    <div className="brain-tip" style={{ ...side, top: Math.min(Math.max(spot.y - 34, 4), room.height - 48) }}>
      <code>
        mlp_act.{unit.layer}.{unit.neuron}
      </code>{" "}
      <b>{number(valueAt(activity, unit))}</b>
      {token !== undefined && <span className="muted"> at {visible(token)}</span>}
    </div>
  );
}
