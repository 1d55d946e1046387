/** Colours of the 3D view: the canvas is dark in both themes, and so are the words that lie on it. */
import type { CSSProperties } from "react";
import { channels } from "../../colour/ramp";
import { THEMES } from "../../words.gen";

const DARK = THEMES.dark;

/** The dark theme's accent, as in tokens.css. */
export const SELECT = "#ff6ac1";

/** Background of the canvas, a shade below that of a panel, so that weak neurons still stand out. */
export const GROUND = "#0b0e12";

/** Tokens of the dark theme for words on the canvas. */
export const ON_CANVAS = {
  "--page": GROUND,
  "--panel": DARK.background,
  "--text": DARK.text,
  "--muted": DARK.muted,
  "--hairline": DARK.hairline,
  "--edge": "#6b7582",
  "--ink": DARK.text,
  "--select": SELECT,
  colorScheme: "dark",
} as CSSProperties;

export function shares(colour: string): [number, number, number] {
  const [red, green, blue] = channels(colour);
  return [red / 255, green / 255, blue / 255];
}
