/** A training as numbers: each neuron at each step, and the way it takes. */
import type { Result, Selection } from "../../api/shapes";
import type { Cloud, Corner, Frame } from "../../figures/pointcloud";
import { fitted } from "../../figures/pointcloud";
import { nameOf } from "../neurons";

export interface Change {
  steps: readonly number[];
  /** LAYER.NEURON, in the order of the numbers of one step. */
  names: readonly string[];
  layer: readonly number[];
  neuron: readonly number[];
  /** By step, then neuron. */
  values: Float64Array;
  x: Float64Array;
  y: Float64Array;
  /** Holds every neuron at every step. */
  frame: Frame;
}

interface Numbers {
  values: Float64Array;
  x: Float64Array;
  y: Float64Array;
}

/** Reads a result over step, layer and neuron. */
export function changeOf(result: Result, { values, x, y }: Numbers): Change {
  const labels = (axis: string) =>
    (result.coords[axis]?.values ?? Array.from({ length: result.dims[axis] ?? 0 }, (_, index) => index)).map(
      Number,
    );
  const layers = labels("layer");
  const neurons = labels("neuron");
  const layer = layers.flatMap((one) => neurons.map(() => one));
  const neuron = layers.flatMap(() => neurons);
  const names = layer.map((one, place) => nameOf(one, neuron[place] as number));
  return { steps: labels("step"), names, layer, neuron, values, x, y, frame: fitted({ x, y }) };
}

/** The points of one step. */
export function cloudAt(change: Change, step: number): Cloud {
  const size = change.names.length;
  return {
    x: change.x.subarray(step * size, (step + 1) * size),
    y: change.y.subarray(step * size, (step + 1) * size),
  };
}

/** The colours of one step, out of those of all. */
export function coloursAt(change: Change, colours: Uint32Array, step: number): Uint32Array {
  const size = change.names.length;
  return colours.subarray(step * size, (step + 1) * size);
}

/** The way of a neuron through the plane up to a step. */
export function wayOf(change: Change, place: number, last: number): Corner[] {
  const size = change.names.length;
  return Array.from({ length: last + 1 }, (_, step): Corner => [
    change.x[step * size + place] as number,
    change.y[step * size + place] as number,
  ]).filter(([across, up]) => Number.isFinite(across) && Number.isFinite(up));
}

/** Place of the neuron that a selection names, or null. */
export function placeIn(change: Change, places: Selection): number | null {
  if (places.layer === undefined || places.neuron === undefined) return null;
  const found = change.names.indexOf(nameOf(places.layer, places.neuron));
  return found < 0 ? null : found;
}

/** Steps for the small multiples: the first, the last, and as many between, evenly. */
export function chosenSteps(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, step) => step);
  return Array.from({ length: most }, (_, place) => Math.round((place * (count - 1)) / (most - 1)));
}
