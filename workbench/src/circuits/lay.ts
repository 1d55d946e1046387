/** Where nodes, links and labels of a layered graph stand: columns across, layers from the bottom up. */
import type { GraphLink, GraphNode } from "./graph";

export interface Point {
  x: number;
  y: number;
}

export interface Frame {
  width: number;
  height: number;
  radius: number;
  /** Middle of each node. */
  at: ReadonlyMap<string, Point>;
  /** Height of each layer's row, from the bottom. */
  rows: readonly { layer: number; y: number }[];
  columns: readonly { column: number; x: number }[];
}

export const MARGIN = { left: 52, right: 20, top: 14, bottom: 78 };

export function layGraph(nodes: readonly GraphNode[], width: number, height: number): Frame {
  const layers = sorted(nodes.map(({ layer }) => layer));
  const last = Math.max(...nodes.map(({ column }) => column), 0);
  const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
  const cell = { width: inner.width / (last + 1), height: inner.height / Math.max(layers.length, 1) };
  const across = (column: number) => MARGIN.left + (column + 0.5) * cell.width;
  const upward = (layer: number) => height - MARGIN.bottom - (layers.indexOf(layer) + 0.5) * cell.height;
  return {
    width,
    height,
    radius: Math.min(Math.max(Math.min(cell.width, cell.height) / 5, 2.5), 7),
    at: new Map(nodes.map(({ id, layer, column }) => [id, { x: across(column), y: upward(layer) }])),
    rows: layers.map((layer) => ({ layer, y: upward(layer) })),
    columns: sorted(nodes.filter(({ sort }) => sort !== "end").map(({ column }) => column)).map((column) => ({
      column,
      x: across(column),
    })),
  };
}

function sorted(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].toSorted((one, other) => one - other);
}

function put(...places: number[]): string {
  return places.map((place) => place.toFixed(1)).join(" ");
}

/** A link as an SVG path: a bow between rows, an arch within one. */
export function pathOf({ from, to }: GraphLink, { at }: Frame): string {
  const [start, end] = [at.get(from), at.get(to)];
  if (!start || !end) return "";
  if (start.y === end.y) {
    const rise = 16 + Math.abs(end.x - start.x) * 0.16;
    return `M${put(start.x, start.y)} Q${put((start.x + end.x) / 2, start.y - rise, end.x, end.y)}`;
  }
  const middle = (start.y + end.y) / 2;
  // Straight up would hide behind the nodes between, so it bows aside.
  const aside = Math.abs(start.x - end.x) < 1 ? Math.min(Math.abs(start.y - end.y) * 0.18, 40) : 0;
  return `M${put(start.x, start.y)} C${put(start.x + aside, middle, end.x + aside, middle, end.x, end.y)}`;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface PlacedLabel {
  id: string;
  text: string;
  box: Box;
}

const LETTER = 6.7;
const LINE = 13;

function overlaps(one: Box, other: Box): boolean {
  return (
    one.left < other.left + other.width &&
    other.left < one.left + one.width &&
    one.top < other.top + other.height &&
    other.top < one.top + one.height
  );
}

/** Labels that fit beside their nodes, the first named first; those without room are left out, and counted. */
export function placeLabels(
  nodes: readonly GraphNode[],
  frame: Frame,
): { labels: PlacedLabel[]; dropped: number } {
  const { radius, width, at } = frame;
  const discs = new Map(
    [...at].map(([id, { x, y }]) => [
      id,
      { left: x - radius, top: y - radius, width: 2 * radius, height: 2 * radius },
    ]),
  );
  const labels: PlacedLabel[] = [];
  for (const { id, label } of nodes) {
    const middle = at.get(id);
    if (!middle) continue;
    const size = { width: label.length * LETTER + 2, height: LINE };
    const free = beside(middle, radius + 5, size).find(
      (box) =>
        box.left >= 0 &&
        box.top >= 0 &&
        box.left + box.width <= width &&
        !labels.some((other) => overlaps(other.box, box)) &&
        ![...discs.values()].some((disc) => overlaps(disc, box)),
    );
    if (free) labels.push({ id, text: label, box: free });
  }
  return { labels, dropped: nodes.length - labels.length };
}

/** Where a label may stand: right of its node, left of it, above, below. */
function beside({ x, y }: Point, off: number, { width, height }: { width: number; height: number }): Box[] {
  const size = { width, height };
  return [
    { left: x + off, top: y - height / 2, ...size },
    { left: x - off - width, top: y - height / 2, ...size },
    { left: x - width / 2, top: y - off - height, ...size },
    { left: x - width / 2, top: y + off, ...size },
  ];
}
