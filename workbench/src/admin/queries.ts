/** Reads and changes of the Admin page; every change reads its list anew. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, Failure, reach, read, sentenceOf } from "../api/client";
import type { AlertEvent, AuditRow } from "../api/shapes";

const SOON = 2000;
const SELDOM = 10_000;

export function useTokenList() {
  return useQuery({
    queryKey: ["admin", "tokens"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/admin/tokens", { signal })),
  });
}

export function useSessionList() {
  return useQuery({
    queryKey: ["admin", "sessions"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/admin/sessions", { signal })),
  });
}

export function useMemory() {
  return useQuery({
    queryKey: ["admin", "memory"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/admin/memory", { signal })),
    refetchInterval: SELDOM,
  });
}

export function useMonitors() {
  return useQuery({
    queryKey: ["admin", "monitors"],
    queryFn: ({ signal }) => read(client.GET("/api/v1/admin/monitors", { signal })),
    refetchInterval: ({ state }) => (state.data?.rules.some(({ alert }) => alert.checking) ? SOON : SELDOM),
  });
}

export interface Page<Row> {
  rows: Row[];
  before: number | null;
}

export interface AuditFilter {
  actor: string;
  action: string;
  before: number | null;
}

export function useAudit({ actor, action, before }: AuditFilter) {
  return useQuery<Page<AuditRow>>({
    queryKey: ["admin", "audit", actor, action, before],
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/v1/admin/audit", {
          params: {
            query: {
              actor: actor || undefined,
              action: action || undefined,
              before: before ?? undefined,
              limit: 50,
            },
          },
          signal,
        }),
      ),
  });
}

export function useAlertHistory(rule: string, before: number | null) {
  return useQuery<Page<AlertEvent>>({
    queryKey: ["admin", "history", rule, before],
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/v1/alerts/history", {
          params: { query: { rule: rule || undefined, before: before ?? undefined, limit: 50 } },
          signal,
        }),
      ),
  });
}

/** A change of what one list shows. */
export function useChange<Given, Found = unknown>(list: string, work: (given: Given) => Promise<Found>) {
  const cache = useQueryClient();
  return useMutation<Found, Error, Given>({
    mutationFn: work,
    onSettled: () => cache.invalidateQueries({ queryKey: ["admin", list] }),
  });
}

/** Waits for a change that answers with nothing; throws Failure with the server's sentence. */
export async function done(call: Promise<{ error?: unknown; response: Response }>): Promise<void> {
  const { error, response } = await reach(call);
  if (!response.ok) throw new Failure(sentenceOf(error, response.status), response.status);
}
