/** Words on a figure: numbers with three figures, tokens with visible spaces, axes in the field's words. */
import type { Result, Variable } from "../api/shapes";
import { AXES } from "../words.gen";

const WHITE_SPACE: Record<string, string> = { " ": "·", "\n": "⏎", "\t": "⇥", "\r": "␍", "\u00a0": "⍽" };

/** A token with its spaces and line ends made visible. */
export function visible(token: string): string {
  return [...token].map((letter) => WHITE_SPACE[letter] ?? letter).join("") || "∅";
}

/** A number with three significant figures, as a reader would write it. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "no value";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size > 0 && (size < 1e-3 || size >= 1e7)) return minus(shortExponent(value));
  if (size >= 1000) return minus(Math.round(value).toLocaleString("en-GB"));
  return minus(String(Number(value.toPrecision(3))));
}

function shortExponent(value: number): string {
  const [mantissa = "", exponent = ""] = value.toExponential(2).split("e");
  return `${Number(mantissa)}e${Number(exponent)}`;
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}

/** A number short enough for a cell: two figures after the point; only what is no number stays blank. */
export function cellNumber(value: number): string {
  if (!Number.isFinite(value)) return "";
  const size = Math.abs(value);
  if (size >= 100) return minus(value.toFixed(0));
  if (size >= 10) return minus(value.toFixed(1));
  const text = value.toFixed(2);
  return Number(text) === 0 ? "0" : minus(text);
}

export function inWords(name: string): string {
  return name.replaceAll("_", " ").trim();
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What an axis word means, for help. */
export function axisMeaning(axis: string): string {
  return (AXES as Record<string, string>)[axis] ?? "";
}

/** A variable in the field's words with its units. */
export function valueTitle({ name, long_name, units }: Variable): string {
  const words = long_name.split(": ")[0] || inWords(name);
  return units && units !== "1" && units !== words ? `${words} (${units})` : words;
}

export function isText({ dtype }: Variable): boolean {
  return dtype === "text";
}

export interface Label {
  /** Text shown on the axis. */
  text: string;
  /** The label is a token, set in monospace. */
  token: boolean;
}

/** Labels of one axis: its tokens or names where the result has them, else its indices. */
export function axisLabels(result: Result, axis: string): Label[] {
  const size = result.dims[axis] ?? 0;
  const along = Object.entries(result.coords).filter(
    ([, coord]) => coord.axes.length === 1 && coord.axes[0] === axis,
  );
  const token = along.find(([name]) => name === "token" || name.endsWith("_token"));
  const own = along.find(([name]) => name === axis);
  const values = (token ?? own)?.[1].values;
  return Array.from({ length: size }, (_, index) => {
    const value = values?.[index];
    if (token && typeof value === "string") return { text: visible(value), token: true };
    return { text: value === undefined || value === null ? String(index) : String(value), token: false };
  });
}

/** One place in words: `depth 5` or `position 3 ·and`. */
export function placeInWords(result: Result, axis: string, index: number): string {
  const label = axisLabels(result, axis)[index];
  if (!label) return `${inWords(axis)} ${index}`;
  return label.token ? `${inWords(axis)} ${index} ${label.text}` : `${inWords(axis)} ${label.text}`;
}
