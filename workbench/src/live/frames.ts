/**
 * Frames of a stream: `u32 header length | u32 payload length | JSON header | payload`, little-endian,
 * every array of a payload at a multiple of eight bytes so that typed arrays lie on it without a copy.
 */
import type { EndFrame, ErrorFrame, StartFrame, TokenFrame } from "../api/shapes";

export type Header = StartFrame | TokenFrame | EndFrame | ErrorFrame;

export interface Frame {
  header: Header;
  /** The arrays of a token, as they came. */
  payload: Uint8Array<ArrayBuffer>;
}

const LENGTHS = 8;
const LARGEST_HEADER = 2 ** 24;
const LARGEST_PAYLOAD = 2 ** 28;

/** Puts frames together from pieces that may end anywhere; throws where the bytes are no frames. */
export class FrameParser {
  private readonly lengths = new Uint8Array(LENGTHS);
  private body: Uint8Array<ArrayBuffer> | null = null;
  private header = 0;
  private filled = 0;

  push(piece: Uint8Array): Frame[] {
    const found: Frame[] = [];
    let at = 0;
    while (at < piece.length) {
      const target: Uint8Array = this.body ?? this.lengths;
      const taken = Math.min(piece.length - at, target.length - this.filled);
      target.set(piece.subarray(at, at + taken), this.filled);
      at += taken;
      this.filled += taken;
      if (this.filled < target.length) continue;
      this.filled = 0;
      if (this.body === null) this.begin();
      else found.push(this.end(this.body));
    }
    return found;
  }

  /** Whether the bytes so far end between two frames. */
  get between(): boolean {
    return this.body === null && this.filled === 0;
  }

  private begin(): void {
    const view = new DataView(this.lengths.buffer);
    const [header, payload] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (header === 0 || header > LARGEST_HEADER || payload > LARGEST_PAYLOAD || header % 8 || payload % 8)
      throw new Error(`These bytes are no frames: lengths of ${header} and ${payload} are not ours.`);
    this.header = header;
    this.body = new Uint8Array(header + payload);
  }

  private end(body: Uint8Array<ArrayBuffer>): Frame {
    this.body = null;
    const header = JSON.parse(new TextDecoder().decode(body.subarray(0, this.header))) as Header;
    return { header, payload: body.subarray(this.header) };
  }
}

type Numbers = Int8Array | Uint16Array | Uint32Array | Float32Array;

/** One array of a token by name, on the bytes that came; half-precision numbers as their bits. */
export function block(header: TokenFrame, payload: Uint8Array<ArrayBuffer>, name: string): Numbers | null {
  const place = header.blocks.find((one) => one.name === name);
  if (!place) return null;
  const size = place.shape.reduce((product, length) => product * length, 1);
  const kinds = {
    int8: Int8Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    float16: Uint16Array,
    float32: Float32Array,
  } as const;
  return new kinds[place.dtype](payload.buffer, payload.byteOffset + place.offset, size);
}
