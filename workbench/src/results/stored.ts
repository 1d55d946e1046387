/** Cached reads of what the store holds: its list, one result, where that came from and what was made of it. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { client, Failure, reach, read, sentenceOf } from "../api/client";
import type { ResultEntry } from "../api/shapes";

export interface Filters {
  analysis?: string | undefined;
  model?: string | undefined;
  text?: string | undefined;
}

export interface Shelf {
  entries: ResultEntry[];
  /** How many there are in all that fit. */
  total: number;
}

const PAGE = 100;

/** What the store holds that fits, newest first, and how many fit in all. */
export function useShelf(filters: Filters, pages: number) {
  return useQuery<Shelf>({
    queryKey: ["results", filters, pages],
    queryFn: async ({ signal }) => {
      const query = Object.fromEntries(Object.entries(filters).filter(([, value]) => value));
      const { data, error, response } = await reach(
        client.GET("/api/v1/results", { params: { query: { ...query, limit: PAGE * pages } }, signal }),
      );
      if (!data) throw new Failure(sentenceOf(error, response.status), response.status);
      return { entries: data, total: Number(response.headers.get("x-neuronscope-total") ?? data.length) };
    },
    placeholderData: keepPreviousData,
  });
}

/** One result by its digest or the start of it. */
export function useResult(digest: string | undefined) {
  return useQuery({
    queryKey: ["result", digest],
    queryFn: ({ signal }) =>
      read(client.GET("/api/v1/results/{digest}", { params: { path: { digest: digest ?? "" } }, signal })),
    enabled: Boolean(digest),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The results that one was made from, and those made from it. */
export function useKin(digest: string) {
  return useQuery({
    queryKey: ["kin", digest],
    queryFn: async ({ signal }) => {
      const params = { path: { digest } };
      const [parents, children] = await Promise.all([
        read(client.GET("/api/v1/results/{digest}/parents", { params, signal })),
        read(client.GET("/api/v1/results/{digest}/children", { params, signal })),
      ]);
      return { parents, children };
    },
  });
}
