/** How the next stream is asked for; it stands in the address under `stream.*`. */
import type { StreamBody } from "../api/shapes";
import type { Patch, Query } from "../state/page";

export interface Settings {
  n_tokens: number;
  /** 0 takes the likeliest token. */
  temperature: number;
  seed: number;
  detail: NonNullable<StreamBody["detail"]>;
  patterns: boolean;
  record: boolean;
  /** A second stream without the interventions runs after the first. */
  both: boolean;
}

export const DETAILS: readonly Settings["detail"][] = ["int8", "f16", "f32", "top"];

const USUAL: Settings = {
  n_tokens: 32,
  temperature: 0,
  seed: 0,
  detail: "int8",
  patterns: true,
  record: true,
  both: false,
};

export function readSettings(query: Query): Settings {
  const detail = query["stream.detail"] as Settings["detail"];
  return {
    n_tokens: numberOf(query["stream.n"], USUAL.n_tokens, 1, 4096),
    temperature: numberOf(query["stream.temperature"], USUAL.temperature, 0, 10),
    seed: Math.round(numberOf(query["stream.seed"], USUAL.seed, 0, 2 ** 32 - 1)),
    detail: DETAILS.includes(detail) ? detail : USUAL.detail,
    patterns: query["stream.patterns"] !== "0",
    record: query["stream.record"] !== "0",
    both: query["stream.both"] === "1",
  };
}

/** What of the query changes with some settings; usual values are left out. */
export function writeSettings(settings: Partial<Settings>): Patch {
  const patch: Record<string, string | null> = {};
  const names = { n_tokens: "n", temperature: "temperature", seed: "seed", detail: "detail" } as const;
  for (const [name, key] of Object.entries(names) as [keyof typeof names, string][])
    if (name in settings) {
      const value = settings[name];
      patch[`stream.${key}`] = value === USUAL[name] ? null : String(value);
    }
  for (const name of ["patterns", "record", "both"] as const)
    if (name in settings)
      patch[`stream.${name}`] = settings[name] === USUAL[name] ? null : settings[name] ? "1" : "0";
  return patch;
}

/** The requests that the settings stand for: one stream, or one with the interventions and one without. */
export function requestsOf(
  settings: Settings,
  question: { model: string; prompt: string; ops: readonly string[] },
): StreamBody[] {
  const { both, record, ...asked } = settings;
  const { ops, ...about } = question;
  const body = { ...asked, ...about, record } as StreamBody;
  if (!both || ops.length === 0) return [{ ...body, do: [...ops], label: "" }];
  return [
    { ...body, do: [...ops], label: "with interventions" },
    { ...body, do: [], label: "without interventions" },
  ];
}

function numberOf(text: string | undefined, usual: number, low: number, high: number): number {
  const value = text === undefined || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? Math.min(Math.max(value, low), high) : usual;
}
