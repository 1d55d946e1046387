/** The flat twin: a row for each layer, bottom to top, its neurons from left to right; the strongest of a pixel shows. */
import { channels, shade, table } from "../../colour/ramp";
import { THEMES } from "../../words.gen";
import { BROAD, CORNER } from "../scene/layout";
import { GROUND } from "../scene/palette";
import { type Activity, sizesOf, startsOf, type Unit, valueAt, widthOf } from "../scene/statistics";

export interface FlatLayout {
  left: number;
  top: number;
  wide: number;
  /** Height of a layer's row with the space above it. */
  row: number;
  n_layers: number;
  n_neurons: number;
}

const MARGIN = { left: 48, right: 12, top: 12, bottom: 62 };

export function flatLayout(activity: Activity, width: number, height: number): FlatLayout {
  const { n_layers, n_neurons } = activity;
  return {
    left: MARGIN.left,
    top: MARGIN.top,
    wide: Math.max(width - MARGIN.left - (width > BROAD ? CORNER + 8 : MARGIN.right), 1),
    row: Math.max(height - MARGIN.top - MARGIN.bottom, 1) / n_layers,
    n_layers,
    n_neurons,
  };
}

/** Where a neuron is drawn. */
export function flatPlace(
  { left, top, wide, row, n_layers, n_neurons }: FlatLayout,
  { layer, neuron }: Unit,
) {
  return { x: left + ((neuron + 0.5) * wide) / n_neurons, y: top + (n_layers - 1 - layer + 0.5) * row };
}

/** The strongest of the neurons that share the pixel under a point, or null beside the drawing. */
export function flatPick(layout: FlatLayout, activity: Activity, x: number, y: number): Unit | null {
  const line = Math.floor((y - layout.top) / layout.row);
  const layer = layout.n_layers - 1 - line;
  if (layer < 0 || layer >= layout.n_layers) return null;
  const each = layout.n_neurons / layout.wide;
  const pixel = Math.floor(x - layout.left);
  if (pixel < 0 || pixel >= layout.wide) return null;
  const from = Math.floor(pixel * each);
  const to = Math.min(Math.max(Math.ceil((pixel + 1) * each), from + 1), widthOf(activity, layer));
  let best: Unit | null = null;
  let most = -1;
  for (let neuron = from; neuron < to; neuron += 1) {
    const size = Math.abs(valueAt(activity, { layer, neuron }));
    if (size > most) [best, most] = [{ layer, neuron }, size];
  }
  return best;
}

/** Strongest raw number of the neurons at each pixel of a layer's row. */
export function pooledRow(activity: Activity, layer: number, pixels: number): Float32Array {
  const begin = startsOf(activity)[layer] as number;
  const width = widthOf(activity, layer);
  const sizes = sizesOf(activity, layer);
  const mask = sizes.length - 1;
  const found = new Float32Array(pixels).fill(Number.NaN);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const from = Math.floor((pixel * activity.n_neurons) / pixels);
    const to = Math.min(Math.max(Math.ceil(((pixel + 1) * activity.n_neurons) / pixels), from + 1), width);
    let best = -1;
    let most = -1;
    for (let neuron = from; neuron < to; neuron += 1) {
      const size = sizes[(activity.data[begin + neuron] as number) & mask] as number;
      if (size > most) [best, most] = [neuron, size];
    }
    if (best >= 0) found[pixel] = valueAt(activity, { layer, neuron: best });
  }
  return found;
}

export interface FlatPaint {
  reach: number;
  least: number;
  signed: boolean;
}

/** Draws the whole picture. */
export function paintFlat(
  context: CanvasRenderingContext2D,
  activity: Activity,
  layout: FlatLayout,
  { reach, least, signed }: FlatPaint,
  ratio: number,
): void {
  const lut = table("dark", signed ? "signed" : "magnitude");
  const ground = channels(GROUND);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = GROUND;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  const pixels = Math.max(1, Math.round(layout.wide * ratio));
  const image = context.createImageData(pixels, 1);
  const strip = document.createElement("canvas");
  strip.width = pixels;
  strip.height = 1;
  for (let layer = 0; layer < layout.n_layers; layer += 1) {
    pooledRow(activity, layer, pixels).forEach((value, pixel) => {
      const share = signed ? 0.5 + (0.5 * value) / reach : Math.abs(value) / reach;
      const shown = Number.isFinite(value) && Math.abs(value) >= least;
      image.data.set([...(shown ? shade(lut, share) : ground), 255], pixel * 4);
    });
    strip.getContext("2d")?.putImageData(image, 0, 0);
    const top = (layout.top + (layout.n_layers - 1 - layer) * layout.row) * ratio;
    const high = layout.row * ratio;
    context.imageSmoothingEnabled = false;
    context.drawImage(strip, layout.left * ratio, top, pixels, high > 6 ? high - 2 : high);
  }
  paintAxes(context, layout, ratio);
}

function paintAxes(context: CanvasRenderingContext2D, layout: FlatLayout, ratio: number): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = THEMES.dark.muted;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  const every = Math.max(1, Math.ceil(16 / layout.row));
  for (let layer = 0; layer < layout.n_layers; layer += every)
    context.fillText(`L${layer}`, layout.left - 8, flatPlace(layout, { layer, neuron: 0 }).y);
  context.textBaseline = "top";
  const below = layout.top + layout.n_layers * layout.row + 8;
  context.textAlign = "left";
  context.fillText("neuron 0", layout.left, below);
  context.textAlign = "right";
  context.fillText(String(layout.n_neurons - 1), layout.left + layout.wide, below);
}
