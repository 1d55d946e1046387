/** Two sides of one question: which are asked, which places correspond, and what is left of one less the other. */
import { describe, expect, it } from "vitest";
import type { Form, Result, Variable } from "../src/api/shapes";
import {
  align,
  type Aligned,
  correlation,
  described,
  kept,
  minus,
  overlapping,
  spanned,
  summary,
} from "../src/compare/subtract";
import { fitsMode, methodsIn, sidesOf } from "../src/compare/sides";
import type { Cube } from "../src/result/cube";

function variable(more: Partial<Variable> = {}): Variable {
  return {
    name: "effect",
    axes: ["layer", "position"],
    dtype: "float64",
    units: "1",
    long_name: "",
    meaning: "",
    minimum: 0,
    maximum: 1,
    ...more,
  } as Variable;
}

function result(more: Partial<Result> = {}): Result {
  const coords = { token: { axes: ["position"], dtype: "text", values: ["a", "b", "c"] } };
  return {
    digest: "0",
    analysis: "x",
    kind: "grid",
    dims: { layer: 2, position: 3 },
    variables: [variable()],
    coords,
    axes: { x: "position", y: "layer", sliders: [] },
    attrs: {},
    provenance: {},
    ...more,
  } as unknown as Result;
}

function cube(axes: string[], shape: number[], numbers: number[]): Cube {
  return { axes, shape, numbers: Float64Array.from(numbers), texts: null };
}

function tokens(...values: string[]) {
  return { token: { axes: ["position"], dtype: "text", values } } as Result["coords"];
}

function along(axis: string, values: unknown[]) {
  return { [axis]: { axes: [axis], dtype: "int64", values } } as Result["coords"];
}

const lens = {
  name: "logit_lens",
  sort: "ask",
  wing: "lenses",
  subjects: [{ name: "model", type: "Model", required: true, help: "" }],
  parameters: { properties: { prompt: {}, method: { enum: ["one", "two", "three"] } }, required: ["prompt"] },
} as unknown as Form;

const prompts = (query: Record<string, string>) =>
  sidesOf(query, lens, {}).map(({ question }) => question?.arguments.prompt);

describe("sides", () => {
  const page = { model: "m", prompt: "p", corrupt: "q" };

  it("asks of two prompts the same, and exchanges the sides on demand", () => {
    expect(prompts(page)).toEqual(["p", "q"]);
    expect(prompts({ ...page, swap: "1" })).toEqual(["q", "p"]);
    expect(prompts({ model: "m", prompt: "p" })).toEqual([undefined, undefined]);
  });

  it("asks with the changes that are on, and without any", () => {
    const query = { ...page, mode: "interventions", do: "z.0.1 scale=0; off z.0.2 scale=0" };
    const [changed, plain] = sidesOf(query, lens, {});
    expect(changed.question?.arguments.do).toEqual(["z.0.1 scale=0"]);
    expect(plain.question?.arguments).toEqual({ model: "m", prompt: "p" });
    expect(sidesOf({ ...query, do: "" }, lens, {})[0].missing).toMatch(/No change is in force/);
  });

  it("asks two models, two steps, and two methods", () => {
    const of = (query: Record<string, string>, name: string) =>
      sidesOf({ ...page, ...query }, lens, {}).map(({ question }) => question?.arguments[name]);
    expect(of({ mode: "models", other: "n" }, "model")).toEqual(["m", "n"]);
    const steps = { mode: "checkpoints", series: "s@*", "step.a": "0", "step.b": "64" };
    expect(of(steps, "model")).toEqual(["s@0", "s@64"]);
    expect(of({ mode: "methods", "method.b": "three" }, "method")).toEqual(["one", "three"]);
    expect(methodsIn({ "method.a": "nonsense" }, lens)).toEqual(["one", "two"]);
  });

  it("offers an analysis only where both sides can be asked of it", () => {
    expect(fitsMode(lens, "prompts")).toBe(true);
    expect(fitsMode(lens, "methods")).toBe(false);
    expect(fitsMode({ ...lens, parameters: {} } as Form, "prompts")).toBe(false);
    expect(fitsMode({ ...lens, subjects: [] } as Form, "models")).toBe(false);
  });
});

