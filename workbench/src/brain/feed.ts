/** What the view is driven by: a stream that runs, one that is replayed, or any source of the same shape. */
import { useEffect, useRef, useState } from "react";
import type { Activity } from "./scene/statistics";

export interface FeedToken {
  position: number;
  text: string;
  /** The model wrote it; else it is of the prompt. */
  generated: boolean;
}

/** Attention of the token at the cursor: rows by layer and head over the tokens before it. */
export interface Attention {
  rows: ArrayLike<number>;
  n_layers: number;
  n_heads: number;
  n_keys: number;
}

export interface Snapshot {
  activity: Activity | null;
  attention: Attention | null;
  tokens: readonly FeedToken[];
  /** Index of the token that is shown. */
  cursor: number;
  phase: "empty" | "running" | "paused" | "ended";
  /** Why there is nothing more, in the server's words. */
  trouble: string | null;
}

export interface Feed {
  now: () => Snapshot;
  /** Calls back at every change; returns how to leave. */
  subscribe: (listen: () => void) => () => void;
  at: (position: number) => Activity | null;
  look: (position: number) => void;
  start: () => void;
  toggle: () => void;
}

const LEAST_STEP = 100;

/** The newest snapshot, renewed at most ten times a second however fast tokens come. */
export function useSnapshot(feed: Feed): Snapshot {
  const [shown, setShown] = useState(feed.now);
  const last = useRef(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const renew = () => {
      timer = undefined;
      last.current = performance.now();
      setShown(feed.now());
    };
    const hear = () => {
      if (timer !== undefined) return;
      timer = setTimeout(renew, Math.max(0, LEAST_STEP - (performance.now() - last.current)));
    };
    renew();
    const leave = feed.subscribe(hear);
    return () => {
      leave();
      clearTimeout(timer);
    };
  }, [feed]);
  return shown;
}
