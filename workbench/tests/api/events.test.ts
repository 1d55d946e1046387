import { afterEach, describe, expect, it, vi } from "vitest";
import { ask } from "../../src/api/ask";
import { EventParser, follow } from "../../src/api/events";
import type { JobEvent } from "../../src/api/shapes";

const wire =
  ': ping\r\n\r\nevent: progress\r\nid: 3\r\ndata: {"event":"progress",\r\ndata: "what":"depths","done":1,"total":7}\r\n\r\nevent: result\ndata: {"event":"result","digest":"ab"}\nid: 4\n\n';

describe("the parser of server-sent events", () => {
  it("reads messages however the text is cut", () => {
    for (let size = 1; size <= wire.length; size += 1) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < wire.length; at += size) found.push(...parser.push(wire.slice(at, at + size)));
      expect(found.map(({ event, id }) => [event, id])).toEqual([
        ["progress", "3"],
        ["result", "4"],
      ]);
      expect(JSON.parse(found[0]?.data ?? "")).toMatchObject({ what: "depths", done: 1 });
    }
  });

  it("passes over comments and messages without data", () => {
    expect(new EventParser().push(": nothing\n\nevent: progress\n\nretry: 50\n\n")).toEqual([]);
  });

  it("waits for the empty line that ends a message", () => {
    const parser = new EventParser();
    expect(parser.push("data: 1\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ event: "message", data: "1", id: "" }]);
  });
});

function stream(...parts: string[]): Response {
  const body = new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

describe("following a job", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("resumes from the last event that it saw when the connection breaks", async () => {
    const seen: (string | null)[] = [];
    const answers = [
      stream('event: progress\nid: 1\ndata: {"event":"progress","what":"depths","done":1,"total":2}\n\n'),
      stream('event: result\nid: 2\ndata: {"event":"result","digest":"abc"}\n\n'),
    ];
    vi.stubGlobal("fetch", async (_address: string, options: RequestInit) => {
      seen.push(new Headers(options.headers).get("Last-Event-ID"));
      return answers.shift();
    });
    const heard: JobEvent[] = [];
    const last = await follow("j1", (event) => heard.push(event), new AbortController().signal);
    expect(seen).toEqual([null, "1"]);
    expect(heard.map(({ event }) => event)).toEqual(["progress", "result"]);
    expect(last).toEqual({ event: "result", digest: "abc" });
  });

  it("tells the server's sentence when the job is not there", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ detail: "There is no job 'j9'." }, { status: 404 }));
    await expect(follow("j9", () => {}, new AbortController().signal)).rejects.toThrow(
      "There is no job 'j9'.",
    );
  });

  it("tells the server's sentence when an analysis refuses its input", async () => {
    vi.stubGlobal("fetch", async () =>
      Response.json({ detail: "top_k=0 must be at least 1." }, { status: 422 }),
    );
    const asking = ask(
      { analysis: "logit_lens", arguments: { top_k: 0 } },
      { signal: new AbortController().signal },
    );
    await expect(asking).rejects.toThrow("top_k=0 must be at least 1.");
  });
});
