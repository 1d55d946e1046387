/** A recipe being followed: its text, the parameters that were changed, and the answers of its steps so far. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { client, read } from "../api/client";
import type { CheckedStep, Recipe } from "../api/shapes";
import { type Query, usePage } from "../state/page";

const KEPT = "neuronscope-recipes";
const FOREVER = { staleTime: Number.POSITIVE_INFINITY } as const;

/** Recipes of one's own, kept in this browser, by name. */
export function ownRecipes(): Record<string, string> {
  try {
    const found: unknown = JSON.parse(globalThis.localStorage.getItem(KEPT) ?? "{}");
    return typeof found === "object" && found !== null ? (found as Record<string, string>) : {};
  } catch {
    return {};
  }
}

export function keepRecipe(name: string, text: string | null): void {
  const { [name]: _before, ...others } = ownRecipes();
  globalThis.localStorage.setItem(KEPT, JSON.stringify(text === null ? others : { ...others, [name]: text }));
}

export function useRecipes() {
  return useQuery({
    queryKey: ["recipes"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/recipes", { signal })),
    ...FOREVER,
  });
}

/** What a recipe of one's own says, or the sentence why it says nothing. */
export function useOwn(text: string | undefined) {
  return useQuery({
    queryKey: ["recipe", text],
    queryFn: ({ signal }) =>
      read(client.POST("/api/v1/recipes/read", { body: { text: text ?? "" }, signal })),
    enabled: text !== undefined,
    ...FOREVER,
  });
}

/** The question of a step, with parameters and earlier answers put in; none while it waits for one. */
export function useFilled(recipe: Recipe, step: string, given: Given, answers: Answers, ready: boolean) {
  return useQuery({
    queryKey: ["filled", recipe.text, step, given, answers],
    queryFn: ({ signal }) =>
      read(
        client.POST("/api/v1/recipes/fill", { body: { text: recipe.text, step, given, answers }, signal }),
      ),
    enabled: ready,
    ...FOREVER,
  });
}

/** What the checks of a step say of its answer, and which pictures the recipe shows. */
export function useChecked(recipe: Recipe, step: string, given: Given, digest: string | undefined) {
  return useQuery<CheckedStep>({
    queryKey: ["checked", recipe.text, step, given, digest],
    queryFn: ({ signal }) =>
      read(
        client.POST("/api/v1/recipes/check", {
          body: { text: recipe.text, step, given, digest: digest ?? "" },
          signal,
        }),
      ),
    enabled: digest !== undefined,
    ...FOREVER,
  });
}

export type Given = Record<string, string | number | boolean>;
export type Answers = Record<string, string>;

/** Parameters that differ from the recipe's own, as the query keeps them: `given.NAME`. */
export function givenOf(query: Query, recipe: Recipe): Given {
  const changed = Object.entries(recipe.parameters).flatMap(([name, usual]) => {
    const text = query[`given.${name}`];
    return text === undefined ? [] : [[name, likewise(text, usual)]];
  });
  return Object.fromEntries(changed) as Given;
}

/** A text read as the same sort of value as the recipe's own. */
function likewise(text: string, usual: unknown): string | number | boolean {
  if (typeof usual === "number" && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (typeof usual === "boolean") return text === "true";
  return text;
}

/** Answers of the steps by digest, kept in the query as `answer.STEP`, and how one is noted. */
export function useAnswers(recipe: Recipe): [Answers, (step: string, digest: string) => void] {
  const { query, set } = usePage();
  const answers = useMemo(
    () =>
      Object.fromEntries(
        recipe.steps.flatMap(({ name }) => {
          const digest = query[`answer.${name}`];
          return digest ? [[name, digest]] : [];
        }),
      ),
    [query, recipe],
  );
  const note = useCallback(
    (step: string, digest: string) => set({ [`answer.${step}`]: digest.slice(0, 16) }),
    [set],
  );
  return [answers, note];
}

/** Patch that forgets the answers of all steps, since the question has changed. */
export function withoutAnswers(recipe: Recipe): Record<string, null> {
  return Object.fromEntries(
    recipe.steps.flatMap(({ name }) => [
      [`answer.${name}`, null],
      [`ask.${name}`, null],
    ]),
  );
}
