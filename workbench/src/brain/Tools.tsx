/** How the view is looked at: flat or round, by size or sign, from what size, with which links. */
import type { Feed, Snapshot } from "./feed";
import { type BrainLook, type LinkageName, LINKAGES } from "./view";

interface ToolsProps {
  feed: Feed;
  phase: Snapshot["phase"];
  look: BrainLook;
  onLook: (patch: Partial<BrainLook>) => void;
  /** Says how far the links are, or why there are none. */
  linked: string;
}

export function Tools({ feed, phase, look, onLook, linked }: ToolsProps) {
  return (
    <div className="brain-tools">
      {(phase === "running" || phase === "paused") && (
        <button type="button" className="text-button" onClick={feed.toggle}>
          {phase === "running" ? "Pause" : "Go on"}
        </button>
      )}
      <button
        type="button"
        className="text-button"
        aria-pressed={look.flat}
        onClick={() => onLook({ flat: !look.flat })}
      >
        {look.flat ? "Show in 3D" : "Show flat"}
      </button>
      <label>
        colour
        <select
          value={look.signed ? "signed" : "size"}
          onChange={({ target }) => onLook({ signed: target.value === "signed" })}
        >
          <option value="size">by size</option>
          <option value="signed">by sign</option>
        </select>
      </label>
      <label>
        active from
        <input
          type="number"
          min={0}
          step={0.05}
          value={look.above}
          onChange={({ target }) => onLook({ above: Math.max(0, target.valueAsNumber || 0) })}
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={look.hide}
          onChange={({ target }) => onLook({ hide: target.checked })}
        />
        hide the others
      </label>
      <label>
        links
        <select value={look.links} onChange={({ target }) => onLook({ links: target.value as LinkageName })}>
          {Object.entries(LINKAGES).map(([name, words]) => (
            <option key={name} value={name}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {linked && <span className="muted">{linked}</span>}
    </div>
  );
}
