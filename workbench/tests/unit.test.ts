/** The unit's page: its addresses, what the record says of a neuron, its histogram's scale, notes. */
import { describe, expect, it } from "vitest";
import type { Result } from "../src/api/shapes";
import type { Cube } from "../src/result/cube";
import { placeIn, ticksOf } from "../src/unit/ActivationHistogram";
import { beside, type Sizes, sizesIn, unitOf } from "../src/unit/address";
import { fromFile, merged, toFile } from "../src/unit/notes";
import { bandsOf, binsOf, tenthsApart, topOf } from "../src/unit/record";

const SIZES: Sizes = { model: "tiny", layers: 2, neuron: 3, head: 4 };
const neuron = (layer: number, index: number) => ({ kind: "neuron", layer, index }) as const;

describe("addresses", () => {
  it("takes what the model has, in every notation", () => {
    for (const text of ["mlp_act.1.2", " L1.N2 ", "mlp_act.1.2@-1"])
      expect(unitOf(text, SIZES)).toEqual(neuron(1, 2));
    expect(unitOf("z.1.3", SIZES)).toEqual({ kind: "head", layer: 1, index: 3 });
  });
  it("says what is allowed where the model has no such unit", () => {
    expect(unitOf("mlp_act.2.0", SIZES)).toBe("tiny has layers 0 to 1, so it has no mlp_act.2.0.");
    expect(unitOf("mlp_act.1.3", SIZES)).toBe(
      "A layer of tiny has neurons 0 to 2, so it has no mlp_act.1.3.",
    );
    expect(unitOf("z.0.4", SIZES)).toBe("A layer of tiny has heads 0 to 3, so it has no z.0.4.");
    expect(unitOf("z.0.0", { ...SIZES, head: 0 })).toBe("tiny has no heads.");
    expect(unitOf("neuron 3", SIZES)).toMatch(/names no unit.*mlp_act\.3\.17.*z\.2\.1/);
  });
  it("steps over the ends of layers and stops at the model's", () => {
    expect(beside(neuron(0, 2), 1, SIZES)).toEqual(neuron(1, 0));
    expect(beside(neuron(1, 0), -1, SIZES)).toEqual(neuron(0, 2));
    expect(beside(neuron(1, 2), 1, SIZES)).toBeNull();
    expect(beside(neuron(0, 0), -1, SIZES)).toBeNull();
    expect(beside(neuron(0, 0), 1, null)).toEqual(neuron(0, 1));
  });
  it("reads the first size that the card tells, and none where it tells none", () => {
    const names = ["layers", "neurons a layer", "layers"];
    expect(sizesIn("tiny", names, ["2", "3", "9"])).toEqual({ ...SIZES, head: null });
  });
});

const numbers = (shape: number[], ...values: number[]): Cube => ({
  axes: shape.map(String),
  shape,
  numbers: Float64Array.from(values),
  texts: null,
});

const RECORD = {
  coords: {
    position: { values: [-1, 0, 1] },
    quantile: { values: [0, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1] },
  },
} as unknown as Result;

const ENDS = [-1, -1, -0.9, -0.7, -0.5, -0.4, -0.3, -0.2, 0, 0.5, 1, 2, 4];
const CUBES = {
  activation: numbers([3, 3], 0, 4, 1, Number.NaN, 2, 0, Number.NaN, Number.NaN, Number.NaN),
  token: numbers([3, 3], 5, 6, 7, -1, 8, 9, -1, -1, -1),
  top_activation: numbers([3], 4, 2, Number.NaN),
  top_document: numbers([3], 11, 12, -1),
  top_position: numbers([3], 1, 2, -1),
  sample_activation: numbers([3, 3], 0, 0.1, 0, 0, 1.5, 0, 0, 3, 0),
  sample_interval: numbers([3], 7, 9, 9),
  sample_token: numbers([3, 3], 1, 2, 3, 4, 5, 6, 7, 8, -1),
  sample_document: numbers([3], 1, 2, 3),
  sample_position: numbers([3], 4, 5, 6),
  quantiles: numbers([13], ...ENDS),
  histogram: numbers([7], 0, 2, 3, 1, 0, 4, 0),
  bin_low: numbers([7], Number.NaN, -1, -0.25, 0.25, 1, 2, 4),
  bin_high: numbers([7], -1, -0.25, 0.25, 1, 2, 4, Number.NaN),
};

describe("the record of one neuron", () => {
  it("keeps of an example the tokens inside the text, with their values and its peak", () => {
    expect(topOf(RECORD, CUBES)).toEqual([
      { value: 4, peak: 1, ids: [5, 6, 7], values: [0, 4, 1], document: 11, position: 1 },
      { value: 2, peak: 0, ids: [8, 9], values: [2, 0], document: 12, position: 2 },
    ]);
  });
  it("puts every drawn token into the group of its tenth, the highest first", () => {
    const bands = bandsOf(RECORD, CUBES);
    expect(bands[0]).toMatchObject({ first: 9, last: 9, low: 1, high: 4 });
    expect(bands[0]?.examples.map(({ value }) => value)).toEqual([3, 1.5]);
    expect(bands.flatMap(({ examples }) => examples)).toHaveLength(3);
    expect(bands.reduce((sum, { first, last }) => sum + last + 1 - first, 0)).toBe(10);
  });
  it("takes tenths together that one bin cannot tell apart", () => {
    const bins = binsOf(CUBES);
    expect(tenthsApart([-1, 0, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 3], bins)).toEqual([
      [0, 0],
      [1, 7],
      [8, 8],
      [9, 9],
    ]);
  });
  it("keeps bins from the first with a token to the last, empty ones between", () => {
    expect(binsOf(CUBES).map(({ count }) => count)).toEqual([2, 3, 1, 0, 4]);
    expect(binsOf({})).toEqual([]);
  });
});

describe("the scale of the histogram", () => {
  const bins = binsOf(CUBES);
  it("puts a value within the bin that holds it", () => {
    expect(placeIn(bins, -1)).toBe(0);
    expect(placeIn(bins, 0)).toBe(1.5);
    expect(placeIn(bins, 3)).toBe(4.5);
    expect(placeIn(bins, -7)).toBe(0);
  });
  it("marks zero first and nothing too near", () => {
    expect(ticksOf(bins, 1)).toEqual([0, 1]);
    expect(ticksOf(bins, 3)).toEqual([0]);
  });
});

const note = (unit: string, text: string, edited: string) => ({ model: "tiny", unit, text, edited });

describe("notes", () => {
  it("come back from their file", () => {
    const notes = [note("mlp_act.0.1", "counts", "2026-11-21T15:00:00Z")];
    expect(fromFile(toFile(notes))).toEqual(notes);
    for (const text of ["", "{}", '{"format": "other", "notes": []}'])
      expect(() => fromFile(text)).toThrow(/no file of notes/);
  });
  it("keep the later of two on one unit, and none that is empty", () => {
    const [old, late] = [note("z.0.0", "old", "1"), note("z.0.0", "late", "2")];
    expect(merged([late], [old])).toEqual([late]);
    expect(merged([old], [late])).toEqual([late]);
    expect(merged([old], [note("z.0.0", " ", "3")])).toEqual([]);
  });
});
