/** Which axes a view draws and which become sliders; the same rules as Python's `results.kinds`. */
import type { Result, Selection, Variable } from "../api/shapes";
import { LAYOUT } from "../words.gen";

export interface Plane {
  kind: string;
  x: string | null;
  y: string | null;
  sliders: string[];
}

const { across: ACROSS, down: DOWN, lists, pairs } = LAYOUT;
const LISTS: readonly string[] = lists;
/** Vertical and horizontal axis of the kinds that a pair of axes tells. */
const PAIRS: readonly (readonly [string, readonly [string, string]])[] = Object.entries(pairs);
/** Axes that a grid never lays out. */
const NEVER_LAID = ["rank", "line", "bound"];
/** Axes whose index grows from bottom to top, like the residual stream. */
export const BOTTOM_UP = new Set(["depth", "layer"]);

/** Kind of view that a variable's axes call for. */
export function kindOf(axes: readonly string[], tokens: boolean): string {
  const pair = PAIRS.find(([, both]) => both.every((axis) => axes.includes(axis)));
  if (pair) return pair[0];
  if (axes.includes("node") || axes.includes("edge")) return "graph";
  const spread = axes.filter((axis) => !NEVER_LAID.includes(axis));
  if (spread.length >= 2) return "grid";
  if (axes.some((axis) => LISTS.includes(axis))) return "ranking";
  return spread.join() === "position" && tokens ? "tokens" : "profile";
}

/** Plane of one variable: the server's for the first, the rules' for the rest. */
export function planeOf(result: Result, variable: Variable): Plane {
  const first = result.variables[0];
  const tokens = Object.entries(result.coords).some(
    ([name, { axes }]) => name === "token" && axes.join() === "position",
  );
  if (first && first.name === variable.name)
    return {
      kind: result.kind,
      x: result.axes.x ?? null,
      y: result.axes.y ?? null,
      sliders: result.axes.sliders,
    };
  return ruled(variable.axes, kindOf(variable.axes, tokens));
}

/** Plane that the rules give to axes of a kind. */
export function ruled(axes: readonly string[], kind: string): Plane {
  const free = axes.filter((axis) => axis !== "bound");
  const rest = (...used: (string | null)[]) =>
    last(
      "rank",
      free.filter((axis) => !used.includes(axis)),
    );
  const pair = PAIRS.find(([name]) => name === kind)?.[1];
  if (pair) return { kind, x: pair[1], y: pair[0], sliders: rest(...pair) };
  if (kind === "ranking") {
    const x = LISTS.find((axis) => free.includes(axis)) ?? free[0] ?? null;
    return { kind, x, y: null, sliders: rest(x) };
  }
  if (kind !== "grid") return { kind, x: free[0] ?? null, y: null, sliders: rest(free[0] ?? null) };
  const laid = free.filter((axis) => !NEVER_LAID.includes(axis));
  const x = earliest(ACROSS, laid) ?? laid.at(-1) ?? null;
  const others = laid.filter((axis) => axis !== x);
  const y = earliest(DOWN, others) ?? others[0] ?? null;
  return { kind, x, y, sliders: rest(x, y) };
}

function earliest(wanted: readonly string[], present: readonly string[]): string | undefined {
  return wanted.find((axis) => present.includes(axis));
}

function last(axis: string, axes: string[]): string[] {
  return axes.includes(axis) ? [...axes.filter((other) => other !== axis), axis] : axes;
}

const PICTURED = ["points", "trajectory", "graph", "field"];

/** Whether only the server's picture shows what the kind is about. */
export function isPictured({ kind, y }: Plane): boolean {
  return PICTURED.includes(kind) || (kind === "tokens" && y !== null);
}

/** Variable named in the state, else the first. */
export function variableOf(result: Result, name: string): Variable | undefined {
  return result.variables.find((variable) => variable.name === name) ?? result.variables[0];
}

/** Indices of the sliders: what was chosen, kept inside the axis; 0 where nothing was. */
export function settle(chosen: Selection, axes: readonly string[], dims: Record<string, number>): Selection {
  const entries = axes.map((axis) => {
    const highest = Math.max((dims[axis] ?? 1) - 1, 0);
    return [axis, Math.min(Math.max(chosen[axis] ?? 0, 0), highest)] as const;
  });
  return Object.fromEntries(entries);
}

/** The drawn cell that a selection names, or null where it names none or one outside. */
export function settleCell(
  selected: Selection | null,
  { x, y }: Plane,
  dims: Record<string, number>,
): Selection | null {
  if (!selected || x === null || y === null) return null;
  const entries = [y, x].map((axis) => [axis, selected[axis]] as const);
  const inside = entries.every(
    ([axis, index]) => index !== undefined && index >= 0 && index < (dims[axis] ?? 0),
  );
  return inside ? (Object.fromEntries(entries) as Selection) : null;
}

/** Slider axes to hold on the server so that the slice stays within a budget of values. */
export function heldAxes(
  axes: readonly string[],
  sliders: readonly string[],
  dims: Record<string, number>,
  budget: number,
): string[] {
  let size = axes.reduce((product, axis) => product * (dims[axis] ?? 1), 1);
  const held: string[] = [];
  for (const axis of sliders) {
    if (size <= budget) break;
    held.push(axis);
    size /= dims[axis] ?? 1;
  }
  return held;
}
