/** Painting of many points straight into the pixels of a canvas, so that tens of thousands take milliseconds. */
import { channels } from "../colour/ramp";
import type { Cloud, Frame, Size } from "./pointcloud";

export interface PointPicture extends Cloud {
  frame: Frame;
  size: Size;
  /** Red, green and blue of each point as one number, 0xRRGGBB. */
  colours: Uint32Array;
  /** Order of drawing; what comes last lies on top. */
  order: Uint32Array | null;
  /** Points that step back: 1 draws them beneath, in the faint tone. */
  faint: Uint8Array | null;
  radius: number;
  /** Tone of a rim about the points, so that the palest can be told from the background; null draws none. */
  rim: string | null;
  background: string;
  faintTone: string;
}

const SMALLEST = 1.1;
const LARGEST = 5;
const RIM = 0.8;

/** Radius in pixels at which so many points can be told apart; it grows as the reader comes closer. */
export function radiusOf(count: number, closer: number): number {
  const far = Math.min(Math.max(160 / Math.sqrt(Math.max(count, 1)), SMALLEST), LARGEST);
  return Math.min(far * Math.sqrt(Math.max(closer, 1)), Math.max(far, LARGEST));
}

/** Pixels of a disc about its middle: steps across and down, and the share of each that is covered, of 256. */
interface Stamp {
  reach: number;
  across: Int32Array;
  down: Int32Array;
  cover: Int32Array;
}

export function stampOf(radius: number): Stamp {
  const reach = Math.ceil(radius);
  const found: [number, number, number][] = [];
  for (let down = -reach; down <= reach; down += 1)
    for (let across = -reach; across <= reach; across += 1) {
      const cover = Math.min(Math.max(radius + 0.5 - Math.hypot(across, down), 0), 1);
      if (cover > 0.02) found.push([across, down, Math.round(cover * 256)]);
    }
  return {
    reach,
    across: Int32Array.from(found, ([across]) => across),
    down: Int32Array.from(found, ([, down]) => down),
    cover: Int32Array.from(found, ([, , cover]) => cover),
  };
}

/** Draws the points; those that step back first, then the rest in their order. */
export function paintPoints(context: CanvasRenderingContext2D, picture: PointPicture, ratio: number): void {
  const { x, y, colours, order, faint, frame } = picture;
  const wide = Math.max(1, Math.round(picture.size.width * ratio));
  const high = Math.max(1, Math.round(picture.size.height * ratio));
  const image = context.createImageData(wide, high);
  const sheet = { pixels: new Uint32Array(image.data.buffer), wide, high };
  sheet.pixels.fill(swapped(packed(picture.background)));
  const disc = stampOf(picture.radius * ratio);
  const scaleX = wide / (frame.right - frame.left);
  const scaleY = high / (frame.top - frame.bottom);
  const draw = (back: boolean, stamp: Stamp, tone: number | null) => {
    for (let turn = 0; turn < x.length; turn += 1) {
      const index = order ? (order[turn] as number) : turn;
      if ((faint?.[index] === 1) !== back) continue;
      const across = ((x[index] as number) - frame.left) * scaleX;
      const down = (frame.top - (y[index] as number)) * scaleY;
      // Written so that a place that is no number fails too.
      if (!(across > -stamp.reach && across < wide + stamp.reach)) continue;
      if (!(down > -stamp.reach && down < high + stamp.reach)) continue;
      put(sheet, Math.round(across), Math.round(down), stamp, tone ?? swapped(colours[index] as number));
    }
  };
  if (faint) draw(true, disc, swapped(packed(picture.faintTone)));
  if (picture.rim) draw(false, stampOf((picture.radius + RIM) * ratio), swapped(packed(picture.rim)));
  draw(false, disc, null);
  context.putImageData(image, 0, 0);
}

export function packed(colour: string): number {
  const [red, green, blue] = channels(colour);
  return (red << 16) | (green << 8) | blue;
}

/** 0xRRGGBB as the canvas keeps it in memory: opaque, blue before green before red; a signed number. */
function swapped(colour: number): number {
  return 0xff000000 | ((colour & 255) << 16) | (colour & 0xff00) | (colour >> 16);
}

interface Sheet {
  pixels: Uint32Array;
  wide: number;
  high: number;
}

function put(
  { pixels, wide, high }: Sheet,
  across: number,
  down: number,
  stamp: Stamp,
  colour: number,
): void {
  const { reach } = stamp;
  const inside = across >= reach && across < wide - reach && down >= reach && down < high - reach;
  const middle = down * wide + across;
  for (let part = 0; part < stamp.cover.length; part += 1) {
    const aside = stamp.across[part] as number;
    const below = stamp.down[part] as number;
    if (!inside) {
      if (across + aside < 0 || across + aside >= wide) continue;
      if (down + below < 0 || down + below >= high) continue;
    }
    const place = middle + below * wide + aside;
    const share = stamp.cover[part] as number;
    pixels[place] = share === 256 ? colour : mixed((pixels[place] as number) | 0, colour, share);
  }
}

/** Two pixels mixed channel by channel, red and blue at once. */
function mixed(under: number, over: number, share: number): number {
  const rest = 256 - share;
  const pair = (((under & 0xff00ff) * rest + (over & 0xff00ff) * share) >>> 8) & 0xff00ff;
  const green = (((under & 0xff00) * rest + (over & 0xff00) * share) >>> 8) & 0xff00;
  return 0xff000000 | pair | green;
}
