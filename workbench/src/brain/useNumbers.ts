/** Statistics of what is shown, on a colour scale that stays the same all through a stream. */
import { useMemo, useState } from "react";
import {
  type Activity,
  countAbove,
  grownReach,
  sameShape,
  type Statistics,
  statistics,
} from "./scene/statistics";

export interface Numbers {
  found: Statistics;
  /** Size that the colour scale ends at. */
  reach: number;
  /** Neurons beyond it. */
  clipped: number;
}

export function useNumbers(activity: Activity | null, above: number): Numbers | null {
  const [kept, setKept] = useState<{ activity: Activity; reach: number } | null>(null);
  const found = useMemo(() => (activity ? statistics(activity, above) : null), [activity, above]);
  const before = activity && kept && sameShape(kept.activity, activity) ? kept.reach : 0;
  const reach = found ? grownReach(before, found.reach) || 1 : 1;
  if (activity && (reach !== kept?.reach || before === 0)) setKept({ activity, reach });
  const clipped = useMemo(() => (activity ? countAbove(activity, reach) : 0), [activity, reach]);
  return found && { found, reach, clipped };
}
