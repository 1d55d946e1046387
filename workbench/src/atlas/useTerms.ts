/** The queries of the address, asked of the server, and the set that they make together. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { ask } from "../api/ask";
import { failureOf } from "../api/client";
import { values } from "../api/queries";
import type { Result } from "../api/shapes";
import { type Query, usePage } from "../state/page";
import { activated, combined, countOf, readTerms, sharedByChance, type Term } from "./algebra";
import { flat, type Neurons, onto } from "./neurons";

export const MOST_TERMS = 8;

export interface Asked {
  term: Term;
  result: Result | null;
  /** By neuron of the map: difference from the corpus in standard deviations, and its p. */
  effect: Float64Array | null;
  p: Float64Array | null;
  active: Uint8Array | null;
  /** How many neurons it activates by itself, and how many are left once it has joined those before. */
  own: number | null;
  left: number | null;
  failure: string | null;
}

export interface Terms {
  asked: readonly Asked[];
  /** What all queries keep, or null where there is none or not all are answered. */
  set: Uint8Array | null;
  /** Of two queries joined by and: what they would share by chance. */
  byChance: number | null;
}

async function answer(term: Term, query: Query, signal: AbortSignal) {
  const given = {
    model: query.model ?? "",
    query: term.text,
    read_as: term.reading,
    top_k: 1,
    ...(query.record ? { record: query.record } : {}),
  };
  const result = await ask({ analysis: "reverse_query", arguments: given }, { signal });
  const [effect, p] = await Promise.all(
    ["every_effect", "every_p"].map((name) => values(result.digest, name, {}, signal)),
  );
  return { result, effect: flat(effect?.values), p: flat(p?.values) };
}

export function useTerms(neurons: Neurons | null): Terms {
  const { query } = usePage();
  const terms = useMemo(() => readTerms(query.q).slice(0, MOST_TERMS), [query.q]);
  const answers = useQueries({
    queries: terms.map((term) => ({
      queryKey: ["term", query.model, query.record, term.reading, term.text],
      queryFn: ({ signal }: { signal: AbortSignal }) => answer(term, query, signal),
      staleTime: Number.POSITIVE_INFINITY,
      enabled: Boolean(query.model),
    })),
    combine: (all) => all.map(({ data, error }) => ({ data, error })),
  });
  return useMemo(() => {
    const asked = terms.map((term, place) => brought(term, answers[place], neurons));
    return { asked: counted(asked, neurons), ...together(asked, neurons) };
  }, [terms, answers, neurons]);
}

interface Reply {
  data: Awaited<ReturnType<typeof answer>> | undefined;
  error: Error | null;
}

function brought(term: Term, reply: Reply | undefined, neurons: Neurons | null): Asked {
  const failure = reply?.error ? failureOf(reply.error).message : null;
  const empty = { term, result: reply?.data?.result ?? null, effect: null, p: null, active: null };
  if (!reply?.data || !neurons) return { ...empty, own: null, left: null, failure };
  const { result } = reply.data;
  const every = result.variables.find(({ name }) => name === "every_effect");
  if (!every) return { ...empty, own: null, left: null, failure };
  const effect = onto(neurons, result, every, reply.data.effect);
  const p = onto(neurons, result, every, reply.data.p);
  const active = activated(effect, p);
  return { term, result, effect, p, active, own: countOf(active), left: null, failure };
}

function setsOf(asked: readonly Asked[]) {
  return asked.flatMap(({ term, active }) => (active ? [{ way: term.way, set: active }] : []));
}

/** Those before the first unanswered query know how many are left. */
function counted(asked: readonly Asked[], neurons: Neurons | null): Asked[] {
  const open = asked.findIndex(({ active }) => !active);
  const answered = open < 0 ? asked : asked.slice(0, open);
  const { kept } = combined(setsOf(answered), neurons?.names.length ?? 0);
  return asked.map((one, place) => ({ ...one, left: kept[place] ?? null }));
}

function together(asked: readonly Asked[], neurons: Neurons | null): Omit<Terms, "asked"> {
  if (!neurons || asked.length === 0 || asked.some(({ active }) => !active))
    return { set: null, byChance: null };
  const total = neurons.names.length;
  const pair = asked.length === 2 && asked.every(({ term }) => term.way === "and");
  const [one, other] = asked;
  return {
    set: combined(setsOf(asked), total).set,
    byChance: pair ? sharedByChance(one?.own ?? 0, other?.own ?? 0, total) : null,
  };
}
