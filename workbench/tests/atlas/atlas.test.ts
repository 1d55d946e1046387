// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import type { Result, Variable } from "../../src/api/shapes";
import { readFrame, readOutline, writeFrame, writeOutline } from "../../src/atlas/address";
import { activated, allOf, combined, readTerms, sharedByChance, writeTerms } from "../../src/atlas/algebra";
import { asCsv, readSets, recipeOf, setOfFile, useSets } from "../../src/atlas/keeping";
import { chanceOf, endsOf, flat, measuresOf, middlesOf, neuronsNamed, onto } from "../../src/atlas/neurons";
import { changeOf, chosenSteps, cloudAt, placeIn, wayOf } from "../../src/atlas/training/change";
import type { Corner } from "../../src/figures/pointcloud";

function variable(name: string, axes: string[], dtype = "float64"): Variable {
  return { name, axes, dtype, units: "1", long_name: name, meaning: "", site: "", minimum: 0, maximum: 1 };
}

function result(more: Partial<Result>): Result {
  return { dims: {}, coords: {}, variables: [], ...more } as Result;
}

const grid = result({
  dims: { layer: 2, neuron: 3 },
  coords: {
    layer: { axes: ["layer"], dtype: "int64", values: [1, 4] },
    neuron: { axes: ["neuron"], dtype: "int64", values: [0, 1, 2] },
  },
  variables: [
    variable("push", ["layer", "neuron"]),
    variable("push_p", ["layer", "neuron"]),
    variable("every_effect", ["layer", "neuron"]),
    variable("every_p", ["layer", "neuron"]),
    variable("effect", ["rank"]),
    variable("direct_effect", ["layer", "neuron"]),
    variable("direct_effect_low", ["layer", "neuron"]),
    variable("direct_effect_high", ["layer", "neuron"]),
  ],
});

describe("neurons", () => {
  it("are read from their names, and from nothing else", () => {
    const found = neuronsNamed(["0.2", "11.3071"]);
    expect(found && [...found.layer, ...found.neuron]).toEqual([0, 11, 2, 3071]);
    expect(neuronsNamed(["0.2", "kurtosis"])).toBeNull();
  });

  it("take the number of their own layer and place, whatever the order of the axes", () => {
    const neurons = neuronsNamed(["4.2", "1.0", "2.0"]);
    if (!neurons) throw new Error("no neurons");
    const own = variable("push", ["layer", "neuron"]);
    expect([
      ...onto(
        neurons,
        grid,
        own,
        flat([
          [1, 2, 3],
          [4, 5, null],
        ]),
      ),
    ]).toEqual([Number.NaN, 1, Number.NaN]);
    const turned = variable("push", ["neuron", "layer"]);
    expect([
      ...onto(
        neurons,
        grid,
        turned,
        flat([
          [1, 4],
          [2, 5],
          [3, 6],
        ]),
      ),
    ]).toEqual([6, 1, Number.NaN]);
  });

  it("take the number of the item that has their name", () => {
    const neurons = neuronsNamed(["4.2", "1.0"]);
    const listed = result({ coords: { item: { axes: ["item"], dtype: "text", values: ["1.0", "3.3"] } } });
    if (!neurons) throw new Error("no neurons");
    expect([...onto(neurons, listed, variable("mean", ["item"]), flat([7, 8]))]).toEqual([Number.NaN, 7]);
  });

  it("are measured by what has one number for each, without intervals and p", () => {
    expect(measuresOf(grid).map(({ name }) => name)).toEqual(["push", "every_effect", "direct_effect"]);
    const items = result({
      coords: { item: { axes: ["item"], dtype: "text", values: ["kurtosis"] } },
      variables: [variable("percentile", ["item"])],
    });
    expect(measuresOf(items)).toEqual([]);
  });

  it("know the p and the interval of a measure", () => {
    const name = (at: number) => grid.variables[at] as Variable;
    expect(chanceOf(grid, name(0))?.name).toBe("push_p");
    expect(chanceOf(grid, name(2))?.name).toBe("every_p");
    expect(chanceOf(grid, name(5))).toBeNull();
    expect(endsOf(grid, name(5))?.map((end) => end.name)).toEqual([
      "direct_effect_low",
      "direct_effect_high",
    ]);
  });

  it("have the middle of their group, and none without one", () => {
    const found = middlesOf([1, 0, 1, -1], [0, 5, 2, 99], [0, 5, 4, 99]);
    expect([...found]).toEqual([
      [0, { at: [5, 5], size: 1 }],
      [1, { at: [1, 2], size: 2 }],
    ]);
  });
});

