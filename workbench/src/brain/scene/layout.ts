/** Where things stand in the 3D view: layers are level plates on the upright axis, neurons lie on them in rows. */
import type { Unit } from "./statistics";

export interface Place {
  x: number;
  y: number;
  z: number;
}

export interface Layout {
  n_layers: number;
  n_neurons: number;
  widths?: readonly number[];
  /** Cells of a plate: across and deep. */
  columns: number;
  rows: number;
  /** Distance between neighbouring neurons. */
  pitch: number;
  wide: number;
  deep: number;
  /** Distance between neighbouring layers. */
  gap: number;
  tall: number;
}

interface Shape {
  n_layers: number;
  n_neurons: number;
  widths?: readonly number[];
}

const WIDE = 2.6;
/** Height of a tower of a dozen layers; deeper ones are taller, though less than in proportion. */
const TALL = 2.3;
const DOZEN = 12;
const WIDEST_GAP = 0.6;
/** Widths that a plate may have for each of its depth, so that no cell is left over. */
const ASPECTS = [1, 2.4] as const;
const ASPECT = 4 / 3;

/** Columns and rows of a plate: without empty cells where the number divides well. */
export function gridOf(n: number): { columns: number; rows: number } {
  const wish = Math.sqrt(n * ASPECT);
  let best = 0;
  for (let columns = Math.ceil(Math.sqrt(n)); columns <= Math.sqrt(n * ASPECTS[1]); columns += 1)
    if (n % columns === 0 && (best === 0 || Math.abs(columns - wish) < Math.abs(best - wish))) best = columns;
  const columns = best || Math.max(1, Math.ceil(wish));
  return { columns, rows: Math.max(1, Math.ceil(n / columns)) };
}

export function layOut({ n_layers, n_neurons, widths }: Shape): Layout {
  const { columns, rows } = gridOf(n_neurons);
  const pitch = WIDE / Math.max(columns, 2);
  const gap = n_layers > 1 ? Math.min(WIDEST_GAP, tallest(n_layers) / (n_layers - 1)) : 0;
  const tall = gap * Math.max(n_layers - 1, 0);
  const size = { wide: columns * pitch, deep: rows * pitch };
  return { n_layers, n_neurons, ...(widths && { widths }), columns, rows, pitch, ...size, gap, tall };
}

function tallest(n_layers: number): number {
  return TALL * Math.min(Math.max((n_layers / DOZEN) ** 0.35, 1), 2);
}

export function heightOf({ gap, tall }: Layout, layer: number): number {
  return layer * gap - tall / 2;
}

/** Middle of a neuron's cell. */
export function placeOf(layout: Layout, { layer, neuron }: Unit): Place {
  const column = neuron % layout.columns;
  const row = Math.floor(neuron / layout.columns);
  return {
    x: (column + 0.5) * layout.pitch - layout.wide / 2,
    y: heightOf(layout, layer),
    z: (row + 0.5) * layout.pitch - layout.deep / 2,
  };
}

/** Place of a head: on a circle about the axis, just below its block's neurons. */
export function headPlace(layout: Layout, layer: number, head: number, n_heads: number): Place {
  const turn = (2 * Math.PI * head) / Math.max(n_heads, 1) - Math.PI / 2;
  const radius = 0.22 * Math.min(layout.wide, layout.deep);
  const below = 0.35 * (layout.gap || 0.3);
  return { x: radius * Math.cos(turn), y: heightOf(layout, layer) - below, z: radius * Math.sin(turn) };
}

/** Place of a token: on a line along the front of each layer, as text reads. */
export function tokenPlace(layout: Layout, layer: number, position: number, n_tokens: number): Place {
  const share = n_tokens > 1 ? position / (n_tokens - 1) : 0.5;
  const below = 0.35 * (layout.gap || 0.3);
  return {
    x: (share - 0.5) * layout.wide,
    y: heightOf(layout, layer) - below,
    z: layout.deep / 2 + 0.12,
  };
}

/** Place on the axis where a layer adds to the residual stream. */
export function axisPlace(layout: Layout, layer: number): Place {
  return { x: 0, y: heightOf(layout, layer), z: 0 };
}

