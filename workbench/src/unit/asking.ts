/** Reading what the panels of a unit draw: the sizes of its model, and parts of an answer together. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { values } from "../api/queries";
import type { Arguments, Result, Selection } from "../api/shapes";
import { type Cube, cubeOf } from "../result/cube";
import { type Answered, useAnswered } from "../result/useAnswered";
import { type Sizes, sizesIn } from "./address";

/** A question that stays the same object while it says the same. */
export function useQuestion(analysis: string, given: Arguments, ready = true): Question | null {
  const key = JSON.stringify(given);
  return useMemo(
    () => (ready ? { analysis, arguments: JSON.parse(key) as Arguments } : null),
    [analysis, key, ready],
  );
}

/** Whether nothing more is to be waited for. */
export function settled({ phase }: Answered): boolean {
  return phase === "done" || phase === "failed" || phase === "cancelled";
}

/** The answer to the question that stands, never to the one before. */
export function current({ phase, result }: Answered): Result | null {
  return phase === "done" ? result : null;
}

export type Cubes = Readonly<Record<string, Cube>>;

/** Some variables of an answer, each with some axes held; null until all are there. Those it lacks are left out. */
export function useCubes(
  result: Result | null,
  wanted: Readonly<Record<string, Selection>>,
): { cubes: Cubes | null; failure: Error | null } {
  const named = new Set([
    ...(result?.variables ?? []).map(({ name }) => name),
    ...Object.keys(result?.coords ?? {}),
  ]);
  const asked = Object.entries(wanted).filter(([name]) => named.has(name));
  const { data, error } = useQuery({
    queryKey: ["cubes", result?.digest, asked],
    queryFn: async ({ signal }) => {
      const read = asked.map(async ([name, held]) => {
        const slice = await values(result?.digest ?? "", name, held, signal);
        return [name, cubeOf(slice)] as const;
      });
      return Object.fromEntries(await Promise.all(read));
    },
    enabled: result !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { cubes: data ?? null, failure: error };
}

/** How many layers, neurons and heads a model has, by its card; null while that is not known. */
export function useSizes(model: string): { sizes: Sizes | null; answered: Answered } {
  const answered = useAnswered(useQuestion("model_card", { model }, model !== ""));
  const card = current(answered);
  const { cubes } = useCubes(card, { value: {} });
  const sizes = useMemo(() => {
    const names = card?.coords.item?.values;
    return names && cubes?.value?.texts ? sizesIn(model, names, cubes.value.texts) : null;
  }, [model, card, cubes]);
  return { sizes, answered };
}
