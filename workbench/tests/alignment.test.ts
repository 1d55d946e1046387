import { describe, expect, it } from "vitest";
import { align, differing } from "../src/lab/alignment";
import { paragraphs } from "../src/shell/Prose";
import { cellNumber, number, visible } from "../src/figures/words";

const tokens = (text: string) =>
  text
    .split(" ")
    .map((word) => ({ id: [...word].reduce((sum, l) => sum * 31 + l.charCodeAt(0), 7), text: word }));
const shown = (pairs: ReturnType<typeof align>) =>
  pairs.map(({ clean, corrupt }) => `${clean?.text ?? "-"}/${corrupt?.text ?? "-"}`);

describe("the alignment of a prompt and its twin", () => {
  it("goes by position where the lengths agree, as patching does", () => {
    const pairs = align(tokens("a b c d"), tokens("b c d a"));
    expect(shown(pairs)).toEqual(["a/b", "b/c", "c/d", "d/a"]);
    expect(differing(pairs)).toBe(4);
  });

  it("leaves a gap where one has a token more", () => {
    const pairs = align(tokens("the keys to the cabinet are"), tokens("the keys to the big cabinet are"));
    expect(shown(pairs)).toEqual([
      "the/the",
      "keys/keys",
      "to/to",
      "the/the",
      "-/big",
      "cabinet/cabinet",
      "are/are",
    ]);
    expect(pairs.map(({ position }) => position)).toEqual([0, 1, 2, 3, null, 4, 5]);
    expect(differing(pairs)).toBe(1);
  });

  it("sets a swapped token under the one that it replaces", () => {
    expect(shown(align(tokens("x John went on"), tokens("x Mary went")))).toEqual([
      "x/x",
      "John/Mary",
      "went/went",
      "on/-",
    ]);
  });

  it("keeps every token of both, in order", () => {
    const [one, other] = [tokens("a b c a b b a"), tokens("c b a b a c")];
    const pairs = align(one, other);
    expect(pairs.flatMap(({ clean }) => (clean ? [clean] : []))).toEqual(one);
    expect(pairs.flatMap(({ corrupt }) => (corrupt ? [corrupt] : []))).toEqual(other);
  });
});

describe("documentation text", () => {
  it("joins the lines of a paragraph and tells code from prose", () => {
    expect(paragraphs("Returns ``pattern`` over\nlayer.\n\nMore.")).toEqual([
      [
        { text: "Returns ", code: false },
        { text: "pattern", code: true },
        { text: " over layer.", code: false },
      ],
      [{ text: "More.", code: false }],
    ]);
  });
});

describe("words of a figure", () => {
  it("make white space visible", () => {
    expect(visible(" the\n")).toBe("·the⏎");
    expect(visible("")).toBe("∅");
  });

  it("write numbers with three figures", () => {
    expect([0.12345, -12, 1903, 0.0000123, 0, null].map(number)).toEqual([
      "0.123",
      "−12",
      "1,903",
      "1.23e−5",
      "0",
      "no value",
    ]);
  });

  it("write a cell's number short, and nothing for exactly zero", () => {
    expect([0.6543, -12.34, 123.4, 0, -0.001, Number.NaN].map(cellNumber)).toEqual([
      "0.65",
      "−12.3",
      "123",
      "0",
      "0",
      "",
    ]);
  });
});