/** Neuron at a point of a layer's plane, or null beside its neurons. */
export function neuronAt(layout: Layout, layer: number, x: number, z: number): number | null {
  const column = Math.floor((x + layout.wide / 2) / layout.pitch);
  const row = Math.floor((z + layout.deep / 2) / layout.pitch);
  if (column < 0 || column >= layout.columns || row < 0 || row >= layout.rows) return null;
  const neuron = row * layout.columns + column;
  return neuron < (layout.widths?.[layer] ?? layout.n_neurons) ? neuron : null;
}

export interface Ray {
  origin: Place;
  direction: Place;
}

/** Neurons that a ray meets, one a layer at most, the nearest first. */
export function met(layout: Layout, { origin, direction }: Ray): Unit[] {
  if (Math.abs(direction.y) < 1e-9) return [];
  const found: (Unit & { far: number })[] = [];
  for (let layer = 0; layer < layout.n_layers; layer += 1) {
    const far = (heightOf(layout, layer) - origin.y) / direction.y;
    if (far <= 0) continue;
    const neuron = neuronAt(layout, layer, origin.x + far * direction.x, origin.z + far * direction.z);
    if (neuron !== null) found.push({ layer, neuron, far });
  }
  return found.toSorted((one, other) => one.far - other.far).map(({ layer, neuron }) => ({ layer, neuron }));
}

/**
 * The neuron that a pointer means: the nearest that is drawn strongly enough to be seen, else the nearest.
 * `strength` runs from 0 to 1.
 */
export function picked(units: readonly Unit[], strength: (unit: Unit) => number): Unit | null {
  return units.find((unit) => strength(unit) >= SEEN) ?? units[0] ?? null;
}

const SEEN = 0.3;

/** How many layers lie at or below a camera: they are painted upwards, those above it downwards. */
export function layersBelow(layout: Layout, cameraHeight: number): number {
  let below = 0;
  while (below < layout.n_layers && heightOf(layout, below) <= cameraHeight) below += 1;
  return below;
}

/** Layer that is painted at some turn, or the turn at which a layer is painted: the same rule both ways. */
export function paintedAt(turn: number, below: number, n_layers: number): number {
  return turn < below ? turn : n_layers - 1 - (turn - below);
}

/** Turns of painting in which neurons are drawn one by one: all of a small model, else those near a layer. */
export function pointTurns(layout: Layout, total: number, near: number | null, below: number) {
  if (total <= POINTS) return { from: 0, to: layout.n_layers };
  if (near === null || layout.n_neurons > POINTS) return { from: 0, to: 0 };
  const turn = paintedAt(near, below, layout.n_layers);
  const [first, last] = near < below ? [0, below] : [below, layout.n_layers];
  let [from, to] = [turn, turn + 1];
  while ((to - from + 1) * layout.n_neurons <= POINTS && (from > first || to < last)) {
    if (to < last) to += 1;
    else from -= 1;
  }
  return { from, to };
}

/** Width from which the statistics lie on the drawing, and what they take of it at the right. */
export const BROAD = 700;
export const CORNER = 228;

/** Most neurons that are drawn as points; beyond them layers are plates. */
export const POINTS = 100_000;

/** Heights on the screen for labels so that none overlaps: those without room are left out (null). */
export function spaced(heights: readonly number[], room: number): (number | null)[] {
  const kept: (number | null)[] = heights.map(() => null);
  if (heights.length === 0) return kept;
  const steps = heights.slice(1).map((height, at) => Math.abs(height - (heights[at] as number)));
  const least = Math.min(...steps, Number.POSITIVE_INFINITY);
  const every = Math.max(1, Math.ceil(room / Math.max(least, 1e-6)));
  let last: number | null = null;
  for (let at = 0; at < heights.length; at += 1) {
    const height = heights[at] as number;
    if (at % Math.min(every, heights.length) !== 0) continue;
    if (last !== null && Math.abs(height - last) < room - 1e-6) continue;
    kept[at] = height;
    last = height;
  }
  return kept;
}
