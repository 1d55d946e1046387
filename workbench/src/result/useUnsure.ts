/** Reads what tells a variable from random, for the slice on screen. */
import { useMemo } from "react";
import type { Result, Selection, Variable } from "../api/shapes";
import { companionOf, type Companion, indistinct } from "./companions";
import { spread } from "./cube";
import type { Plane } from "./plane";
import { useCube } from "./useCube";

/** A companion's numbers over the drawn axes, in their order; null where there is none. */
export function useCompanion(
  result: Result,
  variable: Variable,
  word: Companion,
  plane: Plane,
  at: Selection,
  order: readonly string[],
): Float64Array | null {
  const twin = companionOf(result, variable, word);
  const { cube } = useCube(result, twin ?? variable, at, order, plane.sliders);
  return useMemo(
    () =>
      twin && cube
        ? spread(
            cube,
            order,
            order.map((axis) => result.dims[axis] ?? 1),
          )
        : null,
    [twin, cube, order, result],
  );
}

/** Which of the drawn places are not distinguishable from random; null where the result does not say. */
export function useUnsure(
  result: Result,
  variable: Variable,
  plane: Plane,
  at: Selection,
  order: readonly string[],
): readonly boolean[] | null {
  const p = useCompanion(result, variable, "p", plane, at, order);
  const low = useCompanion(result, variable, "low", plane, at, order);
  const high = useCompanion(result, variable, "high", plane, at, order);
  const chance = useCompanion(result, variable, "null", plane, at, order);
  return useMemo(() => indistinct({ p, low, high, chance }), [p, low, high, chance]);
}

/** Which cells of a map that fills in are still estimates, and which were estimated badly. */
export interface Filling {
  estimated: readonly boolean[];
  /** Measured, and further from the estimate than `APART`. */
  apart: readonly boolean[];
}

/** An estimate further from what was measured than this share of the way from corrupt to clean is marked. */
export const APART = 0.1;

export function filling(exact: ArrayLike<number>, disagreement: ArrayLike<number>): Filling {
  return {
    estimated: Array.from(exact, (value) => Number.isNaN(value)),
    apart: Array.from(disagreement, (value) => Math.abs(value) > APART),
  };
}

/** How far a map fills in by exact cells; null where all were measured alike. */
export function useFilling(
  result: Result,
  variable: Variable,
  plane: Plane,
  at: Selection,
  order: readonly string[],
): Filling | null {
  const fills = result.analysis === "progressive_patching" && variable.name === "effect";
  const named = (wanted: string) =>
    fills ? result.variables.find(({ name }) => name === wanted) : undefined;
  const [exact, off] = [named("exact"), named("disagreement")];
  const { cube: measured } = useCube(result, exact ?? variable, at, order, plane.sliders);
  const { cube: distance } = useCube(result, off ?? variable, at, order, plane.sliders);
  return useMemo(
    () =>
      exact && off && measured?.numbers && distance?.numbers
        ? filling(measured.numbers, distance.numbers)
        : null,
    [exact, off, measured, distance],
  );
}
