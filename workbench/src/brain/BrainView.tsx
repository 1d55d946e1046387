/** The living view of a model: tokens above, neurons in the middle, the numbers beside and behind them. */
import { useCallback } from "react";
import { useSelection } from "../state/selection";
import { BrightTable, LinkTable } from "./BrightTable";
import { type Feed, useSnapshot } from "./feed";
import { History } from "./History";
import type { Linkage } from "./scene/links";
import { ON_CANVAS } from "./scene/palette";
import { Stage } from "./Stage";
import type { Unit } from "./scene/statistics";
import { TokenRow } from "./TokenRow";
import { useMarks } from "./useMarks";
import { useNumbers } from "./useNumbers";
import type { BrainLook } from "./view";

export interface BrainViewProps {
  feed: Feed;
  look: BrainLook;
  onLook: (patch: Partial<BrainLook>) => void;
  linkage: Linkage | null;
  tall: number;
}

export function BrainView(props: BrainViewProps) {
  const { feed, look, linkage, tall } = props;
  const snapshot = useSnapshot(feed);
  const { hovered, hover, select } = useSelection();
  const { tokens, cursor, activity } = snapshot;
  const { unit } = useMarks();
  const onUnit = useCallback(
    (found: Unit | null) =>
      select(found && { layer: found.layer, neuron: found.neuron, position: feed.now().cursor }),
    [select, feed],
  );
  const token = tokens[cursor]?.text ?? "";
  const numbers = useNumbers(activity, look.above);
  return (
    <div className="brain">
      <TokenRow
        tokens={tokens}
        cursor={cursor}
        lit={hovered?.position ?? hovered?.key ?? null}
        onCursor={feed.look}
        onPoint={(position) => hover(position === null ? null : { position, query: position, key: position })}
      />
      {snapshot.trouble && <p className="note warning">{snapshot.trouble}</p>}
      {activity && numbers && (
        <>
          <Stage {...props} activity={activity} {...{ numbers, tokens, cursor, onUnit }} />
          {unit && (
            <History {...{ feed, unit, tokens, cursor }} onCursor={feed.look} onClose={() => select(null)} />
          )}
          <details className="brain-details">
            <summary>The strongest neurons as a table</summary>
            <BrightTable activity={activity} mean={numbers.found.mean} token={token} onUnit={onUnit} />
          </details>
          {linkage && linkage.links.length > 0 && (
            <details className="brain-details">
              <summary>The links as a table</summary>
              <LinkTable linkage={linkage} />
            </details>
          )}
        </>
      )}
      {!activity && <div className="brain-frame" style={{ ...ON_CANVAS, height: tall }} />}
    </div>
  );
}
