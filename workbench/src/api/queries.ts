/** Cached reads of the server, one hook each. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { client, Failure, reach, read, sentenceOf } from "./client";
import type { Selection, Values } from "./shapes";
import { jobOf, placeOf } from "./unfinished";

const FOREVER = { staleTime: Number.POSITIVE_INFINITY } as const;

export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/models", { signal })),
  });
}

export function useAnalyses() {
  return useQuery({
    queryKey: ["analyses"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/analyses", { signal })),
    ...FOREVER,
  });
}

/** Names that open here as a type of subject, each with a line that says what it is. */
export function useKnown(type: string) {
  return useQuery({
    queryKey: ["subjects", type],
    queryFn: ({ signal }) =>
      read(client.GET("/api/v1/subjects/{type}", { params: { path: { type } }, signal })),
  });
}

/** What the store holds, newest first. */
export function useStored(enabled: boolean) {
  return useQuery({
    queryKey: ["results"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/results", { signal })),
    enabled,
  });
}

export function usePrompts() {
  return useQuery({
    queryKey: ["prompts"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/prompts", { signal })),
    ...FOREVER,
  });
}

export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/health", { signal })),
    ...FOREVER,
  });
}

/** Who is asking: name, role, and whether by a session that can be ended. */
export function useMe() {
  return useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/me", { signal })),
    ...FOREVER,
  });
}

export function useJobs(busy: boolean) {
  return useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/jobs", { signal })),
    refetchInterval: busy ? 1500 : false,
  });
}

/** Tokens of a text as the model sees them; nothing is asked for an empty text. */
export function useTokens(model: string, text: string) {
  return useQuery({
    queryKey: ["tokens", model, text],
    queryFn: ({ signal }) => read(client.POST("/api/v1/tokens", { body: { model, text }, signal })),
    enabled: model !== "" && text !== "",
    placeholderData: keepPreviousData,
    ...FOREVER,
  });
}

/** A slice of one variable; axes named in `fixed` are held at one index. */
export function useValues(digest: string, variable: string, fixed: Selection, enabled = true) {
  return useQuery({
    queryKey: ["values", digest, variable, fixed],
    queryFn: ({ signal }) => values(digest, variable, fixed, signal),
    placeholderData: (before, query) =>
      query?.queryKey[2] === variable && sameAnswer(String(query.queryKey[1]), digest) ? before : undefined,
    enabled,
    ...FOREVER,
  });
}

/** Whether two digests are of one answer: the same, or two states of what a job works on. */
function sameAnswer(one: string, other: string): boolean {
  return one === other || (jobOf(one) !== undefined && jobOf(one) === jobOf(other));
}

/** Reads a slice; the axis words are query keys, which the typed client cannot list. */
export async function values(
  digest: string,
  variable: string,
  fixed: Selection,
  signal: AbortSignal,
): Promise<Values> {
  const query = new URLSearchParams({ variable });
  for (const [axis, index] of Object.entries(fixed)) query.set(axis, String(index));
  const address = `${placeOf(digest)}/values?${query}`;
  const response = await reach(fetch(address, { signal, credentials: "same-origin" }));
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new Failure(sentenceOf(body, response.status), response.status);
  return body as Values;
}
