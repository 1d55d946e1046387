import { describe, expect, it } from "vitest";
import { changed, complaint, type Field, fieldsOf, linesOf } from "../src/form/schema";

const parameters = {
  type: "object",
  properties: {
    prompt: { type: "string", minLength: 1, description: "Text to run through the model." },
    top_k: {
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 5,
      description: "How many of the best to keep.",
    },
    level: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.95 },
    metric: { enum: ["logit_difference", "log_probability"], type: "string", default: "logit_difference" },
    layer: {
      anyOf: [{ type: "integer", minimum: 0 }, { type: "null" }],
      default: null,
      description: "Block.",
    },
    exact: { type: "boolean", default: false },
    site: { $ref: "#/$defs/Site", default: "z" },
    target: { type: "string", default: "" },
    cells: { type: "array", items: { type: "integer" } },
    tokens: { type: "array", items: { type: "string" }, default: [] },
  },
  required: ["prompt", "cells"],
  $defs: { Site: { enum: ["z", "resid_post"], type: "string", description: "Named place in a model." } },
};

function field(name: string): Field {
  const found = fieldsOf(parameters).find((one) => one.name === name);
  if (!found) throw new Error(`no field ${name}`);
  return found;
}

describe("the form", () => {
  it("has one field a parameter, in the order of the signature, without those given elsewhere", () => {
    const names = fieldsOf(parameters, ["prompt"]).map(({ name }) => name);
    expect(names).toEqual([
      "top_k",
      "level",
      "metric",
      "layer",
      "exact",
      "site",
      "target",
      "cells",
      "tokens",
    ]);
  });

  it("takes bounds, default and help from the schema", () => {
    expect(field("top_k")).toMatchObject({
      label: "top k",
      control: "integer",
      minimum: 1,
      maximum: 100,
      initial: 5,
      help: "How many of the best to keep.",
      required: false,
    });
    expect(field("prompt").required).toBe(true);
  });

  it("chooses the control by the type", () => {
    const controls = Object.fromEntries(fieldsOf(parameters).map(({ name, control }) => [name, control]));
    expect(controls).toEqual({
      prompt: "text",
      top_k: "integer",
      level: "number",
      metric: "select",
      layer: "integer",
      exact: "switch",
      site: "select",
      target: "text",
      cells: "json",
      tokens: "lines",
    });
  });

  it("follows references and unwraps what may be nothing", () => {
    expect(field("site")).toMatchObject({
      options: ["z", "resid_post"],
      help: "Named place in a model.",
      initial: "z",
    });
    expect(field("layer")).toMatchObject({ nullable: true, minimum: 0, help: "Block.", initial: null });
    expect(field("top_k").nullable).toBe(false);
  });

  it("says in one sentence why a value is not allowed", () => {
    expect(complaint(field("top_k"), 0)).toBe("top k must be at least 1.");
    expect(complaint(field("top_k"), 101)).toBe("top k must be at most 100.");
    expect(complaint(field("top_k"), 2.5)).toBe("top k must be a whole number.");
    expect(complaint(field("level"), 1)).toBe("level must be below 1.");
    expect(complaint(field("top_k"), 100)).toBeNull();
    expect(complaint(field("target"), "anything")).toBeNull();
  });

  it("keeps only what differs from its default", () => {
    expect(changed({ target: "x" }, field("top_k"), 7)).toEqual({ target: "x", top_k: 7 });
    expect(changed({ target: "x", top_k: 7 }, field("top_k"), 5)).toEqual({ target: "x" });
    expect(changed({ target: "x" }, field("target"), "")).toEqual({});
    expect(changed({}, field("exact"), true)).toEqual({ exact: true });
    expect(changed({}, field("tokens"), [" Mary"])).toEqual({ tokens: [" Mary"] });
    expect(changed({ tokens: [" Mary"] }, field("tokens"), [])).toEqual({});
  });

  it("reads a list as one entry a line and keeps the spaces of tokens", () => {
    expect(linesOf(" Mary\n John\n\n")).toEqual([" Mary", " John"]);
  });
});
