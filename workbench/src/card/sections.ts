/** Sorts a card's facts under the tabs of the dialog. */

export interface Fact {
  name: string;
  value: string;
  group: string;
}

export type Section = "Architecture" | "Training" | "Usage and limits";

const WORDS: readonly (readonly [Section, RegExp])[] = [
  ["Architecture", /architecture|size|tokenizer|config/],
  ["Training", /train|data|corpus|loss|accuracy|evaluation|result|measure|mix|optimi/],
  ["Usage and limits", /./],
];

/** Facts by tab; a group that no tab claims belongs to usage and limits. */
export function sections(facts: readonly Fact[]): Record<Section, Fact[]> {
  const found: Record<Section, Fact[]> = { Architecture: [], Training: [], "Usage and limits": [] };
  for (const fact of facts) {
    const [section] = WORDS.find(([, words]) => words.test(fact.group.toLowerCase())) ?? [
      "Usage and limits" as const,
    ];
    found[section].push(fact);
  }
  return found;
}
