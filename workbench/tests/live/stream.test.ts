import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { StreamBody } from "../../src/api/shapes";
import { activationAt } from "../../src/live/activity";
import { readSettings, requestsOf, writeSettings } from "../../src/live/settings";
import { useStream } from "../../src/live/stream";
import { EMPTY_TAPE, parting, textUpTo, type Tape } from "../../src/live/tape";

const fixtures = join(dirname(fileURLToPath(import.meta.url)), "../../../tests/fixtures");
const bytes = new Uint8Array(readFileSync(join(fixtures, "stream.frames")));
const BODY = { model: "tiny", prompt: "é𝄞" } as StreamBody;

/** A server that sends these pieces, and then ends or waits for ever. */
function serve(pieces: Uint8Array[], { ends = true } = {}) {
  const asked: { url: string; body: unknown }[] = [];
  vi.stubGlobal("fetch", (input: string | Request, init?: RequestInit) => {
    const url = typeof input === "string" ? input : input.url;
    asked.push({ url, body: typeof init?.body === "string" ? JSON.parse(init.body) : null });
    if (url.includes("control"))
      return Promise.resolve(Response.json({ id: "x", job: "y", state: "paused" }));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        if (ends) controller.close();
      },
    });
    return Promise.resolve(new Response(body, { headers: { "x-neuronscope-stream": "0123" } }));
  });
  return asked;
}

const until = (true_: () => boolean) => vi.waitFor(() => expect(true_()).toBe(true));

afterEach(() => {
  useStream.getState().clear();
  vi.unstubAllGlobals();
});

/** The fixture up to its end frame: the error after it stands for another stream. */
const whole = bytes.subarray(0, endOf("end"));

function endOf(kind: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; ;) {
    const [header, payload] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    const words = new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + header));
    at += 8 + header + payload;
    if ((JSON.parse(words) as { kind: string }).kind === kind) return at;
  }
}

describe("the stream", () => {
  it("shows every token that came, wherever its bytes were cut", async () => {
    serve([whole.subarray(0, 5), whole.subarray(5, 700), whole.subarray(700)]);
    useStream.getState().start(BODY);
    expect(useStream.getState().phase).toBe("waiting");
    await until(() => useStream.getState().phase === "ended");
    const { tapes, cursor, frame } = useStream.getState();
    expect(tapes[0]?.tokens.map(({ position }) => position)).toEqual([0, 1, 2, 3]);
    expect(tapes[0]?.end?.digest).toBe("89abcdef01234567");
    expect(cursor).toBe(3);
    expect(activationAt(frame(0)!, 0, 0)).toBe(63.5);
    expect(frame(4)).toBeNull();
    expect(frame(0, 1)).toBeNull();
  });

  it("says so where it breaks off", async () => {
    serve([bytes.subarray(0, 700)]);
    useStream.getState().start(BODY);
    await until(() => useStream.getState().phase === "ended");
    expect(useStream.getState().tapes[0]?.failure).toMatch(/without a word/);
    serve([bytes]);
    useStream.getState().start(BODY);
    await until(() => useStream.getState().phase === "ended");
    expect(useStream.getState().tapes[0]?.failure).toBe("It broke off.");
  });

  it("tells the server's own sentence where it is refused", async () => {
    vi.stubGlobal("fetch", () =>
      Promise.resolve(Response.json({ detail: "No such model." }, { status: 422 })),
    );
    useStream.getState().start(BODY);
    await until(() => useStream.getState().phase === "ended");
    expect(useStream.getState().tapes[0]?.failure).toBe("No such model.");
  });

  it("is held, steered and ended by its id", async () => {
    const asked = serve([whole.subarray(0, endOf("start"))], { ends: false });
    useStream.getState().start(BODY);
    await until(() => useStream.getState().phase === "running");
    useStream.getState().pause();
    expect(useStream.getState().phase).toBe("paused");
    useStream.getState().steer(["mlp_act.0.1 scale=0"]);
    useStream.getState().stop();
    await until(() => asked.length === 4);
    await until(() => useStream.getState().steered?.join() === "mlp_act.0.1 scale=0");
    expect(asked.slice(1).every(({ url }) => url.endsWith("/streams/0123/control"))).toBe(true);
  });

  it("is held before its first token only once it can be reached", async () => {
    serve([whole.subarray(0, endOf("start"))], { ends: false });
    useStream.getState().start({ ...BODY, paused: true });
    expect(useStream.getState().phase).toBe("waiting");
    await until(() => useStream.getState().phase === "paused");
  });

  it("asks for two streams at once, holds both, and steers the first alone", async () => {
    const asked = serve([whole.subarray(0, endOf("start"))], { ends: false });
    useStream.getState().start({ ...BODY, label: "with" }, { ...BODY, label: "without" });
    await until(() => useStream.getState().tapes.every(({ start }) => start !== null));
    expect(asked.map(({ body }) => (body as StreamBody).label)).toEqual(["with", "without"]);
    useStream.getState().pause();
    useStream.getState().steer(["mlp_act.0.1 scale=0"]);
    await until(() => asked.length === 5);
  });

  it("replays from the token that the address names", async () => {
    const asked = serve([whole]);
    useStream.getState().replay("89abcdef01234567", 2);
    await until(() => useStream.getState().phase === "ended");
    expect(asked[0]?.url).toMatch(/results\/89abcdef01234567\/frames$/);
    expect(useStream.getState()).toMatchObject({ cursor: 2, playing: false, replayed: "89abcdef01234567" });
    useStream.getState().seek(-5);
    expect(useStream.getState().cursor).toBe(0);
    useStream.getState().seek(50);
    expect(useStream.getState().cursor).toBe(3);
    useStream.getState().play(true);
    expect(useStream.getState()).toMatchObject({ cursor: 0, playing: true });
  });

  it("lets late bytes of an earlier run fall", async () => {
    serve([whole], { ends: false });
    useStream.getState().start(BODY);
    useStream.getState().clear();
    await new Promise((done) => setTimeout(done, 50));
    expect(useStream.getState()).toMatchObject({ phase: "idle", tapes: [EMPTY_TAPE] });
  });
});

