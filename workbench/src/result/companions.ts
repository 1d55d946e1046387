/** The interval, chance and p-value that go with a variable, by the same rule as Python's views. */
import type { Result, Variable } from "../api/shapes";
import { isText } from "../figures/words";

const WORDS = ["low", "high", "interval", "null", "p"] as const;
export type Companion = (typeof WORDS)[number];
/** What is less sure than this cannot be told from random. */
const DISTINCT_BELOW = 0.05;

/** The companion of a variable: `effect_p`, or for the first variable also `p`. */
export function companionOf(result: Result, variable: Variable, word: Companion): Variable | undefined {
  const names = [`${variable.name}_${word}`];
  if (result.variables[0]?.name === variable.name) names.push(word);
  const fits = (other: Variable) =>
    other.name !== variable.name &&
    !isText(other) &&
    other.axes.every((axis) => axis === "bound" || variable.axes.includes(axis));
  return names.flatMap((name) => result.variables.filter((other) => other.name === name && fits(other)))[0];
}

/** Whether a variable only says how sure another one is, which the drawing of that one shows. */
export function isCompanion(result: Result, { name }: Variable): boolean {
  const end = name.slice(name.lastIndexOf("_") + 1);
  if (!(WORDS as readonly string[]).includes(end)) return false;
  const stem = name.slice(0, Math.max(name.length - end.length - 1, 0));
  return stem === "" ? result.variables[0]?.name !== name : result.variables.some((one) => one.name === stem);
}

export interface Evidence {
  p: ArrayLike<number> | null;
  low: ArrayLike<number> | null;
  high: ArrayLike<number> | null;
  chance: ArrayLike<number> | null;
}

/** Which places are not distinguishable from random; null where the result does not say. */
export function indistinct({ p, low, high, chance }: Evidence): boolean[] | null {
  if (p) return Array.from(p, (value) => value >= DISTINCT_BELOW);
  if (!low || !high || !chance) return null;
  return Array.from(
    chance,
    (value, index) => (low[index] as number) <= value && value <= (high[index] as number),
  );
}
