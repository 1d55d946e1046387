import { beforeEach, describe, expect, it } from "vitest";
import { usePageStore } from "../src/state/page";
import { argument, argumentOf, fromFile, readStack, toFile, useStack, writeStack } from "../src/state/stack";

const TEXTS = [
  "mlp_act.3.17 scale=0.5",
  "z.2.1@-1 mean",
  'resid_post.2 add=3*(token " a;b" - token "\\"c\\"")',
  "resid_post.1 noise=0.5 seed=7",
];

describe("the stack of interventions", () => {
  beforeEach(() => usePageStore.getState().load("/lab", {}));

  it("reads what it writes, semicolons in quotation marks included", () => {
    const ops = readStack(TEXTS.join("; "));
    expect(argumentOf(writeStack(ops))).toEqual(TEXTS);
  });

  it("keeps changes that are switched off in the address and out of questions", () => {
    const [first, ...rest] = readStack(TEXTS.join(";"));
    const text = writeStack([{ ...first!, on: false }, ...rest]);
    expect(readStack(text)[0]?.on).toBe(false);
    expect(argumentOf(text)).toEqual(TEXTS.slice(1));
  });

  it("comes back from its file, with what is switched off", () => {
    const ops = readStack(`off ${TEXTS.slice(0, 3).join(";")}`);
    expect(fromFile(toFile(ops))).toEqual(ops);
    expect(fromFile(JSON.stringify({ format: "neuronscope-interventions", version: 1, ops: TEXTS }))).toEqual(
      readStack(TEXTS.join(";")),
    );
    for (const wrong of ["", "{}", '{"format":"neuronscope-interventions","ops":["x"]}'])
      expect(() => fromFile(wrong)).toThrow(/file/);
  });

  it("is the address: adding, moving, changing and removing write it, and undo takes each back", () => {
    const stack = useStack.getState();
    stack.add({ site: "z.0.0", op: "zero", value: "" });
    stack.add({ site: "z.1.1", op: "scale", value: "0.5" });
    expect(argument()).toEqual(["z.0.0 zero", "z.1.1 scale=0.5"]);
    stack.move(1, -1);
    expect(usePageStore.getState().query.do).toBe("z.1.1 scale=0.5; z.0.0 zero");
    stack.move(0, -1);
    stack.change(0, { value: "2" });
    stack.remove(1);
    expect(argument()).toEqual(["z.1.1 scale=2"]);
    stack.undo();
    stack.undo();
    expect(argument()).toEqual(["z.1.1 scale=0.5", "z.0.0 zero"]);
    stack.clear();
    expect(usePageStore.getState().query.do).toBeUndefined();
  });

  it("takes back all of one movement of a slider at once", () => {
    const stack = useStack.getState();
    stack.add({ site: "z.1.1", op: "scale", value: "0" });
    for (const value of ["0.1", "0.2", "0.3"]) stack.change(0, { value });
    expect(argument()).toEqual(["z.1.1 scale=0.3"]);
    stack.undo();
    expect(argument()).toEqual(["z.1.1 scale=0"]);
  });

  it("follows the address", () => {
    usePageStore.getState().load("/lab", { do: "z.2.1 zero" });
    expect(useStack.getState().ops).toEqual([{ site: "z.2.1", op: "zero", value: "", on: true }]);
  });
});