describe("the algebra of sets", () => {
  const [a, b] = [Uint8Array.of(1, 1, 0, 0), Uint8Array.of(1, 0, 1, 0)];

  it("joins by and, or, not, from the first to the last", () => {
    expect([
      ...combined(
        [
          { way: "and", set: a },
          { way: "and", set: b },
        ],
        4,
      ).set,
    ]).toEqual([1, 0, 0, 0]);
    expect([
      ...combined(
        [
          { way: "and", set: a },
          { way: "or", set: b },
        ],
        4,
      ).set,
    ]).toEqual([1, 1, 1, 0]);
    expect([
      ...combined(
        [
          { way: "and", set: a },
          { way: "not", set: b },
        ],
        4,
      ).set,
    ]).toEqual([0, 1, 0, 0]);
    expect([...combined([{ way: "not", set: a }], 4).set]).toEqual([0, 0, 1, 1]);
    expect([...combined([{ way: "or", set: a }], 4).set]).toEqual([...a]);
  });

  it("says how many are kept after each step", () => {
    const three = [
      { way: "and", set: a },
      { way: "or", set: b },
      { way: "not", set: a },
    ] as const;
    expect(combined(three, 4).kept).toEqual([2, 3, 1]);
  });

  it("counts a neuron only where the effect is above 0 and unlikely by chance", () => {
    expect([...activated([1, 1, -1, Number.NaN], [0.01, 0.2, 0.01, Number.NaN])]).toEqual([1, 0, 0, 0]);
  });

  it("keeps what every filter keeps, and everything where there is none", () => {
    expect(allOf([null, null])).toBeNull();
    expect([...(allOf([a, null, b]) ?? [])]).toEqual([1, 0, 0, 0]);
  });

  it("expects of unrelated sets the product of their shares", () => {
    expect(sharedByChance(100, 50, 1000)).toBe(5);
  });

  it("comes back from the address as it was written, spaces and all", () => {
    const terms = [
      { way: "and", reading: "auto", text: " the" },
      { way: "not", reading: "pattern", text: "^ [A-Z]+; or" },
    ] as const;
    expect(readTerms(writeTerms(terms))).toEqual(terms);
    expect(readTerms("nor text x\nand text y")).toEqual([{ way: "and", reading: "text", text: "y" }]);
  });
});

describe("the address", () => {
  it("holds the part of the plane and the region to five figures", () => {
    const frame = { left: -1.23456789, right: 2, bottom: -3e-7, top: 4 };
    expect(readFrame(writeFrame(frame))).toEqual({ ...frame, left: -1.2346 });
    expect(readFrame("1,2,3")).toBeNull();
    expect(readFrame("2,1,0,1")).toBeNull();
    const outline: Corner[] = [
      [0, 1],
      [2.5, -3],
      [4, 4],
    ];
    expect(readOutline(writeOutline(outline))).toEqual(outline);
    expect(readOutline("1,2;3,4")).toBeNull();
  });
});

describe("a kept set", () => {
  it("is found again by its name, once, and what is no set is dropped", () => {
    const set = {
      name: "mine",
      model: "builtin:scribe",
      units: ["mlp_act.0.1"],
      recipe: { q: "and text x" },
    };
    useSets.getState().keep(set);
    useSets.getState().keep({ ...set, units: [] });
    expect(readSets(globalThis.localStorage.getItem("neuronscope-sets"))).toEqual([{ ...set, units: [] }]);
    useSets.getState().drop("mine");
    expect(useSets.getState().sets).toEqual([]);
    expect(readSets('[{"name": 3}, 4]')).toEqual([]);
    expect(readSets("{")).toEqual([]);
  });

  it("come from a file that was taken, with what the address may hold and nothing else", () => {
    const file = {
      format: "neuronscope-neurons",
      version: 1,
      model: "builtin:scribe",
      recipe: { map: "pca", q: "and auto the", panel: "x", region: 3 },
      neurons: [{ name: "mlp_act.0.2", layer: 0, neuron: 2, effect: 1 }],
    };
    expect(setOfFile(JSON.stringify(file), "mine.json")).toEqual({
      name: "mine",
      model: "builtin:scribe",
      units: ["mlp_act.0.2"],
      recipe: { map: "pca", q: "and auto the" },
    });
    for (const text of ["", "[]", "null", JSON.stringify({ ...file, model: 3 }), '{"format": "other"}'])
      expect(() => setOfFile(text, "x.json")).toThrow(/no file of neurons/);
  });

  it("remembers what makes it again and nothing else", () => {
    expect(recipeOf({ q: "and text x", map: "pca", theme: "dark", sel: "layer:1" })).toEqual({
      map: "pca",
      q: "and text x",
    });
  });

  it("leaves as lines with commas, quoted where it must", () => {
    const rows = [{ name: "0.1", layer: 0, neuron: 1, effect: Number.NaN, note: 'a, "b"' }];
    expect(asCsv(rows, ["name", "effect", "note"])).toBe('name,effect,note\n0.1,,"a, ""b"""');
  });
});

describe("a training", () => {
  const steps = result({
    coords: {
      step: { axes: ["step"], dtype: "int64", values: [0, 10] },
      layer: { axes: ["layer"], dtype: "int64", values: [0] },
      neuron: { axes: ["neuron"], dtype: "int64", values: [0, 1] },
    },
  });
  const x = Float64Array.of(0, 1, 2, Number.NaN);
  const change = changeOf(steps, { values: x, x, y: Float64Array.of(5, 6, 7, 8) });

  it("gives each step its own points, and a neuron its way through them", () => {
    expect(Array.from(cloudAt(change, 1).x)).toEqual([2, Number.NaN]);
    expect(wayOf(change, 0, 1)).toEqual([
      [0, 5],
      [2, 7],
    ]);
    expect(wayOf(change, 1, 1)).toEqual([[1, 6]]);
    expect(placeIn(change, { layer: 0, neuron: 1 })).toBe(1);
    expect(placeIn(change, { layer: 3, neuron: 1 })).toBeNull();
  });

  it("shows the first and the last step, and no more than there is room for", () => {
    expect(chosenSteps(3, 12)).toEqual([0, 1, 2]);
    const some = chosenSteps(25, 12);
    expect(some).toHaveLength(12);
    expect([some[0], some.at(-1)]).toEqual([0, 24]);
  });
});
