/** Where a colour scale begins and ends, and where a value lies on it. */
import type { Range } from "../result/view";
import type { Scale } from "./ramp";

export interface Domain {
  low: number;
  high: number;
  scale: Scale;
  /** Values beyond the ends, which are drawn with the end's colour. */
  clipped: number;
}

/** Share of the larger end below which a lone negative is rounding, not a sign. */
const ROUNDING = 1e-4;
const CLIP_SHARE = 0.99;

/** Smallest and largest finite number, or null where there is none. */
export function extent(values: ArrayLike<number>): readonly [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/** Scale for values between two numbers: signed about zero when both signs occur, else magnitude. */
export function domainOf(low: number, high: number): Domain {
  const reach = Math.max(Math.abs(low), Math.abs(high));
  if (low < -ROUNDING * reach && high > ROUNDING * reach)
    return { low: -reach, high: reach, scale: "signed", clipped: 0 };
  if (low >= -ROUNDING * reach) return { low: 0, high: high > 0 ? high : 1, scale: "magnitude", clipped: 0 };
  return { low, high: high > low ? high : 0, scale: "magnitude", clipped: 0 };
}

/** Size that 99 of 100 finite values stay within. */
function usualSize(values: ArrayLike<number>): number {
  const sizes = Array.from(values).filter(Number.isFinite).map(Math.abs);
  sizes.sort((one, other) => one - other);
  return sizes[Math.min(sizes.length - 1, Math.floor(sizes.length * CLIP_SHARE))] ?? 0;
}

/** Domain for a slice, given the whole variable's ends and the reader's choice of range. */
export function chosenDomain(
  slice: ArrayLike<number>,
  whole: readonly [number, number] | null,
  range: Range,
): Domain {
  const own = extent(slice) ?? [0, 0];
  const [low, high] = range === "slice" ? own : (whole ?? own);
  const domain = domainOf(low, high);
  if (range !== "clip" || domain.low > 0 || domain.high < 0) return domain;
  const size = usualSize(slice) || domain.high;
  const cut = {
    ...domain,
    low: domain.low < 0 ? Math.max(domain.low, -size) : 0,
    high: Math.min(domain.high, size),
  };
  return { ...cut, clipped: countOutside(slice, cut) };
}

function countOutside(values: ArrayLike<number>, { low, high }: { low: number; high: number }): number {
  let count = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < low || value > high) count += 1;
  }
  return count;
}

/** Share of the way from the low to the high end; NaN stays NaN. */
export function shareOf(value: number, { low, high }: Domain): number {
  return high > low ? (value - low) / (high - low) : 0;
}
