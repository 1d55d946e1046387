/** What every neuron did at one token, as the 3D view and the strips read it. */
import type { TokenFrame } from "../api/shapes";
import { block } from "./frames";

export interface Activity {
  n_layers: number;
  n_neurons: number;
  detail: "int8" | "f16";
  /** Layer by layer: steps of the layer's scale, or half-precision numbers as their bits. */
  data: Int8Array | Uint16Array;
  /** Size of one step in each layer, where `detail` is int8. */
  scales?: Float32Array;
}

const whole = new Float32Array(1);
const bits = new Uint32Array(whole.buffer);

/** Bits of the half-precision number nearest to a value; what is too large becomes infinite. */
export function halfOf(value: number): number {
  whole[0] = value;
  const x = bits[0] as number;
  const sign = (x >>> 16) & 0x8000;
  const rest = x & 0x7fffffff;
  if (rest > 0x7f800000) return sign | 0x7e00;
  if (rest >= 0x477ff000) return sign | 0x7c00;
  if (rest < 0x33000001) return sign;
  const exponent = rest >>> 23;
  if (exponent < 113) {
    const mantissa = (rest & 0x7fffff) | 0x800000;
    const shift = 126 - exponent;
    return sign | rounded(mantissa, shift);
  }
  return sign | (rounded(rest, 13) - (112 << 10));
}

/** A number without its last `shift` bits, the nearest, ties to even. */
function rounded(value: number, shift: number): number {
  const kept = value >>> shift;
  const lost = value - kept * 2 ** shift;
  const half = 2 ** (shift - 1);
  return kept + (lost > half || (lost === half && kept & 1) ? 1 : 0);
}

let halves: Float32Array | null = null;

function tabled(): Float32Array {
  if (halves) return halves;
  halves = new Float32Array(65_536);
  for (let code = 0; code < 65_536; code += 1) {
    const exponent = (code >> 10) & 31;
    const mantissa = code & 1023;
    const sign = code & 0x8000 ? -1 : 1;
    if (exponent === 31) halves[code] = mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else if (exponent === 0) halves[code] = sign * mantissa * 2 ** -24;
    else halves[code] = sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
  }
  return halves;
}

/** The value of a half-precision number from its bits. */
export function ofHalf(code: number): number {
  return tabled()[code] as number;
}

/** Activation of one neuron. */
export function activationAt(activity: Activity, layer: number, neuron: number): number {
  const value = activity.data[layer * activity.n_neurons + neuron] as number;
  if (activity.detail === "f16") return ofHalf(value);
  return value * (activity.scales?.[layer] ?? 1);
}

export interface Bright {
  layer: number;
  neuron: number;
  activation: number;
}

/** The neurons with the largest activation by magnitude, the largest first. */
export function brightest(activity: Activity, count: number): Bright[] {
  const found: Bright[] = [];
  let least = 0;
  for (let layer = 0; layer < activity.n_layers; layer += 1)
    for (let neuron = 0; neuron < activity.n_neurons; neuron += 1) {
      const activation = activationAt(activity, layer, neuron);
      const size = Math.abs(activation);
      if (!(size > least) && found.length >= count) continue;
      if (!(size > 0)) continue;
      const place = found.findIndex((other) => Math.abs(other.activation) < size);
      found.splice(place < 0 ? found.length : place, 0, { layer, neuron, activation });
      if (found.length > count) found.pop();
      if (found.length === count) least = Math.abs((found.at(-1) as Bright).activation);
    }
  return found;
}

/** Mean magnitude of each layer's activations. */
export function layerMeans(activity: Activity): Float32Array {
  const means = new Float32Array(activity.n_layers);
  for (let layer = 0; layer < activity.n_layers; layer += 1) {
    let total = 0;
    for (let neuron = 0; neuron < activity.n_neurons; neuron += 1)
      total += Math.abs(activationAt(activity, layer, neuron));
    means[layer] = total / activity.n_neurons;
  }
  return means;
}

/** What every neuron did at a token; single precision and lists of the strongest become half precision. */
export function activityOf(
  header: TokenFrame,
  payload: Uint8Array<ArrayBuffer>,
  size: [number, number],
): Activity {
  const [n_layers, n_neurons] = size;
  const values = block(header, payload, "activation");
  if (values instanceof Int8Array) {
    const scales = block(header, payload, "scale") as Float32Array;
    return { n_layers, n_neurons, detail: "int8", data: values, scales };
  }
  if (values instanceof Uint16Array) return { n_layers, n_neurons, detail: "f16", data: values };
  if (values) return { n_layers, n_neurons, detail: "f16", data: Uint16Array.from(values, halfOf) };
  const data = new Uint16Array(n_layers * n_neurons);
  const neurons = block(header, payload, "top_neuron");
  const strongest = block(header, payload, "top_activation");
  if (neurons && strongest) {
    const each = neurons.length / n_layers;
    neurons.forEach((neuron, index) => {
      data[Math.floor(index / each) * n_neurons + neuron] = strongest[index] as number;
    });
  }
  return { n_layers, n_neurons, detail: "f16", data };
}
