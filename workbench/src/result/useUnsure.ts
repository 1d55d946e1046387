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

/** Which cells of a map that fills in are still estimates; null where all were measured alike. */
export function useEstimated(
  result: Result,
  variable: Variable,
  plane: Plane,
  at: Selection,
  order: readonly string[],
): readonly boolean[] | null {
  const fills = result.analysis === "progressive_patching" && variable.name === "effect";
  const exact = fills ? result.variables.find(({ name }) => name === "exact") : undefined;
  const { cube } = useCube(result, exact ?? variable, at, order, plane.sliders);
  return useMemo(
    () => (exact && cube?.numbers ? Array.from(cube.numbers, (value) => Number.isNaN(value)) : null),
    [exact, cube],
  );
}
