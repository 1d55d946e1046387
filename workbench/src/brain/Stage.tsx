/** The dark stage: the drawing, round or flat, with statistics, legend and the address under the pointer on it. */
import { useCallback, useRef, useState } from "react";
import { ColourScale } from "../figures/ColourScale";
import { useWidth } from "../figures/useWidth";
import { useSelection } from "../state/selection";
import type { BrainScene, Drawn, Spot } from "./scene/BrainScene";
import { Corner } from "./Corner";
import type { Feed, FeedToken } from "./feed";
import { FlatBrain } from "./flat/FlatBrain";
import { type Linkage, MOST_LINKS } from "./scene/links";
import { Tip } from "./Marks";
import { ON_CANVAS } from "./scene/palette";
import { RoundBrain } from "./RoundBrain";
import type { Activity, Unit } from "./scene/statistics";
import { useBrainKeys } from "./useBrainKeys";
import { useMarks } from "./useMarks";
import type { Numbers } from "./useNumbers";
import type { BrainLook } from "./view";

interface StageProps {
  feed: Feed;
  look: BrainLook;
  onLook: (patch: Partial<BrainLook>) => void;
  linkage: Linkage | null;
  tall: number;
  activity: Activity;
  numbers: Numbers;
  tokens: readonly FeedToken[];
  cursor: number;
  onUnit: (unit: Unit | null) => void;
}

const KEYS =
  "Neurons by layer. Arrow keys move over neurons and layers, N goes to the next of the brightest, Enter selects, P pins, F changes between flat and 3D, R resets the view, Shift with arrows turns it, Space pauses.";

export function Stage(props: StageProps) {
  const { feed, look, onLook, linkage, tall, activity, numbers, tokens, cursor, onUnit } = props;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [scene, setScene] = useState<BrainScene | null>(null);
  const [focused, setFocused] = useState(false);
  const [trouble, setTrouble] = useState("");
  const [drawn, setDrawn] = useDrawn();
  const { tip, onPoint } = useTip();
  const { marks, unit } = useMarks();
  const { found, reach } = numbers;
  const flat = look.flat || trouble !== "";
  const onCamera = useCallback((camera: string) => onLook({ camera }), [onLook]);
  const keys = useBrainKeys({ feed, look, onLook, scene, activity, onUnit, brightest: found.brightest });
  const shared = { feed, look, reach, marks, onPoint, onSelect: onUnit };
  const round = { linkage, focused, onCamera, onScene: setScene, onDrawn: setDrawn, onTrouble: setTrouble };
  const links = linkage && ([Math.min(linkage.links.length, MOST_LINKS), linkage.links.length] as const);
  return (
    <div className="brain-frame" style={ON_CANVAS}>
      <div
        ref={frame}
        className="brain-stage"
        style={{ height: tall }}
        role="application"
        aria-roledescription={flat ? "map of neurons" : "3D view of neurons"}
        aria-label={KEYS}
        tabIndex={0}
        data-flat={flat}
        data-drawn={drawn ? JSON.stringify(drawn) : undefined}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onKeyDown={keys.onKeyDown}
      >
        {flat ? (
          <FlatBrain {...shared} />
        ) : (
          <RoundBrain {...shared} {...round} layer={unit?.layer ?? null} mean={found.mean} tokens={tokens} />
        )}
        <Legend signed={look.signed} numbers={numbers} />
        {tip && (
          <Tip {...tip} activity={activity} token={tokens[cursor]?.text} room={{ width, height: tall }} />
        )}
        {trouble && <p className="brain-trouble">{trouble}</p>}
        <p className="hidden" role="status">
          {keys.said}
        </p>
      </div>
      <Corner
        {...{ activity, found, above: look.above, hide: look.hide, links, onUnit }}
        n_tokens={tokens.length}
        drawn={flat ? null : drawn}
      />
    </div>
  );
}

const LEAST_STEP = 250;

/** What the last picture held, told four times a second at most, and at rest. */
function useDrawn() {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const last = useRef(0);
  const tell = useCallback((next: Drawn) => {
    const now = performance.now();
    if (next.rate !== null && now - last.current < LEAST_STEP) return;
    last.current = now;
    setDrawn((before) => (JSON.stringify(before) === JSON.stringify(next) ? before : next));
  }, []);
  return [drawn, tell] as const;
}

/** The neuron under the pointer, told to all panels too. */
function useTip() {
  const [tip, setTip] = useState<{ unit: Unit; spot: Spot } | null>(null);
  const hover = useSelection((selecting) => selecting.hover);
  const onPoint = (unit: Unit | null, spot: Spot) => {
    setTip(unit && { unit, spot });
    if (unit || tip) hover(unit && { layer: unit.layer, neuron: unit.neuron });
  };
  return { tip, onPoint };
}

function Legend({ signed, numbers: { reach, clipped } }: { signed: boolean; numbers: Numbers }) {
  return (
    <div className="brain-legend">
      <ColourScale
        title={signed ? "activation" : "size of the activation"}
        theme="dark"
        domain={{ low: signed ? -reach : 0, high: reach, scale: signed ? "signed" : "magnitude", clipped }}
      />
    </div>
  );
}
