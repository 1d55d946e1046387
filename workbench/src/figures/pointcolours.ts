/** Which colour each point takes: by a number, or by the group that it belongs to. */
import { type Domain, shareOf } from "../colour/domain";
import { shade, table } from "../colour/ramp";
import type { Theme } from "../state/theme";
import { THEMES } from "../words.gen";
import { packed } from "./paintpoints";

export interface Colouring {
  colours: Uint32Array;
  /** Order of drawing; what comes last lies on top. */
  order: Uint32Array;
  /** Points without a value. */
  missing: number;
  /** Points not distinguishable from random, drawn grey. */
  unsure: number;
}

/** Colours by a number; where points overlap, the strongest lies on top. */
export function byValue(
  values: ArrayLike<number>,
  unsure: ArrayLike<boolean> | null,
  domain: Domain,
  theme: Theme,
): Colouring {
  const ink = THEMES[theme];
  const lut = table(theme, domain.scale);
  const [missingTone, unsureTone] = [packed(ink.missing), packed(ink.veil)];
  const colours = new Uint32Array(values.length);
  const strength = new Float64Array(values.length);
  const counts = { missing: 0, unsure: 0 };
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value)) {
      counts.missing += 1;
      colours[index] = missingTone;
      strength[index] = -2;
    } else if (unsure?.[index]) {
      counts.unsure += 1;
      colours[index] = unsureTone;
      strength[index] = -1;
    } else {
      const [red, green, blue] = shade(lut, shareOf(value, domain));
      colours[index] = (red << 16) | (green << 8) | blue;
      strength[index] = Math.abs(value);
    }
  }
  return { colours, order: weakestFirst(strength), ...counts };
}

function weakestFirst(strength: Float64Array): Uint32Array {
  const order = Uint32Array.from(strength, (_, index) => index);
  return order.toSorted((one, other) => (strength[one] as number) - (strength[other] as number));
}

/** Colours by group, 0 the first; -1 and those beyond the palette are grey. */
export function byGroup(groups: ArrayLike<number>, theme: Theme): Colouring {
  const tones = palette(theme).map(packed);
  const rest = packed(THEMES[theme].veil);
  const colours = new Uint32Array(groups.length);
  let missing = 0;
  for (let index = 0; index < groups.length; index += 1) {
    const group = groups[index] as number;
    if (!(group >= 0)) missing += 1;
    colours[index] = tones[group] ?? rest;
  }
  return { colours, order: Uint32Array.from(colours, (_, index) => index), missing, unsure: 0 };
}

/** The tones of groups: Okabe–Ito without the one that is the ink's own, which marks nothing. */
export function palette(theme: Theme): string[] {
  return THEMES[theme].categories.filter((tone) => tone !== "#000000" && tone !== "#ffffff");
}
