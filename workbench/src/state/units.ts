/** Neurons and heads by address, and the places that they are. */
import type { Selection } from "../api/shapes";

export interface Unit {
  kind: "neuron" | "head";
  layer: number;
  index: number;
}

const ADDRESS = /^(?:\w+\/)?(mlp_act|mlp_pre|z|pattern|result)\.(\d+)\.(\d+)(?:@-?\d+)?$/;
const SHORT = /^L(\d+)\.?([NH])(\d+)$/i;

/** Reads `mlp_act.3.17`, `z.2.1` or the short `L3.N17`, `L2.H1`; null where the text names no unit. */
export function readUnit(text: string): Unit | null {
  const full = ADDRESS.exec(text.trim());
  if (full)
    return {
      kind: full[1]?.startsWith("mlp") ? "neuron" : "head",
      layer: Number(full[2]),
      index: Number(full[3]),
    };
  const short = SHORT.exec(text.trim());
  if (!short) return null;
  return {
    kind: short[2]?.toUpperCase() === "N" ? "neuron" : "head",
    layer: Number(short[1]),
    index: Number(short[3]),
  };
}

/** The engine's address of a unit. */
export function writeUnit({ kind, layer, index }: Unit): string {
  return `${kind === "neuron" ? "mlp_act" : "z"}.${layer}.${index}`;
}

/** The unit that selected places name, or null. */
export function unitAt(places: Selection | null): Unit | null {
  const { layer, neuron, head } = places ?? {};
  if (layer === undefined) return null;
  if (neuron !== undefined) return { kind: "neuron", layer, index: neuron };
  return head === undefined ? null : { kind: "head", layer, index: head };
}

export function placesOf({ kind, layer, index }: Unit): Selection {
  return { layer, [kind]: index };
}
