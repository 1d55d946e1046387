import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { activityOf, activationAt, brightest, halfOf, layerMeans, ofHalf } from "../../src/live/activity";
import { block, type Frame, FrameParser } from "../../src/live/frames";
import type { TokenFrame } from "../../src/api/shapes";

const fixtures = join(dirname(fileURLToPath(import.meta.url)), "../../../tests/fixtures");
const bytes = new Uint8Array(readFileSync(join(fixtures, "stream.frames")));

interface Told {
  header: { kind: string };
  arrays?: Record<string, { axes: string; dtype: string; values: unknown[] }>;
}
const told = JSON.parse(readFileSync(join(fixtures, "stream.json"), "utf8")) as Told[];

function numbers(values: unknown[]): number[] {
  return values.flat(Number.POSITIVE_INFINITY) as number[];
}

function token(frame: Frame | undefined): [TokenFrame, Uint8Array<ArrayBuffer>] {
  return [frame?.header as TokenFrame, (frame as Frame).payload];
}

/** A frame as Python writes it; the header's own text is what JSON makes of it. */
function encoded({ header, payload }: Frame): Uint8Array {
  const words = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(words.length / 8) * 8;
  const frame = new Uint8Array(8 + length + payload.length).fill(32, 8, 8 + length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, payload.length, true);
  frame.set(words, 8);
  frame.set(payload, 8 + length);
  return frame;
}

describe("frames", () => {
  const whole = new FrameParser().push(bytes);

  it("come out of the fixture that Python wrote", () => {
    expect(whole.map(({ header }) => header.kind)).toEqual(told.map(({ header }) => header.kind));
    for (const [index, frame] of whole.entries()) {
      expect({ ...frame.header, blocks: [] }).toEqual({ ...told[index]?.header, blocks: [] });
      for (const [name, { dtype, values }] of Object.entries(told[index]?.arrays ?? {})) {
        const found = block(...token(frame), name);
        const read = Array.from(found ?? [], (value) => (dtype === "float16" ? ofHalf(value) : value));
        expect(read).toEqual(
          numbers(values).map((value) => (dtype === "float32" ? Math.fround(value) : value)),
        );
      }
    }
  });

  it("go round through bytes unchanged", () => {
    const again = whole.map(encoded).flatMap((frame) => new FrameParser().push(frame));
    expect(again).toEqual(whole);
  });

  it("may be cut after any byte", () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const parser = new FrameParser();
      const found = [...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))];
      expect(found.length).toBe(whole.length);
      expect(found.at(-1)).toEqual(whole.at(-1));
      expect(parser.between).toBe(true);
    }
    const parser = new FrameParser();
    expect([...bytes].flatMap((byte) => parser.push(Uint8Array.of(byte)))).toEqual(whole);
  });

  it("lie under their arrays without a copy", () => {
    const [header, payload] = token(whole[1]);
    expect(block(header, payload, "activation")?.buffer).toBe(payload.buffer);
    expect(block(header, payload, "nothing")).toBeNull();
  });

  it("are refused where the bytes are none", () => {
    expect(() => new FrameParser().push(new TextEncoder().encode("HTTP/1.1 404 Not Found"))).toThrow(
      /no frames/,
    );
  });
});

describe("activities", () => {
  const frames = new FrameParser().push(bytes);
  const of = (index: number) => activityOf(...token(frames[index]), [2, 3]);

  it("are steps of a scale in int8", () => {
    const activity = of(1);
    expect(activity.detail).toBe("int8");
    expect([0, 1, 2].map((neuron) => activationAt(activity, 0, neuron))).toEqual([63.5, -63.5, 0]);
    expect(activationAt(activity, 1, 1)).toBe(-8);
    expect([...layerMeans(activity)]).toEqual([127 / 3, (0.125 * 70) / 3].map(Math.fround));
  });

  it("keep half precision as it came, round single precision to it, and spread the strongest out", () => {
    expect(activationAt(of(2), 0, 2)).toBe(65_504);
    expect(of(3).detail).toBe("f16");
    expect(activationAt(of(3), 0, 0)).toBeCloseTo(0.1, 4);
    expect(activationAt(of(3), 1, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(
      [...Array(6).keys()].map((place) => activationAt(of(4), Math.floor(place / 3), place % 3)),
    ).toEqual([-2, 0, 4, 0, -1, 0.25]);
  });

  it("name the brightest neurons first", () => {
    expect(brightest(of(4), 3)).toEqual([
      { layer: 0, neuron: 2, activation: 4 },
      { layer: 0, neuron: 0, activation: -2 },
      { layer: 1, neuron: 1, activation: -1 },
    ]);
    expect(brightest(of(4), 100)).toHaveLength(4);
  });

  it("round to the nearest half, ties to even", () => {
    const codes = [...Array(65_536).keys()].filter((code) => !Number.isNaN(ofHalf(code)));
    expect(codes.filter((code) => halfOf(ofHalf(code)) !== code)).toEqual([]);
    expect(ofHalf(halfOf(Number.NaN))).toBeNaN();
    expect(ofHalf(halfOf(1 + 2 ** -11))).toBe(1);
    expect(ofHalf(halfOf(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(halfOf(65_520)).toBe(0x7c00);
    expect(ofHalf(halfOf(65_519))).toBe(65_504);
    expect(halfOf(2 ** -25)).toBe(0);
    expect(ofHalf(halfOf(2 ** -25 * 1.5))).toBe(2 ** -24);
  });
});
