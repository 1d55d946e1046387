/** One answer taken from another: which places are the same, what is left of each, and what can be told apart. */
import type { Result, Variable } from "../api/shapes";
import { inWords, isText, number, placeInWords, valueTitle } from "../figures/words";
import { type Cube, turn } from "../result/cube";

/** Indices of the first answer and of the second that are the same place, by axis. */
export type Match = Readonly<Record<string, readonly (readonly [number, number])[]>>;

export interface Aligned {
  variable: Variable;
  match: Match;
  /** What the reader should know of how the places were matched. */
  notes: readonly string[];
}

/** How a variable of one answer lies on that of another, or one sentence why it does not. */
export function align(a: Result, b: Result, name: string): Aligned | string {
  const one = a.variables.find((variable) => variable.name === name);
  const other = b.variables.find((variable) => variable.name === name);
  const words = inWords(name);
  if (!one || !other) return `Only one side has a variable called ${words}, so nothing can be taken from it.`;
  if (isText(one) || isText(other)) return `${words} is text, which has no difference; choose a number.`;
  if (one.axes.includes("bound")) return `${words} is an interval; choose the value that it is about.`;
  if (one.axes.length !== other.axes.length || !one.axes.every((axis) => other.axes.includes(axis)))
    return `${words} lies along ${named(one)} in A and along ${named(other)} in B, so cells do not correspond.`;
  if (one.units !== other.units)
    return `${words} is in ${one.units || "no unit"} in A and in ${other.units || "no unit"} in B.`;
  const ranked = a.variables.find((twin) => isText(twin) && twin.axes.join() === one.axes.join());
  if (one.axes.join() === "rank" && ranked) return byRank(a, one, ranked);
  const match: Record<string, readonly (readonly [number, number])[]> = {};
  const notes: string[] = [];
  for (const axis of one.axes) {
    const found = matched(a, b, axis);
    if (typeof found === "string") return found;
    match[axis] = found.pairs;
    if (found.note) notes.push(found.note);
  }
  if (one.axes.includes("rank"))
    notes.push("Rank by rank: what stands at a rank may differ between the sides.");
  return { variable: one, match, notes };
}

/** Why places of an order do not correspond, and which variable's do. */
function byRank(result: Result, variable: Variable, ranked: Variable): string {
  const better = result.variables.find((other) => !isText(other) && !other.axes.includes("rank"));
  const advice = better ? `; choose ${inWords(better.name)}, whose places are the same` : "";
  return `${inWords(variable.name)} is in each side's own order, so a rank may be another ${inWords(ranked.name)}${advice}.`;
}

function named({ axes }: Variable): string {
  return axes.length > 0 ? axes.map(inWords).join(" and ") : "no axis";
}

interface Matched {
  pairs: readonly (readonly [number, number])[];
  note: string;
}

/** Tokens correspond by position; everything else that has a name corresponds by it. */
function matched(a: Result, b: Result, axis: string): Matched | string {
  const [mine, theirs] = [a.dims[axis] ?? 0, b.dims[axis] ?? 0];
  const [names, others] = [namesAlong(a, axis), namesAlong(b, axis)];
  if (names && others) {
    const where = new Map(others.map((entry, index) => [entry, index]));
    const pairs = names.flatMap((entry, index) => {
      const there = where.get(entry);
      return there === undefined ? [] : [[index, there] as const];
    });
    if (pairs.length === 0)
      return `The two sides share no ${inWords(axis)}, so there is nothing to subtract.`;
    const all = Math.max(mine, theirs);
    const note = pairs.length < all ? `${pairs.length} of ${all} ${inWords(axis)}s are on both sides.` : "";
    return { pairs, note };
  }
  if (mine !== theirs)
    return `A has ${mine} ${inWords(axis)}s and B ${theirs}; one is taken from the other only where the lengths agree.`;
  const pairs = Array.from({ length: mine }, (_, index) => [index, index] as const);
  return { pairs, note: tokenNote(a, b, axis) };
}

function isToken(name: string): boolean {
  return name === "token" || name.endsWith("_token");
}

/** What each place of an axis is called, where that is more than its number. */
function namesAlong(result: Result, axis: string): string[] | null {
  const own = Object.entries(result.coords).filter(
    ([name, { axes, values }]) => axes.join() === axis && values && !isToken(name),
  );
  if (own.length === 0) return null;
  return Array.from({ length: result.dims[axis] ?? 0 }, (_, index) =>
    JSON.stringify(own.map(([, { values }]) => values?.[index])),
  );
}

function tokenNote(a: Result, b: Result, axis: string): string {
  const tokens = ({ coords }: Result) =>
    Object.entries(coords).find(([name, { axes }]) => isToken(name) && axes.join() === axis)?.[1].values ??
    [];
  const others = tokens(b);
  const differing = tokens(a).filter((token, index) => token !== others[index]).length;
  if (differing === 0) return "";
  return `Aligned by ${inWords(axis)}; the tokens differ at ${differing} of ${a.dims[axis]}.`;
}

