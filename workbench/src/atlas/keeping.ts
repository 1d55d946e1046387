/** Named sets of neurons kept in this browser, and a set as a file. */
import { create } from "zustand";
import type { Query } from "../state/page";

export interface KeptSet {
  name: string;
  model: string;
  /** Addresses of the neurons, `mlp_act.3.17`. */
  units: readonly string[];
  /** What makes the same set again: the map, the queries, the region. */
  recipe: Query;
}

const KEY = "neuronscope-sets";
/** What of the address makes a set. */
export const RECIPE = ["map", "features", "record", "q", "region", "cut"] as const;

/** Reads kept sets; whatever is not one is dropped. */
export function readSets(text: string | null): KeptSet[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isSet) : [];
  } catch {
    return [];
  }
}

function isSet(found: unknown): found is KeptSet {
  if (typeof found !== "object" || found === null) return false;
  const { name, model, units, recipe } = found as Partial<KeptSet>;
  const named = typeof name === "string" && typeof model === "string";
  return named && Array.isArray(units) && typeof recipe === "object" && recipe !== null;
}

export const FORMAT = "neuronscope-neurons";

/** The set that a file holds, called as the file is; throws a sentence where it holds none. */
export function setOfFile(text: string, file: string): KeptSet {
  const wrong = new Error(`This is no file of neurons: it starts with {"format": "${FORMAT}"}.`);
  let found: { format?: unknown; neurons?: unknown; model?: unknown; recipe?: unknown } | null;
  try {
    found = JSON.parse(text) as typeof found;
  } catch {
    throw wrong;
  }
  if (found?.format !== FORMAT || !Array.isArray(found.neurons)) throw wrong;
  const units = found.neurons.map((neuron: { name?: unknown } | null) => String(neuron?.name));
  const set = { ...found, name: file.replace(/\.json$/, ""), units };
  if (!isSet(set)) throw wrong;
  const known = Object.entries(set.recipe).filter(
    ([key, value]) => (RECIPE as readonly string[]).includes(key) && typeof value === "string",
  );
  return { name: set.name, model: set.model, units, recipe: Object.fromEntries(known) };
}

interface Keeping {
  sets: readonly KeptSet[];
  /** Keeps a set under its name, in the place of another of that name. */
  keep: (set: KeptSet) => void;
  drop: (name: string) => void;
}

export const useSets = create<Keeping>((set, now) => {
  const write = (sets: readonly KeptSet[]) => {
    set({ sets });
    try {
      globalThis.localStorage.setItem(KEY, JSON.stringify(sets));
    } catch {
      // A browser without storage keeps the sets until the page is left.
    }
  };
  return {
    sets: readSets(stored()),
    keep: (next) => write([...now().sets.filter(({ name }) => name !== next.name), next]),
    drop: (name) => write(now().sets.filter((one) => one.name !== name)),
  };
});

function stored(): string | null {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}

/** The part of an address that makes the set again. */
export function recipeOf(query: Query): Query {
  return Object.fromEntries(RECIPE.flatMap((key) => (query[key] ? [[key, query[key]]] : [])));
}

export interface Row {
  name: string;
  layer: number;
  neuron: number;
  [measure: string]: number | string;
}

/** Rows as comma-separated lines; text with commas, quotes or line ends is quoted. */
export function asCsv(rows: readonly Row[], columns: readonly string[]): string {
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
    .map((line) => line.map(cell).join(","))
    .join("\n");
}

function cell(value: number | string | undefined): string {
  if (value === undefined || (typeof value === "number" && Number.isNaN(value))) return "";
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands the reader a file. */
export function download(name: string, type: string, text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
