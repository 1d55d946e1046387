import { beforeEach, describe, expect, it } from "vitest";
import type { Result } from "../src/api/shapes";
import {
  addressOf,
  alikeAlong,
  changeOf,
  distinguished,
  indicesOf,
  patchedAt,
  questionOf,
  reading,
} from "../src/dock/experiment";
import { usePageStore } from "../src/state/page";

const chosen = {
  coords: { neuron: { axes: ["neuron"], dtype: "int64", values: [40, 7] } },
  dims: { neuron: 2 },
};
const result = chosen as unknown as Result;
const context = { model: "builtin:scribe", prompt: "Mary", corrupt: "John", target: " a" };

function told(address: object): Result {
  return { coords: { address }, dims: {} } as unknown as Result;
}

describe("an experiment at a cell", () => {
  beforeEach(() => usePageStore.getState().load("/lab", {}));

  it("is at the address of the cell", () => {
    expect(addressOf({ layer: 2, head: 1 }, null)).toBe("z.2.1");
    expect(addressOf({ depth: 0, position: 4 }, null)).toBe("resid_pre.0@4");
    expect(addressOf({ depth: 3, position: 4 }, null)).toBe("resid_post.2@4");
    expect(addressOf({ layer: 3, neuron: 1 }, result)).toBe("mlp_act.3.7");
    expect(addressOf({ layer: 3, neuron: 1 }, result, "mlp_pre.{layer}.{neuron}")).toBe("mlp_pre.3.7");
    expect(addressOf({ prompt: 3 }, null)).toBeNull();
  });

  it("is where the variable says that its cells are", () => {
    const address = { axes: ["depth"], dtype: "text", values: ["resid_pre.0", "resid_post.0"] };
    const block = { axes: ["layer", "site"], dtype: "text", values: [["attn_add.0", ""]] };
    expect(addressOf({ depth: 1, position: 4 }, told(address), "{address}@{position}")).toBe(
      "resid_post.0@4",
    );
    expect(addressOf({ layer: 0, site: 0 }, told(block), "{address}")).toBe("attn_add.0");
    expect(addressOf({ layer: 0, site: 1 }, told(block), "{address}")).toBeNull();
    expect(addressOf({ layer: 2, head: 1, query: 3 }, null, "pattern.{layer}.{head}@{query}")).toBe(
      "z.2.1@3",
    );
  });

  it("asks for the effect of the change, under what the model is under", () => {
    usePageStore.getState().load("/lab", { do: "z.0.0 zero; off z.0.1 zero" });
    expect(questionOf("ablate", "z.2.1", context, 2)).toEqual({
      analysis: "intervention_effect",
      arguments: {
        model: "builtin:scribe",
        ops: ["z.2.1 mean"],
        prompt: "Mary",
        target: " a",
        do: ["z.0.0 zero"],
      },
    });
    expect(changeOf("steer", "resid_post.2", 3)).toBe("resid_post.2 add=3*random 1");
    expect(changeOf("steer", "mlp_act.3.7", 3)).toBe("mlp_act.3.7 scale=3");
    const between = { target: " Mary", distractor: ' "John' };
    expect(changeOf("steer", "resid_post.2", 3, between)).toBe(
      'resid_post.2 add=3*(token " Mary" - token " \\"John")',
    );
    expect(changeOf("steer", "resid_post.2", 1, { target: "a" })).toBe('resid_post.2 add=1*token "a"');
  });

  it("says what it lacks", () => {
    expect(questionOf("ablate", "z.2.1", {}, 2)).toMatch(/model/);
    expect(questionOf("ablate", "z.2.1", { model: "m" }, 2)).toMatch(/prompt/);
    expect(questionOf("patch", "z.2.1", { model: "m", prompt: "p" }, 2)).toMatch(/corrupt/);
  });

  it("finds its cell in the map of patches", () => {
    expect(patchedAt("resid_post.2@4")).toEqual({
      options: { sites: "residual", positions: "each" },
      labels: { depth: 3, position: 4 },
    });
    expect(indicesOf({ neuron: 7 }, result)).toEqual({ neuron: 1 });
    expect(patchedAt("attn_in.2")).toBeNull();
  });

  it("calls what random units do as well not distinguishable, and what an interval keeps from 0 so", () => {
    expect(distinguished({ effect: 1, drawn: [2, 3], p: 1 })).toBe(false);
    expect(distinguished({ effect: 1, drawn: [0], p: 0.01 })).toBe(true);
    expect(distinguished({ effect: 1, low: -1, high: 3 })).toBe(false);
    expect(distinguished({ effect: 1, low: 0.5, high: 3 })).toBe(true);
    expect(reading({ effect: -2, drawn: [1, -3], p: 0.667 })).toContain("1 of 2 random units");
  });

  it("places a patch among the same patch in its neighbours, and calls them what they are", () => {
    expect(alikeAlong("z.2.1")).toEqual({ axis: "head", among: "other heads of layer 2" });
    expect(alikeAlong("resid_post.2@4")).toEqual({ axis: "depth", among: "other depths" });
    expect(alikeAlong("attn_in.2")).toBeNull();
    expect(reading({ effect: 0.5, drawn: [0.1, -0.5, 0.4], among: "other heads of layer 2" })).toBe(
      "0.500; 1 of 3 other heads of layer 2 restore as much (this prompt)",
    );
  });
});
