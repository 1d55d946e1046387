/** What can be read off an activity: shapes, counts, the brightest, and how far a colour scale has to reach. */
import { type Activity as Even, activationAt, ofHalf } from "../../live/activity";

export interface Activity extends Even {
  /** Neurons of each layer, where they differ; `n_neurons` is then that of the widest. */
  widths?: readonly number[];
}

/** Address of one neuron. */
export interface Unit {
  layer: number;
  neuron: number;
}

export interface Bright extends Unit {
  value: number;
}

export interface Statistics {
  n_neurons: number;
  /** Share of the neurons whose size is at least the threshold. */
  share: number;
  /** Neurons with at least the threshold. */
  above: number;
  /** Mean size by layer. */
  mean: Float64Array;
  brightest: readonly Bright[];
  /** Size that 199 of 200 neurons stay within. */
  reach: number;
}

export function widthOf({ widths, n_neurons }: Shape, layer: number): number {
  return widths?.[layer] ?? n_neurons;
}

type Shape = Pick<Activity, "n_layers" | "n_neurons" | "widths">;

/** Where each layer begins in the data; one more entry ends the last. */
export function startsOf(shape: Shape): Float64Array {
  const starts = new Float64Array(shape.n_layers + 1);
  for (let layer = 0; layer < shape.n_layers; layer += 1)
    starts[layer + 1] = (starts[layer] as number) + widthOf(shape, layer);
  return starts;
}

export function countOf(shape: Shape): number {
  return startsOf(shape)[shape.n_layers] as number;
}

/** Says whether two activities have the same layers and the same sort of numbers. */
export function sameShape(one: Activity, other: Activity): boolean {
  return (
    one.n_layers === other.n_layers &&
    one.n_neurons === other.n_neurons &&
    one.detail === other.detail &&
    String(one.widths ?? "") === String(other.widths ?? "")
  );
}

/** Number of one neuron; NaN outside the model. */
export function valueAt(activity: Activity, { layer, neuron }: Unit): number {
  if (layer < 0 || layer >= activity.n_layers || neuron < 0 || neuron >= widthOf(activity, layer))
    return Number.NaN;
  if (!activity.widths) return activationAt(activity, layer, neuron);
  const raw = activity.data[(startsOf(activity)[layer] as number) + neuron] as number;
  return activity.detail === "int8" ? raw * (activity.scales?.[layer] ?? 1) : ofHalf(raw);
}

/** The strongest neurons of a layer, by size, the strongest first. */
export function strongestOf(activity: Activity, layer: number, count: number): Bright[] {
  const start = startsOf(activity)[layer] as number;
  const sizes = sizesOf(activity, layer);
  const found = new Strongest(count);
  for (let neuron = 0; neuron < widthOf(activity, layer); neuron += 1)
    found.offer(
      sizes[(activity.data[start + neuron] as number) & MASKS[activity.detail]] as number,
      layer,
      neuron,
    );
  return found.list.map((unit) => ({ ...unit, value: valueAt(activity, unit) }));
}

/** Keeps the few largest of many. */
class Strongest {
  readonly list: (Unit & { size: number })[] = [];
  /** Size that a newcomer has to be above. */
  least = -1;
  constructor(private readonly count: number) {}
  offer(size: number, layer: number, neuron: number): void {
    if (!(size > this.least)) return;
    const place = this.list.findIndex((one) => one.size < size);
    this.list.splice(place < 0 ? this.list.length : place, 0, { layer, neuron, size });
    if (this.list.length > this.count) this.list.pop();
    if (this.list.length === this.count) this.least = this.list.at(-1)?.size ?? -1;
  }
}

const BRIGHTEST = 5;
const OUTSIDE = 1 / 200;
/** Numbers that the usual size is read from, where there are more. */
const SAMPLED = 4096;

/** Counts and sums over all neurons, in one pass. */
export function statistics(activity: Activity, threshold: number): Statistics {
  const { data, n_layers } = activity;
  const starts = startsOf(activity);
  const total = starts[n_layers] as number;
  const mean = new Float64Array(n_layers);
  const bright = new Strongest(BRIGHTEST);
  const every = Math.max(1, Math.floor(total / SAMPLED));
  const sample: number[] = [];
  let above = 0;
  for (let layer = 0; layer < n_layers; layer += 1) {
    const begin = starts[layer] as number;
    const end = starts[layer + 1] as number;
    const sizes = sizesOf(activity, layer);
    let sum = 0;
    for (let at = begin; at < end; at += 1) {
      const size = sizes[(data[at] as number) & MASKS[activity.detail]] as number;
      sum += size;
      if (size >= threshold) above += 1;
      if (size > bright.least) bright.offer(size, layer, at - begin);
      if (at % every === 0) sample.push(size);
    }
    mean[layer] = end > begin ? sum / (end - begin) : 0;
  }
  return {
    n_neurons: total,
    above,
    share: total > 0 ? above / total : 0,
    mean,
    brightest: bright.list.map((unit) => ({ ...unit, value: valueAt(activity, unit) })),
    reach: usual(sample),
  };
}

const MASKS = { int8: 0xff, f16: 0x7fff } as const;

let halfSizes: Float32Array | null = null;

/** Table from masked raw numbers of a layer to their sizes. */
export function sizesOf({ detail, scales }: Activity, layer: number): Float32Array {
  if (detail === "f16")
    return (halfSizes ??= Float32Array.from({ length: MASKS.f16 + 1 }, (_, bits) => ofHalf(bits)));
  const scale = Math.abs(scales?.[layer] ?? 1);
  return Float32Array.from({ length: 256 }, (_, byte) => Math.abs(byte > 127 ? byte - 256 : byte) * scale);
}

function usual(sample: number[]): number {
  const finite = Float32Array.from(sample.filter(Number.isFinite)).toSorted();
  return finite[Math.min(finite.length - 1, Math.floor(finite.length * (1 - OUTSIDE)))] ?? 0;
}

/** Reach of a colour scale that only grows, so that the same colour means the same number all through a stream. */
export function grownReach(before: number, found: number): number {
  if (!(found > 0)) return before;
  return found > before * 1.1 ? rounded(found) : before;
}

/** A number rounded up to two figures. */
function rounded(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}

/** Neurons of at least some size. */
export function countAbove(activity: Activity, size: number): number {
  const starts = startsOf(activity);
  let count = 0;
  for (let layer = 0; layer < activity.n_layers; layer += 1) {
    const sizes = sizesOf(activity, layer);
    for (let at = starts[layer] as number; at < (starts[layer + 1] as number); at += 1)
      if ((sizes[(activity.data[at] as number) & MASKS[activity.detail]] as number) >= size) count += 1;
  }
  return count;
}
