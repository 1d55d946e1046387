/** Reads graphs off answers: paths into a receiver, and matrices of units by units. */
import type { Result } from "../api/shapes";
import { number } from "../figures/words";
import { companionOf, indistinct } from "../result/companions";
import { type Cube, cut, spread } from "../result/cube";
import type { GraphLink, GraphNode } from "./graph";

/** Numbers by the name of their variable. */
export type Numbers = Readonly<Record<string, Cube>>;

const ENDS = ["low", "high", "null", "p"] as const;

/** A variable and what tells it from random, as far as the result has them. */
export function withCompanions(result: Result, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const variable = result.variables.find((one) => one.name === name);
    if (!variable) return [];
    return [name, ...ENDS.flatMap((word) => companionOf(result, variable, word)?.name ?? [])];
  });
}

interface Measured {
  values: Float64Array;
  unsure: readonly boolean[];
  evidence: readonly string[];
}

/** A variable laid out over axes, with how sure each of its values is. */
function measured(result: Result, numbers: Numbers, name: string, axes: readonly string[]): Measured {
  const variable = result.variables.find((one) => one.name === name);
  const sizes = axes.map((axis) => result.dims[axis] ?? 1);
  const laid = (cube: Cube | undefined) => (cube ? spread(cube, axes, sizes) : null);
  const of = (word: (typeof ENDS)[number]) => {
    const twin = variable && companionOf(result, variable, word);
    return twin ? laid(numbers[twin.name]) : null;
  };
  const values = laid(numbers[name]) ?? new Float64Array();
  const [low, high, chance, p] = [of("low"), of("high"), of("null"), of("p")];
  const unsure = indistinct({ p, low, high, chance });
  return {
    values,
    unsure: Array.from(values, (_, at) => unsure?.[at] ?? false),
    evidence: Array.from(values, (_, at) =>
      [
        low && high && Number.isFinite(low[at]) ? `95 % ${number(low[at])} to ${number(high[at])}` : "",
        p && Number.isFinite(p[at]) ? `p ${number(p[at])}` : "",
      ]
        .filter(Boolean)
        .join(", "),
    ),
  };
}

/** Every head and MLP of the model that a path answer is of, and the logits above them. */
export function pathNodes(result: Result): GraphNode[] {
  const { layer: layers = 0, head: heads = 0 } = result.dims;
  const rows = Array.from({ length: layers }, (_, layer) => layer);
  const mlps = result.variables.some(({ name }) => name === "mlp_effect");
  return [
    ...rows.flatMap((layer) => Array.from({ length: heads }, (_, head) => headNode(layer, head))),
    ...(mlps ? rows.map((layer) => mlpNode(layer, heads)) : []),
    { id: "logits", layer: layers, column: heads / 2, label: "logits", sort: "end", places: null },
  ];
}

export function headNode(layer: number, head: number): GraphNode {
  const label = `${layer}.${head}`;
  return { id: `head ${label}`, layer, column: head, label, sort: "head", places: { layer, head } };
}

function mlpNode(layer: number, column: number): GraphNode {
  return { id: `MLP ${layer}`, layer, column, label: `MLP ${layer}`, sort: "mlp", places: null };
}

const PIECE = /^(?:(q|k|v)\.(\d+)\.(\d+)|mlp_in\.(\d+)|(logits))$/;

/**
 * The node that receivers are; several of different parts are one of their own, for they share one change.
 * So are keys and values that several heads share, and while it is not known whether they do.
 */
export function receiverNode(receivers: string, heads: number, shared: number | null): GraphNode | null {
  const pieces = receivers.split(/[\s,]+/).filter(Boolean);
  const found = pieces.map((piece) => PIECE.exec(piece));
  const nodes = found.flatMap((match) => {
    if (match?.[1]) return [headNode(Number(match[2]), Number(match[3]))];
    return match?.[4] ? [mlpNode(Number(match[4]), heads)] : [];
  });
  if (nodes.length !== pieces.length) return null;
  const [first] = nodes;
  const whole = shared === 1 || found.every((match) => match?.[1] !== "k" && match?.[1] !== "v");
  if (!first || (whole && nodes.every(({ id }) => id === first.id))) return first ?? null;
  const layer = Math.max(...nodes.map((node) => node.layer));
  return { id: receivers, layer, column: heads + 1, label: receivers, sort: "end", places: null };
}

/** The paths from every head and MLP into what an answer says that they run to. */
export function pathLinks(result: Result, numbers: Numbers, to: string): GraphLink[] {
  const heads = result.dims.head ?? 0;
  const each = (name: string, axes: string[], from: (at: number) => string): GraphLink[] => {
    if (!numbers[name]) return [];
    const { values, unsure, evidence } = measured(result, numbers, name, axes);
    return Array.from(values, (strength, at) => ({
      from: from(at),
      to,
      strength,
      unsure: unsure[at] ?? false,
      evidence: evidence[at] ?? "",
    }));
  };
  return [
    ...each("effect", ["layer", "head"], (at) => `head ${Math.floor(at / heads)}.${at % heads}`),
    ...each("mlp_effect", ["layer"], (at) => `MLP ${at}`),
  ].filter(({ strength }) => Number.isFinite(strength));
}

/** Units that a matrix compares, by the names `layer.unit` of its items; null where they are none. */
export function matrixNodes(result: Result): GraphNode[] | null {
  const names = result.coords.item?.values ?? [];
  const found = names.map((name) => /^(\d+)\.(\d+)$/.exec(String(name)));
  if (found.length === 0 || found.some((match) => !match)) return null;
  const heads = result.analysis.startsWith("head");
  const sort = heads ? "head" : "neuron";
  const layers = found.map((match) => Number(match?.[1]));
  const most = Math.max(...layers.map((layer) => layers.filter((one) => one === layer).length));
  const seen = new Map<number, number>();
  return found.map((match, item) => {
    const [layer, unit] = [Number(match?.[1]), Number(match?.[2])];
    const rank = seen.get(layer) ?? 0;
    seen.set(layer, rank + 1);
    const label = `${layer}.${unit}`;
    // Neurons have no columns of their own: each row stands about the middle.
    const aside = (most - layers.filter((one) => one === layer).length) / 2;
    const column = heads ? unit : rank + aside;
    return { id: `${sort} ${label}`, layer, column, label, sort, places: { layer, [sort]: unit }, item };
  });
}

/** Links between the units of a matrix; a pair that reads the same both ways is one link. */
export function matrixLinks(
  result: Result,
  numbers: Numbers,
  name: string,
  nodes: readonly GraphNode[],
  at: Readonly<Record<string, number>>,
): GraphLink[] {
  const held = Object.fromEntries(Object.entries(numbers).map(([key, cube]) => [key, cut(cube, at)]));
  const { values, unsure, evidence } = measured(result, held, name, ["item", "other"]);
  const size = nodes.length;
  const same = (one: number, other: number) =>
    Math.abs((values[one] as number) - (values[other] as number)) <= 1e-9;
  return nodes.flatMap((from, item) =>
    nodes.flatMap((to, other) => {
      const cell = item * size + other;
      const strength = values[cell] ?? Number.NaN;
      if (item === other || !Number.isFinite(strength)) return [];
      if (item > other && same(cell, other * size + item)) return [];
      return [
        {
          from: from.id,
          to: to.id,
          strength,
          unsure: unsure[cell] ?? false,
          evidence: evidence[cell] ?? "",
        },
      ];
    }),
  );
}
