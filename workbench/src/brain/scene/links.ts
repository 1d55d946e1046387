/** Links between layers: who sends to whom how strongly, from a stream's attention or from an answer. */
import { axisPlace, headPlace, type Layout, type Place, placeOf, tokenPlace } from "./layout";

/** One end of a link: a neuron, a head, a token as a layer reads it, or the residual stream at a layer. */
export type End =
  | { sort: "neuron"; layer: number; unit: number }
  | { sort: "head"; layer: number; unit: number; n: number }
  | { sort: "token"; layer: number; unit: number; n: number }
  | { sort: "stream"; layer: number };

export interface Link {
  from: End;
  to: End;
  strength: number;
}

/** Links of one sort with what their strength means. */
export interface Linkage {
  title: string;
  units: string;
  /** Both signs occur and mean opposite things. */
  signed: boolean;
  links: readonly Link[];
}

export const MOST_LINKS = 200;

/** The strongest links, the strongest last so that they are painted over the others. */
export function strongest(links: readonly Link[], most = MOST_LINKS): Link[] {
  return links
    .filter(({ strength }) => Number.isFinite(strength) && strength !== 0)
    .toSorted((one, other) => Math.abs(other.strength) - Math.abs(one.strength))
    .slice(0, most)
    .toReversed();
}

export function endPlace(layout: Layout, end: End): Place {
  switch (end.sort) {
    case "neuron":
      return placeOf(layout, { layer: end.layer, neuron: end.unit });
    case "head":
      return headPlace(layout, end.layer, end.unit, end.n);
    case "token":
      return tokenPlace(layout, end.layer, end.unit, end.n);
    case "stream":
      return axisPlace(layout, end.layer);
  }
}

/** Name of an end as the engine writes addresses. */
export function endName(end: End): string {
  if (end.sort === "neuron") return `mlp_act.${end.layer}.${end.unit}`;
  if (end.sort === "head") return `z.${end.layer}.${end.unit}`;
  return end.sort === "token" ? `token ${end.unit}` : `resid_post.${end.layer}`;
}

/** Numbers that the ribbons are drawn from: two texels a link, with strength as a share of the strongest. */
export function linkTexels(layout: Layout, links: readonly Link[]): Float32Array {
  const texels = new Float32Array(links.length * 8);
  const most = links.reduce((size, { strength }) => Math.max(size, Math.abs(strength)), 0) || 1;
  links.forEach(({ from, to, strength }, at) => {
    const [start, end] = [endPlace(layout, from), endPlace(layout, to)];
    const bend = 0.16 + 0.22 * Math.hypot(end.x - start.x, end.y - start.y, end.z - start.z);
    texels.set([start.x, start.y, start.z, strength / most, end.x, end.y, end.z, bend], at * 8);
  });
  return texels;
}

/** Attention of the newest token: for each head the tokens it reads most, into the head's place. */
export function attentionLinks(
  rows: ArrayLike<number>,
  { n_layers, n_heads, n_keys }: { n_layers: number; n_heads: number; n_keys: number },
): Linkage {
  const links: Link[] = [];
  for (let layer = 0; layer < n_layers; layer += 1)
    for (let head = 0; head < n_heads; head += 1)
      for (let key = 0; key < n_keys; key += 1) {
        const strength = rows[(layer * n_heads + head) * n_keys + key] as number;
        if (strength < LEAST_ATTENTION) continue;
        links.push({
          from: { sort: "token", layer, unit: key, n: n_keys },
          to: { sort: "head", layer, unit: head, n: n_heads },
          strength,
        });
      }
  return { title: "attention from token to head", units: "attention", signed: false, links };
}

/** Attention below a tenth is not offered as a link. */
export const LEAST_ATTENTION = 0.1;

/** Links from an answer over item and other, whose names are `layer.unit`. */
export function pairLinks(
  sort: "neuron" | "head",
  { names, values, n, title, units, signed }: PairAnswer,
): Linkage {
  const ends = names.map((name) => {
    const [layer = Number.NaN, unit = Number.NaN] = name.split(".").map(Number);
    return sort === "neuron" ? { sort, layer, unit } : { sort, layer, unit, n };
  });
  const links: Link[] = [];
  ends.forEach((from, row) =>
    ends.forEach((to, column) => {
      const strength = values[row * ends.length + column] as number;
      if (from.layer < to.layer && Number.isFinite(strength)) links.push({ from, to, strength });
    }),
  );
  return { title, units, signed, links };
}

export interface PairAnswer {
  names: readonly string[];
  /** Strengths by the one that sends, then the one that receives. */
  values: ArrayLike<number>;
  /** Heads of a layer. */
  n: number;
  title: string;
  units: string;
  signed: boolean;
}

/** Patched paths: from each head to the end of the residual stream, or to the layer of one receiver. */
export function pathLinks(
  effect: ArrayLike<number>,
  { n_layers, n_heads, to }: { n_layers: number; n_heads: number; to: End },
): Linkage {
  const links: Link[] = [];
  for (let layer = 0; layer < n_layers; layer += 1)
    for (let head = 0; head < n_heads; head += 1) {
      const strength = effect[layer * n_heads + head] as number;
      if (Number.isFinite(strength))
        links.push({ from: { sort: "head", layer, unit: head, n: n_heads }, to, strength });
    }
  return { title: "patched path", units: "share of the answer", signed: true, links };
}
