/** Numbers of several variables of an answer, read whole. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { values } from "../api/queries";
import type { Result, Selection } from "../api/shapes";
import { cubeOf } from "../result/cube";
import type { Numbers } from "./found";

export interface Read {
  numbers: Numbers | null;
  failure: Error | null;
}

const NOTHING: Selection = {};

export function useNumbers(result: Result | null, names: readonly string[], fixed = NOTHING): Read {
  const digest = result?.digest ?? "";
  const { data, failure } = useQueries({
    queries: names.map((name) => ({
      queryKey: ["values", digest, name, fixed],
      queryFn: ({ signal }: { signal: AbortSignal }) => values(digest, name, fixed, signal),
      enabled: result !== null,
      staleTime: Number.POSITIVE_INFINITY,
    })),
    combine,
  });
  const numbers = useMemo(
    () =>
      result && data ? Object.fromEntries(names.map((name, at) => [name, cubeOf(data[at] as never)])) : null,
    [result, data, names],
  );
  return { numbers, failure };
}

function combine(answers: readonly { data?: unknown; error: Error | null }[]) {
  const whole = answers.length > 0 && answers.every(({ data }) => data !== undefined);
  return {
    data: whole ? answers.map(({ data }) => data) : null,
    failure: answers.find(({ error }) => error)?.error ?? null,
  };
}
