/** A question put to the server: its answer, how far it is, what it shows so far, or the sentence why not. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { create } from "zustand";
import { ask, cancel, kept, type Question } from "../api/ask";
import { type Failure, failureOf, isAbort } from "../api/client";
import { unfinished } from "../api/unfinished";
import type { JobEvent, Result } from "../api/shapes";

export interface Progress {
  what: string;
  done: number;
  total: number | null;
}

export type Phase = "idle" | "asking" | "done" | "failed" | "cancelled";

export interface Answered {
  /** The last answer, kept while the next is made. */
  result: Result | null;
  /** The question that `result` answers. */
  answered: Question | null;
  /** What is known so far of the answer that is being made, where its analysis shows that. */
  partial: Result | null;
  phase: Phase;
  progress: Progress | null;
  failure: Failure | null;
  stop: () => void;
  again: () => void;
}

interface Going {
  job: string;
  progress: Progress | null;
  partial: Result | null;
}

const NOTHING: Going = { job: "", progress: null, partial: null };

/** What runs, by question: two panels that ask the same follow one job. */
const useGoing = create<Record<string, Going>>(() => ({}));

/** What is left of questions that were stopped, by question. */
const useKept = create<Record<string, Result>>(() => ({}));

function note(key: string, part: Partial<Going>): void {
  useGoing.setState((all) => ({ [key]: { ...NOTHING, ...all[key], ...part } }));
}

function progressOf(event: JobEvent): Progress | null {
  if (event.event === "queued") return { what: "waiting for the model", done: 0, total: null };
  if (event.event === "progress") return { what: event.what, done: event.done, total: event.total ?? null };
  return null;
}

async function put(question: Question, key: string, signal: AbortSignal): Promise<Result> {
  note(key, NOTHING);
  const see = watching(key, signal);
  try {
    return await ask(question, {
      signal,
      onJob: ({ id }) => note(key, { job: id }),
      onEvent: (event) => {
        const progress = progressOf(event);
        if (progress) note(key, { progress });
        if (event.event === "partial") see();
        if (event.event === "cancelled" && event.digest) void keep(key, event.digest);
      },
    });
  } finally {
    useGoing.setState(({ [key]: _ended, ...others }) => others, true);
  }
}

/** Looks at what a job has so far, one look at a time. */
function watching(key: string, signal: AbortSignal): () => void {
  let looking = false;
  return () => {
    const job = useGoing.getState()[key]?.job;
    if (looking || !job) return;
    looking = true;
    unfinished(job, signal)
      .then((partial) => useGoing.getState()[key] && note(key, { partial }))
      .catch(() => undefined) // the whole answer came first
      .finally(() => (looking = false));
  };
}

/** Reads the answer that is left of a stopped question. */
async function keep(key: string, digest: string): Promise<void> {
  const left = await kept(digest).catch(() => null);
  if (left) useKept.setState({ [key]: left });
}

/** Whether this page waits for a job. */
export function useBusy(): boolean {
  return useGoing((all) => Object.values(all).some(({ job }) => job !== ""));
}

const FOREVER = Number.POSITIVE_INFINITY;

/** Asks a question as soon as there is one; the same question is asked once, whoever asks. */
export function useAnswered(question: Question | null): Answered {
  const key = question ? JSON.stringify([question.analysis, question.arguments]) : "";
  const cache = useQueryClient();
  const { data, error, fetchStatus, refetch } = useQuery({
    queryKey: ["answered", key],
    queryFn: ({ signal }) => put(question as Question, key, signal),
    enabled: question !== null,
    staleTime: FOREVER,
  });
  const going = useGoing((all) => all[key]);
  const left = useKept((all) => all[key]);
  const [last, setLast] = useState<{ result: Result; question: Question } | null>(null);
  if (data && question && last?.result !== data) setLast({ result: data, question });
  const stop = useCallback(() => {
    const job = useGoing.getState()[key]?.job;
    if (job) void cancel(job).catch(() => undefined);
    else void cache.cancelQueries({ queryKey: ["answered", key] });
  }, [key, cache]);
  const again = useCallback(() => void refetch(), [refetch]);
  const phase = phaseOf(question, data, error, fetchStatus);
  return {
    result: data ?? (phase === "cancelled" ? left : undefined) ?? last?.result ?? null,
    answered: data ? question : (last?.question ?? null),
    partial: phase === "asking" ? (going?.partial ?? null) : null,
    phase,
    progress: phase === "asking" ? (going?.progress ?? null) : null,
    failure: phase === "failed" ? failureOf(error) : null,
    stop,
    again,
  };
}

function phaseOf(
  question: Question | null,
  data: Result | undefined,
  error: unknown,
  status: "fetching" | "paused" | "idle",
): Phase {
  if (!question) return "idle";
  if (status !== "idle") return "asking";
  if (error) return isAbort(error) ? "cancelled" : "failed";
  return data ? "done" : "cancelled";
}
