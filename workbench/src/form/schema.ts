/** Reads an analysis's JSON schema into the fields of its form. */
import { inWords } from "../figures/words";

export type Control = "select" | "integer" | "number" | "switch" | "text" | "lines" | "json";

export interface Field {
  name: string;
  label: string;
  help: string;
  control: Control;
  options: string[];
  minimum: number | null;
  maximum: number | null;
  /** The ends themselves are not allowed. */
  open: { below: boolean; above: boolean };
  initial: unknown;
  required: boolean;
  nullable: boolean;
}

interface Schema {
  type?: string | string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  properties?: Record<string, Schema>;
  required?: string[];
  title?: string;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

/** Fields of a form in the order of the signature, without those that are given elsewhere. */
export function fieldsOf(parameters: Record<string, unknown>, elsewhere: readonly string[] = []): Field[] {
  const schema = parameters as Schema;
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !elsewhere.includes(name))
    .map(([name, part]) => fieldOf(name, part, schema.$defs ?? {}, required.has(name)));
}

function fieldOf(name: string, part: Schema, shared: Record<string, Schema>, required: boolean): Field {
  const { schema, nullable } = resolved(part, shared);
  return {
    name,
    label: inWords(name),
    help: part.description ?? schema.description ?? "",
    control: controlOf(schema),
    options: schema.enum?.filter((entry) => entry !== null).map(String) ?? [],
    minimum: schema.minimum ?? schema.exclusiveMinimum ?? null,
    maximum: schema.maximum ?? schema.exclusiveMaximum ?? null,
    open: { below: schema.exclusiveMinimum !== undefined, above: schema.exclusiveMaximum !== undefined },
    initial: part.default ?? schema.default,
    required,
    nullable,
  };
}

/** Follows references and unwraps "this or nothing". */
function resolved(part: Schema, shared: Record<string, Schema>): { schema: Schema; nullable: boolean } {
  const target = part.$ref ? (shared[part.$ref.split("/").at(-1) ?? ""] ?? {}) : {};
  const merged: Schema = { ...target, ...part, ...part.allOf?.[0] };
  const choices = merged.anyOf?.filter(({ type }) => type !== "null");
  if (choices?.length !== 1) return { schema: merged, nullable: false };
  const inner = resolved(choices[0] as Schema, shared).schema;
  return { schema: { ...merged, anyOf: undefined, ...inner }, nullable: merged.anyOf?.length !== 1 };
}

function controlOf({ type, enum: options, anyOf, items }: Schema): Control {
  if (options) return "select";
  if (type === "array" && items?.type === "string") return "lines";
  if (anyOf) return "json";
  if (type === "integer" || type === "number") return type;
  if (type === "boolean") return "switch";
  return type === "string" ? "text" : "json";
}

/** Why a value is not allowed, in one sentence; null where it is. */
export function complaint(field: Field, value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (field.control !== "integer" && field.control !== "number") return null;
  const found = Number(value);
  if (!Number.isFinite(found)) return `${field.label} must be a number.`;
  if (field.control === "integer" && !Number.isInteger(found))
    return `${field.label} must be a whole number.`;
  const { minimum, maximum, open } = field;
  if (minimum !== null && (found < minimum || (open.below && found === minimum)))
    return `${field.label} must be ${open.below ? "above" : "at least"} ${minimum}.`;
  if (maximum !== null && (found > maximum || (open.above && found === maximum)))
    return `${field.label} must be ${open.above ? "below" : "at most"} ${maximum}.`;
  return null;
}

/** The arguments with one changed; a value that equals its default, or is empty, is left out. */
export function changed(
  given: Record<string, unknown>,
  field: Field,
  value: unknown,
): Record<string, unknown> {
  const { [field.name]: _before, ...rest } = given;
  const empty = value === "" || value === null || value === undefined;
  const known = Array.isArray(value)
    ? JSON.stringify(value) === JSON.stringify(field.initial ?? [])
    : value === field.initial;
  return empty || known ? rest : { ...rest, [field.name]: value };
}

/** The entries of a list as they are typed, one a line; spaces at their ends count. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
