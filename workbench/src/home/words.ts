/** Ages and sizes as a reader says them. */

const STEPS: readonly [number, string][] = [
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [Number.POSITIVE_INFINITY, "d"],
];

/** How long ago a moment was, such as `3 min ago`. */
export function ago(since: string, now: number = Date.now()): string {
  let left = Math.max(0, (now - Date.parse(since)) / 1000);
  if (Number.isNaN(left)) return "";
  if (left < 5) return "just now";
  for (const [size, unit] of STEPS) {
    if (left < size) return `${Math.floor(left)} ${unit} ago`;
    left /= size;
  }
  return "";
}

/** A moment in the reader's own time, for a tooltip or a table. */
export function moment(text: string | null | undefined): string {
  if (!text) return "never";
  return new Date(text).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** Bytes with three figures. */
export function bytes(count: number): string {
  let size = count;
  let unit = 0;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${Number(size.toPrecision(3))} ${UNITS[unit]}`;
}

/** A count such as 2.3 M. */
export function short(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  return count >= 1e3 ? `${Math.round(count / 1e3)} k` : String(count);
}

/** A value in the unit of a rule; shares as percent. */
export function inUnit(value: number | null, unit: string): string {
  if (value === null) return "not known";
  const [share, whole] = unit.split(" of ", 2);
  if (share === "share" && whole) return `${Number((100 * value).toPrecision(3))} % of ${whole}`;
  return `${Number(value.toPrecision(3))} ${unit}`;
}
