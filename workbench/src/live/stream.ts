/** The stream on screen: what comes from the server, where the cursor stands, what is sent back. */
import { create } from "zustand";
import { BASE, client, Failure, failureOf, isAbort, reach, read, sentenceOf } from "../api/client";
import type { StreamBody } from "../api/shapes";
import type { Activity } from "./activity";
import { FrameParser } from "./frames";
import { EMPTY_TAPE, Recorder, type Tape } from "./tape";

/** The first stream, or the one beside it. */
export type Side = 0 | 1;
export type Phase = "idle" | "waiting" | "running" | "paused" | "ended";

export interface StreamStore {
  /** One tape, or two where a second stream runs beside the first. */
  tapes: readonly Tape[];
  phase: Phase;
  /** Position that every panel shows. */
  cursor: number;
  /** The cursor moves on by itself: with the newest token, or at `speed` through what is there. */
  playing: boolean;
  /** Tokens a second while what is there is played again. */
  speed: number;
  loop: boolean;
  /** Digest that is replayed. */
  replayed: string | null;
  /** Interventions that the first stream was last steered by. */
  steered: readonly string[] | null;
  /** The server's sentence where a control was refused. */
  complaint: string | null;
  /** Lets the model write, once for each request, side by side; steering goes to the first alone. */
  start: (...requests: StreamBody[]) => void;
  replay: (digest: string, cursor?: number) => void;
  pause: () => void;
  resume: () => void;
  step: () => void;
  stop: () => void;
  steer: (ops: readonly string[]) => void;
  clear: () => void;
  seek: (position: number) => void;
  play: (playing: boolean) => void;
  look: (how: Partial<Pick<StreamStore, "speed" | "loop">>) => void;
  /** What every neuron did at a position; null where it has not come. */
  frame: (position: number, side?: Side) => Activity | null;
  /** Mean size of each layer's activations, by token. */
  means: (side?: Side) => readonly Float32Array[];
  /** One array of a token by name, half-precision numbers as their bits. */
  array: (position: number, name: string, side?: Side) => ReturnType<Recorder["array"]>;
}

const IDLE = {
  tapes: [EMPTY_TAPE] as readonly Tape[],
  phase: "idle" as Phase,
  cursor: 0,
  playing: true,
  replayed: null,
  steered: null,
  complaint: null,
};

/** What one run holds besides what is on screen; a new run takes a new one, so that late bytes miss it. */
interface Run {
  recorders: Recorder[];
  abort: AbortController;
  /** The stream of each side while it is written. */
  ids: (string | null)[];
  drawn: boolean;
  /** It waits before its first token until it is let go. */
  held: boolean;
}

const fresh = (): Run => ({
  recorders: [],
  abort: new AbortController(),
  ids: [],
  drawn: true,
  held: false,
});

let run = fresh();

export const useStream = create<StreamStore>((set, get) => ({
  ...IDLE,
  speed: 8,
  loop: false,
  start: (...requests) => {
    const mine = begin(requests.length, { phase: "waiting" });
    mine.held = requests[0]?.paused ?? false;
    void (async () => {
      await Promise.all(requests.map((body, side) => pour(mine, side, () => opened(mine, side, body))));
      if (run === mine) finish(mine);
    })();
  },
  replay: (digest, cursor) => {
    const mine = begin(1, { phase: "waiting", replayed: digest, playing: cursor === undefined && moving() });
    void (async () => {
      await pour(mine, 0, () =>
        fetched(`/results/${encodeURIComponent(digest)}/frames`, { signal: mine.abort.signal }),
      );
      if (run !== mine) return;
      set({ cursor: cursor ?? 0 });
      finish(mine);
    })();
  },
  pause: () => void control("pause", "paused"),
  resume: () => void control("resume", "running"),
  step: () => void control("step", "paused"),
  stop: () => void control("stop", null),
  steer: (ops) => void control("steer", null, ops),
  clear: () => {
    run.abort.abort();
    run = fresh();
    set(IDLE);
  },
  seek: (position) => {
    const last = newest(get().tapes);
    const cursor = Math.min(Math.max(position, 0), Math.max(last, 0));
    set({ cursor, playing: isLive(get().phase) && cursor === last });
  },
  play: (playing) => {
    const { cursor, tapes, phase } = get();
    const again = playing && !isLive(phase) && cursor >= newest(tapes);
    set({ playing, ...(again ? { cursor: 0 } : {}) });
  },
  look: (how) => set(how),
  frame: (position, side = 0) => run.recorders[side]?.activity(position) ?? null,
  means: (side = 0) => run.recorders[side]?.means() ?? [],
  array: (position, name, side = 0) => run.recorders[side]?.array(position, name) ?? null,
}));

