import { afterEach, describe, expect, it, vi } from "vitest";
import { kept } from "../../src/api/ask";
import { jobOf, placeOf, unfinished } from "../../src/api/unfinished";

const signal = new AbortController().signal;

function answering(digest: string): void {
  vi.stubGlobal("fetch", async () => Response.json({ digest }));
}

describe("an answer so far", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is read at its job", async () => {
    answering("aa");
    await unfinished("j1", signal);
    expect([jobOf("aa"), placeOf("aa")]).toEqual(["j1", "/api/v1/jobs/j1/partial"]);
    expect(placeOf("bb")).toBe("/api/v1/results/bb");
  });

  it("is stored where the whole came to the same, whichever was read first", async () => {
    answering("cc");
    await unfinished("j2", signal);
    await kept("cc");
    expect([jobOf("cc"), placeOf("cc")]).toEqual([undefined, "/api/v1/results/cc"]);
    await unfinished("j2", signal);
    expect(jobOf("cc")).toBeUndefined();
  });
});
