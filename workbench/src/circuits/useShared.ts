/** How many heads of queries share one head of keys and values; null until the model's card is there. */
import { useMemo } from "react";
import type { Question } from "../api/ask";
import { useAnswered } from "../result/useAnswered";
import { useNumbers } from "./useNumbers";

const VALUE = ["value"];

export function useShared(model: string | undefined): number | null {
  const question = useMemo<Question | null>(
    () => (model ? { analysis: "model_card", arguments: { model } } : null),
    [model],
  );
  const { result } = useAnswered(question);
  const { numbers } = useNumbers(result, VALUE);
  const names = result?.coords.item?.values ?? [];
  const [queries, keys] = ["query heads", "key heads"].map((name) =>
    Number(numbers?.value?.texts?.[names.indexOf(name)]),
  );
  return queries && keys ? queries / keys : null;
}
