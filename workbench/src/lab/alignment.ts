/** Lays two token lists side by side, so that what differs stands in one column. */
import type { Token } from "../api/shapes";

export interface Pair {
  clean: Token | null;
  corrupt: Token | null;
  /** Index in the clean prompt, or null where only the twin has a token. */
  position: number | null;
  differs: boolean;
}

/** Beyond this many pairs of tokens the lists are laid by position, as an alignment would take too long. */
const MOST = 1_000_000;

/** Pairs by position when the lengths agree, as patching does; else by the longest common run of tokens. */
export function align(clean: readonly Token[], corrupt: readonly Token[] | null): Pair[] {
  if (!corrupt)
    return clean.map((token, position) => ({ clean: token, corrupt: null, position, differs: false }));
  if (clean.length === corrupt.length || clean.length * corrupt.length > MOST)
    return byPosition(clean, corrupt);
  return byCommon(clean, corrupt);
}

function byPosition(clean: readonly Token[], corrupt: readonly Token[]): Pair[] {
  return Array.from({ length: Math.max(clean.length, corrupt.length) }, (_, position) =>
    paired(clean[position] ?? null, corrupt[position] ?? null, position < clean.length ? position : null),
  );
}

function paired(clean: Token | null, corrupt: Token | null, position: number | null): Pair {
  return { clean, corrupt, position, differs: clean?.id !== corrupt?.id };
}

function byCommon(clean: readonly Token[], corrupt: readonly Token[]): Pair[] {
  const wide = corrupt.length + 1;
  const common = new Uint32Array((clean.length + 1) * wide);
  const at = (row: number, column: number) => common[row * wide + column] ?? 0;
  for (let row = clean.length - 1; row >= 0; row -= 1)
    for (let column = corrupt.length - 1; column >= 0; column -= 1)
      common[row * wide + column] =
        clean[row]?.id === corrupt[column]?.id
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
  const pairs: Pair[] = [];
  let row = 0;
  let column = 0;
  while (row < clean.length || column < corrupt.length) {
    const [one, other] = [clean[row] ?? null, corrupt[column] ?? null];
    const same = one !== null && other !== null && one.id === other.id;
    const swapped = one !== null && other !== null && at(row + 1, column + 1) === at(row, column);
    const takeClean =
      same || swapped || (one !== null && at(row + 1, column) >= at(row, column + 1)) || other === null;
    const takeCorrupt = same || swapped || !takeClean;
    pairs.push(paired(takeClean ? one : null, takeCorrupt ? other : null, takeClean ? row : null));
    row += takeClean ? 1 : 0;
    column += takeCorrupt ? 1 : 0;
  }
  return pairs;
}

/** How many columns differ. */
export function differing(pairs: readonly Pair[]): number {
  return pairs.filter(({ differs }) => differs).length;
}
