/** A labelled array in the browser: flat values, axis words and sizes. */
import type { Selection, Values } from "../api/shapes";

export interface Cube {
  axes: readonly string[];
  shape: readonly number[];
  /** Numbers in row-major order, NaN where the server sent none; null for text. */
  numbers: Float64Array | null;
  /** Text in row-major order; null for numbers. */
  texts: readonly string[] | null;
}

/** Builds a cube from a slice of the server. */
export function cubeOf({ axes, shape, values }: Values): Cube {
  const leaves = flatten(values);
  const text = leaves.some((leaf) => typeof leaf === "string");
  return {
    axes,
    shape,
    numbers: text ? null : Float64Array.from(leaves, asNumber),
    texts: text ? leaves.map((leaf) => (leaf === null ? "" : String(leaf))) : null,
  };
}

function asNumber(leaf: unknown): number {
  if (typeof leaf === "boolean") return leaf ? 1 : 0;
  return typeof leaf === "number" ? leaf : Number.NaN;
}

function flatten(values: unknown): unknown[] {
  if (!Array.isArray(values)) return [values];
  return values.flat(Number.POSITIVE_INFINITY) as unknown[];
}

/** Holds some axes at one index; axes the cube lacks are ignored, indices are kept inside. */
export function cut(cube: Cube, fixed: Selection): Cube {
  const kept = cube.axes
    .map((axis, place) => ({ axis, place }))
    .filter(({ axis }) => fixed[axis] === undefined);
  if (kept.length === cube.axes.length) return cube;
  const strides = stridesOf(cube.shape);
  const start = cube.axes.reduce((sum, axis, place) => {
    const index = fixed[axis];
    const inside = index === undefined ? 0 : Math.min(Math.max(index, 0), (cube.shape[place] ?? 1) - 1);
    return sum + inside * (strides[place] ?? 0);
  }, 0);
  const shape = kept.map(({ place }) => cube.shape[place] ?? 0);
  const steps = kept.map(({ place }) => strides[place] ?? 0);
  return gather(cube, { axes: kept.map(({ axis }) => axis), shape, steps, start });
}

/** Puts the axes into another order. */
export function turn(cube: Cube, axes: readonly string[]): Cube {
  if (axes.every((axis, place) => cube.axes[place] === axis)) return cube;
  const strides = stridesOf(cube.shape);
  const places = axes.map((axis) => cube.axes.indexOf(axis));
  const shape = places.map((place) => cube.shape[place] ?? 0);
  const steps = places.map((place) => strides[place] ?? 0);
  return gather(cube, { axes, shape, steps, start: 0 });
}

interface Walk {
  axes: readonly string[];
  shape: readonly number[];
  steps: readonly number[];
  start: number;
}

function gather(cube: Cube, { axes, shape, steps, start }: Walk): Cube {
  const order = offsets(shape, steps, start);
  const { numbers, texts } = cube;
  return {
    axes,
    shape,
    numbers: numbers ? Float64Array.from(order, (offset) => numbers[offset] ?? Number.NaN) : null,
    texts: texts ? Array.from(order, (offset) => texts[offset] ?? "") : null,
  };
}

function stridesOf(shape: readonly number[]): number[] {
  const strides = Array.from(shape, () => 1);
  for (let place = shape.length - 2; place >= 0; place -= 1)
    strides[place] = (strides[place + 1] ?? 1) * (shape[place + 1] ?? 1);
  return strides;
}

function offsets(shape: readonly number[], steps: readonly number[], start: number): number[] {
  let found = [start];
  shape.forEach((size, place) => {
    const step = steps[place] ?? 0;
    found = found.flatMap((offset) => Array.from({ length: size }, (_, index) => offset + index * step));
  });
  return found;
}

/** Numbers of a cube over given axes and sizes; an axis that it lacks repeats them. */
export function spread(cube: Cube, axes: readonly string[], sizes: readonly number[]): Float64Array {
  const strides = stridesOf(cube.shape);
  const steps = axes.map((axis) => strides[cube.axes.indexOf(axis)] ?? 0);
  return Float64Array.from(offsets(sizes, steps, 0), (offset) => cube.numbers?.[offset] ?? Number.NaN);
}

/** The only value of a cube with every axis held. */
export function only(cube: Cube): number | string {
  return cube.texts ? (cube.texts[0] ?? "") : (cube.numbers?.[0] ?? Number.NaN);
}
