/** Ramps of colour: 256 steps between the named tones of a theme, the same that Python draws with. */
import { THEMES } from "../words.gen";
import type { Theme } from "../state/theme";

export type Rgb = readonly [number, number, number];
export type Scale = "magnitude" | "signed";

const STEPS = 256;

export function channels(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** Colour at a share, 0 to 1, of the way along a ramp; outside it, the nearer end. */
export function colourAt(ramp: readonly string[], share: number): Rgb {
  const place = Math.min(Math.max(share, 0), 1) * (ramp.length - 1);
  const below = Math.min(Math.floor(place), ramp.length - 2);
  const low = channels(ramp[below] ?? "#000000");
  const high = channels(ramp[below + 1] ?? "#000000");
  const mix = (from: number, to: number) => Math.round(from + (to - from) * (place - below));
  return [mix(low[0], high[0]), mix(low[1], high[1]), mix(low[2], high[2])];
}

const tables = new Map<string, Uint8ClampedArray>();

/** Table of red, green, blue for 256 shares of a theme's scale. */
export function table(theme: Theme, scale: Scale): Uint8ClampedArray {
  const key = `${theme} ${scale}`;
  const known = tables.get(key);
  if (known) return known;
  const made = new Uint8ClampedArray(STEPS * 3);
  for (let step = 0; step < STEPS; step += 1)
    made.set(colourAt(THEMES[theme][scale], step / (STEPS - 1)), step * 3);
  tables.set(key, made);
  return made;
}

/** Colour in a table at a share, as drawn on the canvas. */
export function shade(lut: Uint8ClampedArray, share: number): Rgb {
  const step = Math.round(Math.min(Math.max(share, 0), 1) * (STEPS - 1)) * 3;
  return [lut[step] ?? 0, lut[step + 1] ?? 0, lut[step + 2] ?? 0];
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** Ramp of a theme as a CSS gradient, for the legend. */
export function gradient(theme: Theme, scale: Scale, towards: string): string {
  return `linear-gradient(${towards}, ${THEMES[theme][scale].join(", ")})`;
}

/** Relative luminance that WCAG 2 defines, 0 for black and 1 for white. */
export function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Text colour, black or white, that reads best on a colour. */
export function inkOn(colour: Rgb): "#000000" | "#ffffff" {
  const light = luminance(colour);
  return (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}
