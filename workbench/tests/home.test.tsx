/** Home's own words: ages, sizes, units, certificates, and what a card says of a result. */
import { describe, expect, it } from "vitest";
import type { ResultEntry } from "../src/api/shapes";
import { certificateIn, isActive, newestOf } from "../src/home/live";
import { about } from "../src/home/RecentResults";
import { ago, bytes, inUnit, short } from "../src/home/words";

const NOW = Date.parse("2026-01-02T12:00:00Z");

function entry(more: Partial<ResultEntry>): ResultEntry {
  return {
    digest: "0",
    analysis: "logit_lens",
    kind: "grid",
    created: "2026-01-02T12:00:00Z",
    bytes: 1,
    title: "",
    models: ["builtin:scribe"],
    parents: [],
    ...more,
  };
}

describe("words", () => {
  it("says an age in the largest unit that is whole", () => {
    const ages = ["11:59:58", "11:59:30", "11:57:00", "09:30:00"].map((time) =>
      ago(`2026-01-02T${time}Z`, NOW),
    );
    expect(ages).toEqual(["just now", "30 s ago", "3 min ago", "2 h ago"]);
    expect(ago("2025-12-30T12:00:00Z", NOW)).toBe("3 d ago");
    expect(ago("not a time", NOW)).toBe("");
  });

  it("writes bytes with three figures and never a thousand of a unit", () => {
    expect([0, 999, 999.6, 1234, 66_308_000_000].map(bytes)).toEqual([
      "0 B",
      "999 B",
      "1 kB",
      "1.23 kB",
      "66.3 GB",
    ]);
  });

  it("writes shares as percent and other values in their unit", () => {
    expect(inUnit(0.125, "share of neurons")).toBe("12.5 % of neurons");
    expect(inUnit(2, "GB")).toBe("2 GB");
    expect(inUnit(null, "GB")).toBe("not known");
    expect([950, 2_306_560, 1_500_000_000].map(short)).toEqual(["950", "2.3 M", "1.5 B"]);
  });
});

describe("results", () => {
  it("counts the sites of the model that is meant, whatever shape its reasons have", () => {
    const certificate = { exact: ["a", "b"], reduced: { c: "why" }, refused: {} };
    const provenance = { models: { model: { name: "m", certificate }, other: { name: "n" } } };
    expect(certificateIn(provenance, "m")).toEqual({ exact: 2, reduced: 1, refused: 0 });
    expect(certificateIn(provenance, "n")).toBeNull();
    expect(certificateIn({}, "m")).toBeNull();
  });

  it("finds the newest result of a model, as an other model too", () => {
    const results = [entry({ digest: "b", models: ["x", "y"] }), entry({ digest: "a", models: ["y"] })];
    expect(newestOf("y", results)?.digest).toBe("b");
    expect(newestOf("z", results)).toBeUndefined();
  });

  it("says the prompt of a result and not its parameters, unless it has nothing else", () => {
    expect(about(entry({ title: "logit_lens · builtin:scribe · The cat · top_k=5" }))).toBe("The cat");
    expect(about(entry({ title: "logit_lens · builtin:scribe · seed=0" }))).toBe("seed=0");
  });

  it("takes only what waits or runs for active", () => {
    const states = ["queued", "running", "done", "failed", "cancelled", "interrupted"] as const;
    expect(states.filter((state) => isActive({ state } as never))).toEqual(["queued", "running"]);
  });
});