/** The result with every variable's ends spanning those of the other's, so that colours mean the same. */
export function spanned(result: Result, other: Result): Result {
  const variables = result.variables.map((variable) => {
    const twin = other.variables.find(({ name }) => name === variable.name);
    if (!isEnd(variable.minimum) || !isEnd(variable.maximum)) return variable;
    if (!twin || !isEnd(twin.minimum) || !isEnd(twin.maximum)) return variable;
    const minimum = Math.min(variable.minimum, twin.minimum);
    return { ...variable, minimum, maximum: Math.max(variable.maximum, twin.maximum) };
  });
  return { ...result, variables };
}

function isEnd(value: number | null | undefined): value is number {
  return typeof value === "number";
}

/** The places of a cube that both sides have, in the order of the first; `side` is 0 for A and 1 for B. */
export function kept(cube: Cube, match: Match, side: 0 | 1): Cube {
  const { numbers } = cube;
  const chosen = cube.axes.map((axis, place) => {
    const pairs = match[axis];
    return pairs
      ? pairs.map((pair) => pair[side])
      : Array.from({ length: cube.shape[place] ?? 0 }, (_, i) => i);
  });
  const steps = cube.shape.map((_, place) =>
    cube.shape.slice(place + 1).reduce((product, size) => product * size, 1),
  );
  let offsets = [0];
  chosen.forEach((indices, place) => {
    const step = steps[place] ?? 1;
    offsets = offsets.flatMap((offset) => indices.map((index) => offset + index * step));
  });
  const found = Float64Array.from(offsets, (offset) => numbers?.[offset] ?? Number.NaN);
  return { axes: cube.axes, shape: chosen.map(({ length }) => length), numbers: found, texts: null };
}

/** A − B, place by place; both have the same axes and lengths, in whatever order. */
export function minus(a: Cube, b: Cube): Cube {
  const turned = turn(b, a.axes);
  const numbers = Float64Array.from(
    a.numbers ?? [],
    (value, place) => value - (turned.numbers?.[place] ?? Number.NaN),
  );
  return { ...a, numbers };
}

export interface Interval {
  low: ArrayLike<number>;
  high: ArrayLike<number>;
}

/** Places where two intervals have a point in common; null where a side has none. */
export function overlapping(a: Interval | null, b: Interval | null): boolean[] | null {
  if (!a || !b) return null;
  return Array.from(
    a.low,
    (low, place) => low <= (b.high[place] as number) && (b.low[place] as number) <= (a.high[place] as number),
  );
}

/** Pearson's correlation over places where both are numbers; null where one does not vary. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number | null {
  const pairs = Array.from(a, (value, place) => [value, b[place] as number] as const).filter(
    ([value, other]) => Number.isFinite(value) && Number.isFinite(other),
  );
  const mean = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const [mine, theirs] = [mean(0), mean(1)];
  let [across, own, other] = [0, 0, 0];
  for (const [value, twin] of pairs) {
    across += (value - mine) * (twin - theirs);
    own += (value - mine) ** 2;
    other += (twin - theirs) ** 2;
  }
  return own > 0 && other > 0 ? across / Math.sqrt(own * other) : null;
}

/** Largest difference, where it is, and how far the two sides go together, in one line. */
export function summary(result: Result, axes: readonly string[], a: Cube, b: Cube): string {
  const [mine, theirs] = [a.numbers ?? [], turn(b, a.axes).numbers ?? []];
  const left = Array.from(mine, (value, place) => Math.abs(value - (theirs[place] as number)));
  const most = left.reduce(
    (best, size, place) => (size > (left[best] ?? -1) || Number.isNaN(left[best]) ? place : best),
    0,
  );
  const [one, other] = [mine[most] as number, theirs[most] as number];
  if (!Number.isFinite(one - other)) return "No place has a number on both sides.";
  const places = placesOf(most, a.shape).map((index, place) =>
    placeInWords(result, axes[place] ?? "", index),
  );
  const where = places.length > 0 ? ` at ${places.join(", ")}` : "";
  const size =
    one === other ? "The sides are equal everywhere" : `Largest difference ${number(one - other)}${where}`;
  const values = one === other ? "" : ` (A ${number(one)}, B ${number(other)})`;
  const together = correlation(mine, theirs);
  const r = together === null ? "" : `; correlation ${number(together)} over ${number(mine.length)} places`;
  return `${size}${values}${r}.`;
}

function placesOf(offset: number, shape: readonly number[]): number[] {
  const places: number[] = [];
  let rest = offset;
  for (const size of shape.toReversed()) {
    places.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return places;
}

/** A description of A − B as if it were an answer, so that the same drawings draw it. */
export function described(a: Result, { variable, match }: Aligned, reach: number): [Result, Variable] {
  const own: Variable = {
    ...variable,
    long_name: `A − B of ${valueTitle({ ...variable, units: "" })}`,
    minimum: -reach,
    maximum: reach,
  };
  const dims = Object.fromEntries(
    Object.entries(a.dims).map(([axis, size]) => [axis, match[axis]?.length ?? size]),
  );
  const coords = Object.fromEntries(
    Object.entries(a.coords).map(([name, coord]) => {
      const pairs = coord.axes.length === 1 ? match[coord.axes[0] ?? ""] : undefined;
      return [
        name,
        pairs && coord.values ? { ...coord, values: pairs.map(([index]) => coord.values?.[index]) } : coord,
      ];
    }),
  ) as Result["coords"];
  return [{ ...a, dims, coords, variables: [own] }, own];
}