describe("what corresponds", () => {
  it("is a position whatever its token, which the reader is told", () => {
    const found = align(result(), result({ coords: tokens("a", "x", "c") }), "effect") as Aligned;
    expect(found.match.position).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(found.notes).toEqual(["Aligned by position; the tokens differ at 1 of 3."]);
  });

  it("is nothing where lengths, axes or units differ, or where there is text", () => {
    const longer = result({ dims: { layer: 2, position: 4 }, coords: tokens("a", "b", "c", "d") });
    expect(align(result(), longer, "effect")).toMatch(/A has 3 positions and B 4/);
    expect(align(result(), result({ variables: [variable({ axes: ["layer"] })] }), "effect")).toMatch(
      /lies along/,
    );
    expect(align(result(), result({ variables: [variable({ units: "nat" })] }), "effect")).toMatch(
      /in nat in B/,
    );
    const text = result({ variables: [variable({ dtype: "text" })] });
    expect(align(text, text, "effect")).toMatch(/is text/);
    expect(align(result(), result({ variables: [] }), "effect")).toMatch(/Only one side/);
  });

  it("is what has the same name, in whatever order, and says how many have", () => {
    const one = result({ coords: along("layer", [3, 5]) });
    const found = align(one, result({ coords: along("layer", [9, 3]) }), "effect") as Aligned;
    expect(found.match.layer).toEqual([[0, 1]]);
    expect(found.notes).toContain("1 of 2 layers are on both sides.");
    expect(align(one, result({ coords: along("layer", [8, 9]) }), "effect")).toMatch(/share no layer/);
  });

  it("is no rank of two orders of their own", () => {
    const ranked = result({
      dims: { rank: 3, neuron: 4 },
      coords: {},
      variables: [
        variable({ axes: ["rank"] }),
        variable({ name: "unit", axes: ["rank"], dtype: "text" }),
        variable({ name: "score", axes: ["neuron"] }),
      ],
    });
    expect(align(ranked, ranked, "effect")).toBe(
      "effect is in each side's own order, so a rank may be another unit; choose score, whose places are the same.",
    );
    expect(typeof align(ranked, ranked, "score")).toBe("object");
  });
});

describe("what is left", () => {
  it("is A less B at the places of both, whatever the order of the axes", () => {
    const match = {
      layer: [[0, 1]],
      position: [
        [0, 0],
        [2, 2],
      ],
    } as const;
    const a = kept(cube(["layer", "position"], [2, 3], [1, 2, 3, 4, 5, 6]), match, 0);
    const b = kept(cube(["position", "layer"], [3, 2], [0, 10, 0, 20, 0, 30]), match, 1);
    expect([...(a.numbers ?? [])]).toEqual([1, 3]);
    expect(b.shape).toEqual([2, 1]);
    const left = minus(a, b);
    expect([...(left.numbers ?? [])]).toEqual([-9, -27]);
    expect(left.axes).toEqual(["layer", "position"]);
  });

  it("cannot be told apart where the two intervals have a point in common", () => {
    const a = { low: [0, 0, 2], high: [1, 1, 3] };
    expect(overlapping(a, { low: [1, 2, 0], high: [2, 3, 9] })).toEqual([true, false, true]);
    expect(overlapping(a, null)).toBeNull();
  });

  it("is told in one line: the largest, where, and how the sides go together", () => {
    const a = cube(["layer", "position"], [2, 3], [0, 1, 2, 3, 4, 9]);
    const b = cube(["layer", "position"], [2, 3], [0, 1, 2, 3, 4, 5]);
    expect(summary(result(), a.axes, a, b)).toBe(
      "Largest difference 4 at layer 1, position 2 c (A 9, B 5); correlation 0.922 over 6 places.",
    );
    expect(summary(result(), a.axes, b, b)).toMatch(/^The sides are equal everywhere; correlation 1 /);
  });

  it("has no correlation where a side does not vary, and leaves out what is no number", () => {
    expect(correlation([1, 1], [2, 3])).toBeNull();
    expect(correlation([1, 2, Number.NaN], [2, 4, 0])).toBeCloseTo(1, 12);
  });

  it("is drawn by colours about zero, over the places of both", () => {
    const found = { variable: variable(), match: { layer: [[1, 0]] }, notes: [] } as unknown as Aligned;
    const [drawn, own] = described(result({ coords: along("layer", [3, 5]) }), found, 0.5);
    expect([own.minimum, own.maximum]).toEqual([-0.5, 0.5]);
    expect(drawn.dims.layer).toBe(1);
    expect(drawn.coords.layer?.values).toEqual([5]);
  });
});

it("gives both sides one scale", () => {
  const [a, b] = [result(), result({ variables: [variable({ minimum: -3, maximum: 0.5 })] })];
  for (const side of [spanned(a, b), spanned(b, a)])
    expect([side.variables[0]?.minimum, side.variables[0]?.maximum]).toEqual([-3, 1]);
  const bare = result({ variables: [variable({ minimum: null, maximum: null })] });
  expect(spanned(a, bare).variables[0]).toEqual(a.variables[0]);
});
