/** Which unit an address names, whether the model has it, and which come before and after it. */
import { readUnit, type Unit, writeUnit } from "../state/units";

/** How many layers, and units in each, a model has; null where it does not say. */
export interface Sizes {
  model: string;
  layers: number | null;
  neuron: number | null;
  head: number | null;
}

/** The unit of an address, or the sentence that says what is wrong with it and what is allowed. */
export function unitOf(text: string, sizes: Sizes | null): Unit | string {
  const unit = readUnit(text);
  if (!unit)
    return `“${text.trim()}” names no unit: write a neuron as mlp_act.3.17 or L3.N17, a head as z.2.1 or L2.H1.`;
  if (!sizes) return unit;
  const { model, layers } = sizes;
  const size = sizes[unit.kind];
  if (layers === 0 || size === 0) return `${model} has no ${unit.kind}s.`;
  if (layers !== null && unit.layer >= layers)
    return `${model} has layers 0 to ${layers - 1}, so it has no ${writeUnit(unit)}.`;
  if (size !== null && unit.index >= size)
    return `A layer of ${model} has ${unit.kind}s 0 to ${size - 1}, so it has no ${writeUnit(unit)}.`;
  return unit;
}

/** The unit one further (1) or one back (−1), over the ends of layers; null beyond the model's ends. */
export function beside(unit: Unit, by: 1 | -1, sizes: Sizes | null): Unit | null {
  const index = unit.index + by;
  const size = sizes?.[unit.kind] ?? null;
  if (index >= 0 && (size === null || index < size)) return { ...unit, index };
  if (size === null) return null;
  const layer = unit.layer + by;
  if (layer < 0 || layer >= (sizes?.layers ?? 0)) return null;
  return { ...unit, layer, index: by > 0 ? 0 : size - 1 };
}

/** Sizes as the model card tells them: its first word on each. */
export function sizesIn(model: string, names: readonly unknown[], values: readonly unknown[]): Sizes {
  const told = (name: string): number | null => {
    const at = names.indexOf(name);
    const size = at < 0 ? Number.NaN : Number(values[at]);
    return Number.isInteger(size) ? size : null;
  };
  return {
    model,
    layers: told("layers"),
    neuron: told("neurons a layer"),
    head: told("query heads"),
  };
}
