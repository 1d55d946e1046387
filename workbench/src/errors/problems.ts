/** Problems as rows: what was asked, what is right, what the model wrote, before and under the interventions. */
import type { Cubes } from "../unit/asking";
import type { Outcome } from "./address";

export interface Problem {
  row: number;
  clean: string;
  answer: string;
  written: string;
  correct: boolean;
  /** A right answer is the likeliest of those listed. */
  prefers: boolean;
  metric: number;
  /** The same under the interventions, where that was asked. */
  now: { written: string; correct: boolean } | null;
}

export const WANTED = {
  clean: {},
  answer: {},
  written: {},
  correct: {},
  prefers_right: {},
  metric: {},
  accuracy: { item: 0 },
  accuracy_interval: { item: 0 },
};

const texts = (from: Cubes, name: string) => from[name]?.texts ?? [];
const numbers = (from: Cubes, name: string) => from[name]?.numbers ?? [];

export function problemsIn(cubes: Cubes, changed: Cubes | null): Problem[] {
  const after = new Map((changed?.clean?.texts ?? []).map((clean, row) => [clean, row] as const));
  return texts(cubes, "clean").map((clean, row) => ({
    row,
    clean,
    answer: texts(cubes, "answer")[row] ?? "",
    written: texts(cubes, "written")[row] ?? "",
    correct: numbers(cubes, "correct")[row] === 1,
    prefers: numbers(cubes, "prefers_right")[row] === 1,
    metric: numbers(cubes, "metric")[row] ?? Number.NaN,
    now: changed ? nowAt(changed, after.get(clean)) : null,
  }));
}

function nowAt(changed: Cubes, row: number | undefined): Problem["now"] {
  if (row === undefined) return null;
  return { written: texts(changed, "written")[row] ?? "", correct: numbers(changed, "correct")[row] === 1 };
}

/** Problems of an outcome whose text, answer or writing holds some words. */
export function kept(problems: readonly Problem[], outcome: Outcome, words: string): Problem[] {
  const sought = words.trim().toLowerCase();
  const fits = {
    all: () => true,
    right: ({ correct }: Problem) => correct,
    wrong: ({ correct }: Problem) => !correct,
    prefers: ({ correct, prefers }: Problem) => !correct && prefers,
  }[outcome];
  return problems.filter(
    (problem) =>
      fits(problem) &&
      [problem.clean, problem.answer, problem.written].some((text) => text.toLowerCase().includes(sought)),
  );
}

/** How many problems the interventions turned either way. */
export function turned(problems: readonly Problem[]): { right: number; wrong: number } {
  return {
    right: problems.filter(({ correct, now }) => now?.correct && !correct).length,
    wrong: problems.filter(({ correct, now }) => now && !now.correct && correct).length,
  };
}
