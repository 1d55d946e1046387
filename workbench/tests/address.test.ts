import { describe, expect, it } from "vitest";
import {
  EMPTY,
  type LabState,
  readAddress,
  readPlaces,
  writeAddress,
  writePlaces,
} from "../src/state/address";

const full: LabState = {
  model: "/home/someone/models/slm & co",
  prompt: 'When Mary and John went, 5 + 7 = 12?\nA "quote" & a plus+ · ⏎',
  corrupt: "100 % different",
  analysis: "activation_patching",
  args: { top_k: 7, target: " Mary", metric: "logit_difference", level: 0.95, deep: [1, 2] },
  variable: "metric",
  at: { layer: 3, head: 11 },
  cell: { depth: 0, position: 12 },
  range: "clip",
  everyRow: true,
  table: true,
  theme: "dark",
  draft: true,
};

describe("the address of the lab", () => {
  it("gives back the whole state that was written into it", () => {
    expect(readAddress(writeAddress(full))).toEqual(full);
  });

  it("leaves out whatever equals its default", () => {
    expect(writeAddress(EMPTY)).toBe("analysis=logit_lens");
    expect(readAddress("")).toEqual(EMPTY);
  });

  it("gives back one state for any single part", () => {
    for (const [part, value] of Object.entries(full)) {
      const state = { ...EMPTY, [part]: value };
      expect(readAddress(writeAddress(state))).toEqual(state);
    }
  });

  it("takes the default for what it cannot read", () => {
    const state = readAddress("args={broken&at=layer:x,head:2,:3&theme=pink&range=odd&table=yes");
    expect(state).toMatchObject({ args: {}, at: { head: 2 }, theme: null, range: "all", table: false });
    expect(readAddress("args=[1,2]").args).toEqual({});
  });

  it("writes places as axis and index", () => {
    expect(writePlaces({ layer: 3, key_head: 1 })).toBe("layer:3,key_head:1");
    expect(readPlaces("layer:3,key_head:1")).toEqual({ layer: 3, key_head: 1 });
  });
});
