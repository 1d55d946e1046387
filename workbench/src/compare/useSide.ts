/** One side's numbers for the places on screen, with their interval where the answer carries one. */
import { useMemo } from "react";
import type { Result, Selection } from "../api/shapes";
import { companionOf } from "../result/companions";
import { cut } from "../result/cube";
import { type Plane, variableOf } from "../result/plane";
import { type Slice, useCube } from "../result/useCube";
import { useCompanion } from "../result/useUnsure";
import type { Interval } from "./subtract";

export interface SideSlice extends Slice {
  interval: Interval | null;
}

export function useSide(
  result: Result,
  name: string,
  plane: Plane,
  at: Selection,
  order: readonly string[],
): SideSlice {
  const variable = variableOf(result, name) as NonNullable<ReturnType<typeof variableOf>>;
  const { cube: own, whole, failure, pending } = useCube(result, variable, at, order, plane.sliders);
  const low = useCompanion(result, variable, "low", plane, at, order);
  const high = useCompanion(result, variable, "high", plane, at, order);
  const both = companionOf(result, variable, "interval");
  const bounded = useMemo(() => [...order, "bound"], [order]);
  const { cube } = useCube(result, both ?? variable, at, bounded, plane.sliders);
  return useMemo(() => {
    const slice = { cube: own, whole, failure, pending };
    if (low && high) return { ...slice, interval: { low, high } };
    const [below, above] =
      both && cube?.axes.length === bounded.length
        ? [cut(cube, { bound: 0 }).numbers, cut(cube, { bound: 1 }).numbers]
        : [null, null];
    return { ...slice, interval: below && above ? { low: below, high: above } : null };
  }, [own, whole, failure, pending, low, high, both, cube, bounded]);
}
