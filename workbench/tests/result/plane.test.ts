import { describe, expect, it } from "vitest";
import type { Result, Values, Variable } from "../../src/api/shapes";
import { cubeOf, cut, only, turn } from "../../src/result/cube";
import { intervalOf } from "../../src/result/ListView";
import { heldAxes, kindOf, ruled, settle, settleCell } from "../../src/result/plane";
import { pick, strongest } from "../../src/result/strongest";

describe("kinds and planes", () => {
  it.each([
    [["layer", "head", "query", "key"], "attention", "key", "query", ["layer", "head"]],
    [["depth", "position", "rank"], "grid", "position", "depth", ["rank"]],
    [["layer", "neuron", "position"], "grid", "position", "neuron", ["layer"]],
    [["direction", "depth", "position"], "grid", "position", "depth", ["direction"]],
    [["layer", "rank"], "ranking", "rank", null, ["layer"]],
    [["item"], "ranking", "item", null, []],
    [["layer"], "profile", "layer", null, []],
    [["layer", "bound"], "profile", "layer", null, []],
    [["item", "other"], "matrix", "other", "item", []],
  ])("of %j are %s", (axes, kind, x, y, sliders) => {
    expect(kindOf(axes, false)).toBe(kind);
    expect(ruled(axes, kind)).toEqual({ kind, x, y, sliders });
  });

  it("take tokens only where the result knows them", () => {
    expect(kindOf(["position"], true)).toBe("tokens");
    expect(kindOf(["position"], false)).toBe("profile");
  });
});

describe("sliders", () => {
  const dims = { layer: 6, head: 5, rank: 3 };
  const plane = { kind: "grid", x: "head", y: "layer", sliders: ["rank"] };

  it("keep what was chosen, inside the axis", () => {
    expect(settle({ layer: 2, head: 99, other: 7 }, ["layer", "head", "rank"], dims)).toEqual({
      layer: 2,
      head: 4,
      rank: 0,
    });
  });

  it("draw the cell of a selection where the drawing has it", () => {
    expect(settleCell({ layer: 2, head: 4 }, plane, dims)).toEqual({ layer: 2, head: 4 });
    expect(settleCell({ layer: 6, head: 4 }, plane, dims)).toBeNull();
    expect(settleCell({ depth: 0 }, plane, dims)).toBeNull();
    expect(settleCell({ layer: 2, head: 4, position: 7 }, plane, dims)).toEqual({ layer: 2, head: 4 });
    expect(settleCell(null, plane, dims)).toBeNull();
  });

  it("are held on the server only as far as the budget asks", () => {
    const sizes = { layer: 12, head: 12, query: 40, key: 40 };
    const axes = ["layer", "head", "query", "key"];
    expect(heldAxes(axes, ["layer", "head"], sizes, 1_000_000)).toEqual([]);
    expect(heldAxes(axes, ["layer", "head"], sizes, 60_000)).toEqual(["layer"]);
    expect(heldAxes(axes, ["layer", "head"], sizes, 2_000)).toEqual(["layer", "head"]);
  });
});

describe("cubes", () => {
  const sent: Values = {
    variable: "pattern",
    axes: ["head", "query", "key"],
    shape: [2, 2, 3],
    coords: {},
    values: [
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
      [
        [6, 7, null],
        [9, 10, 11],
      ],
    ],
  };

  it("hold what the server sent, and NaN where it sent nothing", () => {
    const cube = cubeOf(sent);
    expect(cube.numbers?.[5]).toBe(5);
    expect(cube.numbers?.[8]).toBeNaN();
  });

  it("are cut at one index and turned to another order", () => {
    const cube = cut(cubeOf(sent), { head: 1, layer: 4 });
    expect(cube.axes).toEqual(["query", "key"]);
    expect(Array.from(turn(cube, ["key", "query"]).numbers ?? [])).toEqual([6, 9, 7, 10, Number.NaN, 11]);
    expect(only(cut(cubeOf(sent), { head: 0, query: 1, key: 2 }))).toBe(5);
  });

  it("hold text as text, and a single value without axes", () => {
    expect(cubeOf({ ...sent, axes: ["rank"], shape: [2], values: [" the", " a"] }).texts).toEqual([
      " the",
      " a",
    ]);
    expect(only(cubeOf({ ...sent, axes: [], shape: [], values: 0.25 }))).toBe(0.25);
  });
});

describe("the strongest rows", () => {
  const values = Float64Array.from([1, 0, -7, 2, 3, 3, Number.NaN, 6]);

  it("come in the order of their largest magnitude", () => {
    expect(strongest(values, 4, 2, 3)).toEqual([1, 3, 2]);
  });

  it("carry their labels and words with them", () => {
    const rows = ["0", "1", "2", "3"].map((text) => ({ text, token: false }));
    const unsure = [false, false, true, false, false, false, false, true];
    const shown = pick({ rows, values, words: ["a", "b", "c", "d", "e", "f", "g", "h"], unsure }, 2, [1, 3]);
    expect(shown.rows.map(({ text }) => text)).toEqual(["1", "3"]);
    expect(Array.from(shown.values)).toEqual([-7, 2, Number.NaN, 6]);
    expect(shown.words).toEqual(["c", "d", "g", "h"]);
    expect(shown.unsure).toEqual([true, false, false, true]);
  });
});

const variable = (name: string, axes: string[]) => ({ name, axes }) as unknown as Variable;

describe("the interval of a variable", () => {
  const result = {
    variables: [
      variable("accuracy", ["item"]),
      variable("accuracy_interval", ["item", "bound"]),
      variable("forced_accuracy", ["item"]),
      variable("forced_accuracy_interval", ["item", "bound"]),
      variable("n_asked", ["item"]),
    ],
  } as unknown as Result;

  it("is its own and no other's", () => {
    const named = (name: string) => result.variables.find((entry) => entry.name === name) as Variable;
    expect(intervalOf(result, named("accuracy"))?.name).toBe("accuracy_interval");
    expect(intervalOf(result, named("forced_accuracy"))?.name).toBe("forced_accuracy_interval");
    expect(intervalOf(result, named("accuracy_interval"))?.name).toBe("accuracy_interval");
    expect(intervalOf(result, named("n_asked"))).toBeUndefined();
  });
});
