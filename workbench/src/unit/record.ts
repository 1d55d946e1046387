/** What the record of all neurons says of one: examples, samples by tenth, and the counts behind them. */
import type { Result } from "../api/shapes";
import { type Cube, only } from "../result/cube";
import type { Cubes } from "./asking";

/** A stretch of text about one token, with the neuron's activation at each. */
export interface Example {
  /** The activation at the token that it is about. */
  value: number;
  /** Place of that token among those below. */
  peak: number;
  ids: readonly number[];
  values: readonly number[];
  document: number;
  position: number;
}

/** Some tenths of the neuron's activations that follow one another, from 0, the lowest. */
export interface Band {
  first: number;
  last: number;
  low: number;
  high: number;
  examples: readonly Example[];
}

export const TENTHS = 10;

/** Index of a layer along the record's axis; −1 where it has none. */
export function layerAt(record: Result, layer: number): number {
  return record.coords.layer?.values?.indexOf(layer) ?? layer;
}

/** What to read of the record about one neuron. */
export function wantedOf(at: { layer: number; neuron: number }) {
  const whole = {};
  return {
    activation: at,
    token: at,
    top_activation: at,
    top_document: at,
    top_position: at,
    sample_activation: at,
    sample_interval: at,
    sample_token: whole,
    sample_document: whole,
    sample_position: whole,
    quantiles: at,
    minimum: at,
    maximum: at,
    histogram: at,
    bin_low: whole,
    bin_high: whole,
    active: at,
    active_low: at,
    active_high: at,
    mean: at,
    mean_low: at,
    mean_high: at,
    dead: at,
  };
}

/** A number of the record that stands alone. */
export function numberIn(cubes: Cubes, name: string): number {
  const found = cubes[name];
  return found ? Number(only(found)) : Number.NaN;
}

function numbers(cube: Cube | undefined): Float64Array {
  return cube?.numbers ?? new Float64Array();
}

/** Where the token that an example is about stands along the axis of positions. */
function centreOf(record: Result): number {
  return Math.max(record.coords.position?.values?.indexOf(0) ?? 0, 0);
}

interface Rows {
  values: Cube | undefined;
  ids: Cube | undefined;
  peaks: ArrayLike<number>;
  documents: ArrayLike<number>;
  positions: ArrayLike<number>;
}

/** Examples row by row; places outside the text are left out of each. */
function exampleRows({ values, ids, peaks, documents, positions }: Rows, centre: number): Example[] {
  const [count = 0, width = 0] = values?.shape ?? [];
  const [active, token] = [numbers(values), numbers(ids)];
  return Array.from({ length: count }, (_, row) => {
    const places = Array.from({ length: width }, (_place, place) => place).filter(
      (place) => (token[row * width + place] ?? -1) >= 0,
    );
    return {
      value: peaks[row] ?? Number.NaN,
      peak: places.indexOf(centre),
      ids: places.map((place) => token[row * width + place] as number),
      values: places.map((place) => active[row * width + place] as number),
      document: documents[row] ?? -1,
      position: positions[row] ?? -1,
    };
  });
}

/** The stretches where the neuron is most active, the strongest first. */
export function topOf(record: Result, cubes: Cubes): Example[] {
  const rows = {
    values: cubes.activation,
    ids: cubes.token,
    peaks: numbers(cubes.top_activation),
    documents: numbers(cubes.top_document),
    positions: numbers(cubes.top_position),
  };
  return exampleRows(rows, centreOf(record)).filter(({ value, peak }) => Number.isFinite(value) && peak >= 0);
}

/** Values below which each tenth of the activations lies, from the least to the greatest. */
function bounds(record: Result, cubes: Cubes): number[] {
  const shares = (record.coords.quantile?.values ?? []) as number[];
  const found = numbers(cubes.quantiles);
  return Array.from({ length: TENTHS + 1 }, (_, tenth) => {
    const at = shares.findIndex((share) => Math.abs(share - tenth / TENTHS) < 1e-9);
    return found[at] ?? Number.NaN;
  });
}

/** Tenths that can be told apart: those that lie within one bin of the histogram are taken together. */
export function tenthsApart(ends: readonly number[], bins: readonly Bin[]): (readonly [number, number])[] {
  const bin = (end: number) => bins.findLastIndex(({ low }) => low <= end);
  const within = (tenth: number) => {
    const [from, to] = [bin(ends[tenth] as number), bin(ends[tenth + 1] as number)];
    return from === to ? from : -1;
  };
  const found: [number, number][] = [];
  for (let tenth = 0; tenth < TENTHS; tenth += 1) {
    const last = found.at(-1);
    if (last && within(tenth) >= 0 && within(tenth) === within(tenth - 1)) last[1] = tenth;
    else found.push([tenth, tenth]);
  }
  return found;
}

/** Sampled tokens by the tenths that they lie in, the highest first. */
export function bandsOf(record: Result, cubes: Cubes): Band[] {
  const centre = centreOf(record);
  const width = cubes.sample_activation?.shape[1] ?? 1;
  const active = numbers(cubes.sample_activation);
  const tenths = numbers(cubes.sample_interval);
  const rows = exampleRows(
    {
      values: cubes.sample_activation,
      ids: cubes.sample_token,
      peaks: Array.from(tenths, (_, row) => active[row * width + centre] as number),
      documents: numbers(cubes.sample_document),
      positions: numbers(cubes.sample_position),
    },
    centre,
  );
  const ends = bounds(record, cubes);
  return tenthsApart(ends, binsOf(cubes))
    .toReversed()
    .map(([first, last]) => ({
      first,
      last,
      low: ends[first] as number,
      high: ends[last + 1] as number,
      examples: rows
        .filter(({ peak }, row) => {
          const tenth = tenths[row] as number;
          return peak >= 0 && tenth >= first && tenth <= last;
        })
        .toSorted((one, other) => other.value - one.value),
    }));
}

export interface Bin {
  low: number;
  high: number;
  count: number;
}

/** Bins from the first that holds a token to the last. */
export function binsOf(cubes: Cubes): Bin[] {
  const counts = numbers(cubes.histogram);
  const [low, high] = [numbers(cubes.bin_low), numbers(cubes.bin_high)];
  const all = Array.from(counts, (count, at) => ({
    low: Number.isFinite(low[at]) ? (low[at] as number) : Number.NEGATIVE_INFINITY,
    high: Number.isFinite(high[at]) ? (high[at] as number) : Number.POSITIVE_INFINITY,
    count,
  }));
  const first = all.findIndex(({ count }) => count > 0);
  const last = all.findLastIndex(({ count }) => count > 0);
  return first < 0 ? [] : all.slice(first, last + 1);
}
