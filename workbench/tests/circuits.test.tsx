// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Result, Variable } from "../src/api/shapes";
import { aboutOf, readBy, receiversOf, viewOf, writeReceivers } from "../src/circuits/address";
import { standalone, wrapped } from "../src/circuits/drawing";
import { matrixLinks, matrixNodes, pathLinks, pathNodes, receiverNode } from "../src/circuits/found";
import {
  type Graph,
  keptInWords,
  linksAsCsv,
  linksFrom,
  namedBy,
  nextNode,
  roundedDown,
  thresholdOf,
} from "../src/circuits/graph";
import { layGraph, pathOf, placeLabels } from "../src/circuits/lay";
import { LayeredGraph } from "../src/circuits/LayeredGraph";
import type { Cube } from "../src/result/cube";
import { useSelection } from "../src/state/selection";
import { usePageStore } from "../src/state/page";
import "./setup";

function variable(name: string, axes: string[]): Variable {
  return { name, axes, dtype: "float64", units: "1", long_name: name, meaning: "", site: "" } as Variable;
}

function cube(axes: string[], shape: number[], numbers: number[]): Cube {
  return { axes, shape, numbers: Float64Array.from(numbers), texts: null };
}

const paths = {
  analysis: "path_patching",
  dims: { layer: 2, head: 2 },
  coords: {},
  variables: [
    variable("effect", ["layer", "head"]),
    variable("effect_low", ["layer", "head"]),
    variable("effect_high", ["layer", "head"]),
    variable("effect_null", []),
    variable("mlp_effect", ["layer"]),
  ],
} as unknown as Result;
const pathNumbers = {
  effect: cube(["layer", "head"], [2, 2], [0.5, -0.1, 0.02, Number.NaN]),
  effect_low: cube(["layer", "head"], [2, 2], [0.4, -0.2, -0.01, Number.NaN]),
  effect_high: cube(["layer", "head"], [2, 2], [0.6, -0.05, 0.05, Number.NaN]),
  effect_null: cube([], [], [0]),
  mlp_effect: cube(["layer"], [2], [0.3, 0.2]),
};
const graph: Graph = { nodes: pathNodes(paths), links: pathLinks(paths, pathNumbers, "logits") };

describe("links", () => {
  it("are one for each sender with a path, unsure where the interval holds chance", () => {
    expect(graph.links.map(({ from, strength, unsure }) => [from, strength, unsure])).toEqual([
      ["head 0.0", 0.5, false],
      ["head 0.1", -0.1, false],
      ["head 1.0", 0.02, true],
      ["MLP 0", 0.3, false],
      ["MLP 1", 0.2, false],
    ]);
    expect(graph.links[0]?.evidence).toBe("95 % 0.4 to 0.6");
  });

  it("of a matrix join each pair once where it reads the same both ways, and never a unit with itself", () => {
    const matrix = {
      analysis: "neuron_interactions",
      dims: { item: 3, other: 3 },
      coords: { item: { axes: ["item"], dtype: "text", values: ["0.5", "0.7", "2.1"] } },
      variables: [variable("interaction", ["item", "other"]), variable("interaction_p", ["item", "other"])],
    } as unknown as Result;
    const nodes = matrixNodes(matrix) ?? [];
    expect(nodes.map(({ layer, column, places }) => [layer, column, places?.neuron])).toEqual([
      [0, 0, 5],
      [0, 1, 7],
      [2, 0.5, 1],
    ]);
    const numbers = {
      interaction: cube(["item", "other"], [3, 3], [1, 2, 3, 2, 1, 4, 3, -4, 1]),
      interaction_p: cube(["item", "other"], [3, 3], [1, 0.01, 0.2, 0.01, 1, 0.01, 0.2, 0.01, 1]),
    };
    const links = matrixLinks(matrix, numbers, "interaction", nodes, {});
    expect(links.map(({ from, to, strength, unsure }) => [from, to, strength, unsure])).toEqual([
      ["neuron 0.5", "neuron 0.7", 2, false],
      ["neuron 0.5", "neuron 2.1", 3, true],
      ["neuron 0.7", "neuron 2.1", 4, false],
      ["neuron 2.1", "neuron 0.7", -4, false],
    ]);
  });

  it("end in the head that receivers name, and in a node of their own where they name several", () => {
    expect(receiverNode("q.3.1 k.3.1", 4, 1)?.id).toBe("head 3.1");
    expect(receiverNode("mlp_in.2", 4, null)?.id).toBe("MLP 2");
    expect(receiverNode("q.3.1 q.3.2", 4, 1)).toMatchObject({ id: "q.3.1 q.3.2", layer: 3, column: 5 });
    expect(receiverNode("k.3.1", 4, 2)).toMatchObject({ id: "k.3.1", sort: "end", places: null });
    expect(receiverNode("k.3.1", 4, null)?.id).toBe("k.3.1");
    expect(receiverNode("q.3.1", 4, null)?.id).toBe("head 3.1");
    expect(receiverNode("logits", 4, 1)).toBeNull();
  });

  it("leave as a table with every one of them", () => {
    const rows = linksAsCsv(graph.links).trim().split("\n");
    expect(rows).toHaveLength(1 + graph.links.length);
    expect(rows[3]).toBe('"head 1.0","logits",0.02,"95 % −0.01 to 0.05",no');
  });
});