export function isLive(phase: Phase): boolean {
  return phase === "waiting" || phase === "running" || phase === "paused";
}

/** Whether the reader wants things to move by themselves. */
function moving(): boolean {
  return !globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches;
}

/** Last position that any of the tapes has; -1 where nothing has come. */
export function newest(tapes: readonly Tape[]): number {
  return Math.max(...tapes.map((tape) => tape.tokens.at(-1)?.position ?? -1));
}

function begin(count: number, how: Partial<StreamStore>): Run {
  run.abort.abort();
  run = { ...fresh(), recorders: Array.from({ length: count }, () => new Recorder()) };
  useStream.setState({ ...IDLE, tapes: run.recorders.map(() => EMPTY_TAPE), ...how });
  return run;
}

function finish(mine: Run): void {
  draw(mine);
  useStream.setState(({ replayed, playing }) => ({ phase: "ended", playing: playing && replayed !== null }));
}

/** A held stream can be stepped as soon as all its sides can be reached. */
function begun({ held, ids, recorders }: Run): Phase {
  if (!held) return "running";
  return ids.filter((id) => id !== null).length === recorders.length ? "paused" : "waiting";
}

async function fetched(path: string, init: RequestInit): Promise<Response> {
  const response = await reach(fetch(`${BASE}${path}`, { credentials: "same-origin", ...init }));
  if (response.ok && response.body) return response;
  throw new Failure(sentenceOf(await response.json().catch(() => null), response.status), response.status);
}

async function opened(mine: Run, side: number, body: StreamBody): Promise<Response> {
  const response = await fetched("/streams", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: mine.abort.signal,
  });
  mine.ids[side] = response.headers.get("x-neuronscope-stream");
  return response;
}

/** Reads one stream to its end into a recorder; what goes wrong becomes a sentence in it. */
async function pour(mine: Run, side: number, open: () => Promise<Response>): Promise<void> {
  const recorder = mine.recorders[side] as Recorder;
  try {
    const { body } = await open();
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const parser = new FrameParser();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      for (const frame of parser.push(value)) recorder.take(frame);
      schedule(mine);
    }
    if (!recorder.ended)
      recorder.fail("The stream ended without a word: the server stopped or was restarted.");
  } catch (error) {
    if (!isAbort(error)) recorder.fail(failureOf(error).message);
  }
  mine.ids[side] = null;
}

/** Shows what has come with the page's next picture, however fast it comes. */
function schedule(mine: Run): void {
  if (!mine.drawn || run !== mine) return;
  mine.drawn = false;
  const soon = globalThis.requestAnimationFrame ?? ((work: () => void) => setTimeout(work, 16));
  // A page in the background draws nothing, but must not stand still.
  const late = setTimeout(() => draw(mine), 250);
  soon(() => {
    clearTimeout(late);
    draw(mine);
  });
}

function draw(mine: Run): void {
  if (run !== mine) return;
  mine.drawn = true;
  const tapes = mine.recorders.map((recorder) => recorder.tape());
  useStream.setState(({ phase, playing, cursor, replayed }) => ({
    tapes,
    phase: phase === "waiting" && tapes.some(({ start }) => start) ? begun(mine) : phase,
    cursor: playing && replayed === null ? Math.max(newest(tapes), 0) : cursor,
  }));
}

async function control(
  action: "pause" | "resume" | "step" | "stop" | "steer",
  phase: Phase | null,
  ops: readonly string[] = [],
): Promise<void> {
  const mine = run;
  const ids = (action === "steer" ? mine.ids.slice(0, 1) : mine.ids).filter((id) => id !== null);
  if (ids.length === 0) return;
  if (phase) useStream.setState({ phase, complaint: null });
  try {
    const body = { action, do: [...ops] };
    const told = ids.map((stream_id) =>
      read(client.POST("/api/v1/streams/{stream_id}/control", { params: { path: { stream_id } }, body })),
    );
    await Promise.all(told);
    if (action === "steer" && run === mine) useStream.setState({ steered: ops, complaint: null });
  } catch (error) {
    if (run === mine) useStream.setState({ complaint: failureOf(error).message });
  }
}
