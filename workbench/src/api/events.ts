/** Server-sent events of a job: a parser of the wire format and a follower that resumes. */
import { BASE, Failure, reach, sentenceOf } from "./client";
import type { JobEvent } from "./shapes";

export interface Message {
  event: string;
  data: string;
  id: string;
}

/** Collects bytes-as-text of a stream and gives back each complete message. */
export class EventParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private id = "";

  push(text: string): Message[] {
    const found: Message[] = [];
    this.rest += text;
    for (;;) {
      const end = this.rest.search(/\r\n|\n|\r/);
      if (end < 0) return found;
      // A lone \r at the very end may be the first half of \r\n.
      if (this.rest[end] === "\r" && end === this.rest.length - 1) return found;
      const width = this.rest.startsWith("\r\n", end) ? 2 : 1;
      const message = this.line(this.rest.slice(0, end));
      this.rest = this.rest.slice(end + width);
      if (message) found.push(message);
    }
  }

  private line(line: string): Message | null {
    if (line === "") return this.flush();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id") this.id = value;
    return null;
  }

  private flush(): Message | null {
    const message = { event: this.event || "message", data: this.data.join("\n"), id: this.id };
    const empty = this.data.length === 0;
    this.event = "";
    this.data = [];
    return empty ? null : message;
  }
}

const TERMINAL = new Set(["result", "made", "error", "cancelled"]);
const PATIENCE = 5;

/** Calls `listen` with each event of a job until a terminal one; reconnects from the last id it saw. */
export async function follow(
  job: string,
  listen: (event: JobEvent) => void,
  signal: AbortSignal,
): Promise<JobEvent> {
  let last = "";
  for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
    const seen = last;
    const terminal = await once(job, last, signal, (event, id) => {
      last = id;
      listen(event);
    });
    if (terminal) return terminal;
    if (last !== seen) attempt = 0;
    await pause(200 * 2 ** attempt, signal);
  }
  throw new Failure("The connection to the job was lost; the job goes on, ask again to see its result.", 0);
}

async function once(
  job: string,
  last: string,
  signal: AbortSignal,
  listen: (event: JobEvent, id: string) => void,
): Promise<JobEvent | null> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (last) headers["Last-Event-ID"] = last;
  const address = `${BASE}/jobs/${encodeURIComponent(job)}/events`;
  const response = await reach(fetch(address, { headers, signal, credentials: "same-origin" }));
  if (!response.ok || !response.body)
    throw new Failure(sentenceOf(await response.json().catch(() => null), response.status), response.status);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = new EventParser();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return null;
    for (const message of parser.push(value)) {
      const event = JSON.parse(message.data) as JobEvent;
      listen(event, message.id);
      if (TERMINAL.has(event.event)) {
        await reader.cancel();
        return event;
      }
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}