describe("the threshold", () => {
  const many = Array.from({ length: 60 }, (_, at) => ({
    from: `${at}`,
    to: "logits",
    strength: (at % 2 ? -1 : 1) * (at + 1) * 0.01234,
    unsure: false,
    evidence: "",
  }));

  it("keeps the strongest few unless told otherwise, whatever their sign", () => {
    const kept = linksFrom(many, thresholdOf(many, undefined));
    expect(kept).toHaveLength(24);
    expect(kept[0]?.from).toBe("59");
    expect(thresholdOf(graph.links, undefined)).toBe(0.005);
    expect(thresholdOf([], undefined)).toBe(0);
    expect(thresholdOf(many, "0.5")).toBe(0.5);
    expect(thresholdOf(many, "nonsense")).toBe(thresholdOf(many, undefined));
  });

  it("is never rounded above what it should keep", () => {
    for (const value of [0, 1e-9, 0.0012345, 0.29999, 1, 12.349, 1234.5]) {
      expect(roundedDown(value)).toBeLessThanOrEqual(value);
      expect(roundedDown(value)).toBeGreaterThanOrEqual(value * 0.99);
    }
  });

  it("says how many of how many are kept", () => {
    expect(keptInWords(3, 60, "0.1")).toBe("Showing 3 of 60 links: those of 0.1 or more in size.");
    expect(keptInWords(60, 60, "0")).toBe("Showing all 60 links.");
  });
});

describe("the layout", () => {
  it("puts later layers higher and writes no label over another or over a node", () => {
    const nodes = Array.from({ length: 12 * 12 }, (_, at) => ({
      id: `head ${Math.floor(at / 12)}.${at % 12}`,
      label: `${Math.floor(at / 12)}.${at % 12}`,
      layer: Math.floor(at / 12),
      column: at % 12,
      sort: "head" as const,
      places: null,
    }));
    for (const width of [320, 640, 1200]) {
      const frame = layGraph(nodes, width, 480);
      expect(frame.rows.map(({ y }) => y)).toEqual(frame.rows.map(({ y }) => y).toSorted((a, b) => b - a));
      const { labels, dropped } = placeLabels(nodes, frame);
      expect(labels.length + dropped).toBe(nodes.length);
      for (const [at, { box }] of labels.entries())
        for (const { box: other } of labels.slice(at + 1)) {
          const apart =
            box.left + box.width <= other.left ||
            other.left + other.width <= box.left ||
            box.top + box.height <= other.top ||
            other.top + other.height <= box.top;
          expect(apart).toBe(true);
        }
    }
  });

  it("draws every link from its own node to its own node", () => {
    const frame = layGraph(graph.nodes, 600, 400);
    for (const link of graph.links) {
      const [start, end] = [frame.at.get(link.from), frame.at.get(link.to)];
      const d = pathOf(link, frame);
      expect(d.startsWith(`M${start?.x.toFixed(1)} ${start?.y.toFixed(1)}`)).toBe(true);
      expect(d.endsWith(`${end?.x.toFixed(1)} ${end?.y.toFixed(1)}`)).toBe(true);
    }
  });

  it("leads from node to node by the arrow keys", () => {
    const [first] = graph.nodes;
    if (!first) throw new Error("no node");
    expect(nextNode(graph.nodes, first, "ArrowRight")?.id).toBe("head 0.1");
    expect(nextNode(graph.nodes, first, "ArrowLeft")).toBeNull();
    expect(nextNode(graph.nodes, first, "ArrowUp")?.id).toBe("head 1.0");
    expect(nextNode(graph.nodes, first, "ArrowDown")).toBeNull();
  });

  it("marks the nodes that a selection names", () => {
    expect([...namedBy(graph.nodes, { layer: 1, head: 0, position: 3 })]).toEqual(["head 1.0"]);
    expect([...namedBy(graph.nodes, { layer: 1 })]).toEqual([]);
  });
});

