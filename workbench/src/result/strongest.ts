/** Which rows of a long axis are drawn: all of them, or those with the largest values. */
import type { Label } from "../figures/words";

/** More rows than this cannot be told apart on a screen. */
export const READABLE = 64;
export const KEPT = 24;

/** Indices of the rows whose largest magnitude is largest, strongest first; ties keep their order. */
export function strongest(values: ArrayLike<number>, rows: number, columns: number, kept: number): number[] {
  const sizes = Array.from({ length: rows }, (_, row) => {
    let most = -1;
    for (let column = 0; column < columns; column += 1) {
      const size = Math.abs(values[row * columns + column] as number);
      if (size > most) most = size;
    }
    return { row, most };
  });
  return sizes
    .toSorted((one, other) => other.most - one.most || one.row - other.row)
    .slice(0, kept)
    .map(({ row }) => row);
}

export interface Sheet {
  rows: readonly Label[];
  values: Float64Array;
  words: readonly string[] | null;
  /** Places that are not distinguishable from random. */
  unsure: readonly boolean[] | null;
  /** Places with a mark in the corner. */
  marked?: readonly boolean[] | null;
}

export interface Shown extends Sheet {
  /** Index in the data of each drawn row; null when every row is drawn in its place. */
  order: readonly number[] | null;
}

/** The sheet with only some rows, in a given order. */
export function pick(sheet: Sheet, columns: number, order: readonly number[] | null): Shown {
  if (!order) return { ...sheet, order };
  const places = order.flatMap((row) =>
    Array.from({ length: columns }, (_, column) => row * columns + column),
  );
  return {
    order,
    rows: order.map((row) => sheet.rows[row] as Label),
    values: Float64Array.from(places, (place) => sheet.values[place] as number),
    words: sheet.words && places.map((place) => sheet.words?.[place] ?? ""),
    unsure: sheet.unsure && places.map((place) => sheet.unsure?.[place] ?? false),
    marked: sheet.marked && places.map((place) => sheet.marked?.[place] ?? false),
  };
}
