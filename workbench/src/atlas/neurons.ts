/** The neurons on the map, and any result's numbers brought onto them. */
import type { Result, Variable } from "../api/shapes";
import { isText } from "../figures/words";

/** Neurons in the order of their points. */
export interface Neurons {
  names: readonly string[];
  layer: Int32Array;
  neuron: Int32Array;
  /** Point of a neuron by its name, LAYER.NEURON. */
  place: ReadonlyMap<string, number>;
}

const NAME = /^(\d+)\.(\d+)$/;

/** Reads neurons from names such as `3.17`; null where one of them is no neuron. */
export function neuronsNamed(names: readonly unknown[]): Neurons | null {
  const layer = new Int32Array(names.length);
  const neuron = new Int32Array(names.length);
  const place = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const match = NAME.exec(String(name));
    if (!match) return null;
    layer[index] = Number(match[1]);
    neuron[index] = Number(match[2]);
    place.set(String(name), index);
  }
  return { names: names.map(String), layer, neuron, place };
}

/** The neurons that are the items of a result, or null where its items are something else. */
export function neuronsOf(result: Result): Neurons | null {
  const names = result.coords.item?.values;
  return names?.length ? neuronsNamed(names) : null;
}

export function nameOf(layer: number, neuron: number): string {
  return `${layer}.${neuron}`;
}

/** Variables with one number for each neuron: over layer and neuron, or over items that are neurons. */
export function measuresOf(result: Result): Variable[] {
  const items = neuronsOf(result) !== null;
  return result.variables.filter((variable) => {
    if (isText(variable) || /_(low|high|null|p|error)$/.test(variable.name)) return false;
    const axes = variable.axes.toSorted().join();
    return axes === "layer,neuron" || (items && axes === "item");
  });
}

/** The p of a measure in the same result: `push_p` for `push`, `every_p` for `every_effect`. */
export function chanceOf(result: Result, { name, axes }: Variable): Variable | null {
  const wanted = [`${name}_p`, `${name.replace(/_[^_]+$/, "")}_p`];
  return (
    result.variables.find((other) => wanted.includes(other.name) && other.axes.join() === axes.join()) ?? null
  );
}

/** Both ends of a measure's interval, where the result has them. */
export function endsOf(result: Result, { name }: Variable): [Variable, Variable] | null {
  const find = (end: string) => result.variables.find((other) => other.name === `${name}_${end}`);
  const [low, high] = [find("low"), find("high")];
  return low && high ? [low, high] : null;
}

/** Nested values as one list of numbers; null and false become NaN and 0. */
export function flat(values: unknown): Float64Array {
  const list = (Array.isArray(values) ? values.flat(8) : [values]) as (number | boolean | null)[];
  return Float64Array.from(list, (value) => (value === null ? Number.NaN : Number(value)));
}

/** Brings numbers over layer and neuron, or over items, to the order of the points; NaN where there is none. */
export function onto(
  neurons: Neurons,
  result: Result,
  variable: Variable,
  values: Float64Array,
): Float64Array {
  const found = new Float64Array(neurons.names.length).fill(Number.NaN);
  if (variable.axes.join() === "item") {
    const names = result.coords.item?.values ?? [];
    for (const [index, name] of names.entries()) {
      const place = neurons.place.get(String(name));
      if (place !== undefined) found[place] = values[index] as number;
    }
    return found;
  }
  const layers = rowsOf(result, "layer");
  const columns = rowsOf(result, "neuron");
  const across = variable.axes[0] === "layer" ? [columns.size, 1] : [1, layers.size];
  for (let place = 0; place < found.length; place += 1) {
    const row = layers.get(neurons.layer[place] as number);
    const column = columns.get(neurons.neuron[place] as number);
    if (row === undefined || column === undefined) continue;
    found[place] = values[row * (across[0] as number) + column * (across[1] as number)] as number;
  }
  return found;
}

/** Index along an axis of each of its labels. */
function rowsOf(result: Result, axis: string): Map<number, number> {
  const labels =
    result.coords[axis]?.values ?? Array.from({ length: result.dims[axis] ?? 0 }, (_, row) => row);
  return new Map(labels.map((label, row) => [Number(label), row]));
}

/** Middle of each group's points, for its name; a group below 0 has none. */
export function middlesOf(
  groups: ArrayLike<number>,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): Map<number, { at: [number, number]; size: number }> {
  const sums = new Map<number, [number, number, number]>();
  for (let index = 0; index < groups.length; index += 1) {
    const group = groups[index] as number;
    if (!(group >= 0)) continue;
    const [across, up, size] = sums.get(group) ?? [0, 0, 0];
    sums.set(group, [across + (x[index] as number), up + (y[index] as number), size + 1]);
  }
  const found = [...sums].toSorted(([one], [other]) => one - other);
  return new Map(
    found.map(([group, [across, up, size]]) => [group, { at: [across / size, up / size], size }]),
  );
}
