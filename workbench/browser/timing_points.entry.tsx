// The two canvases as the pages mount them, given new data turn after turn.
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { domainOf } from "../src/colour/domain";
import { HeatCanvas, type HeatProps } from "../src/figures/HeatCanvas";
import { PointCanvas } from "../src/figures/PointCanvas";
import { byValue } from "../src/figures/pointcolours";

interface Wanted {
  turns: number;
  tall: number;
}

const nothing = () => undefined;

/** Milliseconds of each turn: state in, pixels out; reading one pixel back waits for the canvas. */
export function timings({ turns, tall }: Wanted): Record<string, number[]> {
  const place = document.getElementById("root");
  if (!place) throw new Error("The page has no #root.");
  const found: Record<string, number[]> = {};
  for (const [name, draw] of Object.entries({
    points_36864: (turn: number) => scatter(36_864, turn, tall),
    points_400000: (turn: number) => scatter(400_000, turn, tall),
    heat_1024x1024: (turn: number) => heat(1024, turn, tall),
  })) {
    const root = createRoot(place);
    flushSync(() => root.render(draw(0)));
    found[name] = Array.from({ length: turns }, (_, turn) => {
      const next = draw(turn + 1);
      const start = performance.now();
      flushSync(() => root.render(next));
      place.querySelector("canvas")?.getContext("2d")?.getImageData(10, 10, 1, 1);
      return performance.now() - start;
    });
    flushSync(() => root.unmount());
  }
  return found;
}

/** Numbers that look drawn at random and are the same each time. */
function scattered(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296 - 0.5;
  });
}

function scatter(count: number, turn: number, tall: number) {
  const values = scattered(count, 3 + turn);
  const { colours, order } = byValue(values, null, domainOf(-0.5, 0.5), "light");
  return (
    <PointCanvas
      label="Neurons"
      cloud={{ x: scattered(count, 100 + turn), y: scattered(count, 200 + turn) }}
      {...{ colours, order, tall }}
      faint={null}
      marks={[]}
      signs={[]}
      trails={[]}
      xName="x"
      yName="y"
      ticks={false}
      square={false}
      theme="light"
      frame={null}
      tool="move"
      outline={null}
      onFrame={nothing}
      onOutline={nothing}
      onHover={nothing}
      onPick={nothing}
    />
  );
}

const LABELS = Array.from({ length: 1024 }, (_, index) => ({ text: String(index), token: false }));
const UNLIT = { column: null, row: null };

function heat(side: number, turn: number, tall: number) {
  const shared: HeatProps = {
    label: "cells",
    values: scattered(side * side, turn),
    words: null,
    unsure: null,
    columns: LABELS,
    rows: LABELS,
    columnName: "column",
    rowName: "row",
    domain: domainOf(-0.5, 0.5),
    theme: "light",
    square: false,
    textual: false,
    bottomUp: true,
    tall,
    pinned: null,
    lit: UNLIT,
    onPin: nothing,
    onPoint: nothing,
  };
  return <HeatCanvas {...shared} />;
}
