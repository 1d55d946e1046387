import { beforeEach, describe, expect, it } from "vitest";
import { PLAIN, readView, type View, writeView } from "../src/result/view";
import { freeSlot, panelsOf, withoutPanel, writePanel } from "../src/state/lab";
import { carried, patched, usePageStore } from "../src/state/page";
import { readPlaces, samePlaces, writePlaces } from "../src/state/places";
import { useSelection } from "../src/state/selection";
import { placesOf, readUnit, unitAt, writeUnit } from "../src/state/units";

const view: View = {
  variable: "metric",
  at: { layer: 3, head: 11 },
  range: "clip",
  everyRow: true,
  table: true,
};

/** What the address gives back of a query that was written into it. */
function travelled(query: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(new URLSearchParams(query).toString()));
}

describe("the query of a page", () => {
  beforeEach(() => usePageStore.getState().load("/lab", {}));

  it("gives back the views of all slots that were written into it", () => {
    const other: View = { ...PLAIN, at: { depth: 2 } };
    const query = patched({}, { ...writeView(view), ...writeView(other, ".2") });
    expect(readView(travelled(query))).toEqual(view);
    expect(readView(travelled(query), ".2")).toEqual(other);
    expect(readView(travelled(query), ".3")).toEqual(PLAIN);
  });

  it("leaves out what equals its default", () => {
    expect(patched({}, writeView(PLAIN))).toEqual({});
    expect(
      patched({}, { ...writePanel({ slot: ".2", analysis: "logit_lens", args: {}, draft: false }) }),
    ).toEqual({ "analysis.2": "logit_lens" });
  });

  it("keeps the stack of panels in the order of their slots, the first always there", () => {
    const args = { top_k: 7, target: " Mary", deep: [1, 2], text: 'a "quote" & 5 + 7 = 12?\n⏎' };
    const query = patched(
      {},
      {
        ...writePanel({ slot: ".10", analysis: "attention_patterns", args: {}, draft: false }),
        ...writePanel({ slot: ".2", analysis: "activation_patching", args, draft: true }),
      },
    );
    const panels = panelsOf(travelled(query));
    expect(panels.map(({ slot }) => slot)).toEqual(["", ".2", ".10"]);
    expect(panels[1]).toEqual({ slot: ".2", analysis: "activation_patching", args, draft: true });
    expect(freeSlot(panels)).toBe(".3");
    expect(panelsOf(patched(query, withoutPanel(".2"))).map(({ slot }) => slot)).toEqual(["", ".10"]);
  });

  it("reads arguments that are no object as none", () => {
    for (const text of ["{", "7", "[1]", "null"]) expect(panelsOf({ args: text })[0]?.args).toEqual({});
  });

  it("is carried to other pages as far as they understand it", () => {
    const query = {
      model: "builtin:scribe",
      prompt: "The cat",
      analysis: "logit_lens",
      sel: "layer:1",
      at: "x:1",
    };
    expect(carried(query, { unit: "z.1.2", sel: null })).toEqual({
      model: "builtin:scribe",
      prompt: "The cat",
      unit: "z.1.2",
    });
  });
});

describe("places", () => {
  it("travel as text, and what is no place is dropped", () => {
    expect(readPlaces("layer:3,head:1")).toEqual({ layer: 3, head: 1 });
    expect(readPlaces("layer:x,:3,head:1,nonsense")).toEqual({ head: 1 });
    expect(readPlaces(writePlaces({ depth: 0, position: 12 }))).toEqual({ depth: 0, position: 12 });
    expect(readPlaces(undefined)).toEqual({});
  });

  it("are the same in whatever order", () => {
    expect(samePlaces({ layer: 1, head: 2 }, { head: 2, layer: 1 })).toBe(true);
    expect(samePlaces({ layer: 1 }, { layer: 1, head: 2 })).toBe(false);
    expect(samePlaces(null, {})).toBe(false);
  });
});

describe("the selection", () => {
  beforeEach(() => usePageStore.getState().load("/lab", {}));

  it("stands in the address, and follows it", () => {
    useSelection.getState().select({ layer: 3, neuron: 17 });
    expect(usePageStore.getState().query.sel).toBe("layer:3,neuron:17");
    expect(useSelection.getState().selected).toEqual({ layer: 3, neuron: 17 });
    usePageStore.getState().load("/atlas", { sel: "layer:1,head:0" });
    expect(useSelection.getState().selected).toEqual({ layer: 1, head: 0 });
    useSelection.getState().select(null);
    expect(usePageStore.getState().query).toEqual({});
    expect(useSelection.getState().selected).toBeNull();
  });

  it("keeps each pin once, while others are selected", () => {
    const { pin, unpin, select } = useSelection.getState();
    pin({ layer: 3, neuron: 17 });
    pin({ neuron: 17, layer: 3 });
    pin({ position: 4 });
    select({ position: 9 });
    expect(usePageStore.getState().query.pins).toBe("layer:3,neuron:17;position:4");
    expect(useSelection.getState().pins).toEqual([{ layer: 3, neuron: 17 }, { position: 4 }]);
    unpin({ layer: 3, neuron: 17 });
    expect(useSelection.getState().pins).toEqual([{ position: 4 }]);
  });
});

describe("the address of a unit", () => {
  it("is read in the engine's words and in short ones", () => {
    for (const text of ["mlp_act.3.17", " mlp_act.3.17@7", "decoder/mlp_act.3.17", "L3.N17", "l3n17"])
      expect(readUnit(text)).toEqual({ kind: "neuron", layer: 3, index: 17 });
    for (const text of ["z.2.1", "pattern.2.1", "L2.H1"])
      expect(readUnit(text)).toEqual({ kind: "head", layer: 2, index: 1 });
    for (const text of ["", "mlp_act.3", "resid_post.3.1", "mlp_act.x.1"]) expect(readUnit(text)).toBeNull();
  });

  it("and the places that it names are one another's", () => {
    for (const unit of [
      { kind: "neuron", layer: 3, index: 17 },
      { kind: "head", layer: 0, index: 2 },
    ] as const) {
      expect(readUnit(writeUnit(unit))).toEqual(unit);
      expect(unitAt(placesOf(unit))).toEqual(unit);
    }
    expect(unitAt({ layer: 3, position: 2 })).toBeNull();
  });
});
