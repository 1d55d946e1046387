/** What came of one stream so far: its tokens in order, and the bytes of each for whoever draws them. */
import type { EndFrame, StartFrame, TokenFrame } from "../api/shapes";
import { type Activity, activityOf, layerMeans } from "./activity";
import { block, type Frame } from "./frames";

export interface Tape {
  start: StartFrame | null;
  tokens: readonly TokenFrame[];
  end: EndFrame | null;
  /** Why it broke off. */
  failure: string | null;
}

export const EMPTY_TAPE: Tape = { start: null, tokens: [], end: null, failure: null };

/** A prompt with what the model wrote on from it up to a position, so that the position is in it. */
export function textUpTo(tape: Tape, prompt: string, position: number): string {
  if (tape.start?.arguments["prompt"] !== prompt) return prompt;
  const written = tape.tokens.filter((token) => token.written && token.position <= position);
  return prompt + written.map(({ text }) => text).join("");
}

/** Collects frames and keeps their bytes out of the page's state. */
export class Recorder {
  private tokens: TokenFrame[] = [];
  private payloads: Uint8Array<ArrayBuffer>[] = [];
  private activities = new Map<number, Activity>();
  private averaged: Float32Array[] = [];
  private start: StartFrame | null = null;
  private end: EndFrame | null = null;
  private failure: string | null = null;

  take({ header, payload }: Frame): void {
    if (header.kind === "start") this.start = header;
    else if (header.kind === "end") this.end = header;
    else if (header.kind === "error") this.failure = header.detail;
    else {
      this.tokens.push(header);
      this.payloads.push(payload);
    }
  }

  fail(sentence: string): void {
    this.failure = sentence;
  }

  get ended(): boolean {
    return this.end !== null || this.failure !== null;
  }

  tape(): Tape {
    return { start: this.start, tokens: [...this.tokens], end: this.end, failure: this.failure };
  }

  /** What every neuron did at a token; null where it has not come. */
  activity(position: number): Activity | null {
    const index = position - (this.tokens[0]?.position ?? 0);
    const [header, payload] = [this.tokens[index], this.payloads[index]];
    if (!this.start || !header || !payload) return null;
    const known = this.activities.get(index);
    if (known) return known;
    const activity = activityOf(header, payload, [this.start.layers, this.start.neurons]);
    // Only what is worked out anew is worth keeping; the rest lies on the bytes that came.
    if (this.start.detail === "f32" || this.start.detail === "top") this.keep(index, activity);
    return activity;
  }

  /** Mean size of each layer's activations, by token; each token is averaged once. */
  means(): readonly Float32Array[] {
    for (const { position } of this.tokens.slice(this.averaged.length)) {
      const activity = this.activity(position);
      if (!activity) break;
      this.averaged.push(layerMeans(activity));
    }
    return this.averaged;
  }

  /** One array of a token by name, half-precision numbers as their bits. */
  array(position: number, name: string): ReturnType<typeof block> {
    const index = position - (this.tokens[0]?.position ?? 0);
    const [header, payload] = [this.tokens[index], this.payloads[index]];
    return header && payload ? block(header, payload, name) : null;
  }

  private keep(index: number, activity: Activity): void {
    this.activities.set(index, activity);
    if (this.activities.size > 64) this.activities.delete(this.activities.keys().next().value as number);
  }
}

/** First token at which two texts part; null while they agree. */
export function parting(one: Tape, other: Tape): number | null {
  const length = Math.min(one.tokens.length, other.tokens.length);
  for (let index = 0; index < length; index += 1)
    if (one.tokens[index]?.id !== other.tokens[index]?.id) return index;
  const ended = one.end !== null && other.end !== null;
  return ended && one.tokens.length !== other.tokens.length ? length : null;
}
