/** Problems by outcome: what is kept, what the interventions turned, and what the address says. */
import { expect, test } from "vitest";
import { countOf, neuronOf, outcomeOf, taskOf } from "../src/errors/address";
import { kept, problemsIn, turned } from "../src/errors/problems";
import type { Cube } from "../src/result/cube";
import { headsIn } from "../src/unit/SecondOrder";

const of = (values: readonly (string | number)[], axis = "prompt"): Cube => ({
  axes: [axis],
  shape: [values.length],
  numbers: typeof values[0] === "number" ? Float64Array.from(values as number[]) : null,
  texts: typeof values[0] === "string" ? (values as string[]) : null,
});

const BEFORE = {
  clean: of(["1 + 1 =", "7 - 5 =", "9 - 9 ="]),
  answer: of([" 2", " 2", " 0"]),
  written: of([" 2", " 3", " 1"]),
  correct: of([1, 0, 0]),
  prefers_right: of([1, 1, 0]),
  metric: of([4, 0.5, -2]),
};

test("each outcome keeps its own problems, and words keep those that hold them", () => {
  const problems = problemsIn(BEFORE, null);
  const rows = (...asked: Parameters<typeof kept> extends [unknown, ...infer Rest] ? Rest : never) =>
    kept(problems, ...asked).map(({ row }) => row);
  expect(rows("all", "")).toEqual([0, 1, 2]);
  expect(rows("right", "")).toEqual([0]);
  expect(rows("wrong", "")).toEqual([1, 2]);
  expect(rows("prefers", "")).toEqual([1]);
  expect(rows("wrong", "9")).toEqual([2]);
  expect(rows("right", "zebra")).toEqual([]);
});

test("what the interventions turned is found by the problem, whatever its place", () => {
  const after = {
    clean: of(["9 - 9 =", "1 + 1 ="]),
    written: of([" 0", " 7"]),
    correct: of([1, 0]),
  };
  const problems = problemsIn(BEFORE, after);
  expect(turned(problems)).toEqual({ right: 1, wrong: 1 });
  expect(problems.map(({ now }) => now?.written)).toEqual([" 7", undefined, " 0"]);
  expect(turned(problemsIn(BEFORE, null))).toEqual({ right: 0, wrong: 0 });
});

test("an address that says nothing, or nonsense, opens the usual view", () => {
  expect([taskOf({}), countOf({}), outcomeOf({}), neuronOf({})]).toEqual([
    "two-digit-arithmetic",
    100,
    "all",
    null,
  ]);
  expect([countOf({ n: "-3" }), countOf({ n: "9999" }), outcomeOf({ outcome: "maybe" })]).toEqual([
    100,
    1000,
    "all",
  ]);
  expect(neuronOf({ neuron: "z.2.1" })).toBeNull();
  expect(neuronOf({ neuron: "mlp_act.3.17" })).toEqual({ kind: "neuron", layer: 3, index: 17 });
});

test("heads stand by the size of what passes through them; those that are not later are left out", () => {
  const heads = headsIn({
    head_effect: of([0.1, Number.NaN, -0.4], "path"),
    path_layer: of([2, 1, 3], "path"),
    path_head: of([0, 4, 2], "path"),
  });
  expect(heads).toEqual([
    { name: "z.3.2", effect: -0.4 },
    { name: "z.2.0", effect: 0.1 },
  ]);
});
