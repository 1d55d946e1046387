import { filling } from "../../src/result/useUnsure";
import { describe, expect, it } from "vitest";
import type { Result, Variable } from "../../src/api/shapes";
import { companionOf, indistinct, isCompanion } from "../../src/result/companions";
import { cubeOf, spread } from "../../src/result/cube";
import { pictureOf } from "../../src/result/PictureView";
import { isPictured } from "../../src/result/plane";

const variable = (name: string, axes: string[]) => ({ name, axes, dtype: "float64" }) as unknown as Variable;
const grid = ["layer", "head"];
const result = {
  variables: [
    variable("effect", grid),
    variable("low", grid),
    variable("high", grid),
    variable("null", []),
    variable("p", grid),
    variable("metric", grid),
    variable("metric_p", grid),
    variable("single_p", grid),
  ],
} as unknown as Result;
const [effect, , , , p, metric, metricP, single] = result.variables as [Variable, ...Variable[]];

describe("companions", () => {
  it("belong to the first variable by a bare name, to others by theirs", () => {
    expect(companionOf(result, effect, "p")).toBe(p);
    expect(companionOf(result, metric as Variable, "p")).toBe(metricP);
    expect(companionOf(result, metric as Variable, "low")).toBeUndefined();
  });

  it("are not offered beside what they speak of", () => {
    const offered = result.variables.filter((one) => !isCompanion(result, one));
    expect(offered).toEqual([effect, metric, single]);
  });
});

describe("what is not distinguishable from random", () => {
  it("has a p-value of a twentieth or more", () => {
    expect(indistinct({ p: [0.01, 0.05, Number.NaN], low: null, high: null, chance: null })).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("holds chance in its interval where there is no p-value", () => {
    const chance = spread(cubeOf({ axes: [], shape: [], values: 0 } as never), ["layer"], [3]);
    expect(indistinct({ p: null, low: [-1, 1, Number.NaN], high: [1, 2, 3], chance })).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("is unknown without evidence", () => {
    expect(indistinct({ p: null, low: [0], high: [1], chance: null })).toBeNull();
  });
});

describe("kinds that the server draws", () => {
  it("are clouds, paths, graphs, fields and lines of text", () => {
    expect(isPictured({ kind: "points", x: "component", y: "item", sliders: [] })).toBe(true);
    expect(isPictured({ kind: "tokens", x: "position", y: "rank", sliders: ["neuron"] })).toBe(true);
    expect(isPictured({ kind: "tokens", x: "position", y: null, sliders: [] })).toBe(false);
  });

  it("are asked for by variable, theme and places", () => {
    expect(pictureOf("abc", "activation", { neuron: 3 }, "dark")).toMatch(
      /results\/abc\/export\?format=png&variable=activation&theme=dark&neuron=3$/,
    );
  });
});

describe("a map that fills in", () => {
  it("tells estimates from what was measured, and marks where the estimate was off", () => {
    const exact = [Number.NaN, 0.5, 0.02, 1];
    const disagreement = [Number.NaN, 0.3, -0.02, -0.11];
    expect(filling(exact, disagreement)).toEqual({
      estimated: [true, false, false, false],
      apart: [false, true, false, true],
    });
  });
});
