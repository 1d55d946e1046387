/** One variable's numbers for the sliders' places, read from the server in slices that stay small. */
import { useMemo } from "react";
import { useValues } from "../api/queries";
import type { Result, Selection, Variable } from "../api/shapes";
import { type Cube, cubeOf, cut, turn } from "./cube";
import { heldAxes } from "./plane";

/** Values read at once; sliders within them move without asking the server again. */
const BUDGET = 60_000;

export interface Slice {
  /** Cut at every slider. */
  cube: Cube | null;
  /** As read, before the cut; it still has the axes of the sliders that were not held. */
  whole: Cube | null;
  failure: Error | null;
  pending: boolean;
}

export function useCube(
  result: Result,
  variable: Variable,
  at: Selection,
  order: readonly string[],
  sliders: readonly string[],
): Slice {
  const fixed = useMemo(() => {
    const held = heldAxes(variable.axes, sliders, result.dims, BUDGET);
    return Object.fromEntries(held.map((axis) => [axis, at[axis] ?? 0]));
  }, [variable, sliders, result, at]);
  const { data, error, isPending } = useValues(result.digest, variable.name, fixed);
  const whole = useMemo(() => (data ? cubeOf(data) : null), [data]);
  const cube = useMemo(() => {
    if (!whole) return null;
    const cutAt = Object.fromEntries(sliders.map((axis) => [axis, at[axis] ?? 0]));
    const rest = cut(whole, cutAt);
    return turn(
      rest,
      order.filter((axis) => rest.axes.includes(axis)),
    );
  }, [whole, sliders, at, order]);
  return { cube, whole, failure: error, pending: isPending };
}
