/** The question being asked or answered: its progress, its result, or the sentence why not. */
import { create } from "zustand";
import { ask, cancel, type Question } from "../api/ask";
import { type Failure, failureOf, isAbort } from "../api/client";
import type { JobEvent, Result } from "../api/shapes";

export interface Progress {
  what: string;
  done: number;
  total: number | null;
}

export type Phase = "idle" | "asking" | "done" | "failed" | "cancelled";

interface Inquiry {
  phase: Phase;
  asked: Question | null;
  progress: Progress | null;
  /** Last result that arrived, kept on screen while the next is made. */
  result: Result | null;
  answered: Question | null;
  failure: Failure | null;
  start: (question: Question) => Promise<void>;
  stop: () => void;
}

let running: AbortController | null = null;
let job = "";

function progressOf(event: JobEvent): Progress | null {
  if (event.event === "queued") return { what: "waiting for the model", done: 0, total: null };
  if (event.event === "progress") return { what: event.what, done: event.done, total: event.total ?? null };
  return null;
}

export const useInquiry = create<Inquiry>((set) => ({
  phase: "idle",
  asked: null,
  progress: null,
  result: null,
  answered: null,
  failure: null,
  start: async (question) => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    job = "";
    set({ phase: "asking", asked: question, progress: null, failure: null });
    const current = () => running === mine;
    try {
      const result = await ask(question, {
        signal: mine.signal,
        onJob: ({ id }) => (job = id),
        onEvent: (event) => current() && set({ progress: progressOf(event) }),
      });
      if (current()) set({ phase: "done", result, answered: question, progress: null });
    } catch (error) {
      if (!current()) return;
      if (isAbort(error)) set({ phase: "cancelled", progress: null });
      else set({ phase: "failed", failure: failureOf(error), progress: null });
    }
  },
  stop: () => {
    if (job) cancel(job).catch((error: unknown) => set({ failure: failureOf(error) }));
    running?.abort();
  },
}));
