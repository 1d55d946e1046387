/** The page on screen: its path and its query, which is all of its state; the address follows, and is followed. */
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { create } from "zustand";

export type Query = Readonly<Record<string, string>>;
/** What to change in the query; null takes a key out. */
export type Patch = Readonly<Record<string, string | null | undefined>>;

interface PageStore {
  path: string;
  query: Query;
  /** The change deserves a step back of its own. */
  pushed: boolean;
  set: (patch: Patch, how?: { push?: boolean }) => void;
  load: (path: string, query: Query) => void;
}

export const usePageStore = create<PageStore>((set) => ({
  path: "",
  query: {},
  pushed: false,
  set: (patch, { push = false } = {}) =>
    set(({ query, pushed }) => {
      const next = patched(query, patch);
      return same(query, next) ? {} : { query: next, pushed: pushed || push };
    }),
  load: (path, query) =>
    set((now) => (now.path === path && same(now.query, query) ? {} : { path, query, pushed: false })),
}));

/** The query with some keys changed; empty ones are left out. */
export function patched(query: Query, patch: Patch): Query {
  const kept = Object.entries({ ...query, ...patch }).filter(([, text]) => text);
  return Object.fromEntries(kept) as Query;
}

function same(one: Query, other: Query): boolean {
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => one[key] === other[key]);
}

/** The query of the page on screen, and how to change it. */
export function usePage(): { query: Query; set: PageStore["set"] } {
  const query = usePageStore((page) => page.query);
  const set = usePageStore((page) => page.set);
  return { query, set };
}

/** Keys that every page understands, so that a link to another page carries them. */
const CARRIED = [
  "model",
  "prompt",
  "corrupt",
  "target",
  "distractor",
  "task",
  "do",
  "sel",
  "pins",
  "dock",
  "theme",
];

/** What a link to another page takes along, with what it adds. */
export function carried(query: Query, more: Patch = {}): Query {
  const kept = Object.fromEntries(
    CARRIED.flatMap((key) => (query[key] === undefined ? [] : [[key, query[key]]])),
  ) as Query;
  return patched(kept, more);
}

const SETTLED = 200;

/** Keeps the address and the store the same, in both directions; the shell alone uses it. */
export function useAddress(): void {
  const { pathname, search } = useRouterState({ select: ({ location }) => location });
  const navigate = useNavigate();
  const written = useRef("");
  const text = addressOf(pathname, search as Query);
  useEffect(() => {
    if (text === written.current) return;
    written.current = text;
    usePageStore.getState().load(pathname, search as Query);
  }, [text, pathname, search]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = () => {
      const { path, query, pushed } = usePageStore.getState();
      const now = addressOf(path, query);
      if (now === written.current) return;
      written.current = now;
      usePageStore.setState({ pushed: false });
      void navigate({ to: path, search: query as never, replace: !pushed });
    };
    const leave = usePageStore.subscribe((now) => {
      clearTimeout(timer);
      if (now.pushed) write();
      else timer = setTimeout(write, SETTLED);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [navigate]);
}

function addressOf(path: string, query: Query): string {
  return `${path}?${new URLSearchParams(query)}`;
}
