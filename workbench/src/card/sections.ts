/** Sorts a card's facts under the tabs of the dialog. */

export interface Fact {
  name: string;
  value: string;
  group: string;
}

export type Section = "Architecture" | "Training" | "Usage and limits";

const WORDS: readonly (readonly [Section, RegExp])[] = [
  ["Architecture", /architecture|size|tokenizer|config/],
  ["Usage and limits", /usage|limit|about|licen[cs]e|readme/],
];

/** Facts by tab; what no other tab claims tells how the model was made and how well it does. */
export function sections(facts: readonly Fact[]): Record<Section, Fact[]> {
  const found: Record<Section, Fact[]> = { Architecture: [], Training: [], "Usage and limits": [] };
  for (const fact of facts) {
    const [section] = WORDS.find(([, words]) => words.test(fact.group.toLowerCase())) ?? [
      "Training" as const,
    ];
    found[section].push(fact);
  }
  return found;
}
