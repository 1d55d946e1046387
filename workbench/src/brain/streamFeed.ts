/** The stream of the page as what drives the view. */
import type { StreamBody } from "../api/shapes";
import { ofHalf } from "../live/activity";
import { readSettings, requestsOf } from "../live/settings";
import { isLive, type StreamStore, useStream } from "../live/stream";
import type { Tape } from "../live/tape";
import type { Query } from "../state/page";
import { argumentOf } from "../state/stack";
import type { Attention, Feed, FeedToken, Snapshot } from "./feed";

/** What is asked for when the view itself starts a stream: the settings of the page, under its interventions. */
export function streamsOf(query: Query): StreamBody[] {
  const { model = "", prompt = "" } = query;
  return requestsOf(readSettings(query), { model, prompt, ops: argumentOf(query.do) });
}

/** A feed over the page's stream; `begin` starts one. */
export function streamFeed(begin: () => void): Feed {
  const texts = new WeakMap<Tape, readonly FeedToken[]>();
  const tokensOf = (tape: Tape) => {
    const known = texts.get(tape) ?? tape.tokens.map(asToken);
    texts.set(tape, known);
    return known;
  };
  const now = (): Snapshot => {
    const store = useStream.getState();
    const tape = store.tapes[0];
    return {
      activity: store.frame(store.cursor),
      attention: attentionAt(store, tape),
      tokens: tape ? tokensOf(tape) : [],
      cursor: store.cursor,
      phase: phaseOf(store),
      trouble: store.complaint ?? tape?.failure ?? null,
    };
  };
  return {
    now,
    subscribe: (listen) => useStream.subscribe(listen),
    at: (position) => useStream.getState().frame(position),
    look: (position) => useStream.getState().seek(position),
    start: begin,
    toggle,
  };
}

function asToken({ position, text, written }: Tape["tokens"][number]): FeedToken {
  return { position, text, generated: written };
}

function phaseOf({ phase }: StreamStore): Snapshot["phase"] {
  if (phase === "idle") return "empty";
  return phase === "waiting" ? "running" : phase;
}

function toggle(): void {
  const { phase, playing, pause, resume, play } = useStream.getState();
  if (phase === "paused") resume();
  else if (isLive(phase)) pause();
  else play(!playing);
}

function attentionAt(store: StreamStore, tape: Tape | undefined): Attention | null {
  const bits = store.array(store.cursor, "pattern");
  const start = tape?.start;
  if (!bits || !start) return null;
  const { layers: n_layers, heads: n_heads } = start;
  const rows = bits instanceof Uint16Array ? Float32Array.from(bits, ofHalf) : bits;
  return { rows, n_layers, n_heads, n_keys: rows.length / (n_layers * n_heads) };
}
