/** Queries combined by and, or, not into one set of neurons; written as text in the address. */

export type Way = "and" | "or" | "not";
export const WAYS: readonly Way[] = ["and", "or", "not"];
export const READINGS = ["auto", "ngram", "text", "pattern"] as const;
export type Reading = (typeof READINGS)[number];

export interface Term {
  /** How it joins what stands before it; the first term's says only whether it is turned round. */
  way: Way;
  reading: Reading;
  text: string;
}

/** Reads one term a line, such as `not text The dog`; lines that cannot be read are dropped. */
export function readTerms(text: string | undefined): Term[] {
  return (text ?? "").split("\n").flatMap((line) => {
    const match = /^(and|or|not) (auto|ngram|text|pattern) (.+)$/.exec(line);
    if (!match) return [];
    return [{ way: match[1] as Way, reading: match[2] as Reading, text: match[3] as string }];
  });
}

export function writeTerms(terms: readonly Term[]): string {
  return terms
    .filter(({ text }) => text)
    .map(({ way, reading, text }) => `${way} ${reading} ${text.replaceAll("\n", " ")}`)
    .join("\n");
}

/** A neuron counts as activated where its effect is above 0 and p is below this. */
export const LEVEL = 0.05;

/** Neurons that a query activates: 1 where the effect is above 0 and unlikely by chance. */
export function activated(effect: ArrayLike<number>, p: ArrayLike<number>): Uint8Array {
  return Uint8Array.from({ length: effect.length }, (_, index) =>
    Number((effect[index] as number) > 0 && (p[index] as number) < LEVEL),
  );
}

/** Combines sets from the first to the last; `kept` is the count after each step. */
export function combined(
  sets: readonly { way: Way; set: Uint8Array }[],
  total: number,
): { set: Uint8Array; kept: number[] } {
  let set = new Uint8Array(total).fill(1);
  const kept: number[] = [];
  for (const [step, next] of sets.entries()) {
    set = joined(set, next.set, step === 0 && next.way === "or" ? "and" : next.way);
    kept.push(countOf(set));
  }
  return { set, kept };
}

function joined(before: Uint8Array, next: Uint8Array, way: Way): Uint8Array<ArrayBuffer> {
  if (way === "or") return before.map((one, index) => one | (next[index] as number));
  if (way === "not") return before.map((one, index) => one & (1 - (next[index] as number)));
  return before.map((one, index) => one & (next[index] as number));
}

export function countOf(set: Uint8Array): number {
  return set.reduce((sum, one) => sum + one, 0);
}

/** What both of two sets would share if they had nothing to do with each other. */
export function sharedByChance(one: number, other: number, total: number): number {
  return total > 0 ? (one * other) / total : 0;
}

/** Where several filters are in force, what all of them keep; null where none is. */
export function allOf(filters: readonly (Uint8Array | null)[]): Uint8Array | null {
  const there = filters.filter((filter) => filter !== null);
  if (there.length === 0) return null;
  return there.reduce((set, next) => joined(set, next, "and"));
}