describe("the address", () => {
  it("names the view, what is asked about, and where paths end", () => {
    expect(viewOf({ view: "nowhere" })).toBe("patching");
    expect(receiversOf({})).toEqual(["logits"]);
    expect(receiversOf({ receivers: "logits; q.3.2, k.3.2 ;; logits" })).toEqual(["logits", "q.3.2 k.3.2"]);
    expect(writeReceivers(["logits"])).toBeNull();
    expect(receiversOf({ receivers: writeReceivers(["logits", "v.1.0"]) ?? "" })).toEqual([
      "logits",
      "v.1.0",
    ]);
    expect(["q", "k"].map((letter) => readBy("3.5", letter, 2))).toEqual(["q.3.5", "k.3.2"]);
    expect(aboutOf({})).toContain("model");
    expect(aboutOf({ model: "m", prompt: "a" })).toContain("twin");
    expect(aboutOf({ model: "m", task: "t", do: "z.1.0 zero" })).toEqual({
      model: "m",
      task: "t",
      do: ["z.1.0 zero"],
    });
  });
});

function drawn(onChoose = vi.fn()) {
  const holder: { current: SVGSVGElement | null } = { current: null };
  render(
    <MantineProvider>
      <LayeredGraph
        {...{ graph, onChoose }}
        links={linksFrom(graph.links, 0.05)}
        label="Paths"
        measure="share"
        theme="light"
        tall={400}
        svg={holder}
      />
    </MantineProvider>,
  );
  return { onChoose, svg: holder, plot: screen.getByRole("application") };
}

describe("the diagram", () => {
  beforeAll(() => {
    Object.defineProperty(HTMLElement.prototype, "clientWidth", { configurable: true, value: 640 });
  });
  beforeEach(() => usePageStore.getState().load("/circuits", { pins: "layer:0,head:1" }));

  it("is walked by the arrow keys, and Enter selects", () => {
    const { plot, onChoose } = drawn();
    fireEvent.keyDown(plot, { key: "ArrowRight" });
    fireEvent.keyDown(plot, { key: "ArrowUp" });
    expect(plot.dataset.seen).toBe("head 1.0");
    expect(useSelection.getState().hovered).toEqual({ layer: 1, head: 0 });
    fireEvent.keyDown(plot, { key: "Enter" });
    expect(onChoose).toHaveBeenCalledWith(expect.objectContaining({ id: "head 1.0" }));
    fireEvent.keyDown(plot, { key: "Enter", shiftKey: true });
    expect(usePageStore.getState().query.pins).toBe("layer:0,head:1;layer:1,head:0");
  });

  it("leaves as an SVG that parses, holds the kept links and none of the marks", () => {
    const { svg } = drawn();
    if (!svg.current) throw new Error("nothing is drawn");
    expect(svg.current.querySelectorAll("circle.mark.kept")).toHaveLength(1);
    const caption = {
      title: "Paths <1>",
      note: "4 & more",
      paper: "#ffffff",
      ink: "#000000",
      muted: "#555555",
    };
    const read = new DOMParser().parseFromString(standalone(svg.current, caption), "image/svg+xml");
    expect(read.querySelector("parsererror")).toBeNull();
    const links = [...read.querySelectorAll("[data-strength]")];
    expect(links.map((link) => Number(link.getAttribute("data-strength"))).toSorted()).toEqual(
      [-0.1, 0.2, 0.3, 0.5].toSorted(),
    );
    expect(read.querySelectorAll("[class]")).toHaveLength(0);
    expect(read.querySelectorAll("circle[fill=none]")).toHaveLength(0);
    expect(read.querySelector("title")?.textContent).toBe("Paths <1>");
    expect(wrapped("a bb ccc dddd", 4)).toEqual(["a bb", "ccc", "dddd"]);
    expect(svg.current.querySelectorAll(".mark").length).toBeGreaterThan(0);
  });
});
