/** A layered graph as data: what is joined to what, how strongly, and how much of it is drawn. */
import type { Selection } from "../api/shapes";

export interface GraphNode {
  id: string;
  /** Row, from the bottom. */
  layer: number;
  column: number;
  label: string;
  sort: "head" | "mlp" | "neuron" | "end";
  /** Where it is in the model; null where it is no place of its own. */
  places: Selection | null;
  /** Its index along `item` and `other`, where it is of a matrix. */
  item?: number;
}

export interface GraphLink {
  from: string;
  to: string;
  strength: number;
  /** Not distinguishable from random. */
  unsure: boolean;
  /** How sure it is, in words: an interval or a p; empty where the result does not say. */
  evidence: string;
}

export interface Graph {
  nodes: readonly GraphNode[];
  links: readonly GraphLink[];
}

/** Links drawn unless the reader asks for more or fewer. */
const FEW = 24;
/** Share of the strongest link below which others are not drawn unless the reader asks for them. */
const SLIGHT = 0.01;
/** Links that a drawing takes at most. */
export const MOST = 1500;
const FIGURES = 3;

/** Links by their size, the strongest first. */
export function byStrength(links: readonly GraphLink[]): GraphLink[] {
  return links.toSorted((one, other) => Math.abs(other.strength) - Math.abs(one.strength));
}

/** Size from which links are drawn: what was asked for, else that of the last of the strongest few. */
export function thresholdOf(links: readonly GraphLink[], asked: string | undefined): number {
  const given = asked === undefined ? Number.NaN : Number(asked);
  if (Number.isFinite(given) && given >= 0) return given;
  const sizes = byStrength(links).map(({ strength }) => Math.abs(strength));
  return roundedDown(Math.max(sizes[FEW - 1] ?? 0, SLIGHT * (sizes[0] ?? 0)));
}

/** The number with three figures that is no larger. */
export function roundedDown(value: number): number {
  if (!(value > 0)) return 0;
  const unit = 10 ** (Math.floor(Math.log10(value)) - FIGURES + 1);
  const down = Number((Math.floor(value / unit) * unit).toPrecision(FIGURES));
  return down <= value ? down : Number((down - unit).toPrecision(FIGURES));
}

/** Links of at least a size, the strongest first. */
export function linksFrom(links: readonly GraphLink[], threshold: number): GraphLink[] {
  return byStrength(links).filter(({ strength }) => Math.abs(strength) >= threshold);
}

/** What a filter keeps, in words that a reader can check. */
export function keptInWords(kept: number, total: number, threshold: string): string {
  if (kept === total) return `Showing all ${total} links.`;
  return `Showing ${kept} of ${total} links: those of ${threshold} or more in size.`;
}

/** Nodes that places name: by where they are in the model, or by their index in a matrix. */
export function namedBy(nodes: readonly GraphNode[], places: Selection | null): Set<string> {
  const named = nodes.filter(({ places: own, item }) => {
    if (!places) return false;
    const axes = Object.keys(own ?? {});
    if (axes.length > 1 && axes.every((axis) => places[axis] === own?.[axis])) return true;
    return item !== undefined && (places.item === item || places.other === item);
  });
  return new Set(named.map(({ id }) => id));
}

/** The node that an arrow key leads to: the nearest in its row, or in the row above or below. */
export function nextNode(nodes: readonly GraphNode[], from: GraphNode, key: string): GraphNode | null {
  const rows = [...new Set(nodes.map(({ layer }) => layer))].toSorted((one, other) => one - other);
  const across = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const upward = { ArrowUp: 1, ArrowDown: -1 }[key];
  if (across !== undefined) {
    const row = nodes
      .filter(({ layer }) => layer === from.layer)
      .toSorted((one, other) => one.column - other.column);
    return row[row.findIndex(({ id }) => id === from.id) + across] ?? null;
  }
  if (upward === undefined) return null;
  const row = rows[rows.indexOf(from.layer) + upward];
  const found = nodes.filter(({ layer }) => layer === row);
  const far = (node: GraphNode) => Math.abs(node.column - from.column);
  return found.toSorted((one, other) => far(one) - far(other))[0] ?? null;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** The links as a table that spreadsheets read. */
export function linksAsCsv(links: readonly GraphLink[]): string {
  const rows = links.map(({ from, to, strength, unsure, evidence }) =>
    [quoted(from), quoted(to), strength, quoted(evidence), unsure ? "no" : "yes"].join(","),
  );
  return ["from,to,strength,evidence,distinguishable", ...rows, ""].join("\n");
}