it("a place that the model wrote is in the text up to it, for its own prompt alone", () => {
  const tokens = ["a", " b", " c", " d"].map((text, position) => ({ text, position, written: position > 1 }));
  const seen = { ...EMPTY_TAPE, start: { arguments: { prompt: "a b" } }, tokens } as unknown as Tape;
  expect([1, 2, 3].map((position) => textUpTo(seen, "a b", position))).toEqual(["a b", "a b c", "a b c d"]);
  expect(textUpTo(seen, "another", 3)).toBe("another");
  expect(textUpTo(EMPTY_TAPE, "a b", 3)).toBe("a b");
});

function tape(ids: number[], ended = true): Tape {
  return { tokens: ids.map((id) => ({ id })), end: ended ? {} : null } as unknown as Tape;
}

describe("two texts", () => {
  it("part at the first token that differs, or where one has ended", () => {
    expect(parting(tape([1, 2, 3]), tape([1, 2, 4]))).toBe(2);
    expect(parting(tape([1, 2]), tape([1, 2, 4]))).toBe(2);
    expect(parting(tape([1, 2], false), tape([1, 2, 4]))).toBeNull();
    expect(parting(tape([1, 2]), tape([1, 2]))).toBeNull();
  });
});

describe("how a stream is asked for", () => {
  it("comes back from the address, usual values left out", () => {
    const settings = { ...readSettings({}), n_tokens: 7, temperature: 0.5, record: false, both: true };
    const patch = writeSettings(settings);
    expect(patch["stream.seed"]).toBeNull();
    const query = Object.fromEntries(Object.entries(patch).filter(([, text]) => text !== null)) as never;
    expect(readSettings(query)).toEqual(settings);
  });

  it("keeps numbers within their bounds", () => {
    expect(
      readSettings({ "stream.n": "99999", "stream.temperature": "-1", "stream.seed": "x" }),
    ).toMatchObject({
      n_tokens: 4096,
      temperature: 0,
      seed: 0,
    });
  });

  it("runs without the interventions too, with one seed, where there are some", () => {
    const both = { ...readSettings({}), both: true, seed: 3 };
    const question = { model: "tiny", prompt: "a" };
    expect(requestsOf(both, { ...question, ops: [] })).toHaveLength(1);
    const [one, other] = requestsOf(both, { ...question, ops: ["z.0.1 zero"] });
    expect([one?.do, other?.do, one?.seed, other?.seed]).toEqual([["z.0.1 zero"], [], 3, 3]);
  });
});
