/** Notes on units, kept in this browser by model and address, and as a file. */
import { create } from "zustand";

export interface Note {
  model: string;
  unit: string;
  text: string;
  /** When it was written, as ISO 8601. */
  edited: string;
}

const KEY = "neuronscope-notes";
const FORMAT = "neuronscope-notes";

function isNote(found: unknown): found is Note {
  const { model, unit, text, edited } = (found ?? {}) as Partial<Note>;
  return [model, unit, text, edited].every((part) => typeof part === "string");
}

/** The notes of a file; throws a sentence where it holds none. */
export function fromFile(text: string): Note[] {
  const wrong = new Error(`This is no file of notes: it starts with {"format": "${FORMAT}"}.`);
  let data: { format?: unknown; notes?: unknown } | null;
  try {
    data = JSON.parse(text) as typeof data;
  } catch {
    throw wrong;
  }
  if (data?.format !== FORMAT || !Array.isArray(data.notes)) throw wrong;
  return data.notes.filter(isNote);
}

export function toFile(notes: readonly Note[]): string {
  return `${JSON.stringify({ format: FORMAT, version: 1, notes }, null, 1)}\n`;
}

/** Both together; of two notes on one unit the later stays, and empty ones go. */
export function merged(one: readonly Note[], other: readonly Note[]): Note[] {
  const found = new Map<string, Note>();
  for (const note of [...one, ...other]) {
    const key = `${note.model} ${note.unit}`;
    const before = found.get(key);
    if (!before || before.edited <= note.edited) found.set(key, note);
  }
  return [...found.values()].filter(({ text }) => text.trim() !== "");
}

interface Noting {
  notes: readonly Note[];
  write: (note: Note) => void;
  load: (notes: readonly Note[]) => void;
}

export const useNotes = create<Noting>((set, now) => {
  const keep = (notes: readonly Note[]) => {
    set({ notes });
    try {
      globalThis.localStorage.setItem(KEY, toFile(notes));
    } catch {
      // A browser without storage keeps the notes until the page is left.
    }
  };
  return {
    notes: stored(),
    write: (note) => keep(merged(now().notes, [note])),
    load: (notes) => keep(merged(now().notes, notes)),
  };
});

function stored(): Note[] {
  try {
    return fromFile(globalThis.localStorage?.getItem(KEY) ?? "");
  } catch {
    return [];
  }
}
