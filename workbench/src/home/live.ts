/** What Home keeps an eye on: every two seconds while something runs, seldom else, and never while hidden. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { client, read } from "../api/client";
import type { Alerts, Job, ResultEntry } from "../api/shapes";

const SOON = 2000;
const SELDOM = 15_000;

export function isActive({ state }: Job): boolean {
  return state === "running" || state === "queued";
}

/** The jobs, newest first; results are read anew when one ends. */
export function useLiveJobs() {
  const cache = useQueryClient();
  const found = useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/jobs", { signal })),
    refetchInterval: ({ state }) => (state.data?.some(isActive) ? SOON : SELDOM),
    refetchOnWindowFocus: true,
  });
  const ended = found.data?.filter((job) => !isActive(job)).length;
  useEffect(() => {
    if (ended) void cache.invalidateQueries({ queryKey: ["results"] });
  }, [ended, cache]);
  return found;
}

export function useAlerts() {
  return useQuery<Alerts>({
    queryKey: ["alerts"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/alerts", { signal })),
    refetchInterval: ({ state }) => (state.data?.alerts.some(({ checking }) => checking) ? SOON : SELDOM),
    refetchOnWindowFocus: true,
  });
}

export function useMe() {
  return useQuery({
    queryKey: ["me"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/me", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export interface Counts {
  exact: number;
  reduced: number;
  refused: number;
}

/** How many sites of a model are exact, reduced and refused, as the provenance of a stored result says. */
export function certificateIn(provenance: Record<string, unknown>, model: string): Counts | null {
  const models = Object.values((provenance.models ?? {}) as Record<string, Certified>);
  const certificate = models.find(({ name }) => name === model)?.certificate;
  if (!certificate) return null;
  const size = (part: Certified["certificate"][keyof Certified["certificate"]]) =>
    Array.isArray(part) ? part.length : Object.keys(part ?? {}).length;
  return {
    exact: size(certificate.exact),
    reduced: size(certificate.reduced),
    refused: size(certificate.refused),
  };
}

interface Certified {
  name: string;
  certificate: {
    exact: string[];
    reduced: Record<string, string> | string[];
    refused: Record<string, string> | string[];
  };
}

/** The newest stored result that was asked of a model. */
export function newestOf(model: string, results: readonly ResultEntry[]): ResultEntry | undefined {
  return results.find(({ models }) => models.includes(model));
}

/** The certificate of a model, read from what is stored about it; null where nothing is. */
export function useCertificate(model: string, results: readonly ResultEntry[]) {
  const digest = newestOf(model, results)?.digest ?? "";
  return useQuery({
    queryKey: ["certificate", model, digest],
    queryFn: async ({ signal }) => {
      const result = await read(
        client.GET("/api/v1/results/{digest}", { params: { path: { digest } }, signal }),
      );
      return certificateIn(result.provenance, model);
    },
    enabled: digest !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
}
