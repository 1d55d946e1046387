/** Numbers of a result brought onto the neurons of the map. */
import { useMemo } from "react";
import { useValues } from "../api/queries";
import type { Result, Selection, Variable } from "../api/shapes";
import { LEVEL } from "./algebra";
import { chanceOf, endsOf, flat, type Neurons, onto } from "./neurons";

const NOTHING: Selection = {};

/** A variable's numbers in the order of its axes, or null while they are not there. */
export function useNumbers(
  result: Result | null,
  variable: Variable | null | undefined,
  fixed: Selection = NOTHING,
): Float64Array | null {
  const wanted = result !== null && variable !== null && variable !== undefined;
  const { data } = useValues(result?.digest ?? "", variable?.name ?? "", fixed, wanted);
  return useMemo(
    () => (data && wanted && data.variable === variable?.name ? flat(data.values) : null),
    [data, wanted, variable],
  );
}

export interface Measured {
  values: Float64Array;
  /** Neurons that are not distinguishable from random, where the result can tell. */
  unsure: boolean[] | null;
  /** How it can tell. */
  by: string;
  p: Float64Array | null;
}

/** A measure of each neuron on the map, with what is not distinguishable from random. */
export function useMeasure(
  neurons: Neurons | null,
  result: Result | null,
  variable: Variable | null | undefined,
): Measured | null {
  const chance = result && variable ? chanceOf(result, variable) : null;
  const ends = result && variable && !chance ? endsOf(result, variable) : null;
  const values = useNumbers(result, variable);
  const p = useNumbers(result, chance);
  const low = useNumbers(result, ends?.[0]);
  const high = useNumbers(result, ends?.[1]);
  return useMemo(() => {
    if (!neurons || !result || !variable || !values) return null;
    const bring = (numbers: Float64Array) => onto(neurons, result, variable, numbers);
    const found = bring(values);
    if (chance && p) {
      const own = bring(p);
      return { values: found, unsure: Array.from(own, (one) => one >= LEVEL), by: `p ≥ ${LEVEL}`, p: own };
    }
    if (ends && low && high && variable.name === "direct_effect") {
      const [from, to] = [bring(low), bring(high)];
      const unsure = Array.from(from, (end, index) => end <= 0 && (to[index] as number) >= 0);
      return { values: found, unsure, by: "0 lies in the interval", p: null };
    }
    return { values: found, unsure: null, by: "", p: null };
  }, [neurons, result, variable, values, chance, p, ends, low, high]);
}
