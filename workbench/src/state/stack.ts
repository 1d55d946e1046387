/** The interventions in force: an ordered list of changes, which stands in the address as `do`. */
import { create } from "zustand";
import { usePageStore } from "./page";

/** Every op that can be written, and what stands behind its `=`. */
export const TAKES = {
  scale: "number",
  zero: "",
  mean: "",
  add: "number or direction",
  put: "number",
  noise: "number",
  resample: "",
  project_out: "direction",
} as const;

export type Op = keyof typeof TAKES;
export const OPS = Object.keys(TAKES) as Op[];

export interface Change {
  site: string;
  op: Op;
  /** A number or a direction, as it is written; empty where the op takes none. */
  value: string;
  on: boolean;
}

const FORMAT = "neuronscope-interventions";
const OFF = "off ";
const PIECES = /(?:"(?:[^"\\]|\\.)*"|[^;"])+/g;
const ONE = /^(\S+)\s+([a-z_]+)\s*(?:=\s*(.*))?$/s;

/** One change as every door writes it. */
export function written({ site, op, value }: Change): string {
  return `${site} ${op}${TAKES[op] && value !== "" ? `=${value}` : ""}`;
}

/** The change that a text says; null where it says none. */
export function readChange(text: string): Change | null {
  const on = !text.trim().startsWith(OFF);
  const [, site, op, value = ""] = ONE.exec(on ? text.trim() : text.trim().slice(OFF.length)) ?? [];
  if (site === undefined || !OPS.includes(op as Op)) return null;
  return { site, op: op as Op, value, on };
}

/** The changes in a query's `do`, those that are switched off among them. */
export function readStack(text: string | undefined): Change[] {
  return (text?.match(PIECES) ?? []).flatMap((piece) => readChange(piece) ?? []);
}

export function writeStack(ops: readonly Change[]): string {
  return ops.map((change) => `${change.on ? "" : OFF}${written(change)}`).join("; ");
}

/** What a question carries as `do`: the changes that are on, in their order. */
export function argumentOf(text: string | undefined): string[] {
  return readStack(text)
    .filter(({ on }) => on)
    .map(written);
}

/** The file that Python, the command line and this page read. */
export function toFile(ops: readonly Change[]): string {
  const each = ops.map(({ site, op, value, on }) => ({
    site,
    op,
    ...(TAKES[op] && value !== "" ? { value: Number.isFinite(Number(value)) ? Number(value) : value } : {}),
    on,
  }));
  return `${JSON.stringify({ format: FORMAT, version: 1, ops: each }, null, 2)}\n`;
}

/** The changes of a file; throws a sentence where it holds none. */
export function fromFile(text: string): Change[] {
  const wrong = new Error(`This is no file of interventions: it starts with {"format": "${FORMAT}"}.`);
  let data: { format?: unknown; ops?: unknown };
  try {
    data = JSON.parse(text) as typeof data;
  } catch {
    throw wrong;
  }
  if (data?.format !== FORMAT || !Array.isArray(data.ops)) throw wrong;
  return data.ops.map((entry: unknown) => {
    const found = typeof entry === "string" ? readChange(entry) : ofEntry(entry);
    if (!found) throw new Error(`The file holds a change that cannot be read: ${JSON.stringify(entry)}.`);
    return found;
  });
}

function ofEntry(entry: unknown): Change | null {
  const { site, op, value, seed, on } = (entry ?? {}) as Record<string, unknown>;
  if (typeof site !== "string" || !OPS.includes(op as Op)) return null;
  const drawn = typeof seed === "number" && seed > 0 ? ` seed=${seed}` : "";
  return {
    site,
    op: op as Op,
    value: value === undefined ? "" : `${String(value)}${drawn}`,
    on: on !== false,
  };
}

interface Stack {
  ops: readonly Change[];
  /** Stacks as they were, the last first. */
  past: readonly (readonly Change[])[];
  add: (change: Omit<Change, "on">) => void;
  change: (at: number, part: Partial<Change>) => void;
  remove: (at: number) => void;
  /** Moves a change one up (−1) or down (1). */
  move: (at: number, by: -1 | 1) => void;
  clear: () => void;
  load: (ops: readonly Change[]) => void;
  undo: () => void;
}

const REMEMBERED = 50;

export const useStack = create<Stack>((_, now) => {
  /** The value that a slider is moving; all of one movement is one step back. */
  let moving: number | null = null;
  const to = (ops: readonly Change[], slid: number | null = null) => {
    const { ops: before, past } = now();
    if (slid === null || slid !== moving) useStack.setState({ past: [before, ...past].slice(0, REMEMBERED) });
    moving = slid;
    usePageStore.getState().set({ do: writeStack(ops) });
  };
  return {
    ops: readStack(usePageStore.getState().query.do),
    past: [],
    add: (change) => to([...now().ops, { ...change, on: true }]),
    change: (at, part) =>
      to(
        now().ops.map((one, number) => (number === at ? { ...one, ...part } : one)),
        Object.keys(part).join() === "value" ? at : null,
      ),
    remove: (at) => to(now().ops.filter((_one, number) => number !== at)),
    move: (at, by) => {
      const ops = [...now().ops];
      const [one, other] = [ops[at], ops[at + by]];
      if (!one || !other) return;
      [ops[at], ops[at + by]] = [other, one];
      to(ops);
    },
    clear: () => to([]),
    load: (ops) => to(ops),
    undo: () => {
      const [last, ...past] = now().past;
      if (!last) return;
      moving = null;
      useStack.setState({ past });
      usePageStore.getState().set({ do: writeStack(last) });
    },
  };
});

usePageStore.subscribe(({ query }, { query: before }) => {
  if (query.do !== before.do) useStack.setState({ ops: readStack(query.do) });
});

/** What a question carries as `do` now. */
export function argument(): string[] {
  return argumentOf(usePageStore.getState().query.do);
}
